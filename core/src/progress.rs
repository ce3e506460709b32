//! How far a call is, told at most ten times a second.

use nomkit_macros::record;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// How far a call is.
#[record]
pub struct Progress {
    /// `reading` (a stream of unknown size), `sending` and `accepted` of an upload; the agent's status of a wait;
    /// `throttled` of any of them while a request waits for the platform's limits, with `eta`.
    pub phase: String,
    /// Bytes sent, or seconds waited.
    pub done: f64,
    /// Of how many, if that is known.
    pub total: Option<f64>,
    /// Bytes a second.
    pub rate: Option<f64>,
    /// Seconds that are left: at this rate, or until a request's turn comes.
    pub eta: Option<f64>,
}

/// Who is told. It runs in the thread that drives the call, so it should return soon.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

pub(crate) const INTERVAL: Duration = Duration::from_millis(100);
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Tells how much of an upload is sent.
pub(crate) struct Sending<'p> {
    listener: Option<&'p OnProgress>,
    started: Instant,
    last: Option<u64>,
    told: Option<Instant>,
}

impl<'p> Sending<'p> {
    pub(crate) fn new(listener: Option<&'p OnProgress>) -> Self {
        Self { listener, started: Instant::now(), last: None, told: None }
    }

    /// The same for what happens more often than it is told.
    pub(crate) fn sometimes(&mut self, phase: &str, done: u64, total: Option<u64>) {
        if self.told.is_none_or(|told| told.elapsed() >= INTERVAL) {
            self.told = Some(Instant::now());
            self.tell(phase, done, total);
        }
    }

    pub(crate) fn tell(&mut self, phase: &str, done: u64, total: impl Into<Option<u64>>) {
        let Some(listener) = self.listener else { return };
        if phase == "sending" && self.last == Some(done) {
            return;
        }
        self.last = Some(done);
        let elapsed = self.started.elapsed().as_secs_f64();
        let rate = (elapsed > 0.0 && done > 0).then(|| done as f64 / elapsed);
        let total = total.into();
        let eta = rate.zip(total).map(|(rate, total)| total.saturating_sub(done) as f64 / rate);
        listener(Progress {
            phase: phase.to_owned(),
            done: done as f64,
            total: total.map(|total| total as f64),
            rate,
            eta,
        });
    }
}

tokio::task_local! {
    /// Who is told of the queue, whatever request of this future waits in it.
    pub(crate) static QUEUE: OnProgress;
}

/// Drives a future, and calls `tick` each second until it is ready.
pub(crate) async fn ticking<T>(future: impl Future<Output = T>, tick: impl Fn()) -> T {
    let mut future = pin!(future);
    loop {
        match timeout(TICK, &mut future).await {
            Ok(done) => return done,
            Err(_) => tick(),
        }
    }
}
