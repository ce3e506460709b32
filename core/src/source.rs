//! What a user gives to be read: a path, bytes, or a file that the platform already has.

use crate::{
    Error, ErrorKind, Result,
    http::body::{Content, Meter, Payload, Upload},
    nomic::{File, UploadOptions},
    secret::shown,
};
use bytes::Bytes;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// The platform's limit for one file, read in its larger sense: 500 · 1024² bytes.
pub const MAX_FILE_SIZE: u64 = 500 * 1024 * 1024;

/// Something for an agent to read.
#[derive(Debug, Clone)]
pub enum Source {
    /// A local file, streamed from disk.
    Path(PathBuf),
    /// Bytes in memory, and the name that they shall have.
    Bytes {
        /// The content.
        bytes: Bytes,
        /// A file name, such as `plan.pdf`.
        name: String,
    },
    /// A file on the platform, by its id.
    File(String),
}

impl Source {
    /// A local file.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// Bytes and the name that they shall have.
    pub fn bytes(bytes: impl Into<Bytes>, name: impl Into<String>) -> Self {
        Self::Bytes { bytes: bytes.into(), name: name.into() }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

impl From<&File> for Source {
    fn from(file: &File) -> Self {
        Self::File(file.id.clone())
    }
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and when either content or attributes last changed, which nobody can set back.
    identity: (u64, u64, i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let identity = Default::default();
        Self { len: metadata.len(), modified: metadata.modified().ok(), identity }
    }
}

/// Checks the source and frames it as multipart/form-data; nothing is read into memory.
pub(crate) fn upload(source: Source, options: &UploadOptions) -> Result<Payload> {
    let (content, len, own_name) = match source {
        Source::Path(path) => {
            let stamp = regular_file(&path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            (Content::File { stamp: stamp.clone(), path }, stamp.len, name)
        }
        Source::Bytes { bytes, name } => (Content::Bytes(bytes.clone()), bytes.len() as u64, Some(name)),
        Source::File(id) => {
            return Err(Error::invalid("source", format!("`{}` is on the platform already.", shown(&id))));
        }
    };
    let from_path = options.path.as_deref().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let name = options.name.clone().or(from_path).or(own_name).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::invalid("name", "Bytes have no name. Give `name=` or `path=`."))?;
    check_size(&name, len)?;
    check_path(options.path.as_deref())?;

    let boundary = boundary()?;
    let mut head = String::new();
    for (field, value) in [("path", &options.path), ("parentId", &options.parent_id)] {
        if let Some(value) = value {
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            ));
        }
    }
    let kind = mime_guess::from_path(&name).first_raw().unwrap_or("application/octet-stream");
    head.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\nContent-Type: {kind}\r\n\r\n",
        quoted(&name)
    ));
    let tail = format!("\r\n--{boundary}--\r\n").into();
    let meter = Arc::new(Meter::new(len));
    Ok(Payload::Upload(Arc::new(Upload { boundary, head: head.into(), content, tail, meter })))
}

fn regular_file(path: &Path) -> Result<Stamp> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let name = shown(&path.to_string_lossy());
    if metadata.is_dir() {
        return Err(Error::invalid("source", format!("`{name}` is a directory. Give a file.")));
    }
    if !metadata.is_file() {
        return Err(Error::invalid("source", format!("`{name}` is not a regular file. Read it and give its bytes.")));
    }
    Ok(Stamp::of(&metadata))
}

fn check_size(name: &str, len: u64) -> Result<()> {
    let name = shown(name);
    if len == 0 {
        return Err(Error::invalid("source", format!("`{name}` is empty; the platform refuses empty files.")));
    }
    if len > MAX_FILE_SIZE {
        let text = format!("`{name}` has {len} bytes; the platform takes 500 MB at most. Split it. Nothing was sent.");
        return Err(Error::new(ErrorKind::TooLarge, text));
    }
    Ok(())
}

fn check_path(path: Option<&str>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.split('/').all(plain) && !path.contains(|c: char| c.is_control()) {
        return Ok(());
    }
    let text = format!("`{}` is not a path such as `reports/2026/plan.pdf`.", shown(path));
    Err(Error::invalid("path", text))
}

/// A file name inside a header's quotes, as browsers write it: what would end the quotes or the line is encoded.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A").replace('\0', "%00")
}

/// 128 random bits, so that no file can hold it by chance or on purpose.
fn boundary() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Unexpected, format!("The system gave no random bytes: {error}.")))?;
    Ok(bytes.iter().fold("nomkit-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let (name, what) = (
        shown(&path.to_string_lossy()),
        match error.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
            _ => format!("cannot be read: {error}"),
        },
    );
    Error::new(ErrorKind::LocalIo, format!("`{name}` {what}."))
}

pub(crate) fn changed(path: &Path) -> Error {
    let name = shown(&path.to_string_lossy());
    let text = format!("`{name}` changed while it was being sent, so it was not sent whole. Upload it again.");
    Error::new(ErrorKind::SourceChanged, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head_of(source: Source, options: &UploadOptions) -> String {
        let Payload::Upload(upload) = upload(source, options).unwrap() else { panic!("not an upload") };
        String::from_utf8(upload.head.to_vec()).unwrap()
    }

    #[test]
    fn text_fields_come_before_the_file() {
        let options = UploadOptions::default().path("a/b.pdf");
        let head = head_of(Source::bytes("x", "c.txt"), &options);
        assert!(head.find("name=\"path\"").unwrap() < head.find("name=\"file\"; filename=\"b.pdf\"").unwrap());
        assert!(head.contains("application/pdf"));
    }

    proptest! {
        #[test]
        fn a_name_cannot_leave_its_quotes(name in ".{1,60}") {
            let options = UploadOptions::default();
            let head = head_of(Source::bytes("x", name), &options);
            prop_assert_eq!(head.matches("\r\n").count(), 4);
            prop_assert_eq!(head.matches('"').count(), 4);
        }
    }
}
