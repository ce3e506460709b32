//! The platform's limits: how many requests a minute each tier takes, and how many launches the spend limit allows.
//!
//! Requests are paced evenly, with a burst: each one moves the tier's next free moment on by one interval, and comes too
//! early when that moment is further away than the burst reaches (the generic cell rate algorithm). A tier belongs to a
//! user, and all keys here belong to one user.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Millis;
use crate::problem::Problem;

/// How many requests a minute each tier takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Whether they are counted at all.
    pub enabled: bool,
    /// Reads, and stops.
    pub standard: u32,
    /// Writes of administration.
    pub write: u32,
    /// Uploads, launches and follow-ups.
    pub heavy: u32,
    /// Searches of codes.
    pub search: u32,
    /// How many may come at once after a rest; a whole minute's worth when there is none.
    pub burst: Option<u32>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { enabled: true, standard: 300, write: 60, heavy: 30, search: 60, burst: None }
    }
}

impl Rates {
    /// Those of a platform that never refuses.
    pub fn off() -> Self {
        Self { enabled: false, ..Self::default() }
    }

    fn limit(&self, tier: Tier) -> u32 {
        match tier {
            Tier::Standard => self.standard,
            Tier::Write => self.write,
            Tier::Heavy => self.heavy,
            Tier::Search => self.search,
        }
    }
}

/// What endpoints share a limit.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "the endpoints of two tiers are yet to come")]
pub(crate) enum Tier {
    Standard,
    Write,
    Heavy,
    Search,
}

/// Counts the requests of each tier.
pub(crate) struct Limiter(Mutex<State>);

struct State {
    rates: Rates,
    /// The next free moment of each tier, in microseconds since 1970.
    free: [i64; 4],
    /// When that was last looked at.
    seen: i64,
}

/// How a tier stands after a request.
pub(crate) struct Standing {
    limit: u32,
    remaining: i64,
    /// When all of the burst is there again, in seconds since 1970.
    reset: i64,
    /// Seconds until the next request is accepted, if this one is not.
    pub(crate) wait: Option<i64>,
}

const SECOND: i64 = 1_000_000;
/// The highest limit there is: a request each microsecond.
const MOST: u32 = 60_000_000;

impl Limiter {
    pub(crate) fn new(rates: Rates) -> Self {
        Self(Mutex::new(State { rates, free: [0; 4], seen: 0 }))
    }

    pub(crate) fn rates(&self) -> Rates {
        self.state().rates
    }

    /// Sets the limits; what was used is forgotten.
    pub(crate) fn set(&self, rates: Rates) {
        *self.state() = State { rates, free: [0; 4], seen: 0 };
    }

    /// Changes the limits that a body names.
    pub(crate) fn change(&self, body: Map<String, Value>) -> Result<Rates, Problem> {
        let mut all = json!(self.rates());
        for (name, value) in body {
            let known = all
                .get_mut(&name)
                .ok_or_else(|| Problem::issue(&name, "Expected enabled, standard, write, heavy, search or burst"))?;
            *known = value;
        }
        let rates: Rates = serde_json::from_value(all).map_err(|error| Problem::bad_request(error.to_string()))?;
        for (name, limit) in [
            ("standard", rates.standard),
            ("write", rates.write),
            ("heavy", rates.heavy),
            ("search", rates.search),
            ("burst", rates.burst.unwrap_or(1)),
        ] {
            if !(1..=MOST).contains(&limit) {
                return Err(Problem::issue(name, format!("Expected a whole number from 1 to {MOST}")));
            }
        }
        self.set(rates);
        Ok(rates)
    }

    /// Counts a request; while nothing is counted, there is no end of what remains.
    pub(crate) fn take(&self, tier: Tier, now: Millis) -> Option<Standing> {
        let mut state = self.state();
        let rates = state.rates;
        if !rates.enabled {
            return Some(Standing { limit: MOST, remaining: MOST.into(), reset: now / 1000, wait: None });
        }
        let limit = rates.limit(tier);
        let interval = 60 * SECOND / i64::from(limit);
        let reach = interval.saturating_mul(i64::from(rates.burst.unwrap_or(limit)) - 1);
        let now = now.saturating_mul(1000);
        // The clock was put back: what was used then is of another time. (Requests may overtake each other a little.)
        if now.saturating_add(SECOND) < state.seen {
            state.free = [0; 4];
        }
        state.seen = now;
        let free = state.free.get_mut(tier as usize)?;
        let next = (*free).max(now);
        let early = next.saturating_sub(now).saturating_sub(reach);
        let wait = (early > 0).then(|| ceil(early));
        if wait.is_none() {
            *free = next.saturating_add(interval);
        }
        let used = free.saturating_sub(now);
        let remaining = if wait.is_some() { 0 } else { reach.saturating_add(interval).saturating_sub(used) / interval };
        Some(Standing { limit, remaining, reset: ceil(*free), wait })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ceil(micros: i64) -> i64 {
    micros.saturating_add(SECOND - 1).div_euclid(SECOND)
}

impl Standing {
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(self.limit));
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(self.remaining));
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(self.reset));
        headers
    }
}

/// How many launches and follow-ups the user may still pay for.
#[derive(Default)]
pub(crate) struct Budget(Mutex<Option<u64>>);

impl Budget {
    pub(crate) fn set(&self, launches: Option<u64>) {
        *self.left() = launches;
    }

    /// Takes one, or refuses. One that came to nothing is given back.
    pub(crate) fn take(&self) -> Result<(), Problem> {
        match self.left().as_mut() {
            None => Ok(()),
            Some(0) => Err(Problem::spend_limit()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    pub(crate) fn give_back(&self) {
        if let Some(left) = self.left().as_mut() {
            *left += 1;
        }
    }

    fn left(&self) -> MutexGuard<'_, Option<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
