//! What the languages must agree on, as pure state machines of (state, event, now): no I/O, no clock, no runtime.
//! `now` is a span since any fixed moment; jitter comes in as a number in 0..1.

pub(crate) mod circuit;
pub(crate) mod line;
pub(crate) mod pace;
pub(crate) mod pager;
pub(crate) mod reconcile;
pub(crate) mod sweep;
pub(crate) mod turn;
pub(crate) mod wait;

use crate::Timestamp;
use jiff::SignedDuration;
use std::time::Duration;

/// A moment, as the span since a fixed one.
pub(crate) type Moment = Duration;

/// By how much the clocks of one platform may differ, and its times be cut off.
const SLACK: Duration = Duration::from_secs(6);

/// Whether one of the platform's times is later than another by more than that.
fn is_well_after(later: Timestamp, earlier: Timestamp) -> bool {
    later.0.duration_since(earlier.0) > SignedDuration::try_from(SLACK).unwrap_or_default()
}
