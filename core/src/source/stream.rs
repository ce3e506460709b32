//! Streams: what is made while it is read; most can be read once.

use super::{MAX_FILE_SIZE, path::fill};
use crate::{
    Error, ErrorKind, RequestOutcome, Result,
    http::content::{self, BLOCK, Chunks, Content},
    progress::Sending,
    runtime::apart,
    secret::{excerpt, shown},
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use std::{
    fs::File,
    io::{self, Read, Write},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::coop::consume_budget;

/// What is made while it is read. Clones are the same stream: of one that can be read once, one is read, the others are
/// spent.
#[derive(Clone)]
pub struct Stream {
    supply: Supply,
    name: String,
    size: Option<u64>,
}

#[derive(Clone)]
enum Supply {
    Once(Arc<Mutex<Option<Chunks>>>),
    Again(Arc<dyn Fn() -> Chunks + Send + Sync>),
}

impl Stream {
    pub(super) fn reader(mut reader: impl Read + Send + 'static, name: String, size: Option<u64>) -> Self {
        let label = name.clone();
        let mut over = false;
        let pull = move |buffer: &mut [u8]| {
            // A terminal that has said its end would be asked to say it again.
            let filled = if over { Ok(0) } else { fill(&mut reader, buffer) };
            over = filled.as_ref().is_ok_and(|filled| *filled < buffer.len());
            filled.map_err(|error| broken(&label, &error))
        };
        // Its thread starts when it is first asked for something.
        let chunks = stream::once(async { content::ahead(BLOCK, pull) }).flatten();
        Self { supply: Supply::Once(Arc::new(Mutex::new(Some(chunks.fuse().boxed())))), name, size }
    }

    pub(super) fn chunks(
        chunks: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
        name: String,
        size: Option<u64>,
    ) -> Self {
        let supply = Supply::Once(Arc::new(Mutex::new(Some(guarded(chunks, &name)))));
        Self { supply, name, size }
    }

    pub(super) fn again<S: futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static>(
        open: impl Fn() -> S + Send + Sync + 'static,
        name: String,
        size: u64,
    ) -> Self {
        let label = name.clone();
        Self { supply: Supply::Again(Arc::new(move || guarded(open(), &label))), name, size: Some(size) }
    }

    /// The name that it was given; empty if none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it will give, if that is known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// What is said of one that was read before and cannot be read again.
    pub fn spent() -> Error {
        Error::invalid("source", "This stream was read before; it can be sent once. Make a new one.")
    }

    /// Whether it was read, or is being read, and cannot be read again.
    pub(crate) fn is_spent(&self) -> bool {
        match &self.supply {
            Supply::Once(chunks) => chunks.lock().unwrap_or_else(PoisonError::into_inner).is_none(),
            Supply::Again(_) => false,
        }
    }

    fn open(&self) -> Result<Chunks> {
        match &self.supply {
            Supply::Once(chunks) => {
                chunks.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(Self::spent)
            }
            Supply::Again(open) => Ok(open()),
        }
    }

    /// Exactly so many bytes of it. The last ones wait for its end: with them the server would have a whole file.
    pub(crate) fn exactly(&self, len: u64) -> Chunks {
        let (stream, name) = (self.clone(), shown(&self.name));
        let exact = async move {
            let chunks = stream.open()?;
            Ok::<_, Error>(stream::try_unfold((chunks, len, Bytes::new()), move |(mut chunks, mut left, mut last)| {
                let wrong = |what: &str| {
                    let text = format!("`{name}` gave {what} than the {len} bytes that `size` announced.");
                    Error::new(ErrorKind::SourceChanged, format!("{text} It was not sent whole; send it again."))
                };
                let (fewer, more) = (wrong("fewer"), wrong("more"));
                async move {
                    loop {
                        match chunks.try_next().await? {
                            Some(chunk) if chunk.len() as u64 > left => return Err(more),
                            Some(chunk) => {
                                left -= chunk.len() as u64;
                                match left {
                                    0 if last.is_empty() => last = chunk,
                                    0 => {}
                                    _ => return Ok(Some((chunk, (chunks, left, last)))),
                                }
                            }
                            None if left > 0 => return Err(fewer),
                            None if last.is_empty() => return Ok(None),
                            None => return Ok(Some((std::mem::take(&mut last), (chunks, left, last)))),
                        }
                    }
                }
            }))
        };
        exact.into_stream().try_flatten().boxed()
    }

    /// Reads it to its end into a private file without a name, in constant memory.
    pub(crate) async fn spool(&self, told: &mut Sending<'_>) -> Result<Content> {
        let mut chunks = self.open()?;
        let mut file = apart(tempfile::tempfile).await?.map_err(|error| full(&error))?;
        let (mut len, mut block) = (0, BytesMut::new());
        while let Some(chunk) = chunks.try_next().await? {
            len += chunk.len() as u64;
            if len > MAX_FILE_SIZE {
                let name = shown(&self.name);
                let text =
                    format!("`{name}` gives more than 500 MB, the most that the platform takes. Nothing was sent.");
                return Err(Error::new(ErrorKind::TooLarge, text));
            }
            told.sometimes("reading", len, None);
            if block.len() + chunk.len() > BLOCK {
                file = write(file, block.split().freeze()).await?;
            }
            match chunk.len() {
                BLOCK.. => file = write(file, chunk).await?,
                _ => block.extend_from_slice(&chunk),
            }
        }
        let file = Arc::new(write(file, block.freeze()).await?);
        Ok(Content::Spooled { file, len })
    }
}

/// The chunks of somebody else: what goes wrong in them is an error, never a panic.
fn guarded(chunks: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static, name: &str) -> Chunks {
    let label = name.to_owned();
    let chunks = AssertUnwindSafe(chunks).catch_unwind().map(move |chunk| match chunk {
        Ok(chunk) => chunk.map_err(|error| broken(&label, &error)),
        Err(_) => Err(panicked()),
    });
    // One that is always ready, with nothing in it, lets deadlines and interrupts have their turn.
    chunks.then(|chunk| consume_budget().map(|()| chunk)).fuse().boxed()
}

async fn write(mut file: File, bytes: Bytes) -> Result<File> {
    let written = apart(move || file.write_all(&bytes).map(|()| file)).await?;
    written.map_err(|error| full(&error))
}

pub(super) fn deadline_over() -> Error {
    let text = "The time was over before the source was read to its end. Nothing was sent; give more.";
    let mut error = Error::new(ErrorKind::RequestTimeout, text);
    error.info_mut().outcome = Some(RequestOutcome::NotSent);
    error
}

fn broken(name: &str, error: &io::Error) -> Error {
    let text = format!("`{}` could not be read to its end: {}", shown(name), excerpt(&error.to_string(), 4000));
    Error::new(ErrorKind::LocalIo, text)
}

pub(crate) fn panicked() -> Error {
    Error::new(ErrorKind::LocalIo, "The source panicked while it was read, so it was not sent whole.")
}

fn full(error: &io::Error) -> Error {
    let text = format!("The source's temporary copy cannot be written: {error}. With its size it needs none.");
    Error::new(ErrorKind::LocalIo, text)
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}
