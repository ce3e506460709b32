//! What a user gives to be read: a path, bytes, a stream, or a file that the platform already has.

pub(crate) mod folder;
pub(crate) mod image;
pub(crate) mod parcel;
pub(crate) mod path;
pub(crate) mod stream;

pub use image::{Image, MAX_IMAGE_SIZE, MAX_IMAGES};
pub use stream::Stream;

use crate::nomic::File;
use bytes::Bytes;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
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
    /// A local file that is open, from a position on. The position that it has itself is neither used nor moved.
    OpenFile {
        /// The file; its path may be gone.
        file: Arc<std::fs::File>,
        /// Where to begin, in bytes.
        position: u64,
        /// A file name, such as `plan.pdf`.
        name: String,
    },
    /// What is made while it is read.
    Stream(Stream),
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

    /// A local file that is open, from a position on.
    pub fn open_file(file: std::fs::File, position: u64, name: impl Into<String>) -> Self {
        Self::OpenFile { file: Arc::new(file), position, name: name.into() }
    }

    /// What a reader gives up to its end, read by a thread of its own. With `size`, in bytes, it is sent while it is
    /// read; without, it is first copied to a private temporary file, since the platform wants to know the size.
    pub fn reader(reader: impl io::Read + Send + 'static, name: impl Into<String>, size: Option<u64>) -> Self {
        Self::Stream(Stream::reader(reader, name.into(), size))
    }

    /// The same for a stream of chunks, which is polled where the call is driven: by a blocking call in the caller's
    /// thread, so that it may block there; otherwise in a task that others share, so that it must not.
    pub fn stream(
        chunks: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
        name: impl Into<String>,
        size: Option<u64>,
    ) -> Self {
        Self::Stream(Stream::chunks(chunks, name.into(), size))
    }

    /// The same for what can be read as often as it is sent: `open` gives its chunks from the start, which are of
    /// `size` bytes in all. Unlike a stream that is read once, it is sent again where bytes in memory are.
    pub fn repeatable<S: futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static>(
        open: impl Fn() -> S + Send + Sync + 'static,
        name: impl Into<String>,
        size: u64,
    ) -> Self {
        Self::Stream(Stream::again(open, name.into(), size))
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
