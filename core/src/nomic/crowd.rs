//! The waits of one client between their looks, and the sweep that serves them.

use super::Agent;
use crate::{
    Timestamp,
    flow::{
        Moment,
        pager::Walk,
        sweep::{self, Allowance, Doubt, Place, Sight, Sweep},
    },
};
use serde::Deserialize;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::oneshot, time::Instant};

/// A leader shows each second that it lives; one that has not for so long is not polled any more.
const SILENT: Duration = Duration::from_secs(5);
/// What nobody led for so long is begun anew: the list has changed meanwhile.
const OLD: Duration = Duration::from_secs(60);
/// Nobody waits longer for the sweep under way than for a look without others.
const LONG: Duration = Duration::from_secs(30);
/// Who was told, and has yet to hear it, waits for nothing else.
const EVER: Duration = Duration::from_secs(3600);

/// The waits that pause, and the sweep under way.
pub(crate) struct Crowd {
    born: Instant,
    seats: HashMap<Arc<str>, Vec<Seat>>,
    tickets: u64,
    flight: Option<Flight>,
    /// No sweep begins sooner.
    earliest: Moment,
    /// How far the next one goes, while that is awaited.
    planned: Option<u32>,
    doubt: Doubt,
    allowance: Allowance,
}

/// Whose seat it is: an agent may have several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticket {
    agent: Arc<str>,
    number: u64,
}

struct Seat {
    number: u64,
    /// From when on a sweep serves it.
    ripe: Moment,
    place: Place,
    /// When its agent had last changed when it was last seen.
    known: Option<Timestamp>,
    /// The sweep under way looks for it.
    sought: bool,
    /// The last one did so in vain.
    missed: bool,
    tell: oneshot::Sender<News>,
}

impl Seat {
    /// Whether a sweep that begins now is for it.
    fn is_for(&self, now: Moment) -> bool {
        !self.missed && self.ripe <= self.place.read_at(now)
    }
}

/// What a sweep tells a wait.
pub(crate) struct News {
    /// Where it found the agent.
    pub(crate) page: u32,
    /// The agent; absent if it has to be asked for.
    pub(crate) agent: Option<Box<Agent>>,
}

struct Flight {
    sweep: Sweep,
    walk: Walk,
    /// How many waits it has told.
    served: usize,
    leader: Option<u64>,
    /// When the leader last showed that it lives.
    alive: Moment,
}

/// What a leader does next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Reads the page behind this cursor, no sooner than then.
    Read(Option<String>, Instant),
    /// Nothing: the sweep is over, and this is what came of it.
    Over { pages: u32, served: usize, took: Duration },
    /// Nothing: another one leads.
    Relieved,
}

/// What a wait that is due does next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Asks for its agent.
    Ask,
    /// Reads pages for all.
    Lead,
    /// Waits for news, or until then.
    Await(Instant),
}

/// One page of agents.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    /// One that cannot be read is asked for by itself.
    #[serde(deserialize_with = "crate::record::readable")]
    data: Vec<Agent>,
    next_cursor: Option<String>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            seats: HashMap::new(),
            tickets: 0,
            flight: None,
            earliest: Moment::ZERO,
            planned: None,
            doubt: Doubt::default(),
            allowance: Allowance::new(),
        }
    }
}

impl Crowd {
    fn now(&self) -> Moment {
        self.born.elapsed()
    }

    /// A wait begins a pause.
    pub(crate) fn enter(
        &mut self,
        agent: Arc<str>,
        place: Place,
        known: Option<Timestamp>,
        pause: Duration,
        tell: oneshot::Sender<News>,
    ) -> Ticket {
        self.tickets += 1;
        let number = self.tickets;
        let ripe = sweep::ripe(self.now(), pause);
        let seat = Seat { number, ripe, place, known, sought: false, missed: false, tell };
        match self.seats.entry(agent.clone()) {
            Entry::Occupied(mut seats) => seats.get_mut().push(seat),
            Entry::Vacant(seats) => drop(seats.insert(vec![seat])),
        }
        Ticket { agent, number }
    }

    /// A wait goes, with what is known of its agent's place; `None` if it was told.
    pub(crate) fn leave(&mut self, ticket: &Ticket) -> Option<Place> {
        let seats = self.seats.get_mut(&ticket.agent)?;
        let seat = seats.swap_remove(seats.iter().position(|seat| seat.number == ticket.number)?);
        if seats.is_empty() {
            self.seats.remove(&ticket.agent);
        }
        if let Some(flight) = self.flight.as_mut().filter(|_| seat.sought) {
            flight.sweep.forget(1);
        }
        Some(if seat.missed { seat.place.missed() } else { seat.place })
    }

