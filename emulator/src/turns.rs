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
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// It takes no time at all.
    pub(crate) instant: bool,
    /// How long reads show the turn before.
    pub(crate) stale: Millis,
    /// How much later its messages can be read.
    pub(crate) lag: Millis,
    /// It waits for a tool in the midst of its work.
    pub(crate) tools: bool,
    /// A stop comes too late: the turn finishes.
    pub(crate) stop_loses: bool,
    pub(crate) extras: Extras,
}

/// What a fault adds to the end of a turn.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extras {
    /// Rows after its own.
    pub(crate) after: Vec<NewMessage>,
    /// It fails with this text.
    pub(crate) failure: Option<String>,
}

/// How a turn ends when it is left to end, and what it leaves behind.
#[derive(Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) failed: bool,
    pub(crate) messages: Vec<NewMessage>,
    pub(crate) artifacts: Vec<NewArtifact>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
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

impl Outcome {
    fn failure(text: String) -> Self {
        let messages = vec![NewMessage { role: "error".to_owned(), text }];
        Self { failed: true, messages, artifacts: Vec::new() }
    }
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
    plan: &Plan,
    timing: Timing,
    now: Millis,
) -> Result<(), Problem> {
    let (waiting, running) = if plan.instant { (0, 0) } else { (millis(timing.waiting), millis(timing.running)) };
    let stale_until = if plan.stale > 0 { now + plan.stale } else { 0 };
    let (running_at, third) = (now + waiting, if plan.tools { running / 3 } else { 0 });
    let mut insert = connection.prepare_cached(
        "INSERT INTO turns (agent_id, number, prompt, images, started_at, running_at, due_at, stopping, stale_until, lag,
                            tool_at, tool_until, extras)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        turn.agent,
        turn.number,
        prompt.text,
        serde_json::to_string(&prompt.images)?,
        now,
        running_at,
        running_at + running,
        millis(timing.stopping),
        stale_until,
        plan.lag,
        running_at + third,
        running_at + 2 * third,
        serde_json::to_string(&plan.extras)?,
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

/// Lets an active turn finish as soon as its answer is there; one that has ended, or is to be stopped, stays as it is.
pub(crate) fn finish(connection: &Connection, agent: &str, now: Millis) -> Result<(), Problem> {
    let mut update = connection.prepare_cached(
        "UPDATE turns SET due_at = MIN(due_at, ?2 + stopping),
                          ends_at = IIF(answered_at IS NULL, NULL, MAX(answered_at, MIN(due_at, ?2 + stopping)))
         WHERE agent_id = ?1 AND status IS NULL AND stop_at IS NULL",
    )?;
    update.execute(params![agent, now])?;
    Ok(())
}

/// Puts a question of somebody else and its answer into the conversation of an agent that is not active. Whether it
/// could.
pub(crate) fn interpose(
    connection: &Connection,
    agent: &str,
    rows: &[NewMessage],
    now: Millis,
) -> Result<bool, Problem> {
    settle(connection, now)?;
    if !matches!(latest(connection, agent)?, Some((_, Some(_)))) {
        return Ok(false);
    }
    add_foreign(connection, agent, rows, now, 0)?;
    Ok(true)
}

/// Adds rows that belong to no turn that the emulator worked on.
fn add_foreign(
    connection: &Connection,
    agent: &str,
    rows: &[NewMessage],
    at: Millis,
    lag: Millis,
) -> Result<(), Problem> {
    let nobody = Turn { agent: agent.to_owned(), number: 0 };
    rows.iter().try_for_each(|row| add_message(connection, &nobody, &row.role, &row.text, at, lag))
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
    extras: String,
}

/// Writes down the end of every turn that has ended by now.
pub(crate) fn settle(connection: &Connection, now: Millis) -> Result<(), Problem> {
    let mut select = connection.prepare_cached(
        "SELECT agent_id, number, ends_at, lag, IIF(ends_at = stop_at, NULL, outcome), extras
         FROM turns WHERE status IS NULL AND ends_at <= ?",
    )?;
    let ended = select.query_map([now], |row| {
        let turn = Turn { agent: row.get(0)?, number: row.get(1)? };
        Ok(Ended { turn, at: row.get(2)?, lag: row.get(3)?, outcome: row.get(4)?, extras: row.get(5)? })
    })?;
    for ended in ended.collect::<Result<Vec<_>, _>>()? {
        end(connection, &ended)?;
    }
    Ok(())
}

fn end(connection: &Connection, ended: &Ended) -> Result<(), Problem> {
    let Ended { turn, at, lag, outcome, extras } = ended;
    let status = match outcome {
        None => "stopped",
        Some(outcome) => {
            let extras: Extras = serde_json::from_str(extras)?;
            let outcome = match extras.failure {
                Some(text) => Outcome::failure(text),
                None => serde_json::from_str(outcome)?,
            };
            for message in &outcome.messages {
                add_message(connection, turn, &message.role, &message.text, *at, *lag)?;
            }
            add_foreign(connection, &turn.agent, &extras.after, *at, *lag)?;
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
    // What could be read once can be read from then on, wherever the clock is put.
    let visible_at = if lag > 0 { at + lag } else { 0 };
    insert.execute(params![ids::new(), turn.agent, turn.number, role, text, at, visible_at])?;
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
