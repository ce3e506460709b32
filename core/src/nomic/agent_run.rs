//! A run: one turn of one agent.

use super::{
    Agent, AgentStatus, Agents, Artifact, FollowUpOptions, Message, Role, RunResult, StopOptions, WaitOptions,
    agents::{PATIENCE, within},
    envelope::Enveloped,
    follow::{Follow, Updates},
    launch, routes, token,
};
use crate::{
    Error, ErrorKind, Image, OnProgress, Result, Timestamp,
    config::seconds,
    flow::{
        turn::{Baseline, fingerprint},
        wait::{Cadence, DEFAULT_DEADLINE, Deadline, Outage, Pause},
    },
    http::Call,
    secret::shown,
};
use arc_swap::ArcSwap;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// The handle on one turn of one agent: the launch gives turn 1, each follow-up the next.
///
/// Its properties are what was last seen and do no I/O; [`refresh`](Self::refresh) looks again.
#[derive(Clone)]
pub struct AgentRun {
    pub(crate) agents: Agents,
    id: Arc<str>,
    turn: u32,
    pub(crate) baseline: Baseline,
    /// The artifacts that were there before this turn, as far as this process saw.
    pub(crate) before: Arc<[String]>,
    /// When this process launched it: the platform may not know it yet for a moment.
    launched: Option<Instant>,
    /// Without a lock: a forked child may look at it whatever other threads were doing.
    seen: Arc<ArcSwap<Agent>>,
}

/// How long a 404 on one's own new agent only means "not yet".
const NEWBORN: Duration = Duration::from_secs(30);

impl AgentRun {
    pub(crate) fn new(agents: Agents, agent: Agent, turn: u32, baseline: Baseline) -> Self {
        let id = agent.id.as_str().into();
        let seen = Arc::new(ArcSwap::from_pointee(agent));
        Self { agents, id, turn, baseline, before: Arc::default(), launched: None, seen }
    }

    pub(crate) fn launched(agents: Agents, agent: Agent, prompt: Option<&str>) -> Self {
        let asked = prompt.map(fingerprint);
        let baseline = Baseline { users: 0, updated_at: None, accepted_at: None, asked };
        Self { launched: Some(Instant::now()), ..Self::new(agents, agent, 1, baseline) }
    }

    /// The agent's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which turn this is; 1 is the launch.
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// The agent as it was last seen.
    pub fn agent(&self) -> Agent {
        Agent::clone(&self.seen.load())
    }

    /// The status as it was last seen.
    pub fn status(&self) -> AgentStatus {
        self.seen.load().status.clone()
    }

    /// This run as text, for `agents.attach` in any language. It holds no secret.
    pub fn token(&self) -> String {
        token::write(&self.agents.shared.config.origin, &self.id, self.turn, &self.baseline)
    }

    /// Where people look at it.
    pub fn url(&self) -> String {
        format!("{}/assistant/{}", self.agents.shared.config.origin.as_str(), self.id)
    }

    /// Looks at the agent again.
    ///
    /// # Errors
    /// `NotFound` if it was deleted.
    pub async fn refresh(&self) -> Result<Agent> {
        self.once_born(|| self.look(None)).await
    }

    /// Makes a call again while the platform does not know its own new agent yet.
    async fn once_born<T, F: Future<Output = Result<T>>>(&self, call: impl Fn() -> F) -> Result<T> {
        let mut cadence = Cadence::brisk();
        loop {
            match call().await {
                Err(error) if self.is_newborn(&error) => sleep(cadence.pause(fastrand::f64())).await,
                result => return result,
            }
        }
    }

    /// One look, and what was seen is kept.
    pub(crate) async fn look(&self, limit: Option<Duration>) -> Result<Agent> {
        let agent = self.agents.get_within(&self.id, limit).await?;
        self.keep(&agent);
        Ok(agent)
    }

    fn keep(&self, agent: &Agent) {
        self.seen.store(Arc::new(agent.clone()));
    }

    /// A platform that has just launched an agent may not find it yet.
    pub(crate) fn is_newborn(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::NotFound && self.launched.is_some_and(|at| at.elapsed() < NEWBORN)
    }

    /// Waits until this turn is over and gives what it said and made. A wait that expires does not stop the agent.
    ///
    /// # Errors
    /// `RunFailed`, `RunStopped`; `WaitTimeout` with a token to attach by; `StaleTurn` if the turn's own answer does
    /// not appear: an earlier turn's text is never given instead.
    pub async fn wait(&self, options: WaitOptions, progress: Option<OnProgress>) -> Result<RunResult> {
        Follow::new(self.clone(), &options)?.finish(progress.as_ref()).await
    }

    /// The agent each time it changes, up to the end of this turn; failed and stopped turns end it without an error.
    ///
    /// # Errors
    /// `InvalidInput` if the options are wrong.
    pub fn updates(&self, options: WaitOptions) -> Result<Updates> {
        Ok(Updates::new(Follow::new(self.clone(), &options)?))
    }

    /// The whole conversation, earlier turns included.
    ///
    /// # Errors
    /// `NotFound` if the agent was deleted.
    pub async fn conversation(&self) -> Result<Vec<Message>> {
        self.once_born(|| self.agents.conversation(&self.id)).await
    }

    /// One of the agent's artifacts with its content, of whichever turn; it is read again. `GET
    /// /agents/{id}/artifacts/{artifactId}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or the agent was deleted.
    pub async fn artifact(&self, artifact_id: &str) -> Result<Artifact> {
        self.agents.artifact(&self.id, artifact_id).await
    }

