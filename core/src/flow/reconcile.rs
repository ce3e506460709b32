//! What became of a paid request whose answer was lost.
//!
//! The platform knows no idempotency keys, so what was lost is looked for among what it has: whatever looks like it, was
//! made since it was sent, and belongs to no other request of this process. Each request has a ticket here from the
//! moment it is sent; what it got is claimed, and nothing is claimed twice.
//!
//! Equal requests are interchangeable, so it does not matter which of them gets which agent, as long as each gets one.
//! If more is there than this process can have made, somebody else asked the same, and nobody can tell whose is whose.

use super::{Moment, SLACK, is_well_after};
use crate::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// How long a lost request is looked for: lists may lag, and a request may be processed after its connection broke.
pub(crate) const SETTLE: Duration = Duration::from_secs(30);
/// How long the platform may not find yet what it has made.
pub(crate) const NEWBORN: Duration = Duration::from_secs(30);
/// How long it is remembered what was claimed and what was given up.
pub(crate) const MEMORY: Duration = Duration::from_secs(600);

/// The server's time when it gave an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ServerTime(Timestamp);

impl ServerTime {
    /// By the answer's `Date`. None if it tells none, or one that is long over by what it shows: this machine's clock says
    /// nothing of the server's.
    pub(crate) fn new(date: Option<Timestamp>, newest: Option<Timestamp>) -> Option<Self> {
        let behind = |date: Timestamp| newest.is_some_and(|newest| is_well_after(newest, date));
        date.filter(|date| !behind(*date)).map(Self)
    }

    /// The earliest time at which the server can have made what was sent so long before this answer came.
    pub(crate) fn before(self, elapsed: Duration) -> Timestamp {
        let back = jiff::SignedDuration::try_from(elapsed.saturating_add(SLACK));
        let earliest = back.ok().and_then(|back| self.0.0.checked_sub(back).ok());
        Timestamp(earliest.unwrap_or(jiff::Timestamp::MIN))
    }
}

/// What the platform has that looks like the request that was lost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) id: String,
    /// When it was made; absent if it is known otherwise that it is new.
    pub(crate) created_at: Option<Timestamp>,
}

impl Candidate {
    fn is_since(&self, since: Timestamp) -> bool {
        self.created_at.is_none_or(|at| at >= since)
    }
}

/// One look at what the platform has.
#[derive(Debug, Clone)]
pub(crate) struct Look<'a> {
    /// When its answer came.
    pub(crate) at: Moment,
    /// None if all candidates are known to be new.
    pub(crate) server: Option<ServerTime>,
    /// Whatever looks like the request.
    pub(crate) candidates: &'a [Candidate],
}

/// What a look says about a lost request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// This is it, and it is claimed now.
    Found(String),
    /// Not there, or not yet.
    Absent,
    /// An equal request was on its way when the look was taken: first it must be known what that one got.
    Crowded,
    /// These look like it, and nobody can tell which it is.
    Undecidable(Vec<String>),
}

/// What can be seen of a request by what it made.
pub(crate) trait Looks: PartialEq {
    /// Whether something may look like what either made.
    fn meets(&self, other: &Self) -> bool {
        self == other
    }
}

impl Looks for String {}

/// Names one request.
pub(crate) type Ticket = u64;

/// The requests of this process whose end matters to others, and what each got. `L` is what can be seen of
/// them by what they made.
#[derive(Debug)]
pub(crate) struct Claims<L> {
    next: Ticket,
    open: BTreeMap<Ticket, Open<L>>,
    claimed: HashMap<String, Moment>,
    /// What was made here and has not been seen since.
    unseen: HashMap<String, Moment>,
}

#[derive(Debug)]
struct Open<L> {
    looks: L,
    /// What it asked to the last detail, if that is known: requests may look the same and not be interchangeable.
    exact: Option<String>,
    sent: Moment,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// It was not sent yet, or refused.
    Idle,
    /// It was sent, and its answer may come.
    Flying,
    /// Its answer was lost, and it is looked for since then.
    Lost(Moment),
    /// Nobody looks for it any more, but it may have happened, or happen yet.
    GivenUp(Moment),
}

impl<L> Open<L> {
    /// Whether it may have made something that nobody here has.
    fn is_unknown(&self, now: Moment) -> bool {
        matches!(self.state, State::Lost(_) | State::GivenUp(_)) || self.state == State::Flying && !self.is_recent(now)
    }

