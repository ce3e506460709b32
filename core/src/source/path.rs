//! Local files: opened without waiting, checked by what was opened, and read only as long as they stay the same.

use crate::{Error, ErrorKind, Result, secret::shown};
use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and when either content or attributes last changed, which nobody can set back.
    identity: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let identity = Default::default();
        Self { len: metadata.len(), modified: metadata.modified().ok(), identity }
    }

    /// The state of a regular file that is open.
    pub(crate) fn of_open(argument: &str, file: &File, path: &Path) -> Result<Self> {
        let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
        regular(argument, path, &metadata)?;
        Ok(Self::of(&metadata))
    }
}

fn regular(argument: &str, path: &Path, metadata: &Metadata) -> Result<()> {
    let name = shown(&path.to_string_lossy());
    if metadata.is_dir() {
        return Err(Error::invalid(argument, format!("`{name}` is a directory. Give a file.")));
    }
    if !metadata.is_file() {
        let text = format!("`{name}` is not a regular file. Read it, and give its bytes or the reader.");
        return Err(Error::invalid(argument, text));
    }
    Ok(())
}

/// Opens a regular file that has a content. What is no regular file is not touched; a pipe that takes a file's place
/// meanwhile does not block.
pub(crate) fn open(argument: &str, path: &Path) -> Result<(File, Stamp)> {
    let io = |error: io::Error| unreadable(path, &error);
    regular(argument, path, &std::fs::metadata(path).map_err(io)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let mut file = options.open(path).map_err(io)?;
    let stamp = Stamp::of_open(argument, &file, path)?;
    if stamp.len == 0 && fill(&mut file, &mut [0]).map_err(io)? > 0 {
        let name = shown(&path.to_string_lossy());
        let text = format!("`{name}` is made while it is read, and has no size. Read it, and give its bytes.");
        return Err(Error::invalid(argument, text));
    }
    Ok((file, stamp))
}

/// A file read to its end, unless it is not what it was.
pub(crate) struct Steady {
    path: PathBuf,
    stamp: Stamp,
    open: Option<Copy>,
    left: u64,
}

impl Steady {
    /// It is opened when it is first read.
    pub(crate) fn new(path: PathBuf, stamp: Stamp) -> Self {
        Self { path, left: stamp.len, stamp, open: None }
    }

    /// One that is open, from a position on.
    pub(crate) fn open(path: PathBuf, stamp: Stamp, file: Arc<File>, position: u64) -> Self {
        let left = stamp.len.saturating_sub(position);
        Self { path, stamp, open: Some(Copy::new(file, position)), left }
    }

    /// Fills the buffer, or what is left of the file; 0 at its end.
    pub(crate) fn pull(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..want).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let io = |error: io::Error| unreadable(&self.path, &error);
        let copy = match &mut self.open {
            Some(copy) => copy,
            None => {
                let (file, stamp) = open("source", &self.path)?;
                if stamp != self.stamp {
                    return Err(changed(&self.path));
                }
                self.open.insert(Copy::new(Arc::new(file), 0))
            }
        };
        let filled = fill(copy, buffer).map_err(io)?;
        self.left -= filled as u64;
        // The last block waits for this check: with it the server would have a whole, but mixed, file.
        if filled < want || (self.left == 0 && Stamp::of(&copy.file.metadata().map_err(io)?) != self.stamp) {
            return Err(changed(&self.path));
        }
        Ok(filled)
    }
}

/// A reader of its own over a file that others may be reading.
pub(crate) struct Copy {
    file: Arc<File>,
    at: u64,
}

impl Copy {
    pub(crate) fn new(file: Arc<File>, at: u64) -> Self {
        Self { file, at }
    }
}

impl Read for Copy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.at)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads until the buffer is full, or there is no more.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let (name, what) = (
        shown(&path.to_string_lossy()),
        match error.kind() {
            io::ErrorKind::NotFound => "does not exist".to_owned(),
            io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
            _ => format!("cannot be read: {error}"),
        },
    );
    Error::new(ErrorKind::LocalIo, format!("`{name}` {what}."))
}

fn changed(path: &Path) -> Error {
    let name = shown(&path.to_string_lossy());
    let text = format!("`{name}` changed while it was being sent, so it was not sent whole. Send it again.");
    Error::new(ErrorKind::SourceChanged, text)
}
