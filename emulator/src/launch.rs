//! Launch and follow-up: how a turn begins.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::call::{Call, Reply};
use crate::clock::Millis;
use crate::problem::Problem;
use crate::turns::{self, Outcome, Plan, Prompt, Turn};
use crate::validate::Checks;
use crate::{agents, files, ids, images, work};

struct Launch {
    prompt: Prompt,
    project: Option<String>,
    files: Vec<String>,
}

/// `POST /agents`
pub(crate) async fn launch(mut call: Call) -> Result<Reply, Problem> {
    let Launch { prompt, project, files } = read(&call.object().await?)?;
    let app = Arc::clone(&call.app);
    let inputs = app.store.with(|transaction| {
        files::check(transaction, &files)?;
        files::below(transaction, &files)
    })?;
    let at_once = at_once(&app, call.plan, &prompt, 1, inputs).await;

    let turn = Turn { agent: ids::new(), number: 1 };
    let agent = app.store.with(|transaction| {
        let now = app.clock.now();
        let mut insert =
            transaction.prepare_cached("INSERT INTO agents (id, project_id, created_at) VALUES (?, ?, ?)")?;
        insert.execute(params![turn.agent, project, now])?;
        for (position, file) in (0_i64..).zip(&files) {
            let mut insert =
                transaction.prepare_cached("INSERT INTO agent_files (agent_id, position, file_id) VALUES (?, ?, ?)")?;
            insert.execute(params![turn.agent, position, file])?;
        }
        turns::begin(transaction, &turn, &prompt, call.plan, app.timing(), now)?;
        let mut agent = agents::view(transaction, &turn.agent, now)?;
        // However short the wait: a launch is answered before anybody works on it.
        if let Some(status) = agent.get_mut("status") {
            *status = json!("waiting");
        }
        end_at_once(transaction, &turn, at_once.as_ref(), now)?;
        Ok(agent)
    })?;
    if at_once.is_none() {
        work::start(app, turn);
    }
    Ok(Reply::created(json!({ "data": agent })))
}

/// `POST /agents/{id}/followup`
pub(crate) async fn follow_up(mut call: Call) -> Result<Reply, Problem> {
    let id = call.id("id", "Agent")?;
    let app = Arc::clone(&call.app);
    let (next, inputs) = app.store.with(|transaction| {
        let next = next_turn(&app, transaction, &id)?.0;
        Ok((next, files::below(transaction, &files::of_agent(transaction, &id)?)?))
    })?;
    let prompt = read_follow_up(&call.object().await?)?;
    let at_once = at_once(&app, call.plan, &prompt, next, inputs).await;

    let (turn, agent) = app.store.with(|transaction| {
        // Another follow-up may have come first.
        let (number, now) = next_turn(&app, transaction, &id)?;
        let turn = Turn { agent: id.clone(), number };
        let before = agents::view(transaction, &id, now)?;
        turns::begin(transaction, &turn, &prompt, call.plan, app.timing(), now)?;
        let after = agents::view(transaction, &id, now)?;
        end_at_once(transaction, &turn, at_once.as_ref(), now)?;
        Ok((turn, if call.plan.instant { before } else { after }))
    })?;
    if at_once.is_none() {
        work::start(app, turn);
    }
    Ok(Reply::accepted(json!({ "data": agent })))
}

/// The number of an agent's next turn, and the time at which it may begin: later than the end of the one before, so that
/// `updatedAt` tells them apart.
fn next_turn(app: &App, connection: &Connection, id: &str) -> Result<(u32, Millis), Problem> {
    let now = app.clock.now();
    turns::settle(connection, now)?;
    match turns::latest(connection, id)?.ok_or_else(agents::missing)? {
        (number, Some(ended)) => Ok((number + 1, now.max(ended + 1))),
        (_, None) if app.options.active_is_bad_request => Err(Problem::bad_request(ACTIVE)),
        (_, None) => Err(Problem::conflict(ACTIVE)),
    }
}

const ACTIVE: &str = "The agent is active: wait until its turn has ended, or stop it first";

/// The outcome of a turn that is to take no time: it is known before the turn begins.
async fn at_once(
    app: &Arc<App>,
    plan: Plan,
    prompt: &Prompt,
    turn: u32,
    inputs: Vec<files::Stored>,
) -> Option<Outcome> {
    if !plan.instant {
        return None;
    }
    let prompt = Prompt { text: prompt.text.clone(), images: prompt.images };
    Some(work::outcome(app, prompt, turn, inputs).await)
}

fn end_at_once(connection: &Connection, turn: &Turn, outcome: Option<&Outcome>, now: Millis) -> Result<(), Problem> {
    if let Some(outcome) = outcome {
        turns::answer(connection, turn, outcome, now)?;
        turns::settle(connection, now)?;
    }
    Ok(())
}

fn read(body: &Map<String, Value>) -> Result<Launch, Problem> {
    let mut checks = Checks::default();
    let prompt = read_prompt(&mut checks, body);
    let workflow = checks.optional_uuid(body, "workflowId");
    let project = checks.optional_uuid(body, "projectId");
    let files = checks.uuids(body.get("fileIds"), &[json!("fileIds")]);
    let inputs = body.get("inputs").or_else(|| body.get("workflowInputs")).filter(|inputs| !inputs.is_null());
    if let Some(inputs) = inputs {
        match inputs.as_object() {
            Some(slots) => {
                for (slot, value) in slots {
                    checks.uuids(Some(value), &[json!("inputs"), json!(slot)]);
                }
            }
            None => checks.add(&[json!("inputs")], "Expected an object of arrays of UUIDs"),
        }
        if workflow.is_none() {
            checks.add(&[json!("inputs")], "inputs needs workflowId");
        }
    }
    if workflow.is_some() && body.contains_key("fileIds") {
        checks.add(&[json!("fileIds")], "fileIds cannot be used with workflowId");
    }
    if workflow.is_none() && prompt.is_none() && !body.contains_key("prompt") {
        checks.add(&[json!("prompt")], "Either prompt.text or workflowId is required");
    }
    checks.finish()?;
    match (workflow, prompt) {
        (None, Some(prompt)) => Ok(Launch { prompt, project, files }),
        (None, None) => Err(Problem::issue("prompt", "Expected an object with text")),
        // There are no workflows.
        (Some(_), _) => Err(Problem::not_found("Workflow not found")),
    }
}

fn read_follow_up(body: &Map<String, Value>) -> Result<Prompt, Problem> {
    let mut checks = Checks::default();
    let prompt = read_prompt(&mut checks, body);
    for member in ["fileIds", "inputs"] {
        if body.contains_key(member) {
            checks.add(&[json!(member)], "A follow-up takes no new files: launch a new agent for them");
        }
    }
    checks.finish()?;
    prompt.ok_or_else(|| Problem::issue("prompt", "Expected an object with text"))
}

fn read_prompt(checks: &mut Checks, body: &Map<String, Value>) -> Option<Prompt> {
    let prompt = body.get("prompt").filter(|prompt| !prompt.is_null())?;
    let Some(prompt) = prompt.as_object() else {
        checks.add(&[json!("prompt")], "Expected an object with text");
        return None;
    };
    let text = prompt.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if text.is_none() {
        checks.add(&[json!("prompt"), json!("text")], "Expected a text that is not blank");
    }
    let images = images::check(checks, prompt.get("images"));
    Some(Prompt { text: text?.to_owned(), images })
}
