//! `nomkit ask`

use crate::{
    failure::Done,
    follow_up,
    launch::Task,
    session::{Online, Session, Shared},
    turn::Answer,
};
use clap::Args;

/// Upload documents, launch an agent on them, wait, and print its answer.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    task: Task,
    /// Ask again when the answer is there; may be repeated.
    #[arg(long, value_name = "PROMPT")]
    follow_up: Vec<String>,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Ask {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        let mut run = self.task.launch(session, None)?;
        session.scene.note(&format!("launched {}; its token: {}", run.url(), run.token()));
        self.answer.print(session, &run)?;
        for prompt in &self.follow_up {
            run = follow_up::ask(session, &run, prompt.clone(), Vec::new())?;
            self.answer.print(session, &run)?;
        }
        Ok(())
    }
}
