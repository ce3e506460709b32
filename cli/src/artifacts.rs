//! `nomkit artifacts`

use crate::{
    failure::{Done, heard},
    output,
    session::{Online, Session, Shared},
    stage::Stage,
};
use clap::Args;
use nomkit::{ArtifactRef, ClientOptions};
use serde_json::json;
use std::path::PathBuf;

/// List what an agent has made, in all its turns; or write it into a folder.
#[derive(Args)]
pub(crate) struct Artifacts {
    /// A run's token, or an agent's id.
    #[arg(value_name = "TOKEN|ID")]
    target: String,
    /// The folder to write into: documents as they are, tables as CSV. Nothing there is overwritten.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Artifacts {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn client(&self) -> ClientOptions {
        self.shared.impatient()
    }

    fn run(self, session: &Session) -> Done {
        let run = session.nomic.agents().attach(&self.target)?;
        let artifacts = run.agent().artifacts;
        for (done, artifact) in artifacts.iter().enumerate() {
            match &self.out {
                None => self.list(artifact)?,
                Some(folder) => {
                    session.scene.enter(Stage::writing(&run, done, artifacts.len()));
                    let path = session.nomic.agents().artifact(run.id(), &artifact.id)?.download(folder)?;
                    heard(match self.shared.json {
                        true => output::json(&json!({"id": artifact.id, "name": artifact.name, "path": path})),
                        false => output::text(&path.to_string_lossy()),
                    })?;
                }
            }
        }
        Ok(())
    }
}

impl Artifacts {
    fn list(&self, artifact: &ArtifactRef) -> Done {
        if self.shared.json {
            return output::json(artifact);
        }
        let kind = artifact.kind.as_ref().map(|kind| kind.as_str()).unwrap_or_default();
        output::row([36, 8, 0], [&artifact.id, kind, artifact.name.as_deref().unwrap_or_default()])
    }
}
