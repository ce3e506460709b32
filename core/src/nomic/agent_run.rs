//! A run: one turn of one agent.

use super::{
    Agent, AgentStatus, Agents, Artifact, FollowUpOptions, Message, Role, RunResult, StopOptions, WaitOptions,
    agents::within,
    envelope::Enveloped,
    follow::{Follow, Updates},
    launch,
    recover::follow_up::{Asked, recover},
    routes::{self, Route},
    token,
};
use crate::{
    Error, ErrorKind, Event, EventKind, Image, OnProgress, Result, Timestamp,
    config::seconds,
    events::Timeline,
    flow::{
        turn::{Baseline, fingerprint},
        wait::{Cadence, DEFAULT_DEADLINE, Deadline, Outage, Pause},
    },
    http::Call,
    secret::shown,
};
use arc_swap::ArcSwap;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

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
    /// The answer to its launch, or to its follow-up, was lost, and it was found.
    recovered: bool,
    pub(crate) timeline: Timeline,
}

/// How long a 404 on one's own new agent only means "not yet".
const NEWBORN: Duration = Duration::from_secs(30);

impl AgentRun {
    pub(crate) fn new(agents: Agents, agent: Agent, turn: u32, baseline: Baseline) -> Self {
        let id: Arc<str> = agent.id.as_str().into();
        let seen = Arc::new(ArcSwap::from_pointee(agent));
        let timeline = Timeline::default();
        timeline.name(&id);
        let before = Arc::default();
        Self { agents, id, turn, baseline, before, launched: None, seen, recovered: false, timeline }
    }

