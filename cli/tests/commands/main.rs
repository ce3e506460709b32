//! The command as its users run it, against an emulator in this process: one file for each family of commands.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod agents;
mod asking;
mod completion;
mod doctor;
mod emulator;
mod exit_codes;
#[cfg(unix)]
mod held;
mod help;
#[cfg(unix)]
mod interrupts;
#[cfg(unix)]
mod terminal;
mod tls;
mod uploads;
mod why;
mod world;
