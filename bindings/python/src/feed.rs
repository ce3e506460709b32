//! A Python reader whose blocks go out as an upload. It is asked for them by the thread that drives the call, or by the
//! event loop, never elsewhere: the background thread, which never takes the GIL, asks the loop and waits for the block.

use crate::{bell::Line, ending::call_python};
use bytes::Bytes;
use futures_util::Stream;
use pyo3::{prelude::*, pybacked::PyBackedBytes};
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

/// Who has the blocks, and what came of it.
pub(crate) struct Feed(Mutex<State>);

enum State {
    /// This callable, in the thread that drives the call.
    Here(Py<PyAny>),
    /// The event loop at the end of the line, which has the callable.
    There(Inbox),
    /// The reader raised: the call ends.
    Raised(PyErr),
    Over,
}

/// What an event loop is asked for, and gave. There is one block at a time.
struct Inbox {
    line: Weak<Line>,
    call: u64,
    feed: usize,
    asked: bool,
    given: Option<Option<Bytes>>,
    waiting: Option<Waker>,
}

/// The blocks, as the core reads them.
pub(crate) struct Blocks {
    feed: Arc<Feed>,
    /// What came before is on its way.
    flushed: bool,
}

type Block = Option<io::Result<Bytes>>;

impl Feed {
    /// A callable that gives the next block of bytes, or `None` at the end.
    pub(crate) fn new(pull: Py<PyAny>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Here(pull))))
    }

    pub(crate) fn blocks(self: &Arc<Self>) -> Blocks {
        Blocks { feed: self.clone(), flushed: false }
    }

    /// From now on an event loop is asked, which gets the callable.
    pub(crate) fn move_to(&self, line: Weak<Line>, call: u64, feed: usize) -> Option<Py<PyAny>> {
        let inbox = Inbox { line, call, feed, asked: false, given: None, waiting: None };
        match self.replace(State::There(inbox)) {
            State::Here(pull) => Some(pull),
            _ => None,
        }
    }

    /// A block that the loop was asked for, `None` at the end.
    pub(crate) fn give(&self, block: Option<Bytes>) {
        let waker = match &mut *self.state() {
            State::There(inbox) => {
                inbox.given = Some(block);
                inbox.waiting.take()
            }
            _ => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn has_raised(&self) -> bool {
        matches!(*self.state(), State::Raised(_))
    }

    /// Lets go of the callable, and gives what it raised.
    pub(crate) fn finish(&self) -> Option<PyErr> {
        match self.replace(State::Over) {
            State::Raised(error) => Some(error),
            _ => None,
        }
    }

    fn pull(&self, py: Python<'_>) -> Block {
        let pull = match &*self.state() {
            State::Here(pull) => pull.clone_ref(py),
            _ => return Some(Err(over())),
        };
        let bytes = |block: Py<PyAny>| Ok(block.extract::<Option<PyBackedBytes>>(py)?);
        match pull.call0(py).and_then(bytes) {
            Ok(block) => block.map(|block| Ok(Bytes::from_owner(block))),
            Err(error) => {
                self.replace(State::Raised(error));
                Some(Err(over()))
            }
        }
    }

    /// What was there is dropped by the caller, when the lock is free: that may run Python code.
    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.state(), state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// The next block is asked for while this one is on its way.
    fn poll(&mut self, context: &Context<'_>) -> Poll<Block> {
        let given = self.given.take();
        if given.is_some() || !self.asked {
            self.asked = true;
            match self.line.upgrade() {
                Some(_) if matches!(given, Some(None)) => {}
                Some(line) => line.wanted(self.call, self.feed),
                None => return Poll::Ready(Some(Err(over()))),
            }
        }
        match given {
            Some(block) => Poll::Ready(block.map(Ok)),
            None => {
                self.waiting = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Stream for Blocks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Block> {
        if let State::There(inbox) = &mut *self.feed.state() {
            return inbox.poll(context);
        }
        // A read may block for long: what was read before, and the request's head, are written to the socket first.
        self.flushed = !self.flushed;
        if self.flushed {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(call_python(|py| self.feed.pull(py)).unwrap_or_else(|| Some(Err(over()))))
    }
}

/// The caller is told what the reader raised; the core only that it ends here.
fn over() -> io::Error {
    io::Error::other("the reader gave no more")
}

/// Where an event loop brings the blocks that it was asked for.
#[pyclass(frozen)]
pub struct Feeding(Arc<Feed>);

impl Feeding {
    pub(crate) fn new(feed: Arc<Feed>) -> Self {
        Self(feed)
    }
}

#[pymethods]
impl Feeding {
    /// The next block, or `None` at the end.
    #[pyo3(signature = (block, /))]
    fn give(&self, block: Option<PyBackedBytes>) {
        self.0.give(block.map(Bytes::from_owner));
    }
}
