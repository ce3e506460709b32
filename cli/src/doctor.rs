//! `nomkit doctor`

use crate::{
    failure::{Done, Failure},
    output,
    session::{Command, Scene, Shared},
};
use clap::Args;
use nomkit::{
    blocking,
    doctor::{Finding, State},
};
use std::sync::Arc;

/// Look at what stands between this machine and the platform: configuration, network, certificates, clock, key.
#[derive(Args)]
#[command(after_help = "It makes two small reads and nothing that is paid for. The exit code is that of the first \
    failure, 0 if there are only warnings.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    shared: Shared,
}

impl Command for Doctor {
    fn options(&self) -> &Shared {
        &self.shared
    }

    fn start(self, scene: Arc<Scene>) -> Done {
        // The first failure is the cause of those that follow.
        let mut end = Ok(());
        scene.bar.wait("looking");
        let tell = |finding: Finding| {
            scene.bar.clear();
            let printed = if self.shared.json { output::json(&finding) } else { show(&finding) };
            if end.is_ok() {
                end = printed.and(finding.kind().map_or(Ok(()), |kind| Err(Failure::Said(kind.exit_code()))));
            }
            scene.bar.wait("looking");
        };
        blocking::examine(self.shared.impatient(), tell)?;
        scene.bar.clear();
        end
    }
}

fn show(finding: &Finding) -> Done {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Fail => "FAIL",
    };
    output::row([4, 13, 0], [state, finding.check, &finding.message])?;
    finding.advice.iter().try_for_each(|advice| output::row([4, 13, 0], ["", "", &format!("-> {advice}")]))
}
