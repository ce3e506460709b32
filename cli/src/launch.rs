//! `nomkit launch`

use crate::{
    failure::Done,
    prompt,
    session::{Online, Scene, Session, Shared},
    stage::Stage,
    turn,
};
use clap::Args;
use nomkit::{Attachments, Image, LaunchOptions, OnProgress, Source, blocking::AgentRun};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Upload documents, launch an agent on them, and print its token without waiting.
#[derive(Args)]
#[command(after_help = "`nomkit wait TOKEN` gives its answer, from any process and machine.")]
pub(crate) struct Launch {
    #[command(flatten)]
    task: Task,
    #[command(flatten)]
    shared: Shared,
}

/// What an agent shall do, and with what.
#[derive(Args)]
pub(crate) struct Task {
    /// What the agent shall do; `-` reads it from standard input.
    #[arg(required_unless_present = "workflow")]
    prompt: Option<String>,
    /// Documents of this machine for it to read.
    #[arg(value_name = "FILE", conflicts_with = "workflow")]
    files: Vec<PathBuf>,
    /// A file or folder of the platform for it to read; may be repeated.
    #[arg(long, value_name = "ID", conflicts_with = "workflow")]
    file_id: Vec<String>,
    /// A JPEG, PNG, WebP or GIF for it to see with the prompt; up to four.
    #[arg(long, value_name = "FILE")]
    image: Vec<PathBuf>,
    /// The workflow that it runs, instead of a prompt or with one.
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// A document of this machine for a slot of the workflow; may be repeated.
    #[arg(long, value_name = "SLOT=FILE", requires = "workflow", value_parser = slot)]
    input: Vec<(String, String)>,
    /// A file of the platform for a slot of the workflow; may be repeated.
    #[arg(long, value_name = "SLOT=ID", requires = "workflow", value_parser = slot)]
    input_id: Vec<(String, String)>,
    /// The project to launch it in.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
}

impl Online for Launch {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        let run = self.task.launch(session, self.shared.timeout)?;
        turn::print_token(session, &run)
    }
}

impl Task {
    /// Uploads and launches; `timeout` is for the launch itself.
    pub(crate) fn launch(&self, session: &Session, timeout: Option<f64>) -> Done<AgentRun> {
        let options = LaunchOptions {
            prompt: self.prompt.as_deref().map(prompt::read).transpose()?,
            workflow_id: self.workflow.clone(),
            file_ids: self.file_id.clone(),
            project_id: self.project.clone(),
            timeout,
        };
        let progress = sending(&session.scene, self.files.len() + self.input.len());
        let run = session.nomic.agents().launch(options, self.attachments(), Some(progress))?;
        session.scene.bar.clear();
        turn::begun(session, &run);
        Ok(run)
    }

    fn attachments(&self) -> Attachments {
        let mut inputs: BTreeMap<String, Vec<Source>> = BTreeMap::new();
        for (slot, path) in &self.input {
            inputs.entry(slot.clone()).or_default().push(Source::path(path));
        }
        for (slot, id) in &self.input_id {
            inputs.entry(slot.clone()).or_default().push(Source::File(id.clone()));
        }
        Attachments { files: self.files.iter().map(Source::path).collect(), inputs, images: images(&self.image) }
    }
}

pub(crate) fn images(paths: &[PathBuf]) -> Vec<Image> {
    paths.iter().map(Image::path).collect()
}

fn slot(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(slot, value)| !slot.is_empty() && !value.is_empty());
    parts
        .map(|(slot, value)| (slot.to_owned(), value.to_owned()))
        .ok_or_else(|| "a slot's name, `=`, and what goes into it".to_owned())
}

/// Follows the uploads before a launch: once the last is accepted, the launch itself is on its way.
fn sending(scene: &Arc<Scene>, of: usize) -> OnProgress {
    let stage = move |done| if done < of { Stage::Uploading { done, of } } else { Stage::Launching };
    scene.enter(stage(0));
    let (scene, done) = (scene.clone(), AtomicUsize::new(0));
    Arc::new(move |progress| {
        scene.bar.tell(&progress);
        if progress.phase == "accepted" {
            scene.enter(stage(done.fetch_add(1, Relaxed) + 1));
        }
    })
}
