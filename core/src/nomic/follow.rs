//! Follows one turn to its end: reads what the pure machine asks for, and nothing else.

use super::{
    Agent, AgentRun, AgentStatus, Artifact, ArtifactRef, Message, Role, RunResult, WaitOptions, agent_run::look_limit,
};
use crate::{
    Error, ErrorKind, Event, EventKind, OnProgress, Progress, Result, Timestamp,
    flow::{
        sweep::{self, Place},
        turn::{Ending, Lost, Step, Turn, is_made_in},
        wait::{Deadline, Outage, Pause},
    },
    progress::{INTERVAL, QUEUE, TICK, ticking},
    secret::excerpt,
};
use arc_swap::ArcSwapOption;
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How many bytes of artifacts one result holds, about.
const MOST_HELD: usize = 16 * 1024 * 1024;

pub(crate) struct Follow {
    run: AgentRun,
    turn: Turn,
    began: Instant,
    span: Option<Duration>,
    deadline: Deadline,
    outage: Outage,
    /// Why the last look failed, if it did.
    cause: Option<Error>,
    /// What comes next. It is replaced only when done, so a call that was cancelled can be made again.
    step: Step,
    /// Since when it pauses, if it does: a call that is made again goes on with the pause.
    pausing: Option<Duration>,
    /// The agent as it was when its turn had ended; others look at the run, too, and may see what is older.
    ended: Option<Agent>,
    /// When the agent was last asked for.
    looked: Duration,
    /// Where lists show the agent.
    place: Place,
    /// When a wait without an end asks for itself, whatever lists say: they might stand still.
    alone: Duration,
}

/// What one step showed.
enum Sight {
    /// The agent at work on this turn.
    Working(Box<Agent>),
    /// Nothing that belongs to this turn.
    Nothing,
    Over(Over),
}

/// A turn that is over.
struct Over {
    ending: Ending,
    rows: Vec<Message>,
    /// When its user row and the next one's were written.
    asked: Option<Timestamp>,
    next: Option<Timestamp>,
}

impl Follow {
    pub(crate) fn new(run: AgentRun, options: &WaitOptions) -> Result<Self> {
        let span = options.span()?;
        let mut turn = Turn::new(run.baseline.clone(), Duration::ZERO);
        // What was already over when it was attached to is looked at without a pause.
        let step = match run.status().is_active() {
            true => turn.start(fastrand::f64()),
            false => Step::Agent(Duration::ZERO),
        };
        let deadline = Deadline::after(span, Duration::ZERO);
        let (outage, place) = (Outage::default(), Place::default());
        let alone = match span {
            Some(_) => Duration::MAX,
            None => sweep::alone(Duration::ZERO, fastrand::f64()),
        };
        Ok(Self {
            run,
            turn,
            began: Instant::now(),
            span,
            deadline,
            outage,
            cause: None,
            step,
            pausing: None,
            ended: None,
            looked: Duration::ZERO,
            place,
            alone,
        })
    }

    pub(crate) async fn finish(mut self, progress: Option<&OnProgress>) -> Result<RunResult> {
        let (run, began) = (self.run.clone(), self.began);
        let queued = Arc::new(ArcSwapOption::<Instant>::empty());
        // What waits in the queue is told of that, and not of the agent too.
        let tell = || {
            let told = queued.load().as_ref().is_some_and(|at| at.elapsed() < 2 * INTERVAL + TICK);
            if !told {
                tell(progress, &run.status(), began);
            }
        };
        let listener = progress.cloned().map(|listener| {
            let queued = queued.clone();
            let told = move |progress| {
                queued.store(Some(Arc::new(Instant::now())));
                listener(progress);
            };
            Arc::new(told) as OnProgress
        });
        loop {
            let sight = match listener.clone() {
                Some(listener) => ticking(QUEUE.scope(listener, self.advance()), tell).await?,
                None => self.advance().await?,
            };
            match sight {
                Sight::Over(over) => return Box::pin(self.result(over)).await,
                Sight::Working(_) => tell(),
                Sight::Nothing => {}
            }
        }
    }