    /// Asks the agent again, with up to four images; the turn before must be over. `POST /agents/{id}/followup`, tier Heavy.
    ///
    /// # Errors
    /// `InvalidInput` and `LocalIo` before anything is sent, `SourceChanged` if an image changes meanwhile.
    /// `Conflict` if it is still at work; `OutcomeUnknown` if the answer was lost: it is never sent a second time.
    pub async fn follow_up(&self, options: FollowUpOptions, images: Vec<Image>) -> Result<AgentRun> {
        let body = launch::follow_up(&options.prompt, images)?;
        let timeout = within(options.timeout, &body)?;
        let started = Instant::now();
        // Taken before the request: only what comes later belongs to the new turn.
        let left = || Some(timeout.saturating_sub(started.elapsed()));
        let before = self.once_born(|| self.look(left())).await?;
        let rows = self.once_born(|| self.agents.conversation_within(&self.id, left())).await?;
        // A workflow that was launched without a prompt may have no user row of its own.
        let least = self.baseline.users + usize::from(self.baseline.asked.is_some());
        let users = rows.iter().filter(|row| row.role == Role::User).count().max(least);

        let ids = [("id", &*self.id)];
        let call = Call::new(routes::FOLLOW_UP, &ids).payload(body).within(timeout).since(started);
        let mut agent = match self.agents.shared.exit.call::<Enveloped<Agent>>(call).await {
            Ok(answer) => answer.data,
            Err(error) => return Err(self.explain_refusal(error).await),
        };
        let updated_at = before.updated_at.unwrap_or(Timestamp(jiff::Timestamp::UNIX_EPOCH));
        let accepted_at = Some(agent.updated_at.map_or(updated_at, |at| at.max(updated_at)));
        let asked = Some(fingerprint(&options.prompt));
        let baseline = Baseline { users, updated_at: Some(updated_at), accepted_at, asked };
        agent.id.replace_range(.., &self.id);
        let turn = u32::try_from(users).unwrap_or(u32::MAX).max(self.turn).saturating_add(1);
        let before = before.artifacts.into_iter().map(|artifact| artifact.id).collect();
        Ok(Self { before, ..Self::new(self.agents.clone(), agent, turn, baseline) })
    }

    /// The platform refuses a follow-up on an active agent by 409 or by 400; the agent itself tells which it was.
    async fn explain_refusal(&self, error: Error) -> Error {
        if !matches!(error.kind(), ErrorKind::Conflict | ErrorKind::BadRequest) {
            return error;
        }
        match self.look(None).await {
            Ok(agent) if agent.status.is_active() => {
                let text = format!(
                    "agents.follow_up: The agent is still {}. Wait for this turn, or stop it first.",
                    shown(agent.status.as_str())
                );
                let mut conflict = Error::new(ErrorKind::Conflict, text).with("current", agent.status.as_str());
                conflict.info_mut().clone_answer_of(&error);
                conflict
            }
            _ => error,
        }
    }

    /// Asks the agent to stop; with `wait`, until it has stopped or has ended otherwise.
    ///
    /// # Errors
    /// `WaitTimeout` if it had not ended by then.
    pub async fn stop(&self, options: StopOptions) -> Result<Agent> {
        let span = options.timeout.map_or(Ok(DEFAULT_DEADLINE), |timeout| seconds("timeout", timeout))?;
        let started = Instant::now();
        let deadline = Deadline::after(Some(span), Duration::ZERO);
        let limit = || look_limit(deadline.left(started.elapsed())).unwrap_or(PATIENCE);
        let mut agent = self.once_born(|| self.agents.stop_within(&self.id, limit())).await?;
        self.keep(&agent);
        let (mut cadence, mut outage, mut cause) = (Cadence::brisk(), Outage::default(), None);
        while options.wait && agent.status.is_active() {
            match deadline.allow(cadence.pause(fastrand::f64()), started.elapsed()) {
                Pause::For(pause) => sleep(pause).await,
                Pause::Expired => return Err(self.expired(span, cause.as_ref())),
            }
            match self.look(Some(limit())).await {
                Ok(seen) => agent = seen,
                Err(error) if error.retryable && outage.failed(started.elapsed()) => cause = Some(error),
                Err(error) => return Err(error),
            }
        }
        Ok(agent)
    }

    /// The time is over; `cause` is why the last looks failed, if they did.
    pub(crate) fn expired(&self, span: Duration, cause: Option<&Error>) -> Error {
        let (status, token) = (self.status(), self.token());
        let seconds = span.as_secs_f64();
        let mut text = match cause {
            None => format!("The agent is still {} after {seconds:.0} s", shown(status.as_str())),
            Some(cause) => format!("Nothing could be seen of the agent for {seconds:.0} s ({})", cause.message),
        };
        text.push_str(&format!(". It runs on; `agents.attach` with this token waits on: {token}"));
        Error::new(ErrorKind::WaitTimeout, text).with("token", token).with("last_status", status.as_str())
    }
}

/// One look never outlives a wait by more than a moment.
pub(crate) fn look_limit(left: Option<Duration>) -> Option<Duration> {
    left.map(|left| left.clamp(Duration::from_secs(1), PATIENCE))
}

impl std::fmt::Debug for AgentRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgentRun({}, turn {}, {})", self.id, self.turn, self.status())
    }
}

impl AgentStatus {
    /// Whether the agent is at work; a word that this version does not know counts as work.
    pub fn is_active(&self) -> bool {
        !matches!(self, Self::Finished | Self::Stopped | Self::Failed)
    }
}
