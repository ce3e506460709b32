//! What JavaScript reads goes out as an upload: the background thread asks for bytes, the thread that has the reader
//! brings them, as many as there is room for. What it has over stays there until it is asked again.

use crate::queue::Line;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

/// As the core's own blocks: smaller ones cost throughput, larger ones memory.
const BLOCK: usize = 256 * 1024;

/// What JavaScript has brought of one reading from the start, and who waits for it.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<Brought>);

#[derive(Default)]
struct Brought {
    block: BytesMut,
    ended: bool,
    /// JavaScript goes on by itself: it was asked, and has not yet found the room too small.
    going: bool,
    waker: Option<Waker>,
}

impl Inbox {
    /// Takes as much of a chunk as there is room for; none is the end.
    pub(crate) fn give(&self, chunk: Option<&[u8]>) -> usize {
        let mut brought = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = match chunk {
            Some(chunk) => brought.take(chunk),
            None => {
                brought.ended = true;
                0
            }
        };
        if let Some(waker) = brought.waker.take() {
            waker.wake();
        }
        taken
    }
}

impl Brought {
    fn take(&mut self, chunk: &[u8]) -> usize {
        // What was written to the socket is used again.
        if self.block.is_empty() && self.block.capacity() < chunk.len().min(BLOCK) {
            self.block.reserve(BLOCK);
        }
        let room = (self.block.capacity() - self.block.len()).min(BLOCK);
        let (taken, rest) = chunk.split_at(room.min(chunk.len()));
        self.block.extend_from_slice(taken);
        self.going = rest.is_empty();
        taken.len()
    }
}

/// The bytes of one reading, as the core takes them.
pub(crate) struct Blocks {
    inbox: Arc<Inbox>,
    line: Weak<Line>,
    call: u32,
    reader: usize,
    /// By which JavaScript brings them.
    place: usize,
}

impl Blocks {
    /// A reading of one of a call's readers. It is begun when it is first asked for something.
    pub(crate) fn new(line: Weak<Line>, call: u32, reader: usize) -> Self {
        let inbox = Arc::new(Inbox::default());
        let place = line.upgrade().map_or(0, |line| line.add_inbox(call, &inbox));
        Self { inbox, line, call, reader, place }
    }
}

impl Stream for Blocks {
    type Item = io::Result<Bytes>;

    /// More is asked for while this is on its way.
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut brought = self.inbox.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !brought.going && !brought.ended {
            brought.going = true;
            match self.line.upgrade() {
                Some(line) => line.wanted(self.call, self.reader, self.place),
                None => return Poll::Ready(Some(Err(io::Error::other("its thread has ended")))),
            }
        }
        if !brought.block.is_empty() {
            return Poll::Ready(Some(Ok(brought.block.split().freeze())));
        }
        if brought.ended {
            return Poll::Ready(None);
        }
        brought.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
