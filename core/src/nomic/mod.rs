//! The Nomic platform: files and background agents.

mod agent_run;
mod agents;
mod artifacts;
mod client;
mod files;
mod follow;
mod model;
mod pager;
pub(crate) mod routes;
mod token;

pub use agent_run::AgentRun;
pub use agents::Agents;
pub use client::Nomic;
pub use files::Files;
pub use follow::Updates;
pub use model::*;
pub use pager::{Listed, Page, Pager};