    /// What a wait does whose pause is over.
    pub(crate) fn next(&mut self, ticket: &Ticket) -> Next {
        let now = self.now();
        let own =
            self.seats.get(&ticket.agent).and_then(|seats| seats.iter().find(|seat| seat.number == ticket.number));
        let Some(own) = own else { return self.until(now + EVER) };
        let (place, sought, missed, ripe) = (own.place, own.sought, own.missed, own.ripe);
        if missed {
            return Next::Ask;
        }
        if let Some(flight) = &mut self.flight {
            let silent = flight.alive + SILENT;
            // It was seen by this sweep already, or is for the next one.
            let awaits = sought || matches!(place, Place::On(_));
            let led = flight.leader.is_some() && now < silent;
            if led || now < flight.alive + OLD {
                if !awaits {
                    return self.ask(place, ripe, now);
                }
                if led {
                    return self.until(silent);
                }
                // Whoever comes first goes on with it.
                (flight.leader, flight.alive) = (Some(ticket.number), now);
                return Next::Lead;
            }
            self.ground(false);
        }
        if self.planned.is_some_and(|reach| now < self.earliest && place.is_within(reach)) {
            return self.until(self.earliest);
        }
        let ripe = |seat: &&Seat| seat.is_for(now);
        let reach = sweep::reach(self.seats.values().flatten().filter(ripe).map(|seat| seat.place));
        self.planned = reach.filter(|_| self.doubt.is_over(now));
        match self.planned {
            Some(reach) if place.is_within(reach) && now < self.earliest => self.until(self.earliest),
            Some(reach) if place.is_within(reach) => {
                self.begin(reach, ticket.number, now);
                Next::Lead
            }
            _ => Next::Ask,
        }
    }

    /// What a wait does that this sweep is not for.
    fn ask(&mut self, place: Place, ripe: Moment, now: Moment) -> Next {
        // Whom no sweep is for depends on no allowance, nor does who has waited long for this one's end.
        if place.page().is_none() || now >= ripe + LONG {
            return Next::Ask;
        }
        match self.allowance.take(now) {
            Ok(()) => Next::Ask,
            Err(then) => self.until(then.min(ripe + LONG)),
        }
    }

    fn until(&self, moment: Moment) -> Next {
        Next::Await(self.born + moment)
    }

    fn begin(&mut self, reach: u32, leader: u64, now: Moment) {
        let mut sought = 0;
        for seat in self.seats.values_mut().flatten() {
            seat.sought = seat.is_for(now) && seat.place.is_within(reach);
            sought += usize::from(seat.sought);
        }
        let sweep = Sweep::new(sought, now);
        self.flight = Some(Flight { sweep, walk: Walk::default(), served: 0, leader: Some(leader), alive: now });
        self.planned = None;
    }

    /// How the leader goes on.
    pub(crate) fn step(&mut self, leader: &Ticket) -> Step {
        let (born, now) = (self.born, self.now());
        let Some(flight) = self.led_by(leader) else { return Step::Relieved };
        let cursor = flight.walk.next().map(|cursor| cursor.map(str::to_owned));
        if let Some(cursor) = cursor.filter(|_| flight.sweep.goes_on()) {
            return Step::Read(cursor, born + flight.sweep.ask(now));
        }
        let over = Step::Over { pages: flight.sweep.page(), served: flight.served, took: flight.sweep.took(now) };
        self.ground(true);
        over
    }

    fn led_by(&mut self, leader: &Ticket) -> Option<&mut Flight> {
        self.flight.as_mut().filter(|flight| flight.leader == Some(leader.number))
    }

    /// The leader lives.
    pub(crate) fn beat(&mut self, leader: &Ticket) {
        let now = self.now();
        if let Some(flight) = self.led_by(leader) {
            flight.alive = now;
        }
    }

    /// The leader has read a page; gives whom it concerns. They are told without the crowd's lock.
    pub(crate) fn read(&mut self, leader: &Ticket, listed: Listed) -> Vec<(oneshot::Sender<News>, News)> {
        let (now, mut told) = (self.now(), Vec::new());
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.leader == Some(leader.number)) else {
            return told;
        };
        flight.alive = now;
        // A list that goes in circles ends here.
        let _ = flight.walk.arrived(listed.data.len(), listed.next_cursor);
        let page = flight.sweep.page().saturating_add(1);
        let (mut replaced, mut doubtful) = (0, 0);
        for agent in listed.data {
            let Some((id, seats)) = self.seats.remove_entry(agent.id.to_ascii_lowercase().as_str()) else { continue };
            let mut kept = Vec::new();
            for mut seat in seats {
                let sight = sweep::sight(&agent.status, agent.updated_at, seat.known);
                if !seat.sought && seat.ripe > now && sight != Sight::End {
                    seat.place = Place::On(page);
                    kept.push(seat);
                    continue;
                }
                let works = sight == Sight::Work;
                if seat.sought {
                    *if works { &mut replaced } else { &mut doubtful } += 1;
                }
                let agent = works.then(|| Box::new(agent.clone()));
                told.push((seat.tell, News { page, agent }));
            }
            if !kept.is_empty() {
                self.seats.insert(id, kept);
            }
        }
        flight.sweep.forget(doubtful);
        flight.sweep.read(replaced);
        flight.served += told.len();
        told
    }

    /// A page could not be read.
    pub(crate) fn fail(&mut self, leader: &Ticket) {
        if self.led_by(leader).is_some() {
            self.ground(false);
            self.earliest = self.earliest.max(self.now() + Doubt::PAUSE);
        }
    }

    /// The leader goes.
    pub(crate) fn resign(&mut self, leader: &Ticket) {
        if let Some(flight) = self.led_by(leader) {
            flight.leader = None;
        }
    }

    /// Agents can be read, and lists cannot.
    pub(crate) fn doubt(&mut self) {
        self.doubt.grow(self.now());
        self.planned = None;
    }

    /// The sweep is over; if it was `whole`, whom it did not find has to ask.
    fn ground(&mut self, whole: bool) {
        let Some(flight) = self.flight.take() else { return };
        self.earliest = flight.sweep.next();
        if whole {
            self.doubt.end();
        }
        for seat in self.seats.values_mut().flatten() {
            seat.missed |= seat.sought && whole;
            seat.sought = false;
        }
    }
}