    /// Whether an answer to it may yet claim what was seen then.
    fn is_in_the_way(&self, look: Moment, now: Moment) -> bool {
        self.state == State::Flying && self.sent <= look && self.is_recent(now)
    }

    /// Whether somebody looks for it: no longer than that, or its caller does not come back to it.
    fn is_sought(&self, now: Moment) -> bool {
        matches!(self.state, State::Lost(since) if now.saturating_sub(since) < SETTLE + SLACK)
    }

    /// What was sent long ago is not waited for: nobody may be there to hear its answer.
    fn is_recent(&self, now: Moment) -> bool {
        now.saturating_sub(self.sent) < MEMORY
    }
}

impl<L> Default for Claims<L> {
    fn default() -> Self {
        Self { next: 0, open: BTreeMap::new(), claimed: HashMap::new(), unseen: HashMap::new() }
    }
}

impl<L: Looks> Claims<L> {
    /// Announces a request that will be sent.
    pub(crate) fn open(&mut self, looks: L, exact: Option<String>, now: Moment) -> Ticket {
        let recent = |at: Moment| now.saturating_sub(at) < MEMORY;
        // What is on its way since long ago must not take what was claimed meanwhile.
        let busy = self.open.values().filter(|open| matches!(open.state, State::Flying | State::Lost(_)));
        let oldest = busy.map(|open| open.sent).min().unwrap_or(now);
        self.claimed.retain(|_, at| recent(*at) || *at >= oldest);
        self.open.retain(|_, open| !matches!(open.state, State::GivenUp(at) if !recent(at)));
        self.next += 1;
        self.open.insert(self.next, Open { looks, exact, sent: now, state: State::Idle });
        self.next
    }

    /// It is on its way.
    pub(crate) fn sent(&mut self, ticket: Ticket, now: Moment) {
        if let Some(open) = self.open.get_mut(&ticket) {
            (open.sent, open.state) = (now, State::Flying);
        }
    }

    /// The server certainly did not act on it.
    pub(crate) fn refused(&mut self, ticket: Ticket) {
        self.set(ticket, State::Idle);
    }

    /// Its answer was lost, and it is looked for from now on. Gives when it was sent.
    pub(crate) fn lost(&mut self, ticket: Ticket, now: Moment) -> Moment {
        self.set(ticket, State::Lost(now));
        self.open.get(&ticket).map(|open| open.sent).unwrap_or_default()
    }

    /// It got this.
    pub(crate) fn got(&mut self, ticket: Ticket, id: &str, now: Moment) {
        self.open.remove(&ticket);
        self.claim(id, now);
        self.unseen.retain(|_, at| now.saturating_sub(*at) < NEWBORN);
        self.unseen.insert(id.to_ascii_lowercase(), now);
    }

    /// The platform has shown it, or it is gone for good.
    pub(crate) fn seen(&mut self, id: &str) {
        self.unseen.remove(&id.to_ascii_lowercase());
    }

    /// Whether it was made here a moment ago and has not been seen since: that it is not found means "not yet".
    pub(crate) fn is_newborn(&self, id: &str, now: Moment) -> bool {
        self.unseen.get(&id.to_ascii_lowercase()).is_some_and(|at| now.saturating_sub(*at) < NEWBORN)
    }

    /// Nobody waits for it any more. What may have happened is remembered.
    pub(crate) fn close(&mut self, ticket: Ticket, now: Moment) {
        match self.open.get(&ticket).map(|open| open.state) {
            Some(State::Idle) => drop(self.open.remove(&ticket)),
            _ => self.set(ticket, State::GivenUp(now)),
        }
    }

    /// This belongs to a request of this process.
    pub(crate) fn claim(&mut self, id: &str, now: Moment) {
        self.claimed.insert(id.to_ascii_lowercase(), now);
    }

    pub(crate) fn is_claimed(&self, id: &str) -> bool {
        self.claimed.contains_key(&id.to_ascii_lowercase())
    }

    /// Whether nothing is known that may matter yet.
    pub(crate) fn is_quiet(&self, now: Moment) -> bool {
        let past = |at: Moment| now.saturating_sub(at) >= MEMORY;
        let over = |open: &Open<L>| matches!(open.state, State::GivenUp(at) if past(at));
        self.open.values().all(over) && self.claimed.values().all(|at| past(*at))
    }

    /// When the first of those was sent that are looked for now.
    pub(crate) fn earliest_lost(&self, now: Moment) -> Option<Moment> {
        self.open.values().filter(|open| open.is_sought(now)).map(|open| open.sent).min()
    }

