//! Where requests wait for their turn: one gate for each tier of a key, for all clients of this process.
//!
//! Nothing runs in the background. Whoever is first in line knows when it may go, and sleeps until then wherever its
//! own future is driven; whatever changes who is first, or when, wakes that one. A future that is dropped leaves the line.

use crate::{
    Error, ErrorKind, Event, EventKind, Progress, RequestOutcome,
    config::Config,
    events::Events,
    flow::{
        Moment,
        circuit::Circuit,
        line::{Caller, Place},
        pace::{Pace, Slot, Standing, Turn},
    },
    nomic::routes::{Route, Tier},
    progress::{INTERVAL, OnProgress},
    runtime::{PerProcess, Process},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// How often somebody who is told of the queue hears of it.
const TOLD: Duration = Duration::from_secs(1);
/// How often everybody else in line sees whether the first still comes when called.
const LOOK: Duration = Duration::from_secs(10);

/// One client's way to the gates of its key.
pub(crate) struct Access {
    gates: Arc<Gates>,
    circuit: Mutex<Circuit>,
}

/// The gates of one key at one origin.
struct Gates {
    tiers: [Gate; Tier::ALL.len()],
    began: Instant,
}

struct Gate(Mutex<State>);

struct State {
    pace: Pace,
    /// Who is in line, to be woken.
    asleep: HashMap<u64, Arc<Notify>>,
}

/// Who wants to pass, and for how long.
pub(crate) struct Visitor<'a> {
    pub(crate) route: &'static Route,
    pub(crate) caller: Caller,
    /// The place that it had before it was refused.
    pub(crate) again: Option<Place>,
    pub(crate) until: Option<Instant>,
    pub(crate) progress: Option<OnProgress>,
    pub(crate) events: &'a Events,
}

/// The right to send one request. Unless it is [spent](Self::spend), dropping it gives it back.
pub(crate) struct Pass {
    access: Arc<Access>,
    tier: Tier,
    /// None if this client is not paced.
    slot: Option<Slot>,
    at: Moment,
    spent: bool,
    process: Process,
}

impl Gates {
    fn shared(config: &Config) -> Arc<Self> {
        static ALL: PerProcess<Mutex<HashMap<[u8; 32], Arc<Gates>>>> = PerProcess::new();
        let all = ALL.get();
        let mut all = lock(&all);
        let key = config.api_key.digest(Sha256::new_with_prefix(config.origin.as_str()).chain_update([0]));
        if let Some(gates) = all.get(&key) {
            return gates.clone();
        }
        // Programs with a key for each of their users would keep them all.
        all.retain(|_, gates| Arc::strong_count(gates) > 1 || !gates.is_quiet());
        all.entry(key).or_default().clone()
    }

    fn is_quiet(&self) -> bool {
        let now = self.began.elapsed();
        self.tiers.iter().all(|gate| lock(&gate.0).pace.is_quiet(now))
    }

    fn gate(&self, tier: Tier) -> &Gate {
        let [standard, heavy] = &self.tiers;
        match tier {
            Tier::Standard => standard,
            Tier::Heavy => heavy,
        }
    }

    /// Changes a tier's pace, and wakes whoever is first if that concerns it.
    fn with<T>(&self, tier: Tier, change: impl FnOnce(&mut Pace, Moment) -> T) -> T {
        let mut state = lock(&self.gate(tier).0);
        let now = self.began.elapsed();
        let before = state.pace.next(now);
        let done = change(&mut state.pace, now);
        if let Some(next) = state.pace.next(now).filter(|next| before != Some(*next))
            && let Some(bell) = state.asleep.get(&next.0)
        {
            bell.notify_one();
        }
        done
    }

    fn wake_all(&self) {
        for gate in &self.tiers {
            lock(&gate.0).asleep.values().for_each(|bell| bell.notify_one());
        }
    }
}

