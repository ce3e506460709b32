//! A reader of JavaScript's whose blocks go out as an upload: the background thread asks for them, the thread that has
//! the reader brings them. There is one block at a time.

use crate::queue::Line;
use bytes::Bytes;
use futures_util::Stream;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

/// What JavaScript brings, and who waits for it.
#[derive(Default)]
pub(crate) struct Inbox(Mutex<(Option<Option<Bytes>>, Option<Waker>)>);

impl Inbox {
    /// A block, or none at the end.
    pub(crate) fn give(&self, block: Option<Bytes>) {
        let mut inbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.0 = Some(block);
        if let Some(waker) = inbox.1.take() {
            waker.wake();
        }
    }
}

/// The blocks, as the core reads them.
pub(crate) struct Blocks {
    inbox: Arc<Inbox>,
    line: Weak<Line>,
    call: u32,
    reader: usize,
    asked: bool,
}

impl Blocks {
    pub(crate) fn new(inbox: Arc<Inbox>, line: Weak<Line>, call: u32, reader: usize) -> Self {
        Self { inbox, line, call, reader, asked: false }
    }

    fn ask(&mut self) -> bool {
        self.asked = true;
        self.line.upgrade().map(|line| line.wanted(self.call, self.reader)).is_some()
    }
}

impl Stream for Blocks {
    type Item = io::Result<Bytes>;

    /// The next block is asked for while this one is on its way.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = &mut *self;
        if !this.asked && !this.ask() {
            return Poll::Ready(Some(Err(io::Error::other("its thread has ended"))));
        }
        let inbox = this.inbox.clone();
        let mut inbox = inbox.0.lock().unwrap_or_else(PoisonError::into_inner);
        match inbox.0.take() {
            Some(Some(block)) => {
                drop(inbox);
                this.ask();
                Poll::Ready(Some(Ok(block)))
            }
            Some(None) => Poll::Ready(None),
            None => {
                inbox.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
