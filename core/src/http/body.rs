//! What a request carries. An upload is read by one thread in large blocks that come back to it when sent,
//! so that memory stays flat, whatever the size, and disk and network work at the same time.

use crate::{Error, ErrorKind, source::Stamp};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::sync::mpsc;

/// 256 KiB: smaller blocks cost throughput, larger ones memory (docs/decisions/003-runtime.md).
const BLOCK: usize = 256 * 1024;

/// A request's body, which can be opened once per attempt.
#[derive(Debug, Clone)]
pub enum Payload {
    /// None.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// One file as multipart/form-data.
    Upload(Arc<Upload>),
}

/// A file between the two halves of its multipart frame.
#[derive(Debug)]
pub struct Upload {
    pub(crate) boundary: String,
    pub(crate) head: Bytes,
    pub(crate) content: Content,
    pub(crate) tail: Bytes,
    pub(crate) meter: Arc<Meter>,
}

/// Where the file's bytes come from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Bytes(Bytes),
    File { path: PathBuf, stamp: Stamp },
}

/// How far an upload is, and what stopped its source.
#[derive(Debug)]
pub(crate) struct Meter {
    sent: AtomicU64,
    pub(crate) total: u64,
    /// Counts the bodies that were opened or stopped; only the last one opened may go on.
    turn: AtomicU64,
    failure: Mutex<Option<Error>>,
}

impl Meter {
    pub(crate) fn new(total: u64) -> Self {
        Self { sent: 0.into(), total, turn: 0.into(), failure: Mutex::default() }
    }

    /// Ends the body where it is: an answer that came early is not followed by the rest of a large file.
    pub(crate) fn stop(&self) {
        self.turn.fetch_add(1, Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Why the source could not be read to its end.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn fail(&self, error: Error) -> io::Error {
        let text = error.to_string();
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other(text)
    }
}

impl Payload {
    pub(crate) fn json(value: &impl serde::Serialize) -> crate::Result<Self> {
        serde_json::to_vec(value)
            .map(|text| Self::Json(text.into()))
            .map_err(|error| Error::new(ErrorKind::Unexpected, format!("A request could not be written: {error}")))
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json".to_owned()),
            Self::Upload(upload) => Some(format!("multipart/form-data; boundary={}", upload.boundary)),
        }
    }

    pub(crate) fn meter(&self) -> Option<&Arc<Meter>> {
        match self {
            Self::Upload(upload) => Some(&upload.meter),
            Self::Empty | Self::Json(_) => None,
        }
    }

    /// Opens it for one attempt; `begun` is set when it is first asked for.
    pub fn open(&self, begun: Arc<AtomicBool>) -> Body {
        match self {
            Self::Empty => Body::whole(Bytes::new(), begun),
            Self::Json(text) => Body::whole(text.clone(), begun),
            Self::Upload(upload) => {
                upload.meter.sent.store(0, Relaxed);
                let turn = upload.meter.turn.fetch_add(1, Relaxed) + 1;
                let content = match &upload.content {
                    Content::Bytes(bytes) => Source::Memory(bytes.clone()),
                    Content::File { path, stamp } => {
                        Source::Disk(read_ahead(path.clone(), stamp.clone(), upload.meter.clone()))
                    }
                };
                let (head, tail) = (upload.head.clone(), upload.tail.clone());
                Body { head, content, left: upload.meter.total, tail, begun, meter: Some((upload.meter.clone(), turn)) }
            }
        }
    }
}

/// A body being sent, of known length.
pub struct Body {
    head: Bytes,
    content: Source,
    left: u64,
    tail: Bytes,
    begun: Arc<AtomicBool>,
    meter: Option<(Arc<Meter>, u64)>,
}

enum Source {
    Memory(Bytes),
    Disk(mpsc::Receiver<io::Result<Bytes>>),
}

impl Body {
    fn whole(bytes: Bytes, begun: Arc<AtomicBool>) -> Self {
        let content = Source::Memory(Bytes::new());
        Self { head: bytes, content, left: 0, tail: Bytes::new(), begun, meter: None }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        this.begun.store(true, Relaxed);
        if this.meter.as_ref().is_some_and(|(meter, turn)| meter.turn.load(Relaxed) != *turn) {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        if !this.head.is_empty() {
            return frame(std::mem::take(&mut this.head));
        }
        if this.left > 0 {
            let block = match &mut this.content {
                Source::Memory(rest) => {
                    let block = rest.split_to(rest.len().min(BLOCK));
                    if let Some((meter, _)) = &this.meter {
                        meter.sent.fetch_add(block.len() as u64, Relaxed);
                    }
                    block
                }
                Source::Disk(blocks) => match std::task::ready!(blocks.poll_recv(cx)) {
                    Some(Ok(block)) => block,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                },
            };
            this.left = this.left.saturating_sub(block.len() as u64);
            return frame(block);
        }
        if this.tail.is_empty() { Poll::Ready(None) } else { frame(std::mem::take(&mut this.tail)) }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.head.len() as u64 + self.left + self.tail.len() as u64)
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_empty() && self.left == 0 && self.tail.is_empty()
    }
}

fn frame(block: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
    Poll::Ready(Some(Ok(Frame::data(block))))
}

/// Three blocks in all: one being read, one waiting, one being written to the socket.
fn read_ahead(path: PathBuf, stamp: Stamp, meter: Arc<Meter>) -> mpsc::Receiver<io::Result<Bytes>> {
    let (blocks, receiver) = mpsc::channel(1);
    let failed = blocks.clone();
    let reader = Reader { path, stamp, meter: meter.clone(), blocks };
    let thread = std::thread::Builder::new().name("nomkit-upload".to_owned()).stack_size(64 * 1024);
    if let Err(error) = thread.spawn(move || reader.run()) {
        let error = meter.fail(Error::new(ErrorKind::LocalIo, format!("No thread to read the file with: {error}.")));
        // The channel is new, so there is room.
        let _ = failed.try_send(Err(error));
    }
    receiver
}

struct Reader {
    path: PathBuf,
    stamp: Stamp,
    meter: Arc<Meter>,
    blocks: mpsc::Sender<io::Result<Bytes>>,
}

impl Reader {
    fn run(self) {
        if let Err(error) = self.read() {
            let error = self.meter.fail(error);
            let _ = self.blocks.blocking_send(Err(error));
        }
    }

