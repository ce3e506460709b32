//! Workflows: what they are, `GET /workflows`, and the check of what a launch gives one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::call::{Call, Reply};
use crate::ids;
use crate::pagination::Paging;
use crate::problem::Problem;
use crate::validate::{self, Checks};

/// A template that agents are launched from.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workflow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Without any it is prompt-driven.
    #[serde(rename = "requestedFiles")]
    pub(crate) slots: Vec<Slot>,
}

/// What a workflow wants files for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) multiple: bool,
}

/// Those that every emulator has; nobody uses them anywhere else.
const SHIPPED: &str = include_str!("workflows.json");

/// Puts the shipped workflows in their place.
pub(crate) fn ship(connection: &Connection) -> rusqlite::Result<()> {
    let wrong = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(error.into());
    for workflow in serde_json::from_str::<Vec<Workflow>>(SHIPPED).map_err(wrong)? {
        let Workflow { id, name, description, slots } = workflow;
        connection.execute(
            "INSERT INTO workflows (id, name, description, requested_files) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            params![id, name, description, serde_json::to_string(&slots).map_err(wrong)?],
        )?;
    }
    Ok(())
}

/// The workflow with this id.
pub(crate) fn get(connection: &Connection, id: &str) -> Result<Option<Workflow>, Problem> {
    let mut select =
        connection.prepare_cached("SELECT id, name, description, requested_files FROM workflows WHERE id = ?")?;
    Ok(select.query_row([id], Workflow::of).optional()?)
}

/// The workflow that an agent was launched from.
pub(crate) fn of_agent(connection: &Connection, agent: &str) -> Result<Option<Workflow>, Problem> {
    let mut select = connection.prepare_cached("SELECT workflow_id FROM agents WHERE id = ?")?;
    let id: Option<String> = select.query_row([agent], |row| row.get(0))?;
    id.map_or(Ok(None), |id| get(connection, &id))
}

/// `GET /workflows`: the oldest first.
pub(crate) fn list(call: &Call) -> Result<Reply, Problem> {
    let paging: Paging<String> = Paging::of(&call.query, 20, 100)?;
    let uuid = |id: &str| ids::parse(id).ok_or_else(|| Problem::issue("projectId", "Expected a UUID"));
    let project = call.query.get("projectId").map(uuid).transpose()?;
    let page = call.app.store.with(|transaction| {
        let mut select = transaction.prepare_cached(
            "SELECT id, name, description, requested_files FROM workflows
             WHERE (:project IS NULL OR project_id = :project) AND (:after IS NULL OR id > :after)
             ORDER BY id LIMIT :rows",
        )?;
        let values = named_params! {
            ":project": project, ":after": paging.after, ":rows": i64::try_from(paging.rows()).unwrap_or(i64::MAX),
        };
        let mut workflows = Vec::new();
        for workflow in select.query_map(values, Workflow::of)? {
            let workflow = workflow?;
            workflows.push((workflow.id.clone(), json!(workflow)));
        }
        paging.page(workflows)
    })?;
    Ok(Reply::ok(page))
}

/// `POST /_emulator/workflows`: a further one.
pub(crate) async fn add(State(app): State<Arc<App>>, body: Bytes) -> Result<(StatusCode, Json<Value>), Problem> {
    let body = validate::object(&body)?;
    let mut checks = Checks::default();
    let name = checks.text(&body, "name");
    let description = match body.get("description") {
        None | Some(Value::Null) => None,
        Some(_) => checks.text(&body, "description"),
    };
    let project = checks.optional_uuid(&body, "projectId");
    let slots = slots(&mut checks, body.get("requestedFiles"));
    checks.finish()?;
    let id = ids::new();
    app.store.with(|transaction| {
        transaction.execute(
            "INSERT INTO workflows (id, name, description, requested_files, project_id) VALUES (?, ?, ?, ?, ?)",
            params![id, name, description, serde_json::to_string(&slots)?, project],
        )?;
        Ok(())
    })?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

fn slots(checks: &mut Checks, given: Option<&Value>) -> Vec<Slot> {
    let Some(given) = given.filter(|given| !given.is_null()) else { return Vec::new() };
    let slots = serde_json::from_value::<Vec<Slot>>(given.clone()).unwrap_or_else(|error| {
        checks.add(
            &[json!("requestedFiles")],
            format!("Expected slots of name, description, optional, multiple: {error}"),
        );
        Vec::new()
    });
    for (at, slot) in slots.iter().enumerate() {
        if slot.name.trim().is_empty() || slots.iter().take(at).any(|before| before.name == slot.name) {
            checks.add(&[json!("requestedFiles"), json!(at), json!("name")], "Expected a name of its own");
        }
    }
    slots
}

impl Workflow {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let slots = serde_json::from_str(&row.get::<_, String>(3)?)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, error.into()))?;
        Ok(Self { id: row.get(0)?, name: row.get(1)?, description: row.get(2)?, slots })
    }

    /// Checks what a launch gives this workflow, whose members are well-formed already.
    pub(crate) fn check(
        &self,
        body: &Map<String, Value>,
        inputs: &BTreeMap<String, Vec<String>>,
    ) -> Result<(), Problem> {
        let mut checks = Checks::default();
        let at = |name: &str| [json!("inputs"), json!(name)];
        let names: Vec<&str> = self.slots.iter().map(|slot| slot.name.as_str()).collect();
        for name in inputs.keys().filter(|name| !names.contains(&name.as_str())) {
            let has = if names.is_empty() { "none: send prompt".to_owned() } else { names.join(", ") };
            checks.add(&at(name), format!("The workflow has no such slot; it has {has}"));
        }
        for slot in &self.slots {
            match inputs.get(&slot.name).map_or(0, Vec::len) {
                0 if !slot.optional => checks.add(&at(&slot.name), "The workflow needs a file in this slot"),
                2.. if !slot.multiple => checks.add(&at(&slot.name), "The slot takes one file"),
                _ => {}
            }
        }
        let prompt = body.get("prompt").filter(|prompt| !prompt.is_null());
        if let Some(prompt) = prompt.filter(|_| !self.slots.is_empty()) {
            checks.add(&[json!("prompt")], "A workflow with file slots takes inputs instead of a prompt");
            if prompt.get("images").is_some_and(|images| !images.is_null()) {
                checks.add(&[json!("prompt"), json!("images")], "A workflow with file slots takes no images");
            }
        }
        checks.finish()
    }
}
