//! The files of a folder, and which of them have the same content.

use super::path::{self, Stamp, Steady, unreadable};
use crate::{Error, Result, http::content::BLOCK, secret::shown};
use sha2::Digest;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// A file of a folder, or why it cannot be sent.
#[derive(Debug)]
pub(crate) struct Found {
    /// Below the folder, with `/`.
    pub(crate) relative: String,
    pub(crate) path: PathBuf,
    pub(crate) state: Result<Stamp>,
}

impl Found {
    pub(crate) fn len(&self) -> u64 {
        self.state.as_ref().map_or(0, |stamp| stamp.len)
    }
}

/// What tells one content from another.
pub(crate) type Fingerprint = [u8; 32];

/// The files below a folder whose place in it matches the pattern, sorted. What is hidden is left out, and links to
/// folders are not followed.
pub(crate) fn walk(folder: &Path, pattern: &str) -> Result<Vec<Found>> {
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| Error::invalid("pattern", format!("`pattern` is no glob: {}.", error.kind())))?;
    let glob = glob.compile_matcher();
    let name = shown(&folder.to_string_lossy());
    if !std::fs::metadata(folder).map_err(|error| unreadable(folder, &error))?.is_dir() {
        return Err(Error::invalid("folder", format!("`{name}` is not a folder. Send a file with `files.upload`.")));
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).min_depth(1).into_iter().filter_entry(|entry| !is_hidden(entry)) {
        match entry {
            Ok(entry) => {
                let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                if is_folder(&entry) || !glob.is_match(inside) {
                    continue;
                }
                let state = path::open("source", entry.path()).map(|(_, stamp)| stamp);
                found.push(Found { relative: slashed(inside), path: entry.path().to_owned(), state });
            }
            // A folder that cannot be read is told, not passed over.
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let relative = slashed(path.strip_prefix(folder).unwrap_or(&path));
                let error = error.into_io_error().unwrap_or_else(|| std::io::ErrorKind::Other.into());
                found.push(Found { relative, state: Err(unreadable(&path, &error)), path });
            }
        }
    }
    if found.is_empty() {
        let text = format!("No file in `{name}` matches `{}`. Hidden files are left out.", shown(pattern));
        return Err(Error::invalid("pattern", text));
    }
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(found)
}

/// Reads a file for its fingerprint, in constant memory.
pub(crate) fn fingerprint(path: PathBuf, stamp: Stamp) -> Result<Fingerprint> {
    let (mut file, mut buffer) = (Steady::new(path, stamp), vec![0; BLOCK]);
    let mut digest = sha2::Sha256::new();
    loop {
        match file.pull(&mut buffer)? {
            0 => return Ok(digest.finalize().into()),
            filled => digest.update(buffer.get(..filled).unwrap_or_default()),
        }
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// A folder, or a link to one.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_dir() || (entry.path_is_symlink() && entry.path().is_dir())
}

fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
