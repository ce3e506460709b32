//! When *this* turn of an agent is over, and which rows are its answer.
//!
//! After a follow-up the platform may go on showing the previous turn's `finished` for a while, a short turn may
//! never be seen running, and rows may arrive late. So a terminal status counts only with evidence of the new turn,
//! and the answer is what stands after the turn's own user row, never the last thing that was said.

use super::{Moment, is_well_after, wait::Cadence};
use crate::{
    Timestamp,
    nomic::{AgentStatus, ArtifactRef, Message, Role},
};
use std::{ops::Range, time::Duration};

/// How the agent stood before the turn began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baseline {
    /// User rows in the conversation before this turn's own.
    pub(crate) users: usize,
    /// When the agent had last changed before the turn was asked for; absent if there was no agent.
    pub(crate) updated_at: Option<Timestamp>,
    /// When it had last changed by the answer to the request: asking may itself count as a change.
    pub(crate) accepted_at: Option<Timestamp>,
    /// The fingerprint of what this turn asked, if that is known.
    pub(crate) asked: Option<String>,
}

impl Baseline {
    /// How many user rows stand before this turn's own. What was written well before the agent had last changed by then was
    /// there before, even if it shows late; equal words alone do not tell. A turn that is asked for as soon as the last one
    /// ended may be dated before that end.
    pub(crate) fn users_before(&self, rows: &[Message]) -> usize {
        let times = |row: &&Message| row.created_at.zip(self.updated_at);
        let before = |row: &&Message| times(row).is_some_and(|(at, changed)| is_well_after(changed, at));
        self.users.max(rows.iter().filter(|row| row.role == Role::User).filter(before).count())
    }
}

/// What to look at next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// The agent, after a pause.
    Agent(Duration),
    /// The conversation, now.
    Conversation,
    /// Nothing: the turn is over, and these rows are what it said.
    Over(Ending, Range<usize>),
    /// Nothing: the turn cannot be told.
    Lost(Lost),
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished,
    Failed,
    Stopped,
}

/// Why a turn cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No sign of it appeared.
    Unseen,
    /// It is over, but its answer did not appear.
    Unanswered,
    /// In its place stands what somebody else asked.
    Foreign,
}

/// Follows one turn.
#[derive(Debug)]
pub(crate) struct Turn {
    baseline: Baseline,
    began: Moment,
    patient: Cadence,
    brisk: Cadence,
    /// It was seen at work.
    active: bool,
    /// The agent changed after the turn was asked for, or does not tell when it changes.
    stirred: bool,
    /// The agent changed after the request was answered, which only the turn itself can have done.
    moved: bool,
    /// How many looks in a row showed it as it was before.
    behind: u32,
    ending: Option<Ending>,
    ended: Option<Moment>,
    /// What it had said at an earlier look, and when.
    said: Option<(Vec<String>, Moment)>,
}

/// How long the previous turn's status may linger.
const LINGER: Duration = Duration::from_secs(60);
/// So many looks in a row may come from a copy of the platform that lags behind: about half a minute.
const BEHIND: u32 = 30;
/// How long rows may come after the status.
const LAG: Duration = Duration::from_secs(30);
/// An answer that stands unchanged for this long beside a terminal status is whole, for want of better evidence.
const STILL: Duration = Duration::from_secs(10);

impl Turn {
    pub(crate) fn new(baseline: Baseline, now: Moment) -> Self {
        Self {
            baseline,
            began: now,
            patient: Cadence::patient(),
            brisk: Cadence::brisk(),
            active: false,
            stirred: false,
            moved: false,
            behind: 0,
            ending: None,
            ended: None,
            said: None,
        }
    }

    /// The first look: a new turn of an old agent is looked for at once, a new agent after a while.
    pub(crate) fn start(&mut self, jitter: f64) -> Step {
        Step::Agent(if self.is_first() { self.patient.pause(jitter) } else { self.brisk.pause(jitter) })
    }

    /// Takes in the agent as it was read.
    pub(crate) fn saw_agent(&mut self, status: &AgentStatus, updated_at: Option<Timestamp>, jitter: f64) -> Step {
        self.stirred |= updated_at.is_none_or(|now| self.baseline.updated_at.is_none_or(|before| now > before));
        self.moved |=
            updated_at.is_some_and(|now| self.stirred && self.baseline.accepted_at.is_some_and(|at| now > at));
        // From before this turn: a copy of the platform's that lags behind says nothing of it.
        let behind = |(now, before)| now < before || (now == before && self.stirred);
        let behind = updated_at.zip(self.baseline.updated_at).is_some_and(behind);
        self.behind = if behind { self.behind + 1 } else { 0 };
        // All looks for so long: that is how this platform tells time.
        if behind && self.behind <= BEHIND {
            return Step::Agent(self.brisk.pause(jitter));
        }
        self.ending = match status {
            AgentStatus::Finished => Some(Ending::Finished),
            AgentStatus::Failed => Some(Ending::Failed),
            AgentStatus::Stopped => Some(Ending::Stopped),
            // A word of tomorrow is no end.
            AgentStatus::Waiting | AgentStatus::Running | AgentStatus::AwaitingTool | AgentStatus::Other(_) => None,
        };
        if self.ending.is_some() {
            return Step::Conversation;
        }
        self.active = true;
        (self.ended, self.said) = (None, None);
        Step::Agent(self.patient.pause(jitter))
    }

