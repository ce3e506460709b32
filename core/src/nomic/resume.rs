//! One ticket, one agent: asking an agent again, whatever became of it meanwhile.

use super::{AgentRun, Agents, Attachments, FollowUpOptions, LaunchOptions, ResumeOptions, agents::patience};
use crate::{Error, ErrorKind, Image, Result, flow::wait::Cadence};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// How long an agent must be missing before another is launched in its place: a new one may not be found at once.
const MISSING: Duration = Duration::from_secs(5);
/// So many refusals as being at work, of an agent that is seen to be over, may be others' short turns.
const UNEXPLAINED: usize = 3;

impl Agents {
    /// Asks an agent again, by its id or by a run's token, whatever became of it meanwhile: one ticket, one agent. The
    /// turn that is over is followed up; one that is at work is a `Conflict`, or stopped first; an agent that is gone is
    /// `NotFound`, or launched afresh with the same prompt.
    ///
    /// # Errors
    /// `InvalidInput` before anything is sent; those of [`AgentRun::follow_up`], [`AgentRun::stop`] and
    /// [`Agents::launch`].
    pub async fn resume(&self, target: &str, options: ResumeOptions, images: Vec<Image>) -> Result<AgentRun> {
        let launches = match options.if_missing.as_deref() {
            None | Some("raise") => false,
            Some("launch") => true,
            Some(_) => return Err(Error::invalid("if_missing", "`if_missing` is `raise` or `launch`.")),
        };
        let (started, limit) = (Instant::now(), patience(options.timeout)?);
        let left = || options.timeout.map(|_| limit.saturating_sub(started.elapsed()).as_secs_f64().max(0.001));
        // What cannot be asked is refused before an agent is stopped for it.
        drop(crate::nomic::launch::follow_up(&options.prompt, images.clone())?);
        let (missing, until) = (if launches { MISSING.min(limit / 2) } else { Duration::ZERO }, started + limit);
        let (mut cadence, mut unexplained) = (Cadence::brisk(), 0);
        loop {
            let attached = timeout_at(until, self.attach_within(target, missing)).await;
            let run = match attached.unwrap_or_else(|_| Err(unfound())) {
                Err(error) if launches && is_gone(&error) => break,
                attached => attached?,
            };
            let again = FollowUpOptions { prompt: options.prompt.clone(), timeout: left() };
            let pause = cadence.pause(fastrand::f64());
            match run.follow_up_after(options.interrupt, again, images.clone()).await {
                Err(error) if Instant::now() + pause < until => {
                    // Another process has asked it since; what that started may be over by now.
                    let at_work = error.kind() == ErrorKind::Conflict && options.interrupt;
                    unexplained += usize::from(at_work && error.detail("current").is_none());
                    if !(launches && is_gone(&error) || at_work && unexplained <= UNEXPLAINED) {
                        return Err(error);
                    }
                    sleep(pause).await;
                }
                asked => return asked,
            }
        }
        let again = LaunchOptions { prompt: Some(options.prompt), timeout: left(), ..Default::default() };
        self.launch(again, Attachments { images, ..Default::default() }, None).await
    }

    /// Picks a run up that may have been launched elsewhere a moment ago, so that it is not found yet.
    async fn attach_within(&self, target: &str, patience: Duration) -> Result<AgentRun> {
        let (began, mut cadence) = (Instant::now(), Cadence::brisk());
        loop {
            match self.attach(target).await {
                Err(error) if is_gone(&error) && began.elapsed() < patience => {
                    sleep(cadence.pause(fastrand::f64())).await;
                }
                attached => return attached,
            }
        }
    }
}

fn is_gone(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone)
}

/// All the time went by before the agent could be looked at.
fn unfound() -> Error {
    crate::runtime::abandon_connection();
    let text = "agents.resume: The time was over before the agent was found. Nothing was sent; give more.";
    let mut error = Error::new(ErrorKind::RequestTimeout, text);
    error.info_mut().outcome = Some(crate::RequestOutcome::NotSent);
    error
}
