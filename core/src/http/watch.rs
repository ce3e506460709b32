//! Follows an upload.

use super::{
    answer::Answer,
    body::Meter,
    patience::Patience,
    report::{silent, starved},
    transport::Failure,
};
use crate::progress::{INTERVAL, OnProgress, Sending};
use std::{pin::pin, time::Duration};
use tokio::time::Instant;

/// An upload that moves no byte for this long has stalled.
const STALL: Duration = Duration::from_secs(30);
/// How long the server may take to accept a file after its last byte.
pub(super) const ACCEPTANCE: Duration = Duration::from_secs(300);

/// Follows an upload: tells its progress, and gives up when it moves no more, after `left` at most; once it was sent whole,
/// `room` says how much of what is left the answer has.
pub(super) async fn watch(
    exchange: impl Future<Output = Result<Answer, Failure>>,
    meter: &Meter,
    listener: Option<&OnProgress>,
    left: Duration,
    room: impl Fn(Duration) -> Duration,
) -> Result<Answer, Failure> {
    let mut exchange = pin!(exchange);
    let mut sending = Sending::new(listener);
    let (began, mut patience, mut sent) = (Instant::now(), Patience::new(STALL), 0);
    let mut whole = None;
    loop {
        let step = patience.step(INTERVAL, exchange.as_mut()).await;
        let now = meter.sent();
        if let Some(result) = step {
            if result.as_ref().is_ok_and(|answer| answer.status.is_success()) {
                sending.tell("accepted", now, meter.total);
            }
            return result;
        }
        let given = if now < meter.total { STALL } else { ACCEPTANCE };
        // A source that takes its time is no server that has stalled.
        if now != sent || meter.is_starved() {
            (sent, patience) = (now, Patience::new(given));
        }
        sending.tell("sending", now, meter.total);
        if patience.is_over() {
            return Err(silent(given));
        }
        let limit = match now < meter.total {
            true => left,
            false => *whole.get_or_insert_with(|| {
                let sent = began.elapsed();
                sent + room(left.saturating_sub(sent))
            }),
        };
        if began.elapsed() >= limit {
            return Err(if meter.is_starved() { starved(limit) } else { silent(limit) });
        }
    }
}
