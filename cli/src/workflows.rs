//! `nomkit workflows`

use crate::{
    failure::Done,
    output,
    session::{Online, Session, Shared},
};
use clap::Args;
use nomkit::{ClientOptions, RequestedFile, Workflow, WorkflowListOptions};

/// List the workflows that you may launch, with the slots that they want files in.
#[derive(Args)]
#[command(after_help = "A slot in brackets may be left out, one with dots takes several files: \
    nomkit launch --workflow ID --input SLOT=FILE. A workflow without slots is asked in words.")]
pub(crate) struct Workflows {
    /// Only those of this project.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Workflows {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn client(&self) -> ClientOptions {
        self.shared.impatient()
    }

    fn run(self, session: &Session) -> Done {
        let json = self.shared.json;
        let page_size = u32::try_from(self.limit.clamp(1, 100)).ok();
        let options = WorkflowListOptions { project_id: self.project, page_size };
        let workflows = session.nomic.workflows().list(options)?;
        if !json {
            output::heading(WIDTHS, ["WORKFLOW", "NAME", "SLOTS"])?;
        }
        for workflow in workflows.take(self.limit) {
            let workflow = workflow?;
            if json { output::json(&workflow) } else { print(&workflow) }?;
        }
        Ok(())
    }
}

const WIDTHS: [usize; 3] = [36, 28, 0];

fn print(workflow: &Workflow) -> Done {
    let slots = workflow.requested_files.iter().map(slot).collect::<Vec<_>>();
    output::row(WIDTHS, [&workflow.id, &workflow.name, &slots.join(" ")])
}

/// A slot as usage lines write arguments.
fn slot(slot: &RequestedFile) -> String {
    let name = if slot.optional { format!("[{}]", slot.name) } else { slot.name.clone() };
    if slot.multiple { name + "..." } else { name }
}
