//! What a launch and a follow-up ask, checked before anything of it is sent.

use super::{File, Files, LaunchOptions, UploadOptions, recover::launch::Looks, routes::check_id};
use crate::{
    Error, Image, OnProgress, Result, Source,
    http::body::Payload,
    source::{
        image::{self, Picture},
        parcel::Parcel,
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a launch takes along: files to read, files for a workflow's slots, images beside the prompt.
#[derive(Debug, Clone, Default)]
pub struct Attachments {
    /// What an agent without a workflow may read. Local ones are uploaded first.
    pub files: Vec<Source>,
    /// What goes into the slots of a workflow, by their names. Local ones are uploaded first.
    pub inputs: BTreeMap<String, Vec<Source>>,
    /// What is seen with the prompt, four at most. They do not become files.
    pub images: Vec<Image>,
}

impl From<Vec<Source>> for Attachments {
    fn from(files: Vec<Source>) -> Self {
        Self { files, ..Self::default() }
    }
}

/// The body of a launch, and, with nothing but its prompt, of a follow-up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ask<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    file_ids: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    inputs: &'a BTreeMap<String, Vec<String>>,
    /// Last, so that images can be written after its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<Prompt<'a>>,
}

#[derive(Serialize)]
struct Prompt<'a> {
    text: &'a str,
}

/// The body of a follow-up.
pub(crate) fn follow_up(prompt: &str, images: Vec<Image>) -> Result<Payload> {
    let prompt = Some(Prompt { text: not_blank(prompt)? });
    let ask = Ask { workflow_id: None, project_id: None, file_ids: &[], inputs: &BTreeMap::new(), prompt };
    image::body(&ask, image::check(images)?)
}

/// A launch whose every part was checked.
pub(crate) struct Launch {
    options: LaunchOptions,
    files: Vec<Given>,
    inputs: BTreeMap<String, Vec<Given>>,
    pictures: Vec<Picture>,
}

/// A file that is on the platform, or one that will be.
enum Given {
    There(String),
    Here(Box<Parcel>),
}

impl Given {
    fn new(argument: &str, source: Source) -> Result<Self> {
        Ok(match source {
            Source::File(id) => Self::There(check_id(argument, &id)?.to_owned()),
            source => Self::Here(Box::new(Parcel::new(source, &UploadOptions::default())?)),
        })
    }

    fn all(argument: &str, sources: Vec<Source>) -> Result<Vec<Self>> {
        sources.into_iter().map(|source| Self::new(argument, source)).collect()
    }

    async fn read(&mut self, progress: Option<&OnProgress>) -> Result<()> {
        match self {
            Self::There(_) => Ok(()),
            Self::Here(parcel) => parcel.read(progress, None).await,
        }
    }

    async fn id(self, files: &Files, progress: Option<&OnProgress>, uploaded: &mut Vec<File>) -> Result<String> {
        match self {
            Self::There(id) => Ok(id),
            Self::Here(parcel) => {
                let file = files.send(*parcel, None, progress).await?;
                let id = file.id.clone();
                uploaded.push(file);
                Ok(id)
            }
        }
    }
}

impl Launch {
    /// What is wrong is said here, before a byte is sent.
    pub(crate) fn new(options: LaunchOptions, attachments: Attachments) -> Result<Self> {
        let Attachments { files, inputs, images } = attachments;
        let wrong = |argument: &str, text: &str| Err(Error::invalid(argument, text));
        match (&options.prompt, &options.workflow_id) {
            (None, None) => {
                return wrong("prompt", "Give `prompt`: say what the agent shall do. Or give `workflow_id`.");
            }
            (Some(prompt), _) => drop(not_blank(prompt)?),
            (None, Some(_)) => {}
        }
        if options.workflow_id.is_some() && !(files.is_empty() && options.file_ids.is_empty()) {
            return wrong("files", "A workflow takes no `files` and no `file_ids`. Give `inputs` by its slots' names.");
        }
        if !inputs.is_empty() && options.workflow_id.is_none() {
            return wrong(
                "inputs",
                "`inputs` fill the slots of a workflow. Give `workflow_id` too, or `files` instead.",
            );
        }
        if !inputs.is_empty() && options.prompt.is_some() {
            return wrong("prompt", "A workflow that takes `inputs` takes no `prompt`. Leave it out.");
        }
        if !inputs.is_empty() && !images.is_empty() {
            return wrong("images", "Images belong to a prompt, and a workflow that takes `inputs` has none.");
        }
        if !images.is_empty() && options.prompt.is_none() {
            return wrong("images", "Images belong to a prompt. Give `prompt` too.");
        }
        for (argument, id) in [("workflow_id", &options.workflow_id), ("project_id", &options.project_id)] {
            if let Some(id) = id {
                check_id(argument, id)?;
            }
        }
        for id in &options.file_ids {
            check_id("file_ids", id)?;
        }
        let slot = |(name, sources): (String, Vec<Source>)| match sources.is_empty() {
            true => Err(Error::invalid("inputs", format!("`inputs[{name:?}]` has no file. Leave the slot out."))),
            false => Ok((name, Given::all("inputs", sources)?)),
        };
        let (files, pictures) = (Given::all("files", files)?, image::check(images)?);
        let inputs = inputs.into_iter().map(slot).collect::<Result<_>>()?;
        Ok(Self { options, files, inputs, pictures })
    }

    /// Reads what must be read before its size is known. Still nothing is sent.
    pub(crate) async fn read(&mut self, progress: Option<&OnProgress>) -> Result<()> {
        for given in self.files.iter_mut().chain(self.inputs.values_mut().flatten()) {
            given.read(progress).await?;
        }
        Ok(())
    }

    /// Uploads what is local and gives the launch's body, and how the agent will look; `uploaded` has what is on the
    /// platform, come what may.
    pub(crate) async fn upload(
        self,
        files: &Files,
        progress: Option<&OnProgress>,
        uploaded: &mut Vec<File>,
    ) -> Result<(Payload, Looks)> {
        let (options, mut file_ids, mut inputs) = (self.options, Vec::new(), BTreeMap::new());
        file_ids.extend(options.file_ids);
        for given in self.files {
            file_ids.push(given.id(files, progress, uploaded).await?);
        }
        for (name, slot) in self.inputs {
            let mut ids = Vec::new();
            for given in slot {
                ids.push(given.id(files, progress, uploaded).await?);
            }
            inputs.insert(name, ids);
        }
        let ask = Ask {
            workflow_id: options.workflow_id.as_deref(),
            project_id: options.project_id.as_deref(),
            file_ids: &file_ids,
            inputs: &inputs,
            prompt: options.prompt.as_deref().map(|text| Prompt { text }),
        };
        let (workflow, project) = (ask.workflow_id, ask.project_id);
        let looks =
            Looks::new(workflow, project, options.prompt.as_deref(), file_ids.iter().chain(inputs.values().flatten()));
        Ok((image::body(&ask, self.pictures)?, looks))
    }
}

fn not_blank(prompt: &str) -> Result<&str> {
    match prompt.trim().is_empty() {
        true => Err(Error::invalid("prompt", "`prompt` is empty. Say what the agent shall do.")),
        false => Ok(prompt),
    }
}
