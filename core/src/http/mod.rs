//! The one way out: every request of every platform leaves through [`exit::Exit`].
//!
//! A request ends [`NotSent`](Outcome::NotSent), [`Answered`](Outcome::Answered) or
//! [`Unknown`](Outcome::Unknown); [`retry`] decides what may follow, and nothing else sends again.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod content;
pub(crate) mod exit;
pub(crate) mod patience;
pub(crate) mod reqwest;
pub(crate) mod retry;
pub mod transport;
pub(crate) mod weight;

pub(crate) use exit::{Call, Exit};
pub use transport::{Failure, Outcome, Transport};
