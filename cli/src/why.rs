//! `nomkit why`

use crate::{
    failure::Done,
    output,
    session::{Online, Session, Shared},
};
use clap::Args;
use nomkit::{Agent, Error, Message, Timestamp, WaitOptions, blocking::AgentRun};
use serde::Serialize;

/// Tell what is known of an agent's turn: what the platform shows, what a wait makes of that, and why. Nothing of what
/// was asked or answered is printed, so it can be sent to others.
#[derive(Args)]
pub(crate) struct Why {
    /// A run's token, for that very turn; or an agent's id, for its latest.
    #[arg(value_name = "TOKEN|ID")]
    target: String,
    #[command(flatten)]
    shared: Shared,
}

/// What is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    agent_id: String,
    turn: u32,
    status: String,
    url: String,
    /// What the platform shows, the oldest first.
    shown: Vec<Shown>,
    /// What a wait makes of it.
    verdict: String,
    /// What this look at it did.
    requests: String,
}

/// One thing that the platform shows.
#[derive(Serialize)]
struct Shown {
    at: Option<Timestamp>,
    text: String,
}

/// How long the evidence of a turn that has ended is looked at.
const LOOK: f64 = 5.0;

impl Online for Why {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn client(&self) -> nomkit::ClientOptions {
        self.shared.impatient()
    }

    fn run(self, session: &Session) -> Done {
        let run = session.nomic.agents().attach(&self.target)?;
        let rows = run.conversation()?;
        let verdict = verdict(&run);
        let agent = run.agent();
        let known = Known {
            agent_id: run.id().to_owned(),
            turn: run.turn(),
            status: agent.status.as_str().to_owned(),
            url: run.url(),
            shown: shown(&agent, &rows),
            verdict,
            requests: run.explain(),
        };
        if session.scene.shared.json { output::json(&known) } else { print(&known) }
    }
}

fn verdict(run: &AgentRun) -> String {
    if run.status().is_active() {
        return "The turn is at work; a wait looks again after 2 to 30 seconds.".to_owned();
    }
    match run.wait(WaitOptions::default().timeout(LOOK), None) {
        Ok(result) => {
            let (rows, artifacts) = (result.messages.len(), result.artifacts.len());
            format!("The turn is over; its answer is there (rows: {rows}, artifacts: {artifacts}).")
        }
        Err(error) => ended(&error),
    }
}

/// Without the platform's own words, which may quote what was asked.
fn ended(error: &Error) -> String {
    let what = match error.code.as_str() {
        "run_failed" => "The turn is over: it failed.",
        "run_stopped" => "The turn is over: it was stopped.",
        "stale_turn" => "The turn cannot be told: its own rows do not appear, and no others are taken for them.",
        "wait_timeout" => "The status says that the turn is over, but nothing else shows that it is this one.",
        _ => "The turn cannot be looked at.",
    };
    format!("{what} ({})", error.code)
}

fn shown(agent: &Agent, rows: &[Message]) -> Vec<Shown> {
    let artifact = |made: &nomkit::ArtifactRef| Shown {
        at: made.updated_at.or(made.created_at),
        text: format!("artifact {}", made.id),
    };
    let row = |row: &Message| Shown {
        at: row.created_at,
        text: format!("{} row, {} characters", row.role.as_str(), row.text.chars().count()),
    };
    let launched = Shown { at: agent.created_at, text: "launched".to_owned() };
    let changed = Shown { at: agent.updated_at, text: format!("last change: {}", agent.status.as_str()) };
    let made = agent.artifacts.iter().map(artifact);
    let mut all: Vec<_> = [launched].into_iter().chain(rows.iter().map(row)).chain(made).chain([changed]).collect();
    // What has no time stays where it is.
    if all.iter().all(|shown| shown.at.is_some()) {
        all.sort_by_key(|shown| shown.at);
    }
    all
}

fn print(known: &Known) -> Done {
    let mut text = format!("{}\n", known.url);
    for shown in &known.shown {
        let at = shown.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        text.push_str(&format!("{at:<28}{}\n", shown.text));
    }
    text.push_str(&format!("\n{}\n\n{}", known.verdict, known.requests));
    output::text(&text)
}
