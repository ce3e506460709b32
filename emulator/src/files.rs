//! Files: search, and what agents may read.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::clock::Millis;
use crate::ids;
use crate::pagination::Paging;
use crate::paths;
use crate::problem::{Issue, Problem};

/// A file whose bytes are here.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    /// What the workflow takes it for.
    pub(crate) slot: Option<String>,
}

/// `GET /files/search`: by name, then by id.
pub(crate) fn search(call: &Call) -> Result<Reply, Problem> {
    let query = call.query.get("query").filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| Problem::issue("query", "Expected a text to look for"))?.to_lowercase();
    let paging: Paging<(String, String)> = Paging::of(&call.query, 10, 50)?;
    let (name, id) = paging.after.clone().unzip();
    // Uploaded files belong to no integration.
    let any = call.query.get("integrationId").is_none();
    let page = call.app.store.with(|transaction| {
        let mut select = transaction.prepare_cached(
            "SELECT id, name, mime_type, parent_id, path FROM files
             WHERE :any AND instr(folded, :query) AND (:id IS NULL OR (name, id) > (:name, :id))
             ORDER BY name, id LIMIT :rows",
        )?;
        let values = named_params! {
            ":any": any, ":query": query, ":name": name, ":id": id,
            ":rows": i64::try_from(paging.rows()).unwrap_or(i64::MAX),
        };
        let files = select.query_map(values, |row: &Row<'_>| {
            let (id, name): (String, String) = (row.get(0)?, row.get(1)?);
            let hit = json!({
                "id": id, "name": name, "mimeType": row.get::<_, String>(2)?,
                "parentId": row.get::<_, Option<String>>(3)?, "path": paths::encode(&row.get::<_, String>(4)?),
            });
            Ok(((name, id), hit))
        })?;
        paging.page(files.collect::<Result<_, _>>()?)
    })?;
    Ok(Reply::ok(page))
}

/// Puts an empty file at the top; gives its id.
pub(crate) fn place(connection: &Connection, name: &str, now: Millis) -> Result<String, Problem> {
    let id = ids::new();
    let mut insert = connection.prepare_cached(
        "INSERT INTO files (id, version_id, name, folded, path, mime_type, size, created_at)
         VALUES (?1, ?1, ?2, ?3, ?2, 'text/plain', 0, ?4)",
    )?;
    insert.execute(params![id, name, name.to_lowercase(), now])?;
    Ok(id)
}

/// What an agent is given: a file or a folder, for a slot if a workflow asked for it.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) id: String,
    pub(crate) slot: Option<String>,
    /// Where in the request it stands.
    pub(crate) path: Vec<Value>,
}

/// Refuses ids that name neither a file nor a folder.
pub(crate) fn check(connection: &Connection, given: &[Given]) -> Result<(), Problem> {
    let mut issues = Vec::new();
    for Given { id, path, .. } in given {
        if reference(connection, id)?.is_none() {
            issues.push(Issue { path: path.clone(), message: "File not found or not accessible".to_owned() });
        }
    }
    if issues.is_empty() { Ok(()) } else { Err(Problem::invalid(issues)) }
}

/// Keeps what an agent was given.
pub(crate) fn give(connection: &Connection, agent: &str, given: &[Given]) -> Result<(), Problem> {
    for (position, Given { id, slot, .. }) in (0_i64..).zip(given) {
        let mut insert = connection
            .prepare_cached("INSERT INTO agent_files (agent_id, position, file_id, slot) VALUES (?, ?, ?, ?)")?;
        insert.execute(params![agent, position, id, slot])?;
    }
    Ok(())
}

/// What an agent was given.
pub(crate) fn of_agent(connection: &Connection, agent: &str) -> Result<Vec<Given>, Problem> {
    let mut select =
        connection.prepare_cached("SELECT file_id, slot FROM agent_files WHERE agent_id = ? ORDER BY position")?;
    let given = select.query_map([agent], |row| Ok(Given { id: row.get(0)?, slot: row.get(1)?, path: Vec::new() }))?;
    Ok(given.collect::<Result<_, _>>()?)
}

/// The references that an agent shows.
pub(crate) fn references(connection: &Connection, agent: &str) -> Result<Value, Problem> {
    let mut references = Vec::new();
    for Given { id, .. } in of_agent(connection, agent)? {
        references.extend(reference(connection, &id)?);
    }
    Ok(Value::Array(references))
}

fn reference(connection: &Connection, id: &str) -> Result<Option<Value>, Problem> {
    let mut select = connection.prepare_cached(
        "SELECT name, mime_type FROM files WHERE id = ?1 UNION ALL SELECT path, 'inode/directory' FROM folders WHERE id = ?1",
    )?;
    let found = select.query_row([id], |row| {
        let name: String = row.get(0)?;
        Ok(json!({ "id": id, "name": paths::last(&name), "mimeType": row.get::<_, String>(1)? }))
    });
    Ok(found.optional()?)
}

/// The files that these ids mean, those inside folders included, each once for a slot.
pub(crate) fn below(connection: &Connection, given: &[Given]) -> Result<Vec<Stored>, Problem> {
    let mut select = connection.prepare_cached(
        "SELECT id, name, mime_type FROM files WHERE id = ?1 OR EXISTS
             (SELECT 1 FROM folders d WHERE d.id = ?1 AND substr(files.path, 1, length(d.path) + 1) = d.path || '/')
         ORDER BY path, id",
    )?;
    let mut all: Vec<Stored> = Vec::new();
    for Given { id, slot, .. } in given {
        let stored = |row: &Row<'_>| {
            Ok(Stored { id: row.get(0)?, name: row.get(1)?, mime_type: row.get(2)?, slot: slot.clone() })
        };
        for file in select.query_map([id], stored)? {
            let file = file?;
            if !all.iter().any(|known| known.id == file.id && known.slot == file.slot) {
                all.push(file);
            }
        }
    }
    Ok(all)
}
