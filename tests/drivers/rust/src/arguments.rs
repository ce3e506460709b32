//! The arguments of the calls, and the client's options out of them.

use crate::protocol::Failure;
use base64::{Engine, prelude::BASE64_STANDARD};
use nomkit::{
    Attachments, ClientOptions, FolderOptions, FollowUpOptions, Image, Json, LaunchOptions, ListOptions, ResumeOptions,
    SearchOptions, Source, StopOptions, UploadOptions, WaitOptions, WorkflowListOptions,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fs::File, io::Cursor, path::PathBuf};

/// Reads the arguments of a call; a name that the call does not have is an error.
///
/// # Errors
/// `Misuse` says what is wrong with them.
pub fn read<T: DeserializeOwned>(args: Json) -> Result<T, Failure> {
    Ok(serde_json::from_value(if args.is_null() { serde_json::json!({}) } else { args })?)
}

/// `client.new`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    base_url: String,
    api_key: String,
    timeout: Option<f64>,
    pace: Option<bool>,
}

impl From<Client> for ClientOptions {
    fn from(args: Client) -> Self {
        Self { timeout: args.timeout, pace: args.pace, ..Self::default().base_url(args.base_url).api_key(args.api_key) }
    }
}

/// `files.upload`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    path: Option<PathBuf>,
    bytes_base64: Option<String>,
    name: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    options: Placement,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placement {
    path: Option<String>,
    parent_id: Option<String>,
    timeout: Option<f64>,
}

impl Upload {
    /// What to upload, and how.
    ///
    /// # Errors
    /// `Misuse` if it is neither one path nor bytes.
    pub fn into_parts(self) -> Result<(Source, UploadOptions), Failure> {
        let Placement { path, parent_id, timeout } = self.options;
        let options = UploadOptions { path, parent_id, timeout, name: self.name };
        let name = options.name.clone().unwrap_or_default();
        let misuse = |error: &dyn std::fmt::Display| Failure::Misuse(error.to_string());
        match (self.path, self.bytes_base64) {
            (Some(path), None) if self.stream => {
                let file = File::open(path).map_err(|error| misuse(&error))?;
                Ok((Source::reader(file, name, self.size), options))
            }
            (Some(path), None) => Ok((Source::path(path), options)),
            (None, Some(text)) => {
                let bytes = BASE64_STANDARD.decode(text).map_err(|error| misuse(&error))?;
                let source = match self.stream {
                    true => Source::reader(Cursor::new(bytes), name, self.size),
                    false => Source::bytes(bytes, name),
                };
                Ok((source, options))
            }
            _ => Err(Failure::Misuse("give `path` or `bytes_base64`".to_owned())),
        }
    }
}

/// `files.upload_folder`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadFolder {
    /// The local folder.
    pub folder: PathBuf,
    pattern: Option<String>,
    path: Option<String>,
}

impl From<UploadFolder> for FolderOptions {
    fn from(args: UploadFolder) -> Self {
        Self { pattern: args.pattern, path: args.path, ..Self::default() }
    }
}

/// `files.search`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    query: String,
    limit: Option<u32>,
}

impl From<Search> for SearchOptions {
    fn from(args: Search) -> Self {
        Self { query: args.query, page_size: args.limit, ..Self::default() }
    }
}

/// `agents.launch`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Launch {
    prompt: Option<String>,
    #[serde(default)]
    file_ids: Vec<String>,
    #[serde(default)]
    files: Vec<PathBuf>,
    workflow_id: Option<String>,
    #[serde(default)]
    inputs: BTreeMap<String, Vec<Input>>,
    #[serde(default)]
    images: Vec<PathBuf>,
    project_id: Option<String>,
    timeout: Option<f64>,
}

/// A local path, or a file on the platform.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Path(PathBuf),
    There(Id),
}

