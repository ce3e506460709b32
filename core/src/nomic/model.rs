//! Nomic's records and options. Each is written once, here; `cargo xtask records` carries it to every language.

mod agents;
mod artifacts;
mod conversation;
mod files;
mod runs;
mod workflows;

pub use agents::*;
pub use artifacts::*;
pub(crate) use conversation::rows;
pub use conversation::*;
pub use files::*;
pub use runs::*;
pub use workflows::*;

use serde::{Deserialize, Deserializer};

/// An id that can go into a path; with any other the answer is not what the platform documents.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    match super::routes::check_id("id", &id) {
        Ok(_) => Ok(id),
        Err(error) => Err(serde::de::Error::custom(error.message.clone())),
    }
}
