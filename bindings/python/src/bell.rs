//! How results reach an event loop: the background thread, which never takes the GIL, puts them into a queue and
//! wakes the loop through a socket; the loop collects them. Many results need one wake-up.

use crate::{listener::Listener, pending::Make, value::raise};
use nomkit::Progress;
use pyo3::prelude::*;
use std::{
    io::{Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// One per event loop.
#[pyclass(frozen)]
pub struct Bell {
    queue: Mutex<Vec<Item>>,
    rung: AtomicBool,
    ring: UnixStream,
    heard: UnixStream,
}

/// A call that is done.
pub(crate) struct Done {
    pub(crate) future: Py<PyAny>,
    pub(crate) result: nomkit::Result<Make>,
    pub(crate) listener: Option<Arc<Listener>>,
}

enum Item {
    Done(Done),
    Progress(Arc<Listener>, Progress),
}

impl Bell {
    pub(crate) fn done(&self, done: Done) {
        self.push(Item::Done(done));
    }

    pub(crate) fn progress(&self, listener: Arc<Listener>, progress: Progress) {
        self.push(Item::Progress(listener, progress));
    }

    fn push(&self, item: Item) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        if !self.rung.swap(true, Ordering::AcqRel) {
            // A full socket has rung already; a closed one has no loop any more.
            let _ = (&self.ring).write(&[1]);
        }
    }
}

#[pymethods]
impl Bell {
    #[new]
    fn new() -> PyResult<Self> {
        let (ring, heard) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        Ok(Self { queue: Mutex::default(), rung: AtomicBool::new(false), ring, heard })
    }

    /// What the loop watches.
    fn fileno(&self) -> i32 {
        self.heard.as_raw_fd()
    }

    /// Called by the loop: hands every result to its future.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let _ = (&self.heard).read(&mut [0; 64]);
        // In this order: what is pushed from here on rings again.
        self.rung.store(false, Ordering::Release);
        let items = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        for item in items {
            match item {
                Item::Progress(listener, progress) => listener.tell(py, &progress),
                Item::Done(done) => settle(py, done)?,
            }
        }
        Ok(())
    }
}

fn settle(py: Python<'_>, done: Done) -> PyResult<()> {
    let future = done.future.bind(py);
    if future.call_method0("done")?.extract::<bool>()? {
        return Ok(()); // Cancelled meanwhile.
    }
    let result = match done.listener.and_then(|listener| listener.raised()) {
        Some(raised) => Err(raised),
        None => done.result.map_err(|error| raise(py, &error)).and_then(|make| make(py)),
    };
    match result {
        Ok(value) => future.call_method1("set_result", (value,))?,
        Err(error) => future.call_method1("set_exception", (error.into_value(py),))?,
    };
    Ok(())
}
