//! `nomkit upload`

use crate::{
    complain,
    failure::{Done, heard},
    output,
    session::{Online, Session, Shared},
    stage::Stage,
};
use clap::Args;
use nomkit::{Error, FolderOptions, OnProgress, Source, UploadOptions, UploadOutcome};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Upload documents and print their ids, for `launch --file-id`.
#[derive(Args)]
pub(crate) struct Upload {
    /// Files; `-` is standard input; with --pattern, folders.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to put it, name included: reports/plan.pdf. With `/` at the end, and for a folder, the folder to put
    /// everything into.
    #[arg(long)]
    path: Option<String>,
    /// The name that it shall have.
    #[arg(long)]
    name: Option<String>,
    /// A folder of the platform to put everything into.
    #[arg(long, value_name = "ID")]
    parent_id: Option<String>,
    /// Which files of the folders to upload: **/*.pdf. The same content is sent once.
    #[arg(long, value_name = "GLOB", conflicts_with = "name")]
    pattern: Option<String>,
    #[command(flatten)]
    shared: Shared,
}

impl Online for Upload {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn run(self, session: &Session) -> Done {
        let of = self.files.len();
        let single = self.path.as_deref().is_some_and(|path| !path.ends_with('/')) || self.name.is_some();
        if of > 1 && single && self.pattern.is_none() {
            let text =
                "--name, and --path without `/` at the end, are for one file. Give `--path reports/` for several.";
            return Err(Error::invalid("path", text).into());
        }
        for (done, given) in self.files.iter().enumerate() {
            match &self.pattern {
                Some(pattern) => self.folder(session, given, pattern)?,
                None => {
                    session.scene.enter(Stage::Uploading { done, of });
                    self.file(session, given)?;
                }
            }
        }
        Ok(())
    }
}

impl Upload {
    fn file(&self, session: &Session, given: &Path) -> Done {
        if given.is_dir() {
            let text = format!("`{}` is a folder. Give --pattern '**/*' to upload what is in it.", given.display());
            return Err(Error::invalid("path", text).into());
        }
        let own = self.name.clone().or_else(|| name(given));
        let path = match self.path.as_deref() {
            Some(folder) if folder.ends_with('/') => Some(format!("{folder}{}", own.clone().ok_or_else(nameless)?)),
            path => path.map(str::to_owned),
        };
        let source = if is_stdin(given) {
            let name = own.or_else(|| path.as_deref().and_then(|path| name(Path::new(path))));
            Source::reader(io::stdin(), name.ok_or_else(nameless)?, None)
        } else {
            Source::path(given)
        };
        let (name, parent_id, timeout) = (self.name.clone(), self.parent_id.clone(), self.shared.timeout);
        let options = UploadOptions { path, parent_id, name, timeout };
        let file = session.nomic.files().upload(source, options, Some(progress(session)))?;
        session.scene.bar.clear();
        let source = given.to_string_lossy().into_owned();
        self.print(&UploadOutcome { source, file: Some(file), error: None, same_as: None })
    }

    fn folder(&self, session: &Session, folder: &Path, pattern: &str) -> Done {
        session.scene.enter(Stage::UploadingFolder);
        let options = FolderOptions {
            pattern: Some(pattern.to_owned()),
            path: self.path.clone(),
            parent_id: self.parent_id.clone(),
            timeout: self.shared.timeout,
        };
        let outcomes = session.nomic.files().upload_folder(folder.to_owned(), options, Some(progress(session)))?;
        session.scene.bar.clear();
        outcomes.iter().try_for_each(|outcome| self.print(outcome))?;
        let mut errors = outcomes.iter().filter_map(|outcome| outcome.error.as_ref());
        let Some(first) = errors.next() else { return Ok(()) };
        let text = format!("{} of {} files were not uploaded: {}", errors.count() + 1, outcomes.len(), first.message);
        Err(Error::new(first.kind(), text).into())
    }

    fn print(&self, outcome: &UploadOutcome) -> Done {
        if self.shared.json {
            return heard(output::json(outcome));
        }
        if let Some(error) = &outcome.error {
            complain(&output::line(&format!("{}: {}", outcome.source, error.message)));
        }
        outcome.file.iter().try_for_each(|file| heard(output::row([36, 0], [&file.id, &outcome.source])))
    }
}

fn is_stdin(given: &Path) -> bool {
    given.as_os_str() == "-"
}

/// What a file is called, wherever it is; standard input is called nothing.
fn name(path: &Path) -> Option<String> {
    let name = path.file_name().filter(|_| !is_stdin(path));
    name.map(|name| name.to_string_lossy().into_owned())
}

fn nameless() -> Error {
    Error::invalid("name", "What comes from standard input has no name. Give --name, or --path with one.")
}

fn progress(session: &Session) -> OnProgress {
    let scene = session.scene.clone();
    Arc::new(move |progress| scene.bar.tell(&progress))
}
