//! The Nomic platform: files, workflows and background agents.

mod agent_run;
mod agents;
mod artifacts;
mod claims;
mod client;
mod completed;
mod crowd;
mod envelope;
mod files;
mod follow;
mod launch;
mod model;
mod pager;
mod recover;
mod resume;
pub(crate) mod routes;
mod sweeps;
mod token;
mod upload_folder;
mod workflows;

pub use agent_run::AgentRun;
pub use agents::Agents;
pub use client::Nomic;
pub use completed::{Completed, RunOutcome};
pub use files::Files;
pub use follow::Updates;
pub use launch::Attachments;
pub use model::*;
pub use pager::{Listed, Page, Pager};
pub use workflows::Workflows;
