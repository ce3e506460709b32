//! A follow-up whose answer was lost: the conversation tells whether it was accepted.

use super::{Search, left};
use crate::{
    Error, Result,
    flow::turn::{Baseline, fingerprint},
    nomic::{Agents, Role},
};
use tokio::time::Instant;

/// What stands where the question should.
pub(crate) enum Asked {
    /// The question itself, after so many others.
    Own(usize),
    /// Somebody else was quicker.
    Foreign,
}

/// Waits until a question stands in the conversation where this turn's own would.
pub(crate) async fn recover(
    agents: &Agents,
    id: &str,
    baseline: &Baseline,
    until: Instant,
    error: Error,
) -> Result<Asked> {
    let mut search = Search::new(&agents.shared, "agents.follow_up", until);
    while search.goes_on().await {
        let rows = agents.conversation_within(id, Some(left(search.end)));
        let Some(rows) = search.look(rows).await else { continue };
        let users = baseline.users_before(&rows);
        match rows.iter().filter(|row| row.role == Role::User).nth(users) {
            Some(row) if baseline.asked.as_ref() == Some(&fingerprint(&row.text)) => {
                search.found(Some(id));
                return Ok(Asked::Own(users));
            }
            Some(_) => return Ok(Asked::Foreign),
            None => {}
        }
    }
    Err(search.in_vain(error, "Look at `run.conversation()` before you ask it again"))
}
