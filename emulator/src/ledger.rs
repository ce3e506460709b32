//! What was received, processed and answered: the server's own truth, for tests to compare with a client's belief.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Request;
use http::header::USER_AGENT;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::{self, Millis};
use crate::problem::Problem;
use crate::store::Store;
use crate::{files as inputs, uploaded};

/// Older requests are forgotten beyond this many, so that a benchmark does not fill the memory.
const KEPT: usize = 500_000;

/// The requests so far.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Rows>);

struct Rows {
    kept: usize,
    started: u64,
    rows: VecDeque<Row>,
    answers: BTreeMap<(&'static str, u16), u64>,
}

impl Default for Rows {
    fn default() -> Self {
        Self { kept: KEPT, started: 0, rows: VecDeque::new(), answers: BTreeMap::new() }
    }
}

#[derive(Serialize)]
struct Row {
    seq: u64,
    #[serde(serialize_with = "iso")]
    at: Millis,
    method: String,
    path: String,
    query: String,
    operation: Option<&'static str>,
    user_agent: Option<String>,
    status: Option<u16>,
    received_bytes: u64,
    processed: bool,
    answered: bool,
    fault: Option<&'static str>,
}

fn iso<S: serde::Serializer>(at: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::iso(*at))
}

impl Ledger {
    /// One that keeps no lines, but counts answers.
    pub(crate) fn counting() -> Self {
        Self(Mutex::new(Rows { kept: 0, ..Rows::default() }))
    }

    pub(crate) fn begin<B>(self: &Arc<Self>, request: &Request<B>, at: Millis) -> Entry {
        let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let mut rows = self.rows();
        rows.started += 1;
        let seq = rows.started;
        if rows.kept == 0 {
            return Entry { ledger: Arc::clone(self), seq };
        }
        if rows.rows.len() == rows.kept {
            rows.rows.pop_front();
        }
        rows.rows.push_back(Row {
            seq,
            at,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            operation: None,
            user_agent: agent.map(str::to_owned),
            status: None,
            received_bytes: 0,
            processed: false,
            answered: false,
            fault: None,
        });
        Entry { ledger: Arc::clone(self), seq }
    }

    /// The requests as JSON.
    pub(crate) fn requests(&self) -> Result<Value, Problem> {
        Ok(serde_json::to_value(&self.rows().rows)?)
    }

    /// How many requests were answered, by operation and status.
    pub(crate) fn answers(&self) -> BTreeMap<(&'static str, u16), u64> {
        self.rows().answers.clone()
    }

    /// Counts an answer of an operation.
    pub(crate) fn count(&self, operation: &'static str, status: u16) {
        *self.rows().answers.entry((operation, status)).or_default() += 1;
    }

    /// Forgets the requests so far; numbers go on.
    pub(crate) fn reset(&self) {
        let mut rows = self.rows();
        rows.rows.clear();
        rows.answers.clear();
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line of one request.
#[derive(Clone)]
pub(crate) struct Entry {
    ledger: Arc<Ledger>,
    seq: u64,
}

impl Entry {
    fn change(&self, change: impl FnOnce(&mut Row)) {
        let mut rows = self.ledger.rows();
        let first = rows.rows.front().map_or(u64::MAX, |row| row.seq);
        let index = self.seq.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        // A request that was forgotten meanwhile has no line.
        if let Some(row) = index.and_then(|index| rows.rows.get_mut(index)) {
            change(row);
        }
    }

    pub(crate) fn operation(&self, name: &'static str, fault: Option<&'static str>) {
        self.change(|row| (row.operation, row.fault) = (Some(name), fault));
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.change(|row| row.received_bytes += bytes as u64);
    }

    pub(crate) fn processed(&self) {
        self.change(|row| row.processed = true);
    }

    pub(crate) fn status(&self, status: u16) {
        self.change(|row| row.status = Some(status));
    }

    pub(crate) fn answered(&self, answered: bool) {
        self.change(|row| row.answered = answered);
    }
}

/// Every agent with its turns, oldest first.
pub(crate) fn agents(connection: &Connection, now: Millis) -> Result<Vec<Value>, Problem> {
    let mut agents = connection.prepare_cached(
        "SELECT a.id, a.created_at, a.workflow_id, a.deleted_at IS NOT NULL,
                COALESCE(t.status, IIF(t.running_at <= ?1, 'running', 'waiting'))
         FROM agents a JOIN turns t
           ON t.agent_id = a.id AND t.number = (SELECT MAX(number) FROM turns WHERE agent_id = a.id)
         ORDER BY a.id",
    )?;
    let mut turns = connection.prepare_cached(
        "SELECT t.prompt, m.text, t.images FROM turns t
         LEFT JOIN messages m ON m.agent_id = t.agent_id AND m.turn = t.number AND m.type = 'assistant'
         WHERE t.agent_id = ? ORDER BY t.number",
    )?;
    let mut all = Vec::new();
    let mut rows = agents.query([now])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        let mut rows = turns.query([&id])?;
        let mut turns = Vec::new();
        while let Some(row) = rows.next()? {
            let images: Value = serde_json::from_str(&row.get::<_, String>(2)?)?;
            turns.push(json!({
                "prompt": row.get::<_, Option<String>>(0)?, "answer": row.get::<_, Option<String>>(1)?, "images": images,
            }));
        }
        let given = inputs::of_agent(connection, &id)?;
        let files: Vec<&String> = given.iter().map(|given| &given.id).collect();
        let mut slots = BTreeMap::<&str, Vec<&String>>::new();
        for (slot, id) in given.iter().filter_map(|given| Some((given.slot.as_deref()?, &given.id))) {
            slots.entry(slot).or_default().push(id);
        }
        all.push(json!({
            "id": id, "status": row.get::<_, String>(4)?, "turns": turns, "file_ids": files, "inputs": slots,
            "workflow_id": row.get::<_, Option<String>>(2)?, "deleted": row.get::<_, bool>(3)?,
            "created_at": clock::iso(row.get(1)?),
        }));
    }
    Ok(all)
}

/// Hashes the files that nobody has asked for yet.
pub(crate) fn hash_files(store: &Store) -> Result<(), Problem> {
    let ids = store.with(|transaction| {
        let mut unhashed = transaction.prepare_cached("SELECT id FROM files WHERE sha256 IS NULL")?;
        Ok(unhashed.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?)
    })?;
    for id in ids {
        // A file that a reset took away meanwhile has no hash, and no line either.
        let Ok(hash) = uploaded::sha256(&store.file(&id)) else { continue };
        store.with(|transaction| {
            Ok(transaction.execute("UPDATE files SET sha256 = ? WHERE id = ?", params![hash, id])?)
        })?;
    }
    Ok(())
}

/// Every file, oldest first.
pub(crate) fn files(connection: &Connection) -> Result<Vec<Value>, Problem> {
    let mut files = connection.prepare_cached("SELECT id, name, path, size, sha256 FROM files ORDER BY id")?;
    let file = |row: &rusqlite::Row<'_>| {
        Ok(json!({
            "id": row.get::<_, String>(0)?, "name": row.get::<_, String>(1)?, "path": row.get::<_, String>(2)?,
            "size": row.get::<_, i64>(3)?, "sha256": row.get::<_, Option<String>>(4)?,
        }))
    };
    Ok(files.query_map(params![], file)?.collect::<Result<_, _>>()?)
}
