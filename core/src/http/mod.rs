//! The one way out: every request of every platform leaves through [`exit::Exit`].
//!
//! A request ends [`NotSent`](Outcome::NotSent), [`Answered`](Outcome::Answered) or
//! [`Unknown`](Outcome::Unknown); [`retry`] decides what may follow, and nothing else sends again.

pub(crate) mod answer;
pub(crate) mod body;
mod call;
pub(crate) mod content;
pub(crate) mod exit;
pub(crate) mod gate;
pub(crate) mod patience;
mod report;
pub(crate) mod reqwest;
pub(crate) mod retry;
pub mod transport;
mod watch;
pub(crate) mod weight;

pub use body::Payload;
pub(crate) use call::{Call, Limit};
pub(crate) use exit::Exit;
pub use transport::{Failure, Outcome, Transport};
