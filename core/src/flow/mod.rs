//! What the languages must agree on, as pure state machines of (state, event, now): no I/O, no clock, no runtime.
//! `now` is a span since any fixed moment; jitter comes in as a number in 0..1.

pub(crate) mod pager;
pub(crate) mod turn;
pub(crate) mod wait;

/// A moment, as the span since a fixed one.
pub(crate) type Moment = std::time::Duration;