impl Access {
    /// To the gates that all clients with this key share, or to gates of its own.
    pub(crate) fn new(config: &Config, alone: bool) -> Arc<Self> {
        let gates = if alone { Arc::default() } else { Gates::shared(config) };
        Arc::new(Self { gates, circuit: Mutex::default() })
    }

    /// Waits until a request may be sent.
    ///
    /// # Errors
    /// That nothing was sent: the key was refused a moment ago, or it would not be its turn in time.
    pub(crate) async fn enter(self: &Arc<Self>, visitor: Visitor<'_>) -> Result<Pass, Error> {
        let (gates, tier) = (&*self.gates, visitor.route.tier);
        self.check(visitor.route)?;
        if visitor.again.is_none()
            && let Some(slot) = gates.with(tier, |pace, now| pace.pass(visitor.caller, now))
        {
            return self.admit(&visitor, Some(slot));
        }
        let ticket = Ticket::new(gates, &visitor);
        let (began, mut told) = (Instant::now(), None::<Instant>);
        loop {
            self.check(visitor.route)?;
            let place = ticket.place;
            let first = told.is_none();
            let (turn, free, eta) = gates.with(tier, |pace, now| match pace.turn(place, now) {
                go @ Turn::Go(_) => (go, now, Duration::ZERO),
                turn if first || visitor.progress.is_some() || visitor.until.is_some() => {
                    (turn, pace.free_at(now), pace.eta(place, now))
                }
                turn => (turn, now, Duration::ZERO),
            });
            let wake = match turn {
                Turn::Go(slot) => return self.admit(&visitor, Some(slot)),
                Turn::At(moment) => gates.began + moment,
                Turn::Behind => Instant::now() + LOOK,
            };
            let now = Instant::now();
            let paused = gates.with(tier, |pace, now| pace.paused(now));
            if visitor.until.is_none() && paused.is_some_and(|paused| paused > super::retry::PATIENCE) {
                return Err(self.too_late(visitor.route, eta));
            }
            // Even the first in line would come too late.
            if visitor.until.is_some_and(|until| now >= until || gates.began + free > until) {
                return Err(self.too_late(visitor.route, eta));
            }
            let mut wake = visitor.until.map_or(wake, |until| wake.min(until));
            if first && eta >= TOLD {
                let text = format!("waits for its turn in the tier {}", tier.as_str());
                visitor.events.tell(Event::new(EventKind::Throttled, visitor.route.operation, text).taking(eta));
            }
            if let Some(listener) = &visitor.progress {
                if told.is_none_or(|told| now >= told + TOLD) && eta >= INTERVAL {
                    listener(throttled(began.elapsed(), eta));
                }
                wake = wake.min(now + TOLD);
            }
            told = Some(told.filter(|told| now < *told + TOLD).unwrap_or(now));
            let _ = timeout_at(wake, ticket.bell.notified()).await;
        }
    }

    /// The pass of a client that is not paced; only a refused key holds it.
    pub(crate) fn wave(self: &Arc<Self>, visitor: &Visitor<'_>) -> Result<Pass, Error> {
        self.admit(visitor, None)
    }

    fn admit(self: &Arc<Self>, visitor: &Visitor<'_>, slot: Option<Slot>) -> Result<Pass, Error> {
        let at = self.gates.began.elapsed();
        let (access, tier) = (self.clone(), visitor.route.tier);
        let pass = Pass { access, tier, slot, at, spent: false, process: Process::this() };
        let sent = lock(&self.circuit).send(at);
        sent.map_err(|since| blocked(visitor.route, since)).map(|()| pass)
    }

    fn check(&self, route: &Route) -> Result<(), Error> {
        let blocks = lock(&self.circuit).blocks(self.gates.began.elapsed());
        blocks.map_or(Ok(()), |since| Err(blocked(route, since)))
    }

