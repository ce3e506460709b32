//! Launch and follow-up: how a turn begins.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::json;

use crate::app::App;
use crate::call::{Call, Reply};
use crate::clock::Millis;
use crate::problem::Problem;
use crate::prompt::{self, Launch};
use crate::turns::{self, Outcome, Plan, Turn};
use crate::work::Task;
use crate::workflows::{self, Workflow};
use crate::{agents, files, ids, work};

/// `POST /agents`
pub(crate) async fn launch(mut call: Call) -> Result<Reply, Problem> {
    let body = call.json().await?;
    let app = Arc::clone(&call.app);
    let Launch { prompt, project, workflow, files, inputs } = prompt::launch(&body, app.options.workflow_inputs)?;
    let task = app.store.with(|transaction| {
        let workflow = match workflow {
            Some(id) => {
                let workflow = workflows::get(transaction, &id)?;
                let workflow = workflow.ok_or_else(|| Problem::not_found("Workflow not found"))?;
                workflow.check(&body.object, &inputs)?;
                Some(workflow)
            }
            None => None,
        };
        files::check(transaction, &files)?;
        let inputs = files::below(transaction, &files)?;
        Ok(Task { number: 1, prompt, notes: None, workflow, inputs })
    })?;
    let at_once = at_once(&app, &call.plan, &task).await;

    let turn = Turn { agent: ids::new(), number: 1 };
    let said = said(&task);
    let agent = app.store.with(|transaction| {
        let now = app.clock.now();
        let mut insert = transaction
            .prepare_cached("INSERT INTO agents (id, workflow_id, project_id, created_at) VALUES (?, ?, ?, ?)")?;
        let workflow = task.workflow.as_ref().map(|workflow| &workflow.id);
        insert.execute(params![turn.agent, workflow, project, now])?;
        files::give(transaction, &turn.agent, &files)?;
        turns::begin(transaction, &turn, &task.prompt, &said, &call.plan, app.timing(), now)?;
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
    let next = app.store.with(|transaction| Ok(next_turn(&app, transaction, &id)?.0))?;
    let prompt = prompt::follow_up(&call.json().await?)?;
    let task = app.store.with(|transaction| Task::of(transaction, &id, next, prompt))?;
    let at_once = at_once(&app, &call.plan, &task).await;

    let (turn, agent) = app.store.with(|transaction| {
        // Another follow-up may have come first.
        let (number, now) = next_turn(&app, transaction, &id)?;
        let turn = Turn { agent: id.clone(), number };
        let before = agents::view(transaction, &id, now)?;
        turns::begin(transaction, &turn, &task.prompt, &said(&task), &call.plan, app.timing(), now)?;
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
/// `updatedAt` tells them apart; but now, if the clock was put back since.
fn next_turn(app: &App, connection: &Connection, id: &str) -> Result<(u32, Millis), Problem> {
    let now = app.clock.now();
    turns::settle(connection, now)?;
    match turns::latest(connection, id)?.ok_or_else(agents::missing)? {
        (number, Some(ended)) if ended > now + 1000 => Ok((number + 1, now)),
        (number, Some(ended)) => Ok((number + 1, now.max(ended + 1))),
        (_, None) => Err(Problem::conflict(ACTIVE)),
    }
}

const ACTIVE: &str = "The agent is active: wait until its turn has ended, or stop it first";

/// What stands in the conversation for the user: the prompt, or what was launched with which files.
fn said(task: &Task) -> String {
    if let Some(text) = &task.prompt.text {
        return text.clone();
    }
    let Some(Workflow { name, slots, .. }) = &task.workflow else { return String::new() };
    let mut said = format!("Run the workflow “{name}”");
    for slot in slots {
        let files: Vec<&str> = task.inputs_of(&slot.name).map(|file| file.name.as_str()).collect();
        if !files.is_empty() {
            said += &format!("; {}: {}", slot.name, files.join(", "));
        }
    }
    said + "."
}

/// The outcome of a turn that is to take no time, or no work: it is known before the turn begins.
async fn at_once(app: &Arc<App>, plan: &Plan, task: &Task) -> Option<Outcome> {
    if plan.instant || app.echoes { Some(work::outcome(app, task.clone()).await) } else { None }
}

fn end_at_once(connection: &Connection, turn: &Turn, outcome: Option<&Outcome>, now: Millis) -> Result<(), Problem> {
    if let Some(outcome) = outcome {
        turns::answer(connection, turn, outcome, now)?;
        turns::settle(connection, now)?;
    }
    Ok(())
}