    fn read(&self) -> crate::Result<()> {
        let io = |error: io::Error| crate::source::unreadable(&self.path, &error);
        let changed = || crate::source::changed(&self.path);
        let mut file = File::open(&self.path).map_err(io)?;
        if Stamp::of(&file.metadata().map_err(io)?) != self.stamp {
            return Err(changed());
        }
        let home = Arc::new(Mutex::new(Vec::new()));
        let mut left = self.stamp.len;
        while left > 0 {
            let spare = home.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut buffer: Box<[u8]> = spare.unwrap_or_else(|| vec![0; BLOCK].into());
            let want = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            let filled = fill(&mut file, buffer.get_mut(..want).unwrap_or_default()).map_err(io)?;
            left -= filled as u64;
            // The last block waits for this check: with it the server would have a whole, but mixed, file.
            if filled < want || (left == 0 && Stamp::of(&file.metadata().map_err(io)?) != self.stamp) {
                return Err(changed());
            }
            let block = Block { buffer, filled, home: home.clone(), meter: self.meter.clone() };
            if self.blocks.blocking_send(Ok(Bytes::from_owner(block))).is_err() {
                return Ok(()); // Nobody is sending any more.
            }
        }
        Ok(())
    }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A buffer that goes home when it has been written to the socket; only then does it count as sent.
struct Block {
    buffer: Box<[u8]>,
    filled: usize,
    home: Arc<Mutex<Vec<Box<[u8]>>>>,
    meter: Arc<Meter>,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.meter.sent.fetch_add(self.filled as u64, Relaxed);
        self.home.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.buffer));
    }
}
