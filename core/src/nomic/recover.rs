//! Finds what became of paid requests whose answers were lost, by reading what the platform has. Nothing here sends one
//! a second time.

pub(crate) mod follow_up;
pub(crate) mod launch;
pub(crate) mod upload;

use super::client::Shared;
use crate::{
    Error, ErrorKind, Event, EventKind, Result,
    flow::{reconcile::SETTLE, wait::Cadence},
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Looking for something, again and again, until it had time to settle.
struct Search<'s> {
    shared: &'s Shared,
    operation: &'static str,
    began: Instant,
    end: Instant,
    cadence: Cadence,
    /// Until the next look; none before the first.
    pause: Option<Duration>,
    /// Why the last look failed, if it did.
    cause: Option<Error>,
    /// A look showed something.
    seen: bool,
}

impl<'s> Search<'s> {
    fn new(shared: &'s Shared, operation: &'static str, until: Instant) -> Self {
        let began = Instant::now();
        let text = "its answer was lost: it is looked for, and not sent again";
        shared.exit.events.tell(Event::new(EventKind::Recovering, operation, text));
        let end = until.min(began + SETTLE);
        Self { shared, operation, began, end, cadence: Cadence::brisk(), pause: None, cause: None, seen: false }
    }

    /// Waits for the time of the next look; whether there is one.
    async fn goes_on(&mut self) -> bool {
        match self.pause {
            Some(_) if self.is_last() => return false,
            Some(pause) => sleep(pause).await,
            None => {}
        }
        if Instant::now() >= self.end {
            return false;
        }
        self.pause = Some(self.cadence.pause(fastrand::f64()));
        true
    }

    /// Whether another look would come too late.
    fn is_last(&self) -> bool {
        self.pause.is_some_and(|pause| Instant::now() + pause >= self.end)
    }

    /// What a look shows, if it comes in time; one that fails in passing is made again.
    async fn look<T>(&mut self, look: impl Future<Output = Result<T>>) -> Option<T> {
        let late = |_| {
            crate::runtime::abandon_connection();
            Err(Error::new(ErrorKind::RequestTimeout, "The time was over before an answer came"))
        };
        match timeout_at(self.end, look).await.unwrap_or_else(late) {
            Ok(seen) => {
                (self.cause, self.seen) = (None, true);
                Some(seen)
            }
            Err(failed) => {
                if !failed.retryable {
                    self.end = self.began;
                }
                // One that the end cut short takes nothing from what was seen before.
                let cut = failed.kind() == ErrorKind::RequestTimeout && left(self.end) < Duration::from_millis(10);
                if !(cut && self.seen) {
                    self.cause = Some(failed);
                }
                None
            }
        }
    }

    fn found(&self, agent: Option<&str>) {
        let event = Event::new(EventKind::Recovered, self.operation, "found").taking(self.began.elapsed());
        self.shared.exit.events.tell(Event { agent_id: agent.map(str::to_owned), ..event });
    }

    /// What looks like it may be it or not.
    fn undecided(self, error: Error, candidates: Vec<String>, next: &str) -> Error {
        let text = format!("{} may be it (`candidates`), and nobody can tell", candidates.len());
        self.lost(error, candidates, &text, next)
    }

    fn in_vain(mut self, error: Error, next: &str) -> Error {
        let seconds = self.began.elapsed().as_secs_f64();
        let text = match (self.cause.take(), self.pause) {
            (Some(cause), _) => format!("It could not be looked for ({})", cause.message.trim_end_matches('.')),
            (None, None) => "No time was left to look for it".to_owned(),
            (None, Some(_)) => format!("It was looked for during {seconds:.0} s and did not appear, but still may"),
        };
        self.lost(error, Vec::new(), &text, next)
    }

    fn lost(self, error: Error, candidates: Vec<String>, text: &str, next: &str) -> Error {
        // The server's own words stay in the error.
        let told = text.split(" (").next().unwrap_or(text);
        let event = Event::new(EventKind::Lost, self.operation, told).taking(self.began.elapsed());
        self.shared.exit.events.tell(event);
        advised(error, &format!("{text}. {next}"), candidates)
    }
}

/// The error of a request whose end is not known, with what was tried and what to do next.
pub(crate) fn advised(mut error: Error, text: &str, candidates: Vec<String>) -> Error {
    let info = error.info_mut();
    info.message = format!("{} {text}.", info.message.trim_end());
    error.with("candidates", candidates)
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
