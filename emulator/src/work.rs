//! The work of a turn: read the agent's files, answer from them.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::answers::{self, Answer};
use crate::app::App;
use crate::documents::{Document, Unreadable};
use crate::files;
use crate::problem::Problem;
use crate::turns::{self, NewArtifact, NewMessage, Outcome, Prompt, Turn};

type Read = (String, Result<Document, Unreadable>);

/// Works on a turn in the background and keeps its answer.
pub(crate) fn start(app: Arc<App>, turn: Turn) {
    tokio::spawn(async move {
        let task = app.store.with(|transaction| task(transaction, &turn));
        // The agent may have been forgotten by a reset.
        let Ok((prompt, inputs)) = task else { return };
        let outcome = outcome(&app, prompt, turn.number, inputs).await;
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

fn task(connection: &Connection, turn: &Turn) -> Result<(Prompt, Vec<files::Stored>), Problem> {
    let mut select = connection.prepare_cached("SELECT prompt, images FROM turns WHERE agent_id = ? AND number = ?")?;
    let prompt = select.query_row(rusqlite::params![turn.agent, turn.number], |row| {
        Ok(Prompt { text: row.get(0)?, images: usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0) })
    })?;
    let mut select =
        connection.prepare_cached("SELECT file_id FROM agent_files WHERE agent_id = ? ORDER BY position")?;
    let ids = select.query_map([&turn.agent], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok((prompt, files::below(connection, &ids)?))
}

/// Reads the documents and answers the prompt from them.
pub(crate) async fn outcome(app: &Arc<App>, prompt: Prompt, turn: u32, inputs: Vec<files::Stored>) -> Outcome {
    let mut read = Vec::with_capacity(inputs.len());
    for file in inputs {
        let document = app.extractor.extract(&app.store.file(&file.id), &file.name, &file.mime_type).await;
        read.push((file.name, document));
    }
    let notes = notes(prompt.images, &read);
    if !read.is_empty() && read.iter().all(|(_, document)| document.is_err()) {
        return failure(notes, "none of the documents can be read");
    }
    let question = prompt.text;
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = answers::answer(&question, turn, &read);
        if read.is_empty() {
            answer.text = format!("You asked: “{}”. {}", question.trim(), answer.text);
        }
        answer
    });
    match answer.await {
        Ok(answer) => success(notes, answer, turn),
        Err(error) => failure(notes, &format!("the answer cannot be computed: {error}")),
    }
}

/// What the user should know before the answer: one sentence for each input that was left out.
fn notes(images: usize, read: &[Read]) -> Vec<String> {
    let mut notes: Vec<String> =
        read.iter().filter_map(|(name, document)| Some(format!("{name}: {}", document.as_ref().err()?))).collect();
    if images > 0 {
        notes.push(format!("{images} of the prompt's images: the emulator does not look at images"));
    }
    notes
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
