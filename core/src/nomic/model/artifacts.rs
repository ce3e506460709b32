//! What agents made, without and with its content.

use crate::{JsonMap, Timestamp};
use nomkit_macros::{open_enum, record};

/// Something that an agent made. (Its fields are an assumption: the platform does not document them.)
#[record]
pub struct ArtifactRef {
    /// Its id, for `agents.artifact`.
    pub id: String,
    /// Its display name; never a path of this machine.
    pub name: Option<String>,
    /// Whether it is text or a table.
    #[serde(rename = "type")]
    pub kind: Option<ArtifactKind>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// What an artifact is.
#[open_enum]
pub enum ArtifactKind {
    /// A Markdown document.
    Markdown,
    /// Columns and rows.
    Table,
    /// A word newer than this version.
    Other(String),
}

/// Something that an agent made, with its content. (Its fields are an assumption.)
#[record(behaviour)]
pub struct Artifact {
    /// Its id.
    pub id: String,
    /// Its display name; never a path of this machine.
    pub name: Option<String>,
    /// Whether it is text or a table.
    #[serde(rename = "type")]
    pub kind: Option<ArtifactKind>,
    /// The content of a document.
    #[serde(rename = "content")]
    pub text: Option<String>,
    /// The columns of a table, in order; the keys of its rows where it names none.
    pub columns: Vec<Column>,
    /// The rows of a table: each maps a column's id to its value.
    pub rows: Vec<JsonMap>,
    /// Why there is no content, where it could not be read with the result; `agents.artifact` reads it again.
    pub error: Option<String>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// A column of a table.
#[record]
pub struct Column {
    /// The key in each row.
    pub id: String,
    /// The heading.
    pub name: Option<String>,
}
