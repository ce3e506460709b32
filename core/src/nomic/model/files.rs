//! Files on the platform: what uploads and searches give and take.

use super::id;
use crate::{Error, JsonMap, Timestamp};
use nomkit_macros::{options, record};
use serde::{Deserialize, Deserializer};

/// A file on the platform, as an upload answers.
#[record]
pub struct File {
    /// What agents are given.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// The file's name.
    #[serde(default, deserialize_with = "crate::record::null_as_default")]
    pub name: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// `DOCUMENT` for uploaded files.
    pub file_type: Option<String>,
    /// The folder that holds it; absent at the root.
    pub parent_id: Option<String>,
    /// What parse and extract jobs are given.
    #[serde(rename = "fileVersionId")]
    pub version_id: Option<String>,
    /// When it was uploaded.
    pub created_at: Option<Timestamp>,
    /// Whether the answer to the upload was lost and the file found by its path. Its size and version are not known
    /// then. It never comes from the platform.
    #[serde(skip_deserializing)]
    pub recovered: bool,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// A file that a search found.
#[record]
pub struct FileHit {
    /// What agents are given.
    pub id: String,
    /// The file's name.
    #[serde(default, deserialize_with = "crate::record::null_as_default")]
    pub name: String,
    /// Its media type.
    pub mime_type: Option<String>,
    /// The folder that holds it; absent at the root.
    pub parent_id: Option<String>,
    /// Where it stands, decoded: `Project Alpha/reports/quarterly.pdf`. Never a path of this machine.
    #[serde(default, deserialize_with = "decoded_path")]
    pub path: Option<String>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// What became of one file of a folder.
#[record]
pub struct UploadOutcome {
    /// The file's place in the folder, with `/`.
    pub source: String,
    /// The file on the platform, if it is there.
    pub file: Option<File>,
    /// Why it is not there.
    pub error: Option<Error>,
    /// The `source` of an earlier file with the same content, which was sent instead.
    pub same_as: Option<String>,
}

/// How a file is uploaded.
#[options]
pub struct UploadOptions {
    /// Where to put it, file name included: `reports/2026/plan.pdf`. Folders are made.
    pub path: Option<String>,
    /// An existing folder to put it into.
    pub parent_id: Option<String>,
    /// Its name, where neither the path nor the source gives one.
    pub name: Option<String>,
    /// Seconds for all of it; without, as long as it needs if it keeps moving.
    pub timeout: Option<f64>,
}

/// How the files of a folder are uploaded.
#[options]
pub struct FolderOptions {
    /// Which of them, all by default: `*` is anything in one folder, `**` any folders, `{a,b}` either.
    pub pattern: Option<String>,
    /// The folder to put them into, by its path on the platform; they keep their places below it.
    pub path: Option<String>,
    /// An existing folder to put them into.
    pub parent_id: Option<String>,
    /// Seconds for each file.
    pub timeout: Option<f64>,
}

/// What to search for.
#[options]
pub struct SearchOptions {
    /// A part of the file's name, in any case.
    pub query: String,
    /// How many a page holds, 1 to 50.
    pub page_size: Option<u32>,
    /// Only files of this integration.
    pub integration_id: Option<String>,
}

fn decoded_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let path = Option::<String>::deserialize(deserializer)?;
    Ok(path.map(|path| percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned()))
}
