//! When a request may go, so that a platform that counts a minute's requests need not refuse one.
//!
//! - Any 61 seconds hold as many requests as the limit, and no more: that is right for a platform that counts by the
//!   minute, over a sliding minute, or by a bucket that leaks, with a second for the way there.
//! - The limit is the documented one until an answer names another.
//! - The very first request goes alone: its answer tells how many may follow at once.
//! - When little remains of what the platform allows at once, requests are spaced evenly.
//! - A refusal that names its time stops everybody until then, and the first minute after it is spaced evenly.
//! - Who waits stands in a [`Line`].

use super::{
    Moment,
    line::{Caller, Line, Place},
};
use std::{collections::BTreeMap, time::Duration};

/// The span in which requests are counted.
const WINDOW: Duration = Duration::from_secs(61);
/// How long a minute's worth takes when it is spaced evenly.
const EVENLY: Duration = Duration::from_secs(62);
/// Requests this close together leave the window together, so that it stays small whatever the limit.
const GRAIN: Duration = Duration::from_millis(20);
/// How long the first request's answer is waited for.
const ALONE: Duration = Duration::from_secs(2);
/// How long somebody whose turn it is may take to come.
const GRACE: Duration = Duration::from_secs(5);
/// The longest pause that is believed; then the platform is asked again.
const LONGEST: Duration = Duration::from_secs(3600);

/// The pace of one tier.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: u32,
    /// How many left in each grain of the window, and in all of it.
    sent: BTreeMap<Moment, u32>,
    used: u32,
    first: Moment,
    last: Moment,
    /// How many went in all.
    made: u64,
    /// Whether an answer was heard.
    heard: bool,
    spare: Option<Spare>,
    paused: Moment,
    careful: Moment,
    line: Line,
    /// Since when the first in line is called: since it is the first, or from when it was told to come.
    called: Moment,
}

/// What the platform would still take at once, as its last answer told and time has added since.
#[derive(Debug, Clone, Copy)]
struct Spare {
    count: f64,
    at: Moment,
    /// As many as it ever said.
    most: f64,
}

/// The right to send one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    at: Moment,
    nth: u64,
    place: Place,
}

/// What somebody in line may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Send now. The place is gone.
    Go(Slot),
    /// It is your turn, but not before this moment.
    At(Moment),
    /// It is another's turn.
    Behind,
}

/// What an answer told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many requests a minute there may be.
    pub(crate) limit: Option<u32>,
    /// How many more would be taken now.
    pub(crate) remaining: Option<u32>,
}

