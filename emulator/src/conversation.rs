//! `GET /agents/{id}/conversation`

use rusqlite::{Row, params};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::problem::Problem;
use crate::{agents, clock, turns};

pub(crate) fn get(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id", "Agent")?;
    let messages: Vec<Value> = call.app.store.with(|transaction| {
        let now = call.app.clock.now();
        turns::settle(transaction, now)?;
        turns::latest(transaction, &id)?.ok_or_else(agents::missing)?;
        let mut select = transaction.prepare_cached(
            "SELECT id, type, text, created_at FROM messages WHERE agent_id = ? AND visible_at <= ? ORDER BY position",
        )?;
        let message = |row: &Row<'_>| {
            Ok(json!({
                "id": row.get::<_, String>(0)?, "type": row.get::<_, String>(1)?, "text": row.get::<_, String>(2)?,
                "createdAt": clock::iso(row.get(3)?),
            }))
        };
        Ok(select.query_map(params![id, now], message)?.collect::<Result<_, _>>()?)
    })?;
    Ok(Reply::ok(json!({ "data": { "messages": messages } })))
}
