//! Nomic's records and options. Each is written once, here; `cargo xtask records` carries it to every language.

use crate::{Error, Json, JsonMap, Timestamp, secret::brief};
use nomkit_macros::{open_enum, options, record};
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

/// A template that agents can be launched from.
#[record]
pub struct Workflow {
    /// Its id, for `workflow_id` of a launch.
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

/// One row of a conversation. (Its fields are an assumption, and read tolerantly.)
#[record]
pub struct Message {
    /// Its id.
    pub id: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// When it was written.
    pub created_at: Option<Timestamp>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// Who speaks.
#[open_enum]
pub enum Role {
    /// The user.
    User,
    /// The agent.
    Assistant,
    /// A tool that the agent used.
    Tool,
    /// Something that went wrong.
    Error,
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
    /// The columns of a table, in order.
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

/// What a turn gave.
#[record]
pub struct RunResult {
    /// The agent as it stood when the turn was over.
    pub agent: Agent,
    /// Which turn: 1 is the launch, each follow-up the next.
    pub turn: u32,
    /// The turn's answer: its assistant rows, joined by a blank line.
    pub text: String,
    /// The turn's rows: after its own user row, tool and error rows included.
    pub messages: Vec<Message>,
    /// What this turn made, with content; `agent.artifacts` names those of earlier turns too.
    pub artifacts: Vec<Artifact>,
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
    /// Which of them, `**/*` by default: `*` is anything in one folder, `**` any folders, `{a,b}` either.
    pub pattern: Option<String>,
    /// The folder to put them into, by its path on the platform; they keep their places below it.
    pub path: Option<String>,
    /// An existing folder to put them into.
    pub parent_id: Option<String>,
    /// Seconds for each file.
    pub timeout: Option<f64>,
}

/// Which workflows to list.
#[options]
pub struct WorkflowListOptions {
    /// Only those of this project.
    pub project_id: Option<String>,
    /// How many a page holds, 1 to 100.
    pub page_size: Option<u32>,
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

/// How an agent is asked again.
#[options]
pub struct FollowUpOptions {
    /// What it is asked.
    pub prompt: String,
    /// Seconds for the follow-up itself, 120 by default and more for images.
    pub timeout: Option<f64>,
}

/// How long to wait.
#[options]
pub struct WaitOptions {
    /// Seconds, 1800 by default. The agent runs on when they are over.
    pub timeout: Option<f64>,
    /// Without end: instead of `timeout`.
    pub endless: bool,
}

impl WaitOptions {
    /// Whether these can be waited by, before something is launched that would run on without a wait.
    ///
    /// # Errors
    /// `InvalidInput` if not.
    pub fn check(&self) -> crate::Result<()> {
        self.span().map(drop)
    }

    /// How long that is; `None` without end.
    pub(crate) fn span(&self) -> crate::Result<Option<std::time::Duration>> {
        match (self.timeout, self.endless) {
            (Some(_), true) => Err(crate::Error::invalid("endless", "Give `timeout` or `endless`, not both.")),
            (Some(timeout), false) => crate::config::seconds("timeout", timeout).map(Some),
            (None, endless) => Ok((!endless).then_some(crate::flow::wait::DEFAULT_DEADLINE)),
        }
    }
}

/// How an agent is stopped.
#[options]
pub struct StopOptions {
    /// Whether to wait until it has stopped, or has ended otherwise.
    pub wait: bool,
    /// Seconds to wait, 1800 by default.
    pub timeout: Option<f64>,
}

/// An id that can go into a path; with any other the answer is not what the platform documents.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    match super::routes::check_id("id", &id) {
        Ok(_) => Ok(id),
        Err(error) => Err(serde::de::Error::custom(error.message.clone())),
    }
}

/// Rows come with `type` or `role`, and with `text` or `content`, which may be a list of parts.
pub(crate) fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Message>, D::Error> {
    let rows = Option::<Vec<JsonMap>>::deserialize(deserializer)?.unwrap_or_default();
    rows.into_iter().map(|row| message(row).map_err(|error| serde::de::Error::custom(brief(&error)))).collect()
}

fn message(mut row: JsonMap) -> Result<Message, serde_json::Error> {
    let role = row.remove("type").filter(Json::is_string).or_else(|| row.remove("role"));
    let text = row.remove("text").filter(|text| !text.is_null()).or_else(|| row.remove("content"));
    let text = match text {
        Some(Json::String(text)) => text,
        Some(Json::Array(parts)) => parts.iter().filter_map(part).collect::<Vec<_>>().join(""),
        _ => String::new(),
    };
    row.insert("role".to_owned(), role.filter(Json::is_string).unwrap_or_else(|| "".into()));
    row.insert("text".to_owned(), text.into());
    serde_json::from_value(Json::Object(row))
}

fn part(part: &Json) -> Option<&str> {
    part.as_str().or_else(|| part.get("text")?.as_str())
}

fn decoded_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let path = Option::<String>::deserialize(deserializer)?;
    Ok(path.map(|path| percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_every_spelling() {
        #[derive(Deserialize)]
        struct Body(#[serde(deserialize_with = "rows")] Vec<Message>);
        let body = r#"[{"type":"user","text":"a"},{"role":"assistant","content":"b","id":"7","new":1},
            {"type":"ASSISTANT","content":[{"text":"c"},"d"]},{"type":"thought","text":null}]"#;
        let Body(rows) = serde_json::from_str(body).unwrap();
        let seen = rows.iter().map(|row| (row.role.as_str(), row.text.as_str())).collect::<Vec<_>>();
        assert_eq!(seen, [("user", "a"), ("assistant", "b"), ("assistant", "cd"), ("thought", "")]);
        assert_eq!(rows[1].extra.get("new"), Some(&1.into()));
    }

    #[test]
    fn null_lists_unknown_words_and_new_fields_are_kept() {
        let text = r#"{"id":"a","status":"DREAMING","artifacts":null,"mood":"good"}"#;
        let agent: Agent = serde_json::from_str(text).unwrap();
        assert_eq!((agent.status.as_str(), agent.artifacts.len()), ("DREAMING", 0));
        assert_eq!(agent.extra.get("mood"), Some(&"good".into()));
    }
}