impl Pace {
    /// With the limit that is documented.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: limit.max(1),
            sent: BTreeMap::new(),
            used: 0,
            first: Moment::ZERO,
            last: Moment::ZERO,
            made: 0,
            heard: false,
            spare: None,
            paused: Moment::ZERO,
            careful: Moment::ZERO,
            line: Line::default(),
            called: Moment::ZERO,
        }
    }

    /// Goes at once if nobody waits and nothing stands against it.
    pub(crate) fn pass(&mut self, caller: Caller, now: Moment) -> Option<Slot> {
        (self.line.len() == 0 && self.free_at(now) <= now).then(|| {
            let place = self.line.pass(caller);
            self.take(place, now)
        })
    }

    pub(crate) fn join(&mut self, caller: Caller, now: Moment) -> Place {
        self.move_line(now, |line| line.join(caller))
    }

    /// For one that was refused: in front of all that came later.
    pub(crate) fn rejoin(&mut self, place: Place, now: Moment) -> Place {
        self.move_line(now, |line| line.rejoin(place))
    }

    pub(crate) fn leave(&mut self, place: Place, now: Moment) {
        self.move_line(now, |line| line.leave(place));
    }

    /// What the holder of a place may do.
    pub(crate) fn turn(&mut self, place: Place, now: Moment) -> Turn {
        let free = self.free_at(now);
        if !self.line.is_head(place) && free <= now && now >= self.called + GRACE {
            self.move_line(now, Line::skip);
        }
        match self.line.is_head(place) {
            false => Turn::Behind,
            true if free > now => {
                self.called = free;
                Turn::At(free)
            }
            true => {
                self.move_line(now, |line| line.serve(place));
                Turn::Go(self.take(place, now))
            }
        }
    }

    /// Whose turn it is and from when on, so that they can be told.
    pub(crate) fn next(&mut self, now: Moment) -> Option<(u64, Moment)> {
        Some((self.line.head()?, self.free_at(now)))
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.line.len()
    }

    /// Whether nothing is left to remember.
    pub(crate) fn is_quiet(&mut self, now: Moment) -> bool {
        self.free_at(now) <= now && self.used == 0 && self.line.len() == 0
    }

    /// Nothing was sent after all.
    pub(crate) fn give_back(&mut self, slot: Slot) {
        if let Some(count) = self.sent.get_mut(&slot.at).filter(|count| **count > 0) {
            *count -= 1;
            self.used -= 1;
        }
        if let Some(spare) = &mut self.spare {
            spare.count = (spare.count + 1.0).min(spare.most);
        }
        // Then the next is the first.
        if self.made == 1 {
            self.made = 0;
        }
    }

    /// An answer came.
    pub(crate) fn heard(&mut self, slot: Slot, standing: Standing, now: Moment) {
        self.heard = true;
        self.limit = standing.limit.unwrap_or(self.limit).max(1);
        if let Some(remaining) = standing.remaining.map(f64::from) {
            // Those that went after it are not in its count yet.
            let newer = self.made.saturating_sub(slot.nth) as f64;
            let most = self.spare.map_or(0.0, |spare| spare.most).max(remaining);
            self.spare = Some(Spare { count: (remaining - newer).max(0.0), at: now, most });
        }
    }

    /// The platform refuses everybody for so long.
    pub(crate) fn pause(&mut self, wait: Duration, now: Moment) {
        self.paused = self.paused.max(now + wait.min(LONGEST));
        self.careful = self.paused + WINDOW;
        self.spare = self.spare.map(|_| Spare { count: 0.0, at: now, most: 0.0 });
    }

    /// Until when everybody is refused, if that is not over.
    pub(crate) fn paused(&self, now: Moment) -> Option<Duration> {
        self.paused.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// The moment from which the first in line may go: in the past if nothing stands against it.
    pub(crate) fn free_at(&mut self, now: Moment) -> Moment {
        while let Some(oldest) = self.sent.first_entry().filter(|oldest| *oldest.key() + WINDOW <= now) {
            self.used -= oldest.remove();
        }
        let alone = if self.made > 0 && !self.heard { self.first + ALONE } else { Moment::ZERO };
        let spaced = if self.is_spaced(now) { self.last + self.interval() } else { Moment::ZERO };
        self.paused.max(alone).max(spaced).max(self.room_for(1))
    }

    /// How long the holder of a place would wait, as things stand.
    pub(crate) fn eta(&mut self, place: Place, now: Moment) -> Duration {
        let before = u32::try_from(self.line.before(place)).unwrap_or(u32::MAX);
        let free = self.free_at(now).max(now);
        let spaced = if self.is_spaced(now) { self.interval().saturating_mul(before) } else { Duration::ZERO };
        free.saturating_add(spaced).max(self.room_for(before.saturating_add(1))).saturating_sub(now)
    }

    /// When the window has room for so many more; what is sent until then is taken to be sent evenly.
    fn room_for(&self, more: u32) -> Moment {
        let mut over = self.used.saturating_add(more).saturating_sub(self.limit);
        let mut last = Moment::ZERO;
        for (at, count) in &self.sent {
            if over == 0 {
                break;
            }
            (over, last) = (over.saturating_sub(*count), *at + WINDOW);
        }
        last.saturating_add(self.interval().saturating_mul(over))
    }

    fn interval(&self) -> Duration {
        EVENLY / self.limit
    }

    /// Whether a tenth or less is left of what the platform takes at once, or it has just refused.
    fn is_spaced(&self, now: Moment) -> bool {
        let little = |spare: Spare| spare.left(now, self.interval()) < f64::from(self.limit / 10 + 1);
        now < self.careful || self.spare.is_some_and(little)
    }

    fn take(&mut self, place: Place, now: Moment) -> Slot {
        let grains = now.as_nanos().div_ceil(GRAIN.as_nanos());
        let at = GRAIN.saturating_mul(u32::try_from(grains).unwrap_or(u32::MAX));
        *self.sent.entry(at).or_default() += 1;
        self.used += 1;
        if self.made == 0 {
            self.first = now;
        }
        self.made += 1;
        self.last = now;
        self.spare = self.spare.map(|spare| spare.less_one(now, self.interval()));
        Slot { at, nth: self.made, place }
    }

    fn move_line<T>(&mut self, now: Moment, change: impl FnOnce(&mut Line) -> T) -> T {
        let head = self.line.head();
        let done = change(&mut self.line);
        if self.line.head() != head {
            self.called = now;
        }
        done
    }
}

impl Slot {
    /// Where it stood, for the case that it must go again.
    pub(crate) fn place(self) -> Place {
        self.place
    }
}

impl Spare {
    /// What there is by now, at the pace at which it comes back.
    fn left(self, now: Moment, interval: Duration) -> f64 {
        let back = now.saturating_sub(self.at).as_secs_f64() / interval.as_secs_f64();
        (self.count + back).min(self.most)
    }

    fn less_one(self, now: Moment, interval: Duration) -> Self {
        Self { count: (self.left(now, interval) - 1.0).max(0.0), at: now, ..self }
    }
}

#[cfg(test)]
mod tests;
