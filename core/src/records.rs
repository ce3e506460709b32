//! The records that users see, in the order in which the generator writes them.
//!
//! Only what stands here crosses into other languages: a record, a field's type or a method's result that is missing
//! does not compile.

use crate::record::{Expose, Shape, Type, Value};

macro_rules! records {
    ($($(#[$about:meta])* $list:ident: $($record:ident),+;)+) => { $(
        $(#[$about])*
        pub const $list: &[&Shape] = &[$(crate::$record::SHAPE),+];

        $(impl Expose for crate::$record {
            const TYPE: Type = Type::Record(Self::SHAPE);
            fn value(&self) -> Value<'_> {
                Value::Record(Self::SHAPE, self.values())
            }
        })+
    )+ };
}

records! {
    /// What platforms send.
    RECORDS: File, FileHit, FileRef, ArtifactRef, Agent, Message, Column, Artifact, RunResult, Workflow,
        RequestedFile, UploadOutcome, Progress, Event;
    /// What users give: keyword arguments in Python, interfaces in TypeScript.
    OPTIONS: ClientOptions, UploadOptions, FolderOptions, SearchOptions, WorkflowListOptions, LaunchOptions, ListOptions,
        FollowUpOptions, ResumeOptions, WaitOptions, StopOptions;
    /// What crosses as the fields of an error.
    FIELDS: ErrorInfo;
}
