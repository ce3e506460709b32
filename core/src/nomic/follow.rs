//! Follows one turn to its end: reads what the pure machine asks for, and nothing else.

use super::{Agent, AgentRun, Message, Role, RunResult, WaitOptions};
use crate::{
    Error, ErrorKind, OnProgress, Progress, Result, Timestamp,
    config::seconds,
    flow::{
        turn::{Ending, Lost, Step, Turn, is_made_in},
        wait::{DEFAULT_DEADLINE, Deadline, Outage, Pause},
    },
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(crate) struct Follow {
    run: AgentRun,
    turn: Turn,
    began: Instant,
    span: Option<Duration>,
    deadline: Deadline,
    outage: Outage,
    /// What comes next. It is replaced only when done, so a call that was cancelled can be made again.
    step: Step,
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
        let span = match (options.timeout, options.endless) {
            (Some(_), true) => return Err(Error::invalid("endless", "Give `timeout` or `endless`, not both.")),
            (Some(timeout), false) => Some(seconds("timeout", timeout)?),
            (None, endless) => (!endless).then_some(DEFAULT_DEADLINE),
        };
        let mut turn = Turn::new(run.baseline.clone(), Duration::ZERO);
        // What was already over when it was attached to is looked at without a pause.
        let step = match run.status().is_active() {
            true => turn.start(fastrand::f64()),
            false => Step::Agent(Duration::ZERO),
        };
        let deadline = Deadline::after(span, Duration::ZERO);
        Ok(Self { run, turn, began: Instant::now(), span, deadline, outage: Outage::default(), step })
    }

    pub(crate) async fn finish(mut self, progress: Option<&OnProgress>) -> Result<RunResult> {
        loop {
            match self.advance().await? {
                Sight::Over(over) => return self.result(over).await,
                Sight::Working(agent) => self.tell(progress, &agent),
                Sight::Nothing => {}
            }
        }
    }

    async fn advance(&mut self) -> Result<Sight> {
        match self.step.clone() {
            Step::Agent(pause) => {
                match self.deadline.allow(pause, self.began.elapsed()) {
                    Pause::For(pause) => sleep(pause).await,
                    Pause::Expired => return Err(self.run.expired(self.span.unwrap_or_default())),
                }
                match self.run.look(self.limit()).await {
                    Ok(agent) => {
                        self.outage.over();
                        self.step = self.turn.saw_agent(&agent.status, agent.updated_at, fastrand::f64());
                        Ok(if agent.status.is_active() { Sight::Working(Box::new(agent)) } else { Sight::Nothing })
                    }
                    Err(error) => self.bear(error),
                }
            }
            Step::Conversation => match self.run.agents.conversation_within(self.run.id(), self.limit()).await {
                Ok(rows) => {
                    self.outage.over();
                    self.step = self.turn.saw_conversation(&rows, self.began.elapsed(), fastrand::f64());
                    match self.step.clone() {
                        Step::Over(ending, own) => {
                            let written = |at: usize| rows.get(at).and_then(|row| row.created_at);
                            let (asked, next) = (own.start.checked_sub(1).and_then(written), written(own.end));
                            let rows = rows.get(own).unwrap_or_default().to_vec();
                            Ok(Sight::Over(Over { ending, rows, asked, next }))
                        }
                        _ => Ok(Sight::Nothing),
                    }
                }
                Err(error) => self.bear(error),
            },
            Step::Lost(lost) => Err(self.lost(lost)),
            Step::Over(ending, _) => Ok(Sight::Over(Over { ending, rows: Vec::new(), asked: None, next: None })),
        }
    }

    /// A look that failed in passing is no reason to give up a wait.
    fn bear(&mut self, error: Error) -> Result<Sight> {
        let passing = error.retryable || self.run.is_newborn(&error);
        if !passing || !self.outage.failed(self.began.elapsed()) {
            return Err(error);
        }
        self.step = Step::Agent(Duration::from_millis(500 + fastrand::u64(..500)));
        Ok(Sight::Nothing)
    }

    /// A look never outlives the wait by more than a moment.
    fn limit(&self) -> Option<Duration> {
        self.deadline
            .left(self.began.elapsed())
            .map(|left| left.clamp(Duration::from_secs(1), Duration::from_secs(120)))
    }

    fn tell(&self, progress: Option<&OnProgress>, agent: &Agent) {
        if let Some(listener) = progress {
            listener(Progress {
                phase: agent.status.to_string(),
                done: self.began.elapsed().as_secs_f64(),
                total: None,
                rate: None,
                eta: None,
            });
        }
    }

    async fn result(&self, over: Over) -> Result<RunResult> {
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
                let text = format!("The agent failed: {}", crate::secret::excerpt(&reason, 500));
                return Err(Error::new(ErrorKind::RunFailed, text).with("reason", reason).with("messages", rows));
            }
            Ending::Stopped => {
                let text = "The agent was stopped before it was done; a follow-up continues it.";
                return Err(Error::new(ErrorKind::RunStopped, text).with("messages", rows));
            }
        }
        let agent = self.run.agent();
        let mut artifacts = Vec::new();
        for artifact in agent.artifacts.iter().filter(|artifact| is_made_in(artifact, over.asked, over.next)) {
            artifacts.push(self.run.agents.artifact(self.run.id(), &artifact.id).await?);
        }
        Ok(RunResult { text: said(Role::Assistant), turn: self.run.turn(), agent, messages, artifacts })
    }

    fn lost(&self, lost: Lost) -> Error {
        let why = match lost {
            Lost::Unseen => "No sign of this turn appeared",
            Lost::Unanswered => "This turn is over, but its answer did not appear in the conversation",
            Lost::Foreign => "Somebody else's question stands where this turn's should",
        };
        let token = self.run.token();
        let text = format!("{why}. An earlier answer is never given instead; look at `run.conversation()`.");
        Error::new(ErrorKind::StaleTurn, text).with("token", token)
    }
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
            let agent = match follow.advance().await {
                Ok(Sight::Nothing) => continue,
                Ok(Sight::Working(agent)) => *agent,
                Ok(Sight::Over(_)) => {
                    let agent = follow.run.agent();
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