    /// When the first was sent that looks the same and was given up.
    pub(crate) fn given_up(&self, looks: &L) -> Option<Moment> {
        let given_up = |open: &&Open<L>| open.looks == *looks && matches!(open.state, State::GivenUp(_));
        self.open.values().filter(given_up).map(|open| open.sent).min()
    }

    /// Finds a lost request in a look that was taken after it was sent.
    pub(crate) fn judge(&mut self, ticket: Ticket, look: &Look<'_>, now: Moment) -> Verdict {
        let Some(own) = self.open.get(&ticket) else { return Verdict::Absent };
        let equal = |open: &&Open<L>| open.looks.meets(&own.looks);
        if self.open.values().filter(equal).any(|open| open.is_in_the_way(look.at, now)) {
            return Verdict::Crowded;
        }
        let mut unknown = self.open.iter().filter(|(_, open)| equal(open) && open.is_unknown(now)).collect::<Vec<_>>();
        unknown.sort_by_key(|(_, open)| open.sent);
        let fresh = self.unclaimed(look, unknown.first().map_or(own.sent, |(_, first)| first.sent));
        let since = look.since(own.sent);
        if !fresh.iter().any(|candidate| candidate.is_since(since)) {
            return Verdict::Absent;
        }
        let mut others = unknown.iter().filter(|(other, _)| **other != ticket);
        let alike = others.all(|(_, open)| own.exact.is_some() && open.exact == own.exact);
        if fresh.len() > unknown.len() || !alike {
            return Verdict::Undecidable(fresh.iter().map(|candidate| candidate.id.clone()).collect());
        }
        // First come, first served: whoever was sent first has the least time left.
        let mut rest = fresh;
        for (other, open) in unknown.iter().filter(|(other, open)| **other == ticket || open.is_sought(now)) {
            let since = look.since(open.sent);
            let Some(at) = rest.iter().position(|candidate| candidate.is_since(since)) else { continue };
            let id = rest.remove(at).id.clone();
            if **other == ticket {
                self.got(ticket, &id, now);
                return Verdict::Found(id);
            }
        }
        Verdict::Absent
    }

    /// What may be a request's that was sent then, even if it was kept for others.
    pub(crate) fn possible(&self, look: &Look<'_>, sent: Moment) -> Vec<String> {
        self.unclaimed(look, sent).iter().map(|candidate| candidate.id.clone()).collect()
    }

    /// What turned up of requests that were given up, once another has got its own. It is claimed, so that it is told
    /// once and never taken for anything else.
    pub(crate) fn twins(&mut self, looks: &L, look: &Look<'_>, now: Moment) -> Vec<String> {
        let equal = |open: &&Open<L>| open.looks == *looks;
        let others = |open: &Open<L>| open.is_sought(now) || open.is_in_the_way(look.at, now);
        let Some(first) = self.given_up(looks) else { return Vec::new() };
        if self.open.values().filter(|open| open.looks.meets(looks)).any(others) {
            return Vec::new();
        }
        let twins = self.unclaimed(look, first).iter().map(|twin| twin.id.clone()).collect::<Vec<_>>();
        for id in &twins {
            self.claim(id, now);
            let given_up = self.open.iter().find(|(_, open)| equal(open)).map(|(ticket, _)| *ticket);
            given_up.and_then(|ticket| self.open.remove(&ticket));
        }
        twins
    }

    /// What was made since then and belongs to nobody here, oldest first.
    fn unclaimed<'l>(&self, look: &Look<'l>, sent: Moment) -> Vec<&'l Candidate> {
        let since = look.since(sent);
        let fresh = |candidate: &&Candidate| candidate.created_at.is_none_or(|at| at >= since);
        let mut fresh =
            look.candidates.iter().filter(fresh).filter(|one| !self.is_claimed(&one.id)).collect::<Vec<_>>();
        fresh.sort_by_key(|candidate| candidate.created_at);
        fresh
    }

    fn set(&mut self, ticket: Ticket, state: State) {
        if let Some(open) = self.open.get_mut(&ticket) {
            open.state = state;
        }
    }
}

impl Look<'_> {
    fn since(&self, sent: Moment) -> Timestamp {
        let earliest = |server: ServerTime| server.before(self.at.saturating_sub(sent));
        self.server.map_or(Timestamp(jiff::Timestamp::MIN), earliest)
    }
}

#[cfg(test)]
mod tests;
