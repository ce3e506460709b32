//! Agents and keys that are gone.

use serde::Deserialize;

use super::{Fault, Occasion};
use crate::agents;
use crate::operations;
use crate::problem::Problem;

/// The platform has forgotten the agent that the request names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forget {}

/// From this request on, the key that it comes with is refused; `skip` says how many pass before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {}

impl Fault for Forget {
    fn operations(&self) -> Vec<&'static str> {
        operations::names().filter(|name| name.contains("{id}")).collect()
    }

    fn prepare(&self, occasion: &Occasion<'_>) -> Result<bool, Problem> {
        let Some(agent) = occasion.agent else { return Ok(false) };
        let now = occasion.app.clock.now();
        occasion.app.store.with(|transaction| agents::forget(transaction, agent, now))
    }
}

impl Fault for Revoke {
    fn prepare(&self, occasion: &Occasion<'_>) -> Result<bool, Problem> {
        let Some(key) = occasion.key else { return Ok(false) };
        occasion.app.faults.revoke(key);
        Ok(true)
    }
}