impl From<Input> for Source {
    fn from(input: Input) -> Self {
        match input {
            Input::Path(path) => Self::path(path),
            Input::There(file) => Self::File(file.id),
        }
    }
}

impl Launch {
    /// What to launch, and what it takes along.
    pub fn into_parts(self) -> (LaunchOptions, Attachments) {
        let Self { prompt, file_ids, files, workflow_id, inputs, images, project_id, timeout } = self;
        let options = LaunchOptions { prompt, workflow_id, file_ids, project_id, timeout };
        let slot = |(name, given): (String, Vec<Input>)| (name, given.into_iter().map(Source::from).collect());
        let attachments = Attachments {
            files: files.into_iter().map(Source::path).collect(),
            inputs: inputs.into_iter().map(slot).collect(),
            images: images.into_iter().map(Image::path).collect(),
        };
        (options, attachments)
    }
}

/// `workflows.list`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflows {
    project_id: Option<String>,
    limit: Option<u32>,
}

impl From<Workflows> for WorkflowListOptions {
    fn from(args: Workflows) -> Self {
        Self { project_id: args.project_id, page_size: args.limit }
    }
}

/// `agents.get`, `agents.conversation`, `agents.stop`, `agents.delete`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Id {
    /// The agent's.
    pub id: String,
}

/// `agents.list`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    limit: Option<u32>,
    status: Option<String>,
}

impl From<List> for ListOptions {
    fn from(args: List) -> Self {
        Self { page_size: args.limit, status: args.status, ..Self::default() }
    }
}

/// `agents.attach`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// A token or an agent's id.
    pub target: String,
}

/// `agents.artifact`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// The agent that made it.
    pub agent_id: String,
    /// Its own id.
    pub artifact_id: String,
}

/// `agents.resume`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// A token or an agent's id.
    pub target: String,
    prompt: String,
    #[serde(default)]
    images: Vec<PathBuf>,
    #[serde(default)]
    interrupt: bool,
    if_missing: Option<String>,
    timeout: Option<f64>,
}

impl Resume {
    /// How to ask, and the images beside it.
    pub fn into_parts(self) -> (ResumeOptions, Vec<Image>) {
        let Self { prompt, interrupt, if_missing, timeout, images, .. } = self;
        let images = images.into_iter().map(Image::path).collect();
        (ResumeOptions { prompt, interrupt, if_missing, timeout }, images)
    }
}

/// `nomic.wait_all`, `nomic.as_completed`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitMany {
    /// Their handles.
    pub runs: Vec<String>,
    timeout: Option<f64>,
}

impl From<WaitMany> for WaitOptions {
    fn from(args: WaitMany) -> Self {
        Self { timeout: args.timeout, ..Self::default() }
    }
}

/// `run.artifact`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunArtifact {
    /// The run's handle.
    pub run: String,
    /// Its own id.
    pub artifact_id: String,
}

/// `run.refresh`, `run.conversation`, `run.explain`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its handle.
    pub run: String,
}

/// `run.wait`, `run.updates`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Its handle.
    pub run: String,
    timeout: Option<f64>,
}

impl From<Wait> for WaitOptions {
    fn from(args: Wait) -> Self {
        Self { timeout: args.timeout, ..Self::default() }
    }
}

/// `run.follow_up`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    /// Its handle.
    pub run: String,
    prompt: String,
    #[serde(default)]
    images: Vec<PathBuf>,
    timeout: Option<f64>,
}

impl FollowUp {
    /// What to ask, and the images beside it.
    pub fn into_parts(self) -> (FollowUpOptions, Vec<Image>) {
        let images = self.images.into_iter().map(Image::path).collect();
        (FollowUpOptions { prompt: self.prompt, timeout: self.timeout }, images)
    }
}

/// `run.stop`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Its handle.
    pub run: String,
    #[serde(default)]
    wait: bool,
}

impl From<Stop> for StopOptions {
    fn from(args: Stop) -> Self {
        Self::default().wait(args.wait)
    }
}
