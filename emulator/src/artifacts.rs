//! `GET /agents/{id}/artifacts/{artifactId}`

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::problem::Problem;
use crate::turns;

pub(crate) fn get(call: &Call) -> Result<Reply, Problem> {
    let (agent, id) = (call.id("id", "Agent")?, call.id("artifactId", "Artifact")?);
    let found = call.app.store.with(|transaction| {
        turns::settle(transaction, call.app.clock.now())?;
        let mut select = transaction.prepare_cached(
            "SELECT artifacts.name, type, body FROM artifacts JOIN agents ON agents.id = agent_id
             WHERE agent_id = ? AND artifacts.id = ? AND deleted_at IS NULL",
        )?;
        let artifact = select.query_row([&agent, &id], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        });
        Ok(artifact.optional()?)
    })?;
    let (name, kind, body) = found.ok_or_else(|| Problem::not_found("Artifact not found"))?;
    let mut artifact = Map::new();
    artifact
        .extend([("id", id), ("name", name), ("type", kind)].map(|(member, text)| (member.to_owned(), json!(text))));
    artifact.extend(serde_json::from_str::<Map<String, Value>>(&body)?);
    Ok(Reply::ok(json!({ "data": artifact })))
}