    pub(crate) fn launched(
        agents: Agents,
        agent: Agent,
        prompt: Option<&str>,
        recovered: bool,
        timeline: Timeline,
    ) -> Self {
        let asked = prompt.map(fingerprint);
        timeline.name(&agent.id);
        let baseline = Baseline { users: 0, updated_at: None, accepted_at: None, asked };
        Self { launched: Some(Instant::now()), recovered, timeline, ..Self::new(agents, agent, 1, baseline) }
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

    /// Whether the answer to its request was lost, and this run was found by looking for it.
    pub fn recovered(&self) -> bool {
        self.recovered
    }

    /// What happened to this run in this process, a line for each event: requests, pauses, looks, and what they showed.
    /// The same again and again counts as one; of more than a hundred lines the first fifty and the last are kept.
    /// It holds no key and nothing of what was asked or answered.
    pub fn explain(&self) -> String {
        let recovered = if self.recovered { ", found after its answer was lost" } else { "" };
        let (id, turn, status) = (&self.id, self.turn, self.status());
        let head = format!("Agent {id}, turn {turn}{recovered}: {}, as last seen.", shown(status.as_str()));
        head + &self.timeline.text()
    }

    /// Looks at the agent again.
    ///
    /// # Errors
    /// `NotFound` if it was deleted.
    pub async fn refresh(&self) -> Result<Agent> {
        self.timeline.within(self.once_born(None, || self.look(None))).await
    }

    /// Makes a call again while the platform does not know its own new agent yet, `until` then at most.
    async fn once_born<T, F>(&self, until: Option<Instant>, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut cadence = Cadence::brisk();
        loop {
            let (result, pause) = (call().await, cadence.pause(fastrand::f64()));
            let again = until.is_none_or(|until| Instant::now() + pause < until);
            match result {
                Err(error) if again && self.is_newborn(&error) => sleep(pause).await,
                result => return result,
            }
        }
    }

    /// One look, and what was seen is kept.
    pub(crate) async fn look(&self, limit: Option<Duration>) -> Result<Agent> {
        let agent = self.agents.get_within(&self.id, limit).await?;
        self.keep(&agent, routes::GET);
        Ok(agent)
    }

    /// What its agent is listed by.
    pub(crate) fn key(&self) -> Arc<str> {
        let plain = self.id.bytes().all(|byte| !byte.is_ascii_uppercase());
        if plain { self.id.clone() } else { self.id.to_ascii_lowercase().into() }
    }

    /// When the agent had last changed when it was last seen.
    pub(crate) fn changed_at(&self) -> Option<Timestamp> {
        self.seen.load().updated_at
    }

    /// A list showed it. Lists leave an agent's files out.
    pub(crate) fn listed(&self, mut agent: Agent) -> Agent {
        if agent.files.is_empty() {
            agent.files.clone_from(&self.seen.load().files);
        }
        self.keep(&agent, routes::LIST);
        agent
    }

    fn keep(&self, agent: &Agent, by: &Route) {
        let text = format!("the agent is {}", shown(agent.status.as_str()));
        self.tell(Event::new(EventKind::Looked, by.operation, text));
        self.seen.store(Arc::new(agent.clone()));
    }

    pub(crate) fn tell(&self, event: Event) {
        self.agents.shared.exit.events.tell(event.about(&self.id));
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
        self.timeline.within(Box::pin(Follow::new(self.clone(), &options)?.finish(progress.as_ref()))).await
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
        self.timeline.within(self.once_born(None, || self.agents.conversation(&self.id))).await
    }

    /// One of the agent's artifacts with its content, of whichever turn; it is read again. `GET
    /// /agents/{id}/artifacts/{artifactId}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or the agent was deleted.
    pub async fn artifact(&self, artifact_id: &str) -> Result<Artifact> {
        self.timeline.within(self.agents.artifact(&self.id, artifact_id)).await
    }

    /// Asks the agent again, with up to four images; the turn before must be over. `POST /agents/{id}/followup`, tier Heavy.
    ///
    /// # Errors
    /// `InvalidInput` and `LocalIo` before anything is sent, `SourceChanged` if an image changes meanwhile.
    /// `Conflict` if it is still at work. If the answer was lost, the question is looked for in the conversation:
    /// `OutcomeUnknown` if it does not appear within 30 s of the timeout, `StaleTurn` if somebody else's stands in its
    /// place; it is never sent a second time.
    pub async fn follow_up(&self, options: FollowUpOptions, images: Vec<Image>) -> Result<AgentRun> {
        self.follow_up_after(false, options, images).await
    }

    /// Asks it again; with `stopping`, what it is at work on is stopped first.
    pub(crate) async fn follow_up_after(
        &self,
        stopping: bool,
        options: FollowUpOptions,
        images: Vec<Image>,
    ) -> Result<AgentRun> {
        let timeline = Timeline::default();
        timeline.name(&self.id);
        let run = timeline.within(self.ask_again(stopping, options, images)).await?;
        Ok(Self { timeline, ..run })
    }

    async fn ask_again(&self, stopping: bool, options: FollowUpOptions, images: Vec<Image>) -> Result<AgentRun> {
        let body = launch::follow_up(&options.prompt, images)?;
        let timeout = within(options.timeout, &body)?;
        let started = Instant::now();
        let account = self.agents.shared.account();
        let waited = timeout_at(started + timeout.span(), account.turn_of(&self.id)).await;
        let rows_asked = waited.map_err(|_| queued())?;
        // Taken before the request: only what comes later belongs to the new turn.
        let left = || timeout.given().map(|timeout| timeout.saturating_sub(started.elapsed()));
        let until = timeout.given().map(|given| started + given);
        let mut before = self.once_born(until, || self.look(left())).await?;
        let mut stopped = false;
        if stopping && before.status.is_active() {
            let rest = timeout.span().saturating_sub(started.elapsed()).as_secs_f64();
            self.stop_it(StopOptions { wait: true, timeout: Some(rest.max(0.001)) }).await?;
            let ended = self.look(left()).await?;
            stopped = ended.status == AgentStatus::Stopped && ended.updated_at >= before.updated_at;
            before = ended;
        }
        let rows = self.once_born(until, || self.agents.conversation_within(&self.id, left())).await?;
        // A workflow that was launched without a prompt may have no user row of its own.
        let least = self.baseline.users + usize::from(self.baseline.asked.is_some());
        // Rows may come late; what this process asked before is there all the same.
        let users = rows.iter().filter(|row| row.role == Role::User).count().max(least).max(rows_asked.count());

        // This run's own turn was the last one, and the agent was stopped at it before.
        let own = self.baseline.users + 1 == users && self.is_of_this_turn(before.updated_at);
        if stopped || (own && before.status == AgentStatus::Stopped) {
            // Whoever waits for that turn may not have seen it: rows of a part of an answer do not tell.
            rows_asked.stopped(users);
        }
        let asked = fingerprint(&options.prompt);
        let updated_at = before.updated_at.unwrap_or(Timestamp(jiff::Timestamp::UNIX_EPOCH));
        let mut baseline = Baseline { users, updated_at: Some(updated_at), accepted_at: None, asked: Some(asked) };
        let number = |users: usize| u32::try_from(users).unwrap_or(u32::MAX).max(self.turn).saturating_add(1);

        let ids = [("id", &*self.id)];
        let call = Call::new(routes::FOLLOW_UP, &ids).payload(body).within(timeout);
        let call = if timeout.given().is_some() { call.since(started) } else { call };
        let (answer, recovered) = match self.agents.shared.exit.call::<Enveloped<Agent>>(call).await {
            Ok(answer) => (Some(answer.data), false),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                let until = until.unwrap_or_else(|| Instant::now() + timeout.span());
                match recover(&self.agents, &self.id, &baseline, until, error).await? {
                    Asked::Own(users) => {
                        baseline.users = users;
                        // It is accepted, whether the agent can be seen now or not.
                        (self.look(look_limit(left())).await.ok(), true)
                    }
                    Asked::Foreign => {
                        let number = number(users);
                        let token = token::write(&self.agents.shared.config.origin, &self.id, number, &baseline);
                        let text = "agents.follow_up: Somebody else's question stands where this one should, and the \
                                    answer to this one was lost. Look at `run.conversation()` before you ask again.";
                        return Err(Error::new(ErrorKind::StaleTurn, text).with("token", token));
                    }
                }
            }
            Err(error) => return Err(self.explain_refusal(error, left()).await),
        };
        rows_asked.note(baseline.users + 1);
        baseline.accepted_at =
            answer.as_ref().map(|agent| agent.updated_at.map_or(updated_at, |at| at.max(updated_at)));
        let mut agent = answer.unwrap_or_else(|| before.clone());
        agent.id.replace_range(.., &self.id);
        let before = before.artifacts.into_iter().map(|artifact| artifact.id).collect();
        Ok(Self { before, recovered, ..Self::new(self.agents.clone(), agent, number(baseline.users), baseline) })
    }

