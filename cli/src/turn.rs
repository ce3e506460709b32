//! One turn of an agent: its token, and its answer.

use crate::{failure::Done, output, session::Session, stage::Stage};
use clap::Args;
use nomkit::{RunResult, blocking::AgentRun};
use serde::Serialize;
use std::{path::PathBuf, sync::Arc};

/// What to do with an answer.
#[derive(Args)]
pub(crate) struct Answer {
    /// A folder to write what the agent makes into; nothing there is overwritten.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
}

/// A turn that is on its way.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Begun<'a> {
    token: &'a str,
    agent_id: &'a str,
    turn: u32,
    status: &'a str,
    url: &'a str,
}

/// A turn that is over.
#[derive(Serialize)]
struct Over<'a> {
    token: &'a str,
    #[serde(flatten)]
    result: &'a RunResult,
    /// Where its artifacts were written.
    written: &'a [PathBuf],
}

/// From here on, whatever happens, the token picks the turn up again.
pub(crate) fn begun(session: &Session, run: &AgentRun) {
    session.scene.enter(Stage::Launched { token: run.token() });
}

/// Prints what picks the turn up again.
pub(crate) fn print_token(session: &Session, run: &AgentRun) -> Done {
    let (token, url, status) = (run.token(), run.url(), run.status());
    session.scene.note(&format!("launched {url}; its token, for `nomkit wait`:"));
    match session.scene.shared.json {
        true => {
            let status = status.as_str();
            output::json(&Begun { token: &token, agent_id: run.id(), turn: run.turn(), status, url: &url })
        }
        false => output::text(&token),
    }
}

impl Answer {
    /// Waits for the turn's answer and prints it.
    pub(crate) fn print(&self, session: &Session, run: &AgentRun) -> Done {
        let scene = session.scene.clone();
        // The first look at the agent comes later.
        scene.bar.wait(run.status().as_str());
        let progress = Arc::new(move |progress| scene.bar.tell(&progress));
        let result = run.wait(session.scene.shared.patience(), Some(progress))?;
        session.scene.bar.clear();
        let json = session.scene.shared.json;
        // What was paid for is told first; a folder that cannot be written to does not swallow it.
        let told = if json { Ok(()) } else { output::text(&result.text) };
        let written = self.write(session, run, &result);
        if json {
            let written = written.as_deref().unwrap_or_default();
            output::json(&Over { token: &run.token(), result: &result, written })?;
        }
        written.and(told)
    }

    fn write(&self, session: &Session, run: &AgentRun, result: &RunResult) -> Done<Vec<PathBuf>> {
        let Some(folder) = &self.artifacts else { return Ok(Vec::new()) };
        let mut written = Vec::new();
        for artifact in &result.artifacts {
            session.scene.enter(Stage::writing(run, written.len(), result.artifacts.len()));
            let path = artifact.download(folder)?;
            session.scene.note(&format!("wrote {}", path.display()));
            written.push(path);
        }
        Ok(written)
    }
}
