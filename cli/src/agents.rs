//! `nomkit agents`

use crate::{
    failure::{Done, heard},
    output,
    session::{Online, Session, Shared},
    stage::Stage,
};
use clap::{Args, Subcommand};
use nomkit::{Agent, ClientOptions, ListOptions};
use serde_json::json;

/// List your agents, newest first; look at some; delete some.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Agents {
    #[command(subcommand)]
    command: Option<One>,
    /// Only those with this status: waiting, running, finished, stopped or failed.
    #[arg(long)]
    status: Option<String>,
    /// Only those of this workflow; `none` for those of no workflow.
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Subcommand)]
enum One {
    /// Print agents, by a run's token or by their id.
    Get {
        #[arg(required = true, value_name = "TOKEN|ID")]
        targets: Vec<String>,
    },
    /// Delete agents for good, with their conversations and artifacts.
    Delete {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

impl Online for Agents {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn client(&self) -> ClientOptions {
        self.shared.impatient()
    }

    fn run(self, session: &Session) -> Done {
        let json = self.shared.json;
        match &self.command {
            Some(One::Get { targets }) => {
                for target in targets {
                    print(&one(session, target)?, json)?;
                }
                Ok(())
            }
            Some(One::Delete { ids }) => {
                for id in ids {
                    session.scene.enter(Stage::Deleting { id: id.clone() });
                    session.nomic.agents().delete(id)?;
                    session.scene.enter(Stage::Reading);
                    let told = json!({"id": id, "deleted": true});
                    heard(if json { output::json(&told) } else { output::text(id) })?;
                }
                Ok(())
            }
            None => self.list(session, json),
        }
    }
}

impl Agents {
    fn list(self, session: &Session, json: bool) -> Done {
        let mut options = ListOptions { status: self.status, ..ListOptions::default() };
        match self.workflow.as_deref() {
            Some("none") => options.without_workflow = true,
            _ => options.workflow_id = self.workflow,
        }
        // No longer pages than are needed.
        options.page_size = u32::try_from(self.limit.clamp(1, 100)).ok();
        let mut agents = session.nomic.agents().list(options)?;
        if !json {
            output::heading(WIDTHS, ["AGENT", "STATUS", "CHANGED", "WORKFLOW"])?;
        }
        for agent in agents.by_ref().take(self.limit) {
            print(&agent?, json)?;
        }
        Ok(())
    }
}

/// By a token the agent is told by the run; an id needs no more than one look.
fn one(session: &Session, target: &str) -> Done<Agent> {
    let agents = session.nomic.agents();
    Ok(if target.contains('.') { agents.attach(target)?.agent() } else { agents.get(target)? })
}

const WIDTHS: [usize; 4] = [36, 13, 20, 0];

/// One agent.
pub(crate) fn print(agent: &Agent, json: bool) -> Done {
    if json {
        return output::json(agent);
    }
    let changed = agent.updated_at.or(agent.created_at).map(|at| seconds(&at.to_string())).unwrap_or_default();
    output::row(WIDTHS, [&agent.id, agent.status.as_str(), &changed, agent.workflow_id.as_deref().unwrap_or_default()])
}

/// An instant without its fraction of a second.
fn seconds(instant: &str) -> String {
    instant.split_once('.').map_or(instant.to_owned(), |(whole, _)| format!("{whole}Z"))
}