    fn too_late(&self, route: &Route, eta: Duration) -> Error {
        let (operation, tier) = (route.operation, route.tier.as_str());
        let (paused, waiting) = self.gates.with(route.tier, |pace, now| (pace.paused(now), pace.waiting()));
        let why = match paused {
            Some(_) => "the platform refuses this tier for a while".to_owned(),
            None => format!("{waiting} requests wait for the platform's limit"),
        };
        let wait = eta.max(paused.unwrap_or_default()).as_secs_f64();
        let text = format!(
            "{operation}: Nothing was sent: {why}, and it would be this one's turn in {wait:.0} s, after the time given \
             (tier {tier})."
        );
        let error = Error::new(ErrorKind::RateLimit, text).with("retry_after", wait);
        unsent(error.with("tier", tier).with("maybe_spend", false))
    }
}

impl Default for Gates {
    fn default() -> Self {
        let gate = |tier: Tier| Gate(Mutex::new(State { pace: Pace::new(tier.limit()), asleep: HashMap::new() }));
        Self { tiers: Tier::ALL.map(gate), began: Instant::now() }
    }
}

impl Pass {
    /// From here on the request may reach the platform.
    pub(crate) fn spend(&mut self) {
        self.spent = true;
    }

    /// Its place in line, for the case that it must go again.
    pub(crate) fn place(&self) -> Option<Place> {
        self.slot.map(Slot::place)
    }

    /// Nothing of the request left this machine.
    pub(crate) fn unsent(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.access.gates.with(self.tier, |pace, _| pace.give_back(slot));
        }
    }

    /// An answer came, and told how things stand with the limits.
    pub(crate) fn answered(&self, status: http::StatusCode, standing: Standing) {
        let Access { gates, circuit } = &*self.access;
        if status == http::StatusCode::UNAUTHORIZED {
            lock(circuit).refused(gates.began.elapsed());
            gates.wake_all();
        } else if status.as_u16() < 500 {
            lock(circuit).accepted(self.at);
        }
        if let Some(slot) = self.slot {
            gates.with(self.tier, |pace, now| pace.heard(slot, standing, now));
        }
    }

    /// The platform refuses the whole tier for so long. Whether somebody must wait for that here.
    pub(crate) fn pause(&self, wait: Duration) -> bool {
        if self.slot.is_some() {
            self.access.gates.with(self.tier, |pace, now| pace.pause(wait, now));
        }
        self.slot.is_some()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.spent && self.process.is_this() {
            self.unsent();
        }
    }
}

/// Somebody in line.
struct Ticket<'a> {
    gates: &'a Gates,
    tier: Tier,
    place: Place,
    bell: Arc<Notify>,
    /// In which process it stands in line. A forked child has copies of its parent's futures, and of locks that
    /// somebody may hold who is not there.
    process: Process,
}

impl<'a> Ticket<'a> {
    fn new(gates: &'a Gates, visitor: &Visitor<'_>) -> Self {
        let (tier, bell) = (visitor.route.tier, Arc::new(Notify::new()));
        let place = gates.with(tier, |pace, now| match visitor.again {
            Some(place) => pace.rejoin(place, now),
            None => pace.join(visitor.caller, now),
        });
        lock(&gates.gate(tier).0).asleep.insert(place.id(), bell.clone());
        Self { gates, tier, place, bell, process: Process::this() }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.process.is_this() {
            return;
        }
        lock(&self.gates.gate(self.tier).0).asleep.remove(&self.place.id());
        self.gates.with(self.tier, |pace, now| pace.leave(self.place, now));
    }
}

fn throttled(since: Duration, eta: Duration) -> Progress {
    let (done, eta) = (since.as_secs_f64(), Some(eta.as_secs_f64()));
    Progress { phase: "throttled".to_owned(), done, total: None, rate: None, eta }
}

fn blocked(route: &Route, since: Duration) -> Error {
    let text = format!(
        "{}: Nothing was sent: the platform refused this key {:.0} s ago. Check that it is whole, and not expired or \
         revoked; one request in half a minute asks again.",
        route.operation,
        since.as_secs_f64()
    );
    unsent(Error::new(ErrorKind::Authentication, text))
}

fn unsent(mut error: Error) -> Error {
    error.info_mut().outcome = Some(RequestOutcome::NotSent);
    error
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
