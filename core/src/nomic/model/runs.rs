//! One turn of an agent: how it is asked, waited for and stopped, and what it gave.

use super::{Agent, Artifact, Message};
use nomkit_macros::{options, record};

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

/// How an agent is asked again.
#[options]
pub struct FollowUpOptions {
    /// What it is asked.
    pub prompt: String,
    /// Seconds for the follow-up itself, 120 by default and more for images.
    pub timeout: Option<f64>,
}

/// How an agent is asked again, whatever state it is in.
#[options]
pub struct ResumeOptions {
    /// What it is asked.
    pub prompt: String,
    /// Whether to stop a turn that is still at work; without it such an agent is a `Conflict`.
    pub interrupt: bool,
    /// What to do if there is no such agent: `raise` (the default) `NotFound`, or `launch` a new one with this prompt.
    pub if_missing: Option<String>,
    /// Seconds for the stop, the follow-up or the launch together, 120 by default and more for images.
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
