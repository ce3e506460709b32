//! Agents, and how they are launched and listed.

use super::{ArtifactRef, id};
use crate::{JsonMap, Timestamp};
use nomkit_macros::{open_enum, options, record};

/// A background agent.
#[record]
pub struct Agent {
    /// Its id, for `agents.get` and `agents.attach`.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Where it stands; an unknown word counts as active.
    pub status: AgentStatus,
    /// The workflow that it runs, if any.
    pub workflow_id: Option<String>,
    /// The project that it belongs to, if any.
    pub project_id: Option<String>,
    /// What it made; complete once it has finished. (The fields of an artifact reference are an assumption.)
    #[serde(default, deserialize_with = "crate::record::readable")]
    pub artifacts: Vec<ArtifactRef>,
    /// The files that it was given; lists may leave them out.
    #[serde(default, deserialize_with = "crate::record::readable")]
    pub files: Vec<FileRef>,
    /// When it was launched.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// Where an agent stands.
#[open_enum]
pub enum AgentStatus {
    /// Accepted, not yet started.
    Waiting,
    /// At work.
    Running,
    /// Waiting for a tool of its own.
    AwaitingTool,
    /// Done.
    Finished,
    /// Stopped before it was done.
    Stopped,
    /// Failed; the conversation says why.
    Failed,
    /// A word newer than this version; it counts as active.
    Other(String),
}

/// A file that an agent was given. (Its fields are an assumption: the platform does not document them.)
#[record]
pub struct FileRef {
    /// The file's id.
    pub id: String,
    /// The file's name.
    pub name: Option<String>,
    /// Its media type.
    pub mime_type: Option<String>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// How an agent is launched.
#[options]
pub struct LaunchOptions {
    /// What it is asked; without a workflow it is needed.
    pub prompt: Option<String>,
    /// The workflow to run, by its id.
    pub workflow_id: Option<String>,
    /// Files and folders on the platform that it may read; not with a workflow.
    pub file_ids: Vec<String>,
    /// The project to launch it in.
    pub project_id: Option<String>,
    /// Seconds for the launch itself, 120 by default and more for images; uploads are not counted.
    pub timeout: Option<f64>,
}

/// Which agents to list.
#[options]
pub struct ListOptions {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those of this workflow.
    pub workflow_id: Option<String>,
    /// Only those of no workflow.
    pub without_workflow: bool,
    /// How many a page holds, 1 to 100.
    pub page_size: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_lists_unknown_words_and_new_fields_are_kept() {
        let text = r#"{"id":"a","status":"DREAMING","artifacts":null,"mood":"good"}"#;
        let agent: Agent = serde_json::from_str(text).unwrap();
        assert_eq!((agent.status.as_str(), agent.artifacts.len()), ("DREAMING", 0));
        assert_eq!(agent.extra.get("mood"), Some(&"good".into()));
    }
}
