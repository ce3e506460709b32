//! How far a command is: what an interruption leaves behind, and how to go on from there.

use nomkit::blocking::AgentRun;

/// How far a command is.
#[derive(Clone, Default)]
pub(crate) enum Stage {
    /// Nothing that matters is on its way.
    #[default]
    Reading,
    /// Files are being sent; so many of them are on the platform.
    Uploading { done: usize, of: usize },
    /// A folder's files are being sent.
    UploadingFolder,
    /// A launch is on its way.
    Launching,
    /// The agent is being asked again; the token names the turn before.
    Asking { id: String, token: String },
    /// The agent is being told to stop.
    Stopping { token: String },
    /// The agent is being deleted.
    Deleting { id: String },
    /// The agent is at work, or done.
    Launched { token: String },
    /// What the agent made is being written; so many of the artifacts are in the folder.
    Writing { token: String, done: usize, of: usize },
}

impl Stage {
    pub(crate) fn writing(run: &AgentRun, done: usize, of: usize) -> Self {
        Self::Writing { token: run.token(), done, of }
    }

    /// What is known when a command ends here, unasked.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Reading => "Nothing was changed.".to_owned(),
            Self::Uploading { done, of } => format!(
                "{done} of {of} files are on the platform, and the one that was being sent may be. No agent was launched."
            ),
            Self::UploadingFolder => {
                "Some of the folder's files are on the platform; the same command would send them all again.".to_owned()
            }
            Self::Launching => {
                "The launch was on its way: there may or may not be a new agent. Look before you launch again."
                    .to_owned()
            }
            Self::Asking { .. } => {
                "The follow-up was on its way: the agent may or may not have it. Look before you ask again.".to_owned()
            }
            Self::Stopping { .. } => "The agent may or may not have been told to stop.".to_owned(),
            Self::Deleting { .. } => "The agent may or may not have been deleted.".to_owned(),
            Self::Launched { .. } => "The agent runs on.".to_owned(),
            Self::Writing { done, of, .. } => format!("{done} of {of} artifacts are written, each as a whole."),
        }
    }

    /// Whether a request that changes something was on its way.
    pub(crate) fn is_unsettled(&self) -> bool {
        !matches!(self, Self::Reading | Self::Launched { .. } | Self::Writing { .. })
    }

    /// The words of the command that goes on from here.
    pub(crate) fn next(&self) -> Option<Vec<&str>> {
        match self {
            Self::Reading | Self::Uploading { .. } | Self::UploadingFolder => None,
            Self::Launching => Some(vec!["agents", "--limit", "5"]),
            Self::Launched { token } => Some(vec!["wait", token]),
            Self::Writing { token, .. } => Some(vec!["artifacts", token]),
            // Its token waits for the turn before; an id, for the latest.
            Self::Asking { id, .. } => Some(vec!["agents", "get", id]),
            Self::Stopping { token } => Some(vec!["stop", token]),
            Self::Deleting { id } => Some(vec!["agents", "get", id]),
        }
    }

    /// The token of the run that this is about.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Asking { token, .. }
            | Self::Stopping { token }
            | Self::Launched { token }
            | Self::Writing { token, .. } => Some(token),
            _ => None,
        }
    }
}
