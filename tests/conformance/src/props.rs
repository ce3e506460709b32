//! The local files of one scenario.

use crate::scenario::{FileSource, Scenario};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The files' folder; it goes when this is dropped.
pub(crate) struct Props {
    folder: TempDir,
}

impl Props {
    pub(crate) fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
        Ok(Self { folder })
    }

    /// Each name with its absolute path.
    pub(crate) fn lay_out(&self, scenario: &Scenario, root: &Path) -> Result<Vec<(String, PathBuf)>, String> {
        let paths = scenario.files.iter().map(|(name, source)| Ok((name.clone(), self.place(name, source, root)?)));
        paths.collect()
    }

    fn place(&self, name: &str, source: &FileSource, root: &Path) -> Result<PathBuf, String> {
        let path = self.folder.path().join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        match source {
            FileSource::Example(file) => {
                let mut places = ["examples", "tests/scenarios/files"].iter().map(|place| root.join(place).join(file));
                let found = places.find(|path| path.is_file()).ok_or_else(|| format!("there is no file {file}"))?;
                return found.canonicalize().map_err(failed);
            }
            FileSource::Text { text } => fs::write(&path, text).map_err(failed)?,
            FileSource::Size { size } => {
                fs::File::create(&path).and_then(|file| file.set_len(*size)).map_err(failed)?;
            }
            FileSource::Missing { .. } => {}
            FileSource::Folder { folder } => {
                fs::create_dir(&path).map_err(failed)?;
                for (name, text) in folder.as_object().into_iter().flatten() {
                    let file = path.join(name);
                    file.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
                    fs::write(file, text.as_str().unwrap_or_default()).map_err(failed)?;
                }
            }
        }
        Ok(path)
    }
}
