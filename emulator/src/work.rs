//! The work of a turn: read the agent's files, answer from them.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value, json};

use crate::answers::{self, Answer, Source};
use crate::app::App;
use crate::documents::Document;
use crate::files::{self, Stored};
use crate::images::Image;
use crate::problem::Problem;
use crate::turns::{self, NewArtifact, NewMessage, Outcome, Prompt, Turn};
use crate::workflows::{self, Workflow};

/// What a turn has to do.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) number: u32,
    pub(crate) prompt: Prompt,
    /// In a later turn of a prompt-driven workflow, what it was launched with.
    pub(crate) notes: Option<String>,
    pub(crate) workflow: Option<Workflow>,
    pub(crate) inputs: Vec<Stored>,
}

impl Task {
    /// What `prompt` asks of an agent in its turn of this number.
    pub(crate) fn of(connection: &Connection, agent: &str, number: u32, prompt: Prompt) -> Result<Self, Problem> {
        let workflow = workflows::of_agent(connection, agent)?;
        let first = workflow.as_ref().is_some_and(|workflow| workflow.slots.is_empty()) && number > 1;
        let notes = if first { stored_prompt(connection, agent, 1)?.text } else { None };
        let inputs = files::below(connection, &files::of_agent(connection, agent)?)?;
        Ok(Self { number, prompt, notes, workflow, inputs })
    }

    /// The files of a slot.
    pub(crate) fn inputs_of(&self, slot: &str) -> impl Iterator<Item = &Stored> {
        self.inputs.iter().filter(move |file| file.slot.as_deref() == Some(slot))
    }
}

/// Works on a turn in the background and keeps its answer.
pub(crate) fn start(app: Arc<App>, turn: Turn) {
    tokio::spawn(async move {
        let task = app.store.with(|transaction| {
            let prompt = stored_prompt(transaction, &turn.agent, turn.number)?;
            Task::of(transaction, &turn.agent, turn.number, prompt)
        });
        // The agent may have been forgotten by a reset.
        let Ok(task) = task else { return };
        let outcome = outcome(&app, task).await;
        if app.stopping() {
            return;
        }
        let kept = app.store.with(|transaction| turns::answer(transaction, &turn, &outcome, app.clock.now()));
        if let Err(problem) = kept {
            eprintln!("the answer of turn {} of agent {} is lost: {problem:?}", turn.number, turn.agent);
        }
    });
}

/// Goes on with what a restart interrupted.
pub(crate) fn resume(app: &Arc<App>) -> Result<(), Problem> {
    for turn in app.store.with(|transaction| turns::unanswered(transaction))? {
        start(Arc::clone(app), turn);
    }
    Ok(())
}

fn stored_prompt(connection: &Connection, agent: &str, number: u32) -> Result<Prompt, Problem> {
    let mut select = connection.prepare_cached("SELECT prompt, images FROM turns WHERE agent_id = ? AND number = ?")?;
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let (text, images) = select.query_row(params![agent, number], columns)?;
    Ok(Prompt { text, images: serde_json::from_str(&images)? })
}

/// Reads the documents and answers the prompt from them.
pub(crate) async fn outcome(app: &Arc<App>, task: Task) -> Outcome {
    if app.echoes {
        return echo(&task);
    }
    let mut read: Vec<(Option<String>, Source)> = Vec::with_capacity(task.inputs.len());
    for file in &task.inputs {
        let document = app.extractor.extract(&app.store.file(&file.id), &file.name, &file.mime_type).await;
        read.push((file.slot.clone(), (file.name.clone(), document)));
    }
    let notes = notes(&read);
    if !read.is_empty() && read.iter().all(|(_, (_, document))| document.is_err()) {
        return failure(notes, "none of the documents can be read");
    }
    let number = task.number;
    match tokio::task::spawn_blocking(move || answer(task, read)).await {
        Ok(answer) => success(notes, answer, number),
        Err(error) => failure(notes, &format!("the answer cannot be computed: {error}")),
    }
}

/// Answers with what was asked, and in which turn.
fn echo(task: &Task) -> Outcome {
    let asked = task.prompt.text.as_deref().unwrap_or("nothing but files");
    let text = format!("Turn {}. You asked: “{asked}”.", task.number);
    Outcome { failed: false, messages: vec![NewMessage { role: "assistant".to_owned(), text }], artifacts: Vec::new() }
}

