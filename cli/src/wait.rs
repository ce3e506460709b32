//! `nomkit wait`

use crate::{
    failure::Done,
    session::{Online, Session, Shared},
    stage::Stage,
    turn::{self, Answer},
};
use clap::Args;

/// Wait for an agent's answer and print it. A wait that ends leaves the agent at work.
#[derive(Args)]
pub(crate) struct Wait {
    /// A run's token, for that very turn; or an agent's id, for its latest.
    #[arg(value_name = "TOKEN|ID")]
    target: String,
    #[command(flatten)]
    answer: Answer,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Wait {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        // Whatever ends it, and however early, the same words go on.
        session.scene.enter(Stage::Launched { token: self.target.clone() });
        let run = session.nomic.agents().attach(&self.target)?;
        turn::begun(session, &run);
        self.answer.print(session, &run)
    }
}