    /// One step. Its requests are on the heap, and only while they are made: most waits pause, and waits are many.
    async fn advance(&mut self) -> Result<Sight> {
        match self.step.clone() {
            Step::Agent(pause) => {
                let now = self.began.elapsed();
                let paused = now.saturating_sub(*self.pausing.get_or_insert(now));
                let pause = pause.saturating_sub(paused);
                if pause.is_zero() && !paused.is_zero() {
                    // Should this look be left too, the next one is a moment later.
                    (self.pausing, self.step) = (Some(now), Step::Agent(Duration::from_secs(1)));
                }
                let pause = match self.deadline.allow(pause, now) {
                    Pause::For(pause) => pause,
                    Pause::Expired => return Err(self.run.expired(self.span.unwrap_or_default(), self.cause.as_ref())),
                };
                // While it works a list will do; what tells turns apart is read from the agent itself.
                let looked = if self.turn.is_at_work() && self.run.status().is_active() && now < self.alone {
                    let left = self.deadline.left(now);
                    self.looked = now + pause;
                    self.run.agents.shared.sweeps.look(&self.run, &mut self.place, pause, left).await
                } else {
                    sleep(pause).await;
                    self.looked = self.began.elapsed();
                    let looked = Box::pin(self.run.look(self.limit())).await;
                    self.alone = self.alone.max(sweep::alone(self.began.elapsed(), fastrand::f64()));
                    looked
                };
                self.pausing = None;
                match looked {
                    Ok(agent) => {
                        self.seen();
                        self.ended = Some(agent.clone()).filter(|agent| !agent.status.is_active());
                        self.step = self.turn.saw_agent(&agent.status, agent.updated_at, fastrand::f64());
                        Ok(if agent.status.is_active() { Sight::Working(Box::new(agent)) } else { Sight::Nothing })
                    }
                    Err(error) => self.bear(error),
                }
            }
            Step::Conversation => {
                match Box::pin(self.run.agents.conversation_within(self.run.id(), self.limit())).await {
                    Ok(rows) => {
                        self.outage.over();
                        self.step =
                            self.turn.saw_conversation(&rows, self.looked, self.began.elapsed(), fastrand::f64());
                        match self.step.clone() {
                            Step::Over(ending, own) => {
                                let written = |at: usize| rows.get(at).and_then(|row| row.created_at);
                                let (asked, next) = (own.start.checked_sub(1).and_then(written), written(own.end));
                                let ending = if self.was_stopped(&rows, &own) { Ending::Stopped } else { ending };
                                let rows = rows.get(own).unwrap_or_default().to_vec();
                                Ok(Sight::Over(Over { ending, rows, asked, next }))
                            }
                            _ => Ok(Sight::Nothing),
                        }
                    }
                    Err(error) => self.bear(error),
                }
            }
            Step::Lost(lost) => Err(self.lost(lost)),
            Step::Over(ending, _) => Ok(Sight::Over(Over { ending, rows: Vec::new(), asked: None, next: None })),
        }
    }

    /// Whether this process stopped the turn of these rows to ask again, which later rows do not tell.
    fn was_stopped(&self, rows: &[Message], own: &Range<usize>) -> bool {
        let asked = rows.iter().take(own.start).filter(|row| row.role == Role::User).count();
        own.end < rows.len() && self.run.agents.shared.account().was_stopped(self.run.id(), asked)
    }

    /// The agent as it ended, or else as it was last seen.
    fn agent(&self) -> Agent {
        self.ended.clone().unwrap_or_else(|| self.run.agent())
    }

    fn seen(&mut self) {
        self.outage.over();
        self.cause = None;
    }

    /// A look that failed in passing is no reason to give up a wait; one that the server put off is none at all.
    fn bear(&mut self, error: Error) -> Result<Sight> {
        let put_off = error.detail("retry_after").and_then(crate::Json::as_f64);
        let put_off = put_off.and_then(|wait| Duration::try_from_secs_f64(wait).ok());
        let passing = error.retryable || self.run.is_newborn(&error);
        if put_off.is_none() && !(passing && self.outage.failed(self.began.elapsed())) {
            return Err(error);
        }
        let pause = Duration::from_millis(500 + fastrand::u64(..500));
        self.step = Step::Agent(put_off.unwrap_or_default().min(crate::http::retry::PATIENCE).max(pause));
        self.cause = Some(error);
        Ok(Sight::Nothing)
    }

    fn limit(&self) -> Option<Duration> {
        look_limit(self.deadline.left(self.began.elapsed()))
    }

