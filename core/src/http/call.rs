//! One call as its caller wants it.

use super::body::Payload;
use crate::{
    flow::reconcile::SETTLE,
    nomic::routes::{Route, Safety},
    progress::OnProgress,
};
use std::time::Duration;
use tokio::time::Instant;

/// How long a call may go on, its retries included, unless it has a deadline of its own.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);

/// One call: what to send, and until when.
pub(crate) struct Call<'a> {
    pub(crate) route: &'static Route,
    pub(crate) ids: &'a [(&'a str, &'a str)],
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) payload: Payload,
    /// How long it may go on, without the time that it waits for its turn.
    pub(crate) deadline: Option<Duration>,
    /// The same with that time.
    pub(crate) end: Option<Duration>,
    /// Which of the client's doings it belongs to: these take turns.
    pub(crate) job: &'static str,
    pub(crate) started: Instant,
    pub(crate) progress: Option<&'a OnProgress>,
    pub(crate) on_flight: Option<&'a OnFlight<'a>>,
    /// How long one attempt may take; the client's own limit is never exceeded.
    pub(crate) each: Duration,
}

/// Told whenever a request is sent (true), and when it is certain that the server did not act on it (false).
pub(crate) type OnFlight<'a> = dyn Fn(bool) + Send + Sync + 'a;

impl<'a> Call<'a> {
    pub(crate) fn new(route: &'static Route, ids: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            route,
            ids,
            query: Vec::new(),
            payload: Payload::Empty,
            deadline: None,
            end: None,
            job: route.operation,
            started: Instant::now(),
            progress: None,
            on_flight: None,
            each: Duration::MAX,
        }
    }

    pub(crate) fn query(mut self, query: Vec<(&'static str, String)>) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// How long it may take.
    pub(crate) fn within(mut self, limit: Limit) -> Self {
        (self.deadline, self.end) = (Some(limit.span()), limit.given());
        self
    }

    /// One look within a wait that goes on for so long, if that is known.
    pub(crate) fn look(mut self, left: Option<Duration>) -> Self {
        (self.deadline, self.end) = (left.map(|left| left.min(DEADLINE)), left);
        self.job = if left.is_some() { "look" } else { self.job };
        self
    }

    /// Since when, if what came before counts too.
    pub(crate) fn since(mut self, started: Instant) -> Self {
        self.started = started;
        self
    }

    /// How long one attempt may take, if less than usual.
    pub(crate) fn each(mut self, limit: Duration) -> Self {
        self.each = limit;
        self
    }

    pub(crate) fn on_flight(mut self, told: &'a OnFlight<'a>) -> Self {
        self.on_flight = Some(told);
        self
    }

    pub(crate) fn progress(mut self, progress: Option<&'a OnProgress>) -> Self {
        self.progress = progress;
        self
    }
}

impl Call<'_> {
    /// What the caller's own deadline leaves to a paid request: it counts the time in the queue, too.
    pub(super) fn rest(&self) -> Duration {
        let end = self.end.filter(|_| self.route.safety == Safety::Effect);
        end.map_or(Duration::MAX, |end| end.saturating_sub(self.started.elapsed()))
    }

    /// How long the server may take over the next attempt when so much is left: a part is kept to look for a paid request
    /// whose answer does not come.
    pub(super) fn room(&self, left: Duration) -> Duration {
        match self.route.safety == Safety::Effect {
            true => left - (left / 4).min(SETTLE),
            false => left,
        }
    }

    pub(crate) fn tell_flight(&self, flying: bool) {
        if let Some(told) = self.on_flight {
            told(flying);
        }
    }
}

/// How long a call may take: an own deadline of the caller's counts the time that it waits for its turn, too.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    Given(Duration),
    Usual(Duration),
}

impl Limit {
    pub(crate) fn span(self) -> Duration {
        let (Self::Given(span) | Self::Usual(span)) = self;
        span
    }

    pub(crate) fn given(self) -> Option<Duration> {
        match self {
            Self::Given(span) => Some(span),
            Self::Usual(_) => None,
        }
    }
}
