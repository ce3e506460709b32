//! What a request carries: nothing, JSON text, or text between contents that are read while they are sent.

use super::content::{BLOCK, Chunks, Content};
use crate::{Error, ErrorKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http_body::{Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

/// A request's body, which can be opened once per attempt.
#[derive(Debug, Clone)]
pub enum Payload {
    /// None.
    Empty,
    /// JSON text.
    Json(Bytes),
    /// Text and contents.
    Parts(Arc<Parts>),
}

/// Text and contents, one after another.
#[derive(Debug)]
pub struct Parts {
    content_type: String,
    parts: Vec<Part>,
    meter: Arc<Meter>,
}

/// A part of a body.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Text(Bytes),
    Plain(Content),
    Base64(Content),
}

impl Part {
    /// How many bytes it is on the wire.
    fn size(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Plain(content) => content.len(),
            Self::Base64(content) => content.len().div_ceil(3) * 4,
        }
    }

    fn content(&self) -> Option<&Content> {
        match self {
            Self::Text(_) => None,
            Self::Plain(content) | Self::Base64(content) => Some(content),
        }
    }
}

/// How far the contents of a body are sent, and what stopped one of them.
#[derive(Debug)]
pub(crate) struct Meter {
    sent: AtomicU64,
    pub(crate) total: u64,
    /// Counts the bodies that were opened or stopped; only the last one opened may go on.
    turn: AtomicU64,
    /// It waits for its source, not for the network.
    starved: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Meter {
    /// Ends the body where it is: an answer that came early is not followed by the rest of a large file.
    pub(crate) fn stop(&self) {
        self.turn.fetch_add(1, Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Whether the source is what keeps the body from going on.
    pub(crate) fn is_starved(&self) -> bool {
        self.starved.load(Relaxed)
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

    pub(crate) fn parts(content_type: impl Into<String>, parts: Vec<Part>) -> Self {
        let total = parts.iter().filter_map(Part::content).map(Content::len).sum();
        let meter = Meter { sent: 0.into(), total, turn: 0.into(), starved: false.into(), failure: Mutex::default() };
        Self::Parts(Arc::new(Parts { content_type: content_type.into(), parts, meter: Arc::new(meter) }))
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json".to_owned()),
            Self::Parts(parts) => Some(parts.content_type.clone()),
        }
    }

    pub(crate) fn meter(&self) -> Option<&Arc<Meter>> {
        match self {
            Self::Parts(parts) => Some(&parts.meter),
            Self::Empty | Self::Json(_) => None,
        }
    }

    /// Whether it cannot be sent again, since a stream in it was read.
    pub(crate) fn is_spent(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.parts.iter().filter_map(Part::content).any(Content::is_spent),
            Self::Empty | Self::Json(_) => false,
        }
    }

    /// Opens it for one attempt; `begun` is set when it is first asked for. Until then no source is touched.
    pub fn open(&self, begun: Arc<AtomicBool>) -> Body {
        let (parts, meter) = match self {
            Self::Empty => (Vec::new(), None),
            Self::Json(text) => (vec![Part::Text(text.clone())], None),
            Self::Parts(parts) => {
                let meter = parts.meter.clone();
                meter.sent.store(0, Relaxed);
                let turn = meter.turn.fetch_add(1, Relaxed) + 1;
                (parts.parts.clone(), Some((meter, turn)))
            }
        };
        let left = parts.iter().map(Part::size).sum();
        Body { parts: parts.into_iter(), open: Mutex::default(), left, begun, asked: false, meter }
    }
}

/// A body being sent, of known length.
pub struct Body {
    parts: std::vec::IntoIter<Part>,
    /// What is being read. (The lock is never taken: it makes the body `Sync`.)
    open: Mutex<Option<Chunks>>,
    left: u64,
    begun: Arc<AtomicBool>,
    /// It was asked for before.
    asked: bool,
    meter: Option<(Arc<Meter>, u64)>,
}

impl Body {
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let Some(chunks) = open {
                let polled = chunks.poll_next_unpin(cx);
                if let Some((meter, _)) = &self.meter {
                    meter.starved.store(polled.is_pending(), Relaxed);
                }
                match ready!(polled) {
                    Some(Ok(block)) => return Poll::Ready(Some(Ok(block))),
                    Some(Err(error)) => {
                        let failed = self.meter.as_ref().map(|(meter, _)| meter.fail(error));
                        return Poll::Ready(Some(Err(failed.unwrap_or_else(|| io::ErrorKind::Other.into()))));
                    }
                    None => *open = None,
                }
            }
            match self.parts.next() {
                Some(Part::Text(text)) => return Poll::Ready(Some(Ok(text))),
                Some(Part::Plain(content)) => {
                    *open = Some(counted(content.open(BLOCK), self.meter.clone(), |block| block))
                }
                // A multiple of 3, so that each block is base64 by itself.
                Some(Part::Base64(content)) => {
                    *open = Some(counted(content.open(BLOCK / 4 * 3), self.meter.clone(), encoded))
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

fn encoded(block: Bytes) -> Bytes {
    BASE64_STANDARD.encode(block).into()
}

/// The blocks as they go on the wire; each counts as sent when it was written to the socket.
fn counted(chunks: Chunks, meter: Option<(Arc<Meter>, u64)>, wire: impl Fn(Bytes) -> Bytes + Send + 'static) -> Chunks {
    let Some((meter, turn)) = meter else { return chunks };
    let counted = move |block: Bytes| {
        let raw = block.len() as u64;
        Bytes::from_owner(Written { bytes: wire(block), raw, meter: meter.clone(), turn })
    };
    chunks.map_ok(counted).boxed()
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        // Whoever gave the request up before now holds it to be not sent, and may send it again.
        if !std::mem::replace(&mut this.asked, true) && this.begun.swap(true, Relaxed) {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        if this.meter.as_ref().is_some_and(|(meter, turn)| meter.turn.load(Relaxed) != *turn) {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        let next = ready!(this.next(cx));
        if let Some(Ok(bytes)) = &next {
            this.left = this.left.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

/// A block that counts as sent when it is dropped, which is when it has been written to the socket.
struct Written {
    bytes: Bytes,
    raw: u64,
    meter: Arc<Meter>,
    turn: u64,
}

impl AsRef<[u8]> for Written {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if self.meter.turn.load(Relaxed) == self.turn {
            self.meter.sent.fetch_add(self.raw, Relaxed);
        }
    }
}
