//! `nomkit follow-up`

use crate::{
    failure::Done,
    launch::images,
    prompt,
    session::{Online, Session, Shared},
    stage::Stage,
    turn::{self, Answer},
};
use clap::Args;
use nomkit::{FollowUpOptions, Image, blocking::AgentRun};
use std::path::PathBuf;

/// Ask an agent again when its turn is over, and print the new answer.
#[derive(Args)]
pub(crate) struct FollowUp {
    /// A run's token, or an agent's id.
    #[arg(value_name = "TOKEN|ID")]
    target: String,
    /// What the agent shall do now; `-` reads it from standard input.
    prompt: String,
    /// A JPEG, PNG, WebP or GIF for it to see with the prompt; up to four.
    #[arg(long, value_name = "FILE")]
    image: Vec<PathBuf>,
    /// Print the new turn's token instead of waiting for its answer.
    #[arg(long, conflicts_with = "artifacts")]
    no_wait: bool,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    shared: Shared,
}

impl Online for FollowUp {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        let prompt = prompt::read(&self.prompt)?;
        let run = session.nomic.agents().attach(&self.target)?;
        let run = ask(session, &run, prompt, images(&self.image))?;
        if self.no_wait { turn::print_token(session, &run) } else { self.answer.print(session, &run) }
    }
}

/// Asks again: the new turn.
pub(crate) fn ask(session: &Session, run: &AgentRun, prompt: String, images: Vec<Image>) -> Done<AgentRun> {
    session.scene.enter(Stage::Asking { id: run.id().to_owned(), token: run.token() });
    let next = run.follow_up(FollowUpOptions::default().prompt(prompt), images)?;
    turn::begun(session, &next);
    Ok(next)
}