fn answer(task: Task, read: Vec<(Option<String>, Source)>) -> Answer {
    let Task { number, prompt, notes, workflow, .. } = task;
    let question = prompt.text.as_deref().unwrap_or_default();
    let mut answer = match workflow {
        Some(workflow) if number == 1 => {
            let slots = slots(&workflow, read, prompt.text.as_deref());
            answers::run(&workflow.name, workflow.description.as_deref().unwrap_or_default(), &slots)
        }
        _ => {
            let mut documents: Vec<Source> = read.into_iter().map(|(_, source)| source).collect();
            documents.extend(notes.map(|notes| (PROMPT.to_owned(), Ok(Document::from_texts([notes])))));
            let mut answer = answers::answer(question, number, &documents);
            if documents.is_empty() {
                answer.text = format!("You asked: “{}”. {}", question.trim(), answer.text);
            }
            answer
        }
    };
    if !prompt.images.is_empty() {
        answer.text += &format!("\n\n{}", unseen(&prompt.images));
    }
    answer
}

/// What the prompt of a prompt-driven workflow is called among documents.
const PROMPT: &str = "prompt";

/// What the workflow was given for each slot; without slots, the prompt.
fn slots(workflow: &Workflow, read: Vec<(Option<String>, Source)>, prompt: Option<&str>) -> Vec<(String, Vec<Source>)> {
    if workflow.slots.is_empty() {
        let source = |text: &str| (PROMPT.to_owned(), Ok(Document::from_texts([text.to_owned()])));
        return prompt.map(|text| (PROMPT.to_owned(), vec![source(text)])).into_iter().collect();
    }
    let mut slots: Vec<(String, Vec<Source>)> =
        workflow.slots.iter().map(|slot| (slot.name.clone(), Vec::new())).collect();
    for (slot, source) in read {
        if let Some((_, sources)) = slots.iter_mut().find(|(name, _)| Some(name) == slot.as_ref()) {
            sources.push(source);
        }
    }
    slots
}

/// What the user should know of the prompt's images.
fn unseen(images: &[Image]) -> String {
    let each: Vec<String> = images.iter().map(|image| format!("{}, {} bytes", image.media_type, image.size)).collect();
    let (came, were) = if images.len() == 1 { ("1 image", "was") } else { ("The images", "were") };
    format!(
        "{came} of the prompt ({}) {were} received but not looked at: the emulator does not read images.",
        each.join("; ")
    )
}

/// What the user should know before the answer: one sentence for each input that was left out.
fn notes(read: &[(Option<String>, Source)]) -> Vec<String> {
    read.iter().filter_map(|(_, (name, document))| Some(format!("{name}: {}", document.as_ref().err()?))).collect()
}

fn failure(notes: Vec<String>, reason: &str) -> Outcome {
    let text = format!("The turn failed: {reason}. {}", notes.join("; "));
    let messages = vec![NewMessage { role: "error".to_owned(), text }];
    Outcome { failed: true, messages, artifacts: Vec::new() }
}

fn success(notes: Vec<String>, answer: Answer, turn: u32) -> Outcome {
    let mut messages: Vec<NewMessage> = Vec::new();
    messages
        .extend(notes.into_iter().map(|note| NewMessage { role: "tool".to_owned(), text: format!("Left out {note}") }));
    messages.push(NewMessage { role: "assistant".to_owned(), text: answer.text });
    let suffix = if turn == 1 { String::new() } else { format!("-{turn}") };
    let columns: Vec<Value> = answer.columns.into_iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let artifacts = vec![
        artifact(format!("report{suffix}.md"), "markdown", [("content", json!(answer.report))]),
        artifact(format!("passages{suffix}"), "table", [("columns", json!(columns)), ("rows", json!(answer.rows))]),
    ];
    Outcome { failed: false, messages, artifacts }
}

fn artifact<const N: usize>(name: String, kind: &str, body: [(&str, Value); N]) -> NewArtifact {
    let body: Map<String, Value> = body.into_iter().map(|(member, value)| (member.to_owned(), value)).collect();
    NewArtifact { name, kind: kind.to_owned(), body }
}
