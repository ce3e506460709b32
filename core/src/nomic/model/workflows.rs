//! Workflows and their slots.

use super::id;
use crate::JsonMap;
use nomkit_macros::{options, record};

/// A template that agents can be launched from.
#[record]
pub struct Workflow {
    /// Its id, for launches of it.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The slots that it wants files in: the keys of a launch's `inputs`. Without any it is driven by a prompt.
    #[serde(default, deserialize_with = "crate::record::readable")]
    pub requested_files: Vec<RequestedFile>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// A slot of a workflow.
#[record]
pub struct RequestedFile {
    /// Its name: the key in a launch's `inputs`.
    pub name: String,
    /// What it expects.
    pub description: Option<String>,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
    /// Whether it takes more than one file.
    #[serde(default)]
    pub multiple: bool,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// Which workflows to list.
#[options]
pub struct WorkflowListOptions {
    /// Only those of this project.
    pub project_id: Option<String>,
    /// How many a page holds, 1 to 100.
    pub page_size: Option<u32>,
}
