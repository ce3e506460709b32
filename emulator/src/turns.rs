//! The life of a turn: waiting → running → finished, failed or stopped.
//!
//! No timer runs. A turn's stages follow from the times written when it began, and [`settle`] writes down, before every
//! read, what has ended by then, dated to when it ended. So a restart changes nothing.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{Millis, millis};
use crate::ids;
use crate::images::Image;
use crate::options::Timing;
use crate::problem::Problem;

/// What a user asks.
#[derive(Clone, Default)]
pub(crate) struct Prompt {
    /// None when a workflow is launched with files alone.
    pub(crate) text: Option<String>,
    pub(crate) images: Vec<Image>,
}

/// What a fault asks of a turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// It takes no time at all.
    pub(crate) instant: bool,
    /// How long reads show the turn before.
    pub(crate) stale: Millis,
    /// How much later its messages can be read.
    pub(crate) lag: Millis,
}

/// How a turn ends when it is left to end, and what it leaves behind.
#[derive(Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) failed: bool,
    pub(crate) messages: Vec<NewMessage>,
    pub(crate) artifacts: Vec<NewArtifact>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct NewMessage {
    pub(crate) role: String,
    pub(crate) text: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct NewArtifact {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) body: Map<String, Value>,
}

/// A turn of an agent.
#[derive(Clone)]
pub(crate) struct Turn {
    pub(crate) agent: String,
    pub(crate) number: u32,
}

/// Begins a turn: from now on its agent is active, and what was `said` stands in the conversation.
pub(crate) fn begin(
    connection: &Connection,
    turn: &Turn,
    prompt: &Prompt,
    said: &str,
    plan: Plan,
    timing: Timing,
    now: Millis,
) -> Result<(), Problem> {
    let (waiting, running) = if plan.instant { (0, 0) } else { (millis(timing.waiting), millis(timing.running)) };
    let stale_until = if plan.stale > 0 { now + plan.stale } else { 0 };
    let mut insert = connection.prepare_cached(
        "INSERT INTO turns (agent_id, number, prompt, images, started_at, running_at, due_at, stopping, stale_until, lag)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        turn.agent,
        turn.number,
        prompt.text,
        serde_json::to_string(&prompt.images)?,
        now,
        now + waiting,
        now + waiting + running,
        millis(timing.stopping),
        stale_until,
        plan.lag,
    ])?;
    add_message(connection, turn, "user", said, now, plan.lag)
}

/// Keeps a turn's answer until the turn ends.
pub(crate) fn answer(connection: &Connection, turn: &Turn, outcome: &Outcome, now: Millis) -> Result<(), Problem> {
    let mut update = connection.prepare_cached(
        "UPDATE turns SET outcome = ?3, answered_at = ?4, ends_at = MIN(MAX(due_at, ?4), COALESCE(stop_at, ?5))
         WHERE agent_id = ?1 AND number = ?2 AND status IS NULL",
    )?;
    update.execute(params![turn.agent, turn.number, serde_json::to_string(outcome)?, now, Millis::MAX])?;
    Ok(())
}

/// Asks an active turn to stop; one that has ended, or was asked before, stays as it is.
pub(crate) fn stop(connection: &Connection, agent: &str, now: Millis) -> Result<(), Problem> {
    let mut update = connection.prepare_cached(
        "UPDATE turns SET stop_at = ?2 + stopping, ends_at = MIN(COALESCE(ends_at, ?3), ?2 + stopping)
         WHERE agent_id = ?1 AND status IS NULL AND stop_at IS NULL",
    )?;
    update.execute(params![agent, now, Millis::MAX])?;
    Ok(())
}

/// The newest turn's number, and when it ended if it has. There is none of an agent that is not there, or not any more.
pub(crate) fn latest(connection: &Connection, agent: &str) -> Result<Option<(u32, Option<Millis>)>, Problem> {
    let mut select = connection.prepare_cached(
        "SELECT number, IIF(status IS NULL, NULL, ends_at) FROM turns JOIN agents ON agents.id = agent_id
         WHERE agent_id = ? AND deleted_at IS NULL ORDER BY number DESC LIMIT 1",
    )?;
    Ok(select.query_row([agent], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The turns that still need an answer.
pub(crate) fn unanswered(connection: &Connection) -> Result<Vec<Turn>, Problem> {
    let mut select =
        connection.prepare("SELECT agent_id, number FROM turns WHERE status IS NULL AND outcome IS NULL")?;
    let turns = select.query_map([], |row| Ok(Turn { agent: row.get(0)?, number: row.get(1)? }))?;
    Ok(turns.collect::<Result<_, _>>()?)
}

struct Ended {
    turn: Turn,
    at: Millis,
    lag: Millis,
    outcome: Option<String>,
}

/// Writes down the end of every turn that has ended by now.
pub(crate) fn settle(connection: &Connection, now: Millis) -> Result<(), Problem> {
    let mut select = connection.prepare_cached(
        "SELECT agent_id, number, ends_at, lag, IIF(ends_at = stop_at, NULL, outcome)
         FROM turns WHERE status IS NULL AND ends_at <= ?",
    )?;
    let ended = select.query_map([now], |row| {
        let turn = Turn { agent: row.get(0)?, number: row.get(1)? };
        Ok(Ended { turn, at: row.get(2)?, lag: row.get(3)?, outcome: row.get(4)? })
    })?;
    for ended in ended.collect::<Result<Vec<_>, _>>()? {
        end(connection, &ended)?;
    }
    Ok(())
}

fn end(connection: &Connection, ended: &Ended) -> Result<(), Problem> {
    let Ended { turn, at, lag, outcome } = ended;
    let status = match outcome {
        None => "stopped",
        Some(outcome) => {
            let outcome: Outcome = serde_json::from_str(outcome)?;
            for message in &outcome.messages {
                add_message(connection, turn, &message.role, &message.text, *at, *lag)?;
            }
            for artifact in &outcome.artifacts {
                add_artifact(connection, turn, artifact, *at)?;
            }
            if outcome.failed { "failed" } else { "finished" }
        }
    };
    let mut update =
        connection.prepare_cached("UPDATE turns SET status = ?, outcome = NULL WHERE agent_id = ? AND number = ?")?;
    update.execute(params![status, turn.agent, turn.number])?;
    Ok(())
}

fn add_message(
    connection: &Connection,
    turn: &Turn,
    role: &str,
    text: &str,
    at: Millis,
    lag: Millis,
) -> Result<(), Problem> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO messages (id, agent_id, turn, type, text, created_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![ids::new(), turn.agent, turn.number, role, text, at, at + lag])?;
    Ok(())
}

fn add_artifact(connection: &Connection, turn: &Turn, artifact: &NewArtifact, at: Millis) -> Result<(), Problem> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO artifacts (id, agent_id, turn, name, type, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    let body = serde_json::to_string(&artifact.body)?;
    insert.execute(params![ids::new(), turn.agent, turn.number, artifact.name, artifact.kind, body, at])?;
    Ok(())
}
