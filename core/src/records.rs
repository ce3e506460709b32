//! The records that users see, in the order in which the generator writes them; it fails if one is missing.

use crate::record::Shape;

/// Every record.
pub const RECORDS: &[&Shape] = &[
    crate::File::SHAPE,
    crate::FileHit::SHAPE,
    crate::FileRef::SHAPE,
    crate::ArtifactRef::SHAPE,
    crate::Agent::SHAPE,
    crate::Message::SHAPE,
    crate::Column::SHAPE,
    crate::Artifact::SHAPE,
    crate::RunResult::SHAPE,
    crate::Progress::SHAPE,
];

/// Every options struct: keyword arguments in Python, interfaces in TypeScript.
pub const OPTIONS: &[&Shape] = &[
    crate::ClientOptions::SHAPE,
    crate::UploadOptions::SHAPE,
    crate::SearchOptions::SHAPE,
    crate::LaunchOptions::SHAPE,
    crate::ListOptions::SHAPE,
    crate::FollowUpOptions::SHAPE,
    crate::WaitOptions::SHAPE,
    crate::StopOptions::SHAPE,
];
