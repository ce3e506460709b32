//! One look at the list for all waits of a client, whichever thread or task they run in.
//!
//! No task of its own does it. Of the waits that are due one *leads*: it reads the pages within its own future, and
//! tells the others what they show. How far a sweep has come stands in the crowd and not in its leader, so another goes
//! on where one was cancelled, or is not polled any more.

use super::{
    Agent, AgentRun,
    agent_run::look_limit,
    client::Shared,
    crowd::{Crowd, Listed, News, Next, Step, Ticket},
    routes,
};
use crate::{
    Error, Event, EventKind, Result,
    events::Timeline,
    flow::sweep::{PAGE, Place, Sight, sight},
    http::Call,
    progress::ticking,
    runtime::{PerProcess, Process},
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until, timeout, timeout_at},
};

/// The sweeps of one client. A forked child has none under way.
pub(crate) struct Sweeps(PerProcess<Room>);

/// A page that does not come is asked for again by then: everybody waits for it.
const STALL: Duration = Duration::from_secs(10);

/// Where waits pause.
#[derive(Default)]
struct Room {
    crowd: Mutex<Crowd>,
    /// A sweep is over, or has lost its leader.
    changed: Notify,
}

/// What a pause ended with.
enum Told {
    /// A list showed the agent, at work.
    Agent(Box<Agent>),
    /// Nothing to rely on.
    Nothing,
    /// The list could not be read.
    Failed,
}

impl Sweeps {
    pub(crate) const fn new() -> Self {
        Self(PerProcess::new())
    }

    /// The agent of a run that is at work, after a pause: as a list shows it, or as it is when asked for. `left` is what
    /// is left of the wait; the look at its end is at the agent itself.
    ///
    /// # Errors
    /// Those of asking for the agent.
    pub(crate) async fn look(
        &self,
        run: &AgentRun,
        place: &mut Place,
        pause: Duration,
        left: Option<Duration>,
    ) -> Result<Agent> {
        let room = self.0.get();
        let end = left.and_then(|left| Instant::now().checked_add(left));
        let mut seat = Seat::take(&room, run, place, pause);
        let told = match timeout(pause, &mut seat.news).await {
            Ok(news) => seat.told(news),
            Err(_) => seat.due(&run.agents.shared, end).await,
        };
        drop(seat);
        let ask = || Box::pin(run.look(look_limit(end.map(|end| end.saturating_duration_since(Instant::now())))));
        match told {
            // Meanwhile another handle may have seen more.
            Told::Agent(agent) if is_newest(&agent, run) => Ok(run.listed(*agent)),
            Told::Agent(_) | Told::Nothing => ask().await,
            Told::Failed => {
                let asked = ask().await;
                // Either the platform is out of reach, or lists alone are.
                if !asked.as_ref().is_err_and(passes) {
                    room.crowd().doubt();
                    room.changed.notify_waiters();
                }
                asked
            }
        }
    }
}

fn is_newest(agent: &Agent, run: &AgentRun) -> bool {
    run.status().is_active() && sight(&agent.status, agent.updated_at, run.changed_at()) == Sight::Work
}

fn passes(error: &Error) -> bool {
    error.retryable || error.detail("retry_after").is_some()
}

impl Room {
    fn crowd(&self) -> MutexGuard<'_, Crowd> {
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One wait's seat among the others, from the beginning of a pause to its end.
struct Seat<'s> {
    room: &'s Room,
    place: &'s mut Place,
    ticket: Ticket,
    news: oneshot::Receiver<News>,
    /// Its copy in a forked child sits nowhere.
    process: Process,
}

impl<'s> Seat<'s> {
    fn take(room: &'s Room, run: &AgentRun, place: &'s mut Place, pause: Duration) -> Self {
        let (tell, news) = oneshot::channel();
        let ticket = room.crowd().enter(run.key(), *place, run.changed_at(), pause, tell);
        Self { room, place, ticket, news, process: Process::this() }
    }

    /// What comes of a wait whose pause is over.
    async fn due(&mut self, shared: &Shared, end: Option<Instant>) -> Told {
        loop {
            // Before the crowd is looked at, or a change might be missed.
            let changed = self.room.changed.notified();
            if end.is_some_and(|end| Instant::now() >= end) {
                return Told::Nothing;
            }
            let next = self.room.crowd().next(&self.ticket);
            match next {
                Next::Ask => return Told::Nothing,
                Next::Await(until) => {
                    let until = end.map_or(until, |end| end.min(until));
                    tokio::select! {
                        biased;
                        news = &mut self.news => return self.told(news),
                        () = changed => {}
                        () = sleep_until(until) => {}
                    }
                }
                Next::Lead => {
                    // On the heap, and only while it leads: waits are many. The pages are no run's own.
                    let lead = Lead { room: self.room, ticket: &self.ticket, process: self.process }.sweep(shared);
                    let lead = Box::pin(async move { Timeline::default().within(lead).await });
                    let lead = async {
                        match end {
                            Some(end) => timeout_at(end, lead).await.unwrap_or(Ok(())),
                            None => lead.await,
                        }
                    };
                    let led = tokio::select! {
                        biased;
                        // Whoever has news goes; another leads on.
                        news = &mut self.news => return self.told(news),
                        led = lead => led,
                    };
                    if led.is_err() {
                        return Told::Failed;
                    }
                }
            }
        }
    }

    fn told(&mut self, news: Result<News, oneshot::error::RecvError>) -> Told {
        let Ok(news) = news else { return Told::Nothing };
        *self.place = Place::On(news.page);
        news.agent.map_or(Told::Nothing, Told::Agent)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if !self.process.is_this() {
            return;
        }
        if let Some(place) = self.room.crowd().leave(&self.ticket) {
            *self.place = place;
        }
    }
}

/// The one who reads pages for all.
struct Lead<'s> {
    room: &'s Room,
    ticket: &'s Ticket,
    process: Process,
}

impl Lead<'_> {
    /// Reads pages while they are worth it, and no other leads instead.
    async fn sweep(self, shared: &Shared) -> Result<()> {
        loop {
            let step = self.room.crowd().step(self.ticket);
            let cursor = match step {
                Step::Read(cursor, then) => {
                    sleep_until(then).await;
                    cursor
                }
                Step::Over { pages, served, took } => {
                    let text = format!("{pages} pages of the list served {served} waits");
                    shared.exit.events.tell(Event::new(EventKind::Swept, "agents.list", text).taking(took));
                    return Ok(());
                }
                Step::Relieved => return Ok(()),
            };
            let mut query = vec![("limit", PAGE.to_string())];
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let call = shared.exit.call::<Listed>(Call::new(routes::LIST, &[]).query(query).each(STALL));
            let page = ticking(call, || self.room.crowd().beat(self.ticket)).await;
            match page {
                Ok(page) => {
                    let told = self.room.crowd().read(self.ticket, page);
                    for (seat, news) in told {
                        // Who has gone meanwhile needs no news.
                        let _ = seat.send(news);
                    }
                }
                Err(error) => {
                    self.room.crowd().fail(self.ticket);
                    return Err(error);
                }
            }
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if self.process.is_this() {
            self.room.crowd().resign(self.ticket);
            self.room.changed.notify_waiters();
        }
    }
}