    async fn result(&self, over: Over) -> Result<RunResult> {
        let text = format!("turn {} is over: {:?}", self.run.turn(), over.ending).to_lowercase();
        self.run.tell(Event::new(EventKind::Over, "agents.conversation", text));
        let messages = over.rows;
        let said = |role: Role| {
            let rows = messages.iter().filter(|row| row.role == role && !row.text.trim().is_empty());
            rows.map(|row| row.text.as_str()).collect::<Vec<_>>().join("\n\n")
        };
        let rows = serde_json::to_value(&messages).unwrap_or_default();
        match over.ending {
            Ending::Finished => {}
            Ending::Failed => {
                let reason = Some(said(Role::Error)).filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or_else(|| "The platform gave no reason.".to_owned());
                let text = format!("The agent failed: {}", excerpt(&reason, 500));
                return Err(self.ended(ErrorKind::RunFailed, &text, rows).with("reason", reason));
            }
            Ending::Stopped => {
                let text = "The agent was stopped before it was done; a follow-up continues it.";
                return Err(self.ended(ErrorKind::RunStopped, text, rows));
            }
        }
        let agent = self.agent();
        let mut artifacts = Vec::new();
        let mut held = 0;
        let own = |artifact: &&ArtifactRef| is_made_in(artifact, over.asked, over.next, &self.run.before);
        for artifact in agent.artifacts.iter().filter(own) {
            let artifact = self.artifact(artifact, held).await;
            held += artifact.weight();
            artifacts.push(artifact);
        }
        Ok(RunResult { text: said(Role::Assistant), turn: self.run.turn(), agent, messages, artifacts })
    }

    /// An artifact with its content, or with the reason why there is none: the answer was paid for and must not be lost.
    async fn artifact(&self, artifact: &ArtifactRef, held: usize) -> Artifact {
        let time_over = self.deadline.left(self.began.elapsed()).is_some_and(|left| left.is_zero());
        let error = if time_over {
            "The time to wait was over before it was read.".to_owned()
        } else if held > MOST_HELD {
            "The turn's other artifacts are too large already to hold this one too.".to_owned()
        } else {
            match self.run.agents.artifact_within(self.run.id(), &artifact.id, self.limit()).await {
                Ok(artifact) => return artifact,
                Err(error) => error.message.clone(),
            }
        };
        Artifact {
            id: artifact.id.clone(),
            name: artifact.name.clone(),
            kind: artifact.kind.clone(),
            text: None,
            columns: Vec::new(),
            rows: Vec::new(),
            error: Some(error),
            extra: crate::JsonMap::new(),
        }
    }

    fn ended(&self, kind: ErrorKind, text: &str, rows: crate::Json) -> Error {
        let text = format!("{text} ({}, turn {})", self.run.id(), self.run.turn());
        Error::new(kind, text).with("messages", rows).with("agent_id", self.run.id()).with("token", self.run.token())
    }

    fn lost(&self, lost: Lost) -> Error {
        let why = match lost {
            Lost::Unseen => "No sign of this turn appeared",
            Lost::Unanswered => "This turn is over, but its answer did not appear in the conversation",
            Lost::Foreign => "Somebody else's question stands where this turn's should",
        };
        self.run.tell(Event::new(EventKind::Over, "agents.conversation", why));
        let token = self.run.token();
        let text = format!("{why}. An earlier answer is never given instead; look at `run.conversation()`.");
        Error::new(ErrorKind::StaleTurn, text).with("token", token)
    }
}

/// Tells how long an agent is at work; one that is not belongs to an earlier turn, or is done.
fn tell(progress: Option<&OnProgress>, status: &AgentStatus, began: Instant) {
    let Some(listener) = progress.filter(|_| status.is_active()) else { return };
    let done = began.elapsed().as_secs_f64();
    listener(Progress { phase: status.to_string(), done, total: None, rate: None, eta: None });
}

/// The agent each time it changes, up to the end of one turn.
pub struct Updates {
    follow: Option<Follow>,
    last: Option<Agent>,
}

impl Updates {
    pub(crate) fn new(follow: Follow) -> Self {
        Self { follow: Some(follow), last: None }
    }

    /// The next change; `None` after the turn's end.
    ///
    /// # Errors
    /// Those of looking; `WaitTimeout` when the time is over, `StaleTurn` if the turn cannot be told. Failed and
    /// stopped turns are no errors here.
    pub async fn next(&mut self) -> Result<Option<Agent>> {
        loop {
            let Some(follow) = &mut self.follow else { return Ok(None) };
            let timeline = follow.run.timeline.clone();
            let agent = match timeline.within(follow.advance()).await {
                Ok(Sight::Nothing) => continue,
                Ok(Sight::Working(agent)) => *agent,
                Ok(Sight::Over(_)) => {
                    let agent = follow.agent();
                    self.follow = None;
                    agent
                }
                Err(error) => {
                    self.follow = None;
                    return Err(error);
                }
            };
            let changed = self.last.as_ref().is_none_or(|last| {
                (&last.status, last.updated_at, &last.artifacts) != (&agent.status, agent.updated_at, &agent.artifacts)
            });
            if changed {
                self.last = Some(agent.clone());
                return Ok(Some(agent));
            }
        }
    }
}