    /// Whether the agent last changed after this turn was accepted.
    fn is_of_this_turn(&self, updated_at: Option<Timestamp>) -> bool {
        let is_first = self.baseline.updated_at.is_none();
        is_first || updated_at.zip(self.baseline.accepted_at).is_some_and(|(now, accepted)| now > accepted)
    }

    /// The platform refuses a follow-up on an active agent by 409 or by 400; the agent itself tells which it was.
    async fn explain_refusal(&self, error: Error, left: Option<Duration>) -> Error {
        if !matches!(error.kind(), ErrorKind::Conflict | ErrorKind::BadRequest) {
            return error;
        }
        match self.look(look_limit(left)).await {
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
        self.timeline.within(self.stop_it(options)).await
    }

    async fn stop_it(&self, options: StopOptions) -> Result<Agent> {
        let span = options.timeout.map_or(Ok(DEFAULT_DEADLINE), |timeout| seconds("timeout", timeout))?;
        let started = Instant::now();
        let deadline = Deadline::after(Some(span), Duration::ZERO);
        let limit = || look_limit(deadline.left(started.elapsed()));
        let until = Some(started + span);
        let mut agent = self.once_born(until, || self.agents.stop_within(&self.id, limit())).await?;
        self.keep(&agent, routes::STOP);
        let (mut cadence, mut outage, mut cause) = (Cadence::brisk(), Outage::default(), None);
        while options.wait && agent.status.is_active() {
            match deadline.allow(cadence.pause(fastrand::f64()), started.elapsed()) {
                Pause::For(pause) => sleep(pause).await,
                Pause::Expired => return Err(self.expired(span, cause.as_ref())),
            }
            match self.look(limit()).await {
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
        let mut error = Error::new(ErrorKind::WaitTimeout, text);
        error.info_mut().elapsed = seconds;
        error.with("token", token).with("last_status", status.as_str())
    }
}

/// Another follow-up of this process on the same agent took all the time.
fn queued() -> Error {
    let text = "agents.follow_up: Another follow-up on this agent took all the time. Nothing was sent; give more.";
    let mut error = Error::new(ErrorKind::RequestTimeout, text);
    error.info_mut().outcome = Some(crate::RequestOutcome::NotSent);
    error
}

/// One look never outlives a wait by more than a moment.
pub(crate) fn look_limit(left: Option<Duration>) -> Option<Duration> {
    left.map(|left| left.max(Duration::from_secs(1)))
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
