//! When a look at the list replaces a look at each agent.
//!
//! A *sweep* reads the list, newest first, page by page, for all waits that would ask soon. It begins only where it
//! should save requests, and goes on only while it does: whatever the list is like, a sweep and the requests for what
//! it did not show are together at most a quarter, and one page, more than a request for each.

use super::Moment;
use crate::{Timestamp, nomic::AgentStatus};
use std::time::Duration;

/// How many agents a page shows: the most that the platform gives.
pub(crate) const PAGE: u32 = 100;
/// Fewer waits ask for themselves.
const FEW: usize = 5;
/// A page is much more work to the server than one agent: it must replace this many requests on average.
const GAIN: usize = 2;
/// Pages are so far apart, whichever sweep reads them: 120 a minute, of the 300 that a user has, and never in a burst.
const EACH: Duration = Duration::from_millis(500);

/// Where sweeps have shown an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// No sweep has looked for it yet: new agents are on the first page.
    #[default]
    Unknown,
    /// On this page, counted from 1.
    On(u32),
    /// The last sweep did not find it: it may be too new to be listed.
    Missed,
    /// The last sweeps did not find it: it is too far back, or gone.
    Beyond,
}

impl Place {
    /// What is known after a sweep that looked for it in vain.
    pub(crate) fn missed(self) -> Self {
        match self {
            Self::Unknown | Self::On(_) => Self::Missed,
            Self::Missed | Self::Beyond => Self::Beyond,
        }
    }

    /// The page on which to expect it; `None` if it should be asked for by itself.
    pub(crate) fn page(self) -> Option<u32> {
        match self {
            Self::Unknown | Self::Missed => Some(1),
            Self::On(page) => Some(page),
            Self::Beyond => None,
        }
    }

    /// When a sweep that begins now will be there.
    pub(crate) fn read_at(self, now: Moment) -> Moment {
        now.saturating_add(EACH.saturating_mul(self.page().unwrap_or_default().saturating_sub(1)))
    }

    /// Whether a sweep that goes so far may find it.
    pub(crate) fn is_within(self, reach: u32) -> bool {
        self.page().is_some_and(|page| page <= reach)
    }
}

/// From when on a sweep serves a wait that will ask after a pause: one that has just looked needs no other look.
pub(crate) fn ripe(now: Moment, pause: Duration) -> Moment {
    now.saturating_add(pause / 2)
}

/// When a wait without an end asks for its agent itself, whatever lists say: they might stand still. In one to three hours,
/// so that five thousand waits ask forty times a minute.
pub(crate) fn alone(now: Moment, jitter: f64) -> Moment {
    now.saturating_add(Duration::from_secs(3600).mul_f64(1.0 + 2.0 * jitter))
}

/// To which page a sweep for waits at these places should go; `None` if each should ask for itself.
pub(crate) fn reach(places: impl Iterator<Item = Place>) -> Option<u32> {
    let mut pages = places.filter_map(Place::page).collect::<Vec<_>>();
    if pages.len() < FEW {
        return None;
    }
    pages.sort_unstable();
    let cost = |page: u32| usize::try_from(page).unwrap_or(usize::MAX);
    let worthy = pages.iter().zip(1usize..).filter(|(page, found)| *found >= FEW && cost(**page) * GAIN <= *found);
    // The fewest requests in all: for the pages, and for those behind them.
    worthy.min_by_key(|(page, found)| cost(**page) + pages.len() - found).map(|(page, _)| *page)
}

/// What a list's word on an agent is worth: lists may be behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It is at work: that is believed.
    Work,
    /// It seems to have ended since it was last seen: it is asked at once.
    End,
    /// Nothing: the list shows an end that is none of late, or less than was known. It is asked when that is due.
    Old,
}

