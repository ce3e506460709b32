//! Agents as they are shown: list, get, stop, delete.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::clock::{self, Millis};
use crate::files;
use crate::ids;
use crate::pagination::Paging;
use crate::problem::Problem;
use crate::turns;

const STATUSES: &[&str] = &["waiting", "running", "awaiting_tool", "finished", "stopped", "failed"];

/// An agent with the turn that is shown: the newest, or the one before while that is still to be seen.
const SHOWN: &str = "
    SELECT a.id, a.workflow_id, a.project_id, a.created_at, t.number,
           COALESCE(t.status, CASE WHEN :now < t.running_at THEN 'waiting'
               WHEN :now >= t.tool_at AND :now < t.tool_until THEN 'awaiting_tool' ELSE 'running' END) AS shown,
           CASE WHEN t.status IS NOT NULL THEN t.ends_at WHEN :now < t.running_at THEN t.started_at
               WHEN :now < t.tool_at THEN t.running_at WHEN :now < t.tool_until THEN t.tool_at ELSE t.tool_until END
    FROM agents a JOIN turns t ON t.agent_id = a.id AND t.number =
        (SELECT number - (stale_until > :now) FROM turns WHERE agent_id = a.id ORDER BY number DESC LIMIT 1)
    WHERE a.deleted_at IS NULL";

/// An agent as it is shown at a time.
struct Shown {
    id: String,
    workflow: Option<String>,
    project: Option<String>,
    created: Millis,
    turn: u32,
    status: String,
    updated: Millis,
}

impl Shown {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            workflow: row.get(1)?,
            project: row.get(2)?,
            created: row.get(3)?,
            turn: row.get(4)?,
            status: row.get(5)?,
            updated: row.get(6)?,
        })
    }

    /// The JSON that lists have; elsewhere `files` comes with it.
    fn json(&self, connection: &Connection, files: Option<Value>) -> Result<Value, Problem> {
        let mut agent = json!({
            "id": self.id, "status": self.status, "workflowId": self.workflow, "projectId": self.project,
            "artifacts": artifacts(connection, &self.id, self.turn)?,
        });
        if let Some(agent) = agent.as_object_mut() {
            agent.extend(files.map(|files| ("files".to_owned(), files)));
            agent.insert("createdAt".to_owned(), json!(clock::iso(self.created)));
            agent.insert("updatedAt".to_owned(), json!(clock::iso(self.updated)));
        }
        Ok(agent)
    }
}

/// One agent as it is shown now, or a 404.
pub(crate) fn view(connection: &Connection, id: &str, now: Millis) -> Result<Value, Problem> {
    let mut select = connection.prepare_cached(&format!("{SHOWN} AND a.id = :id"))?;
    let shown = select.query_row(named_params! { ":id": id, ":now": now }, Shown::of).optional()?;
    let shown = shown.ok_or_else(missing)?;
    shown.json(connection, Some(files::references(connection, id)?))
}

/// Refuses an agent that cannot be seen yet, or not any more.
pub(crate) fn check_visible(connection: &Connection, id: &str, now: Millis) -> Result<(), Problem> {
    let mut select = connection.prepare_cached("SELECT visible_at <= ? FROM agents WHERE id = ?")?;
    let visible: Option<bool> = select.query_row(params![now, id], |row| row.get(0)).optional()?;
    if visible == Some(false) { Err(missing()) } else { Ok(()) }
}

/// From now on only the ledger knows an agent. Whether it was known until now.
pub(crate) fn forget(connection: &Connection, id: &str, now: Millis) -> Result<bool, Problem> {
    let mut update =
        connection.prepare_cached("UPDATE agents SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL")?;
    Ok(update.execute(params![now, id])? > 0)
}

/// Hides an agent until a time. Whether there is one.
pub(crate) fn hide(connection: &Connection, id: &str, until: Millis) -> Result<bool, Problem> {
    let mut update = connection.prepare_cached("UPDATE agents SET visible_at = ? WHERE id = ?")?;
    Ok(update.execute(params![until, id])? > 0)
}