    /// Takes in the conversation: the agent was asked for at `looked`, and the rows came by `now`. What lingers is judged by
    /// the former: rows that were long on their way make no status younger.
    pub(crate) fn saw_conversation(&mut self, rows: &[Message], looked: Moment, now: Moment, jitter: f64) -> Step {
        let Some(ending) = self.ending else { return Step::Agent(self.patient.pause(jitter)) };
        let Some(own) = self.own_rows(rows) else { return self.without_own_row(ending, looked, jitter) };
        if self.is_foreign(rows, &own) {
            return Step::Lost(Lost::Foreign);
        }
        let answer = rows.get(own.clone()).unwrap_or_default();
        let answered = answer.iter().any(|row| row.role == Role::Assistant && !row.text.trim().is_empty());
        if own.end < rows.len() {
            // Somebody asked again, which is possible only when a turn is over.
            let failed = answer.iter().any(|row| row.role == Role::Error);
            let ending = if answered {
                Ending::Finished
            } else if failed {
                Ending::Failed
            } else {
                Ending::Stopped
            };
            return Step::Over(ending, own);
        }
        // A status that shows no change at all is the previous turn's, and so is all else that came with it.
        let lingered = looked >= self.began + LINGER;
        let fresh = self.stirred || lingered;
        let last = answer.last().is_some_and(|row| row.role == Role::Assistant);
        let still = self.is_still(answer, looked, now) && (last || lingered) && fresh;
        match ending {
            Ending::Finished if answered && (self.is_evident() || still) => Step::Over(ending, own),
            Ending::Finished => self.look_again(Lost::Unanswered, looked, jitter),
            Ending::Failed | Ending::Stopped if self.is_evident() || lingered => Step::Over(ending, own),
            Ending::Failed | Ending::Stopped => self.look_again(Lost::Unseen, looked, jitter),
        }
    }

    /// Whether a status that was just seen belongs to this turn; if not, it is the previous turn's.
    pub(crate) fn is_evident(&self) -> bool {
        self.is_first() || self.active || self.moved
    }

    /// Whether it was at work at the last look, so that nothing but work or its end is to be seen next.
    pub(crate) fn is_at_work(&self) -> bool {
        self.ending.is_none() && (self.is_first() || self.active)
    }

    fn is_first(&self) -> bool {
        self.baseline.updated_at.is_none()
    }

    /// The rows after this turn's user row, up to the next one's.
    fn own_rows(&self, rows: &[Message]) -> Option<Range<usize>> {
        let mut users = rows.iter().enumerate().filter(|(_, row)| row.role == Role::User).map(|(at, _)| at);
        let silent = self.is_first() && self.baseline.asked.is_none() && self.baseline.users == 0;
        if silent && rows.first().is_some_and(|row| row.role != Role::User) {
            // A launch without a prompt that has no row of its own; the first question is the next turn's.
            return Some(0..users.next().unwrap_or(rows.len()));
        }
        let own = users.nth(self.baseline.users_before(rows));
        own.map(|own| own + 1..users.next().unwrap_or(rows.len()))
    }

    fn without_own_row(&mut self, ending: Ending, looked: Moment, jitter: f64) -> Step {
        let step = self.look_again(Lost::Unseen, looked, jitter);
        match (step, ending) {
            // It ended in a way that needs no answer.
            (Step::Lost(_), Ending::Failed | Ending::Stopped) if self.is_evident() => Step::Over(ending, 0..0),
            (step, _) => step,
        }
    }

    fn look_again(&mut self, lost: Lost, looked: Moment, jitter: f64) -> Step {
        let until = if self.is_evident() {
            let lag = *self.ended.get_or_insert(looked) + LAG;
            if self.is_first() || self.active { lag } else { lag.max(self.began + LINGER) }
        } else {
            self.began + LINGER
        };
        if looked >= until {
            let unseen = !self.is_evident();
            return Step::Lost(if unseen { Lost::Unseen } else { lost });
        }
        Step::Agent(self.brisk.pause(jitter))
    }

    /// Somebody else's question stands where this turn's should.
    fn is_foreign(&self, rows: &[Message], own: &Range<usize>) -> bool {
        let Some(asked) = self.baseline.asked.as_deref().filter(|_| !self.is_first()) else { return false };
        let row = own.start.checked_sub(1).and_then(|at| rows.get(at));
        row.is_some_and(|row| fingerprint(&row.text) != asked)
    }

    /// Whether it says what it said at a look long enough ago, with a terminal status read in between.
    fn is_still(&mut self, answer: &[Message], looked: Moment, now: Moment) -> bool {
        let texts = answer.iter().map(|row| row.text.clone()).collect::<Vec<_>>();
        match &self.said {
            Some((said, at)) if *said == texts => looked.saturating_sub(*at) >= STILL,
            _ => {
                self.said = Some((texts, now));
                false
            }
        }
    }
}

/// Tells one question from another, whatever the white space; short enough for a token.
pub(crate) fn fingerprint(prompt: &str) -> String {
    use sha2::Digest;
    let plain = prompt.split_whitespace().collect::<Vec<_>>().join(" ");
    sha2::Sha256::digest(plain.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an artifact was made, or last changed, in the turn whose user row and whose successor's were written then.
/// Where the platform tells no times, those are not that were there before the turn.
pub(crate) fn is_made_in(
    artifact: &ArtifactRef,
    asked: Option<Timestamp>,
    next: Option<Timestamp>,
    before: &[String],
) -> bool {
    let Some(made) = artifact.updated_at.max(artifact.created_at) else { return !before.contains(&artifact.id) };
    asked.is_none_or(|asked| made >= asked) && next.is_none_or(|next| made < next)
}

#[cfg(test)]
mod tests;