/// Holds what a list shows against when the agent had last changed by the time it was last seen.
pub(crate) fn sight(status: &AgentStatus, changed: Option<Timestamp>, known: Option<Timestamp>) -> Sight {
    match (status.is_active(), changed, known) {
        (true, Some(changed), Some(known)) if changed < known => Sight::Old,
        (true, ..) => Sight::Work,
        (false, changed, known) if changed > known => Sight::End,
        (false, ..) => Sight::Old,
    }
}

/// One sweep: what it has cost, and what it has found.
#[derive(Debug, Clone)]
pub(crate) struct Sweep {
    began: Moment,
    asked: Moment,
    next: Moment,
    pages: u32,
    unseen: usize,
    /// How much it may still waste, in quarters of a page: no more than it may yet save.
    credit: i64,
}

impl Sweep {
    /// Begins; `sought` waits would ask without it.
    pub(crate) fn new(sought: usize, now: Moment) -> Self {
        Self { began: now, asked: now, next: now, pages: 0, unseen: sought, credit: quarters(sought) }
    }

    /// When to ask for one more page. It may be asked for more than once: who was to do it can go before that.
    pub(crate) fn ask(&mut self, now: Moment) -> Moment {
        self.asked = self.next.max(now);
        self.asked
    }

    /// Whether one more page is worth its request.
    pub(crate) fn goes_on(&self) -> bool {
        self.unseen > 0 && self.credit >= 0
    }

    /// A page was read, and it replaced so many requests.
    pub(crate) fn read(&mut self, replaced: usize) {
        self.next = self.asked.saturating_add(EACH);
        self.pages = self.pages.saturating_add(1);
        self.forget(replaced);
        self.credit = self.credit.saturating_add(4 * quarters(replaced) - 4).min(quarters(self.unseen));
    }

    /// So many are not sought any more, and nothing was saved: they have to ask all the same, or need not.
    pub(crate) fn forget(&mut self, count: usize) {
        self.unseen = self.unseen.saturating_sub(count);
    }

    /// Which page was read last.
    pub(crate) fn page(&self) -> u32 {
        self.pages
    }

    /// When the sweep after it may begin.
    pub(crate) fn next(&self) -> Moment {
        self.next
    }

    /// How long it has taken.
    pub(crate) fn took(&self, now: Moment) -> Duration {
        now.saturating_sub(self.began)
    }
}

/// Each wait lends the sweep a quarter of its request.
fn quarters(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 8)
}

/// Looks of their own for those who are new while a sweep is under way. Each pauses briefly at first, and where thirty a
/// minute are launched they would ask more often than all the others together; the next sweep begins with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// When all of it is there again.
    full: Moment,
}

impl Allowance {
    /// How many there may be at once.
    const MOST: u32 = 10;
    /// How long it takes until there may be one more.
    const EACH: Duration = Duration::from_secs(2);

    pub(crate) const fn new() -> Self {
        Self { full: Moment::ZERO }
    }

    /// Takes one.
    ///
    /// # Errors
    /// When there will be one.
    pub(crate) fn take(&mut self, now: Moment) -> Result<(), Moment> {
        let full = self.full.max(now).saturating_add(Self::EACH);
        let next = full.saturating_sub(Self::EACH * Self::MOST);
        if next > now {
            return Err(next);
        }
        self.full = full;
        Ok(())
    }
}

/// Whether lists are read at all: one that cannot be read while agents can is left alone for a while.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doubt {
    until: Moment,
    span: Duration,
}

impl Doubt {
    const FIRST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_secs(960);
    /// What failed for reasons that pass is tried again soon.
    pub(crate) const PAUSE: Duration = Duration::from_secs(5);

    pub(crate) fn is_over(&self, now: Moment) -> bool {
        now >= self.until
    }

    /// A list failed, and an agent was read right after.
    pub(crate) fn grow(&mut self, now: Moment) {
        self.span = (self.span * 2).clamp(Self::FIRST, Self::LONGEST);
        self.until = now.saturating_add(self.span);
    }

    /// A list was read.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
