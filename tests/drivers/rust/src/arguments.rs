//! The arguments of the calls, and the client's options out of them.

use crate::protocol::Failure;
use base64::{Engine, prelude::BASE64_STANDARD};
use nomkit::{
    ClientOptions, FollowUpOptions, Json, LaunchOptions, ListOptions, SearchOptions, Source, StopOptions,
    UploadOptions, WaitOptions,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::path::PathBuf;

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
}

impl From<Client> for ClientOptions {
    fn from(args: Client) -> Self {
        Self::default().base_url(args.base_url).api_key(args.api_key)
    }
}

/// `files.upload`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    path: Option<PathBuf>,
    bytes_base64: Option<String>,
    name: Option<String>,
    #[serde(default)]
    options: Placement,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placement {
    path: Option<String>,
    parent_id: Option<String>,
}

impl Upload {
    /// What to upload, and how.
    ///
    /// # Errors
    /// `Misuse` if it is neither one path nor bytes.
    pub fn into_parts(self) -> Result<(Source, UploadOptions), Failure> {
        let options = UploadOptions { path: self.options.path, parent_id: self.options.parent_id, name: None };
        match (self.path, self.bytes_base64) {
            (Some(path), None) => Ok((Source::path(path), UploadOptions { name: self.name, ..options })),
            (None, Some(text)) => {
                let bytes = BASE64_STANDARD.decode(text).map_err(|error| Failure::Misuse(error.to_string()))?;
                Ok((Source::bytes(bytes, self.name.unwrap_or_default()), options))
            }
            _ => Err(Failure::Misuse("give `path` or `bytes_base64`".to_owned())),
        }
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
    project_id: Option<String>,
}

impl Launch {
    /// What to launch, and the local files to upload first.
    pub fn into_parts(self) -> (LaunchOptions, Vec<Source>) {
        let Self { prompt, file_ids, files, project_id } = self;
        let options = LaunchOptions { prompt, file_ids, project_id, ..LaunchOptions::default() };
        (options, files.into_iter().map(Source::path).collect())
    }
}

/// `agents.get`, `agents.conversation`, `agents.stop`
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

/// `run.refresh`, `run.conversation`
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
}

impl From<FollowUp> for FollowUpOptions {
    fn from(args: FollowUp) -> Self {
        Self::default().prompt(args.prompt)
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
