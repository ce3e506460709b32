//! The Nomic platform on loopback: a real server with state, validation, scopes, faults and a ledger.
//!
//! [`run`] is the whole program behind `nomkit emulator`; [`Emulator`] embeds the same server in a Rust test, and
//! [`InMemory`] in a simulation.
//!
//! ```
//! let emulator = nomkit_emulator::Emulator::start(nomkit_emulator::Options::default())?;
//! assert!(emulator.url().starts_with("http://127.0.0.1:"));
//! # Ok::<(), nomkit_emulator::StartError>(())
//! ```

mod agents;
pub mod answers;
mod api;
mod app;
mod artifacts;
mod auth;
mod body;
mod call;
mod clock;
mod control;
mod conversation;
mod credentials;
mod date;
pub mod documents;
mod emulator;
mod faults;
mod files;
mod folders;
mod host;
mod ids;
mod images;
mod launch;
mod ledger;
mod link;
mod memory;
mod operations;
mod options;
mod pagination;
mod paths;
mod persona;
mod problem;
mod prompt;
mod rates;
mod run;
mod serve;
mod store;
mod turns;
mod upload;
mod uploaded;
mod validate;
mod watch;
mod work;
mod workflows;

pub use emulator::{Emulator, StartError};
pub use memory::{ClientEnd, InMemory, Struck};
pub use options::{Options, Timing};
pub use persona::Persona;
pub use rates::Rates;
pub use run::run;