pub(crate) fn missing() -> Problem {
    Problem::not_found("Agent not found")
}

fn artifacts(connection: &Connection, id: &str, turn: u32) -> Result<Vec<Value>, Problem> {
    let mut select = connection.prepare_cached(
        "SELECT id, name, type, created_at FROM artifacts WHERE agent_id = ? AND turn <= ? ORDER BY id",
    )?;
    let artifact = |row: &Row<'_>| {
        let time = clock::iso(row.get(3)?);
        Ok(json!({
            "id": row.get::<_, String>(0)?, "name": row.get::<_, String>(1)?, "type": row.get::<_, String>(2)?,
            "createdAt": time, "updatedAt": time,
        }))
    };
    Ok(select.query_map(rusqlite::params![id, turn], artifact)?.collect::<Result<_, _>>()?)
}

/// `GET /agents/{id}`
pub(crate) fn get(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id", "Agent")?;
    let agent = call.app.store.with(|transaction| {
        let now = call.app.clock.now();
        turns::settle(transaction, now)?;
        view(transaction, &id, now)
    })?;
    Ok(Reply::ok(json!({ "data": agent })))
}

/// `POST /agents/{id}/stop`
pub(crate) fn stop(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id", "Agent")?;
    let agent = call.app.store.with(|transaction| {
        let now = call.app.clock.now();
        turns::settle(transaction, now)?;
        if call.plan.stop_loses {
            turns::finish(transaction, &id, now)?;
        } else {
            turns::stop(transaction, &id, now)?;
        }
        view(transaction, &id, now)
    })?;
    Ok(Reply::accepted(json!({ "data": agent })))
}

/// `DELETE /agents/{id}`: what is left of it is in the ledger.
pub(crate) fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id", "Agent")?;
    call.app.store.with(|transaction| {
        let now = call.app.clock.now();
        turns::settle(transaction, now)?;
        if turns::latest(transaction, &id)?.ok_or_else(missing)?.1.is_none() {
            return Err(Problem::conflict("The agent is active: stop it, and wait until it has, before you delete it"));
        }
        forget(transaction, &id, now).map(drop)
    })?;
    Ok(Reply::nothing())
}

/// `GET /agents`: the newest first.
pub(crate) fn list(call: &Call) -> Result<Reply, Problem> {
    let paging: Paging<String> = Paging::of(&call.query, 20, 100)?;
    let status = call.query.get("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Problem::issue("status", format!("Expected one of: {}", STATUSES.join(", "))));
    }
    let workflow = match call.query.get("workflowId") {
        None | Some("null") => None,
        Some(id) => Some(ids::parse(id).ok_or_else(|| Problem::issue("workflowId", "Expected a UUID or null"))?),
    };
    let any = call.query.get("workflowId").is_none();
    let page = call.app.store.with(|transaction| {
        let now = call.app.clock.now();
        turns::settle(transaction, now)?;
        let mut select = transaction.prepare_cached(&format!(
            "{SHOWN} AND a.visible_at <= :now AND (:any OR a.workflow_id IS :workflow) AND (:status IS NULL OR shown = :status)
               AND (:after IS NULL OR a.id < :after)
             ORDER BY a.id DESC LIMIT :rows"
        ))?;
        let values = named_params! {
            ":now": now, ":any": any, ":workflow": workflow, ":status": status, ":after": paging.after,
            ":rows": i64::try_from(paging.rows()).unwrap_or(i64::MAX),
        };
        let mut agents = Vec::new();
        for shown in select.query_map(values, Shown::of)? {
            let shown = shown?;
            agents.push((shown.id.clone(), shown.json(transaction, None)?));
        }
        paging.page(agents)
    })?;
    Ok(Reply::ok(page))
}
