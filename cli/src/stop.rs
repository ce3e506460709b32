//! `nomkit stop`

use crate::{
    agents,
    failure::Done,
    session::{Online, Session, Shared},
    stage::Stage,
};
use clap::Args;
use nomkit::StopOptions;

/// Ask an agent to stop. It may still finish first: its status tells.
#[derive(Args)]
pub(crate) struct Stop {
    /// A run's token, or an agent's id.
    #[arg(value_name = "TOKEN|ID")]
    target: String,
    /// Wait until it has stopped, or has ended otherwise.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Stop {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        let run = session.nomic.agents().attach(&self.target)?;
        session.scene.enter(Stage::Stopping { token: run.token() });
        let mut options = StopOptions::default();
        (options.wait, options.timeout) = (self.wait, self.shared.timeout);
        agents::print(&run.stop(options)?, self.shared.json)
    }
}
