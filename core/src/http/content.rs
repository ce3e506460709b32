//! Where a body's bytes come from, block by block. Files are read by one thread, in large blocks that come back to it
//! when they were sent, so that memory stays flat and disk and network work at the same time.

use crate::{
    Error, ErrorKind, Result,
    source::{
        Stream,
        path::{Copy, Stamp, Steady, fill},
        stream::panicked,
    },
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// 256 KiB: smaller blocks cost throughput, larger ones memory (docs/decisions/003-runtime.md).
pub(crate) const BLOCK: usize = 256 * 1024;

/// Blocks on their way to a socket.
pub(crate) type Chunks = BoxStream<'static, Result<Bytes>>;

/// Where bytes come from, as many as [`Content::len`] says or an error.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    File {
        path: PathBuf,
        stamp: Stamp,
    },
    OpenFile {
        file: Arc<File>,
        position: u64,
        stamp: Stamp,
        name: String,
    },
    /// A stream's private copy.
    Spooled {
        file: Arc<File>,
        len: u64,
    },
    /// Most can be opened once.
    Stream {
        stream: Stream,
        len: u64,
    },
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { stamp, .. } => stamp.len,
            Self::OpenFile { stamp, position, .. } => stamp.len.saturating_sub(*position),
            Self::Spooled { len, .. } | Self::Stream { len, .. } => *len,
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        matches!(self, Self::Stream { stream, .. } if stream.is_spent())
    }

    /// From its start to its end, in blocks of at most this size; but for streams, all except the last have it.
    pub(crate) fn open(&self, block: usize) -> Chunks {
        match self {
            Self::Bytes(bytes) => pieces(bytes.clone(), block).boxed(),
            Self::File { path, stamp } => {
                let mut file = Steady::new(path.clone(), stamp.clone());
                ahead(block, move |buffer| file.pull(buffer))
            }
            Self::OpenFile { file, position, stamp, name } => {
                let mut file = Steady::open(name.into(), stamp.clone(), file.clone(), *position);
                ahead(block, move |buffer| file.pull(buffer))
            }
            Self::Spooled { file, .. } => {
                let mut copy = Copy::new(file.clone(), 0);
                ahead(block, move |buffer| fill(&mut copy, buffer).map_err(|error| lost(&error)))
            }
            Self::Stream { stream, len } => {
                stream.exactly(*len).map_ok(move |chunk| pieces(chunk, block)).try_flatten().boxed()
            }
        }
    }
}

fn pieces(mut bytes: Bytes, block: usize) -> impl futures_util::Stream<Item = Result<Bytes>> + Send + 'static {
    let next = move || (!bytes.is_empty()).then(|| Ok(bytes.split_to(bytes.len().min(block))));
    stream::iter(std::iter::from_fn(next))
}

fn lost(error: &io::Error) -> Error {
    Error::new(ErrorKind::LocalIo, format!("A stream's temporary copy cannot be read: {error}."))
}

/// Reads in a thread: three blocks in all, one being read, one waiting, one being written to the socket.
/// `pull` fills what it is given, and gives 0 at the end.
pub(crate) fn ahead(block: usize, pull: impl FnMut(&mut [u8]) -> Result<usize> + Send + 'static) -> Chunks {
    let (blocks, mut ready) = mpsc::channel(1);
    let failed = blocks.clone();
    let reader = move || {
        let read = catch_unwind(AssertUnwindSafe(|| read(block, pull, &blocks)));
        if let Err(error) = read.unwrap_or_else(|_| Err(panicked())) {
            let _ = blocks.blocking_send(Err(error));
        }
    };
    if let Err(error) = std::thread::Builder::new().name("nomkit-reader".to_owned()).spawn(reader) {
        // The channel is new, so there is room.
        let text = format!("There is no thread to read the source with: {error}.");
        let _ = failed.try_send(Err(Error::new(ErrorKind::LocalIo, text)));
    }
    stream::poll_fn(move |context| ready.poll_recv(context)).boxed()
}

fn read(
    block: usize,
    mut pull: impl FnMut(&mut [u8]) -> Result<usize>,
    blocks: &mpsc::Sender<Result<Bytes>>,
) -> Result<()> {
    let home: Home = Arc::default();
    loop {
        let spare = home.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer: Box<[u8]> = spare.unwrap_or_else(|| vec![0; block].into());
        let filled = pull(&mut buffer)?;
        let filled = Block { buffer, filled, home: home.clone() };
        // Nobody may be sending any more.
        if filled.as_ref().is_empty() || blocks.blocking_send(Ok(Bytes::from_owner(filled))).is_err() {
            return Ok(());
        }
    }
}

type Home = Arc<Mutex<Vec<Box<[u8]>>>>;

/// A buffer that goes home when it has been written to the socket.
struct Block {
    buffer: Box<[u8]>,
    filled: usize,
    home: Home,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.home.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.buffer));
    }
}
