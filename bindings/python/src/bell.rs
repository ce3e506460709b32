//! How results reach an event loop: the background thread, which never takes the GIL, puts them into a queue and
//! wakes the loop through a socket; the loop collects them. Many results need one wake-up.
//!
//! Native code knows a call by a number. The futures are in a dict that only the loop holds: a loop that is closed
//! with calls pending can be collected, whatever the background thread still does.

use crate::{
    ending::Begun,
    pending::{Make, Submitted},
    told,
    value::{raise, to_py},
};
use nomkit::{Event, Progress};
use pyo3::{
    exceptions::{PyRuntimeError, PyStopIteration},
    prelude::*,
    types::PyDict,
};
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
    line: Arc<Line>,
    heard: UnixStream,
    process: u32,
}

/// The end that the background thread pulls. Calls hold it weakly: it ends with the bell.
pub(crate) struct Line {
    queue: Mutex<Vec<(u64, Item)>>,
    rung: AtomicBool,
    ring: UnixStream,
}

enum Item {
    Progress(Progress),
    /// The reader at this place shall give its next block.
    Wanted(usize),
    /// What the client did meanwhile, whichever call it was for.
    Told(Vec<Event>),
    Done(nomkit::Result<Make>),
}

type Call<'py> = (Bound<'py, PyAny>, Bound<'py, Submitted>, Bound<'py, PyAny>, Bound<'py, PyAny>);

impl Line {
    pub(crate) fn done(&self, number: u64, result: nomkit::Result<Make>) {
        self.push(number, Item::Done(result));
    }

    pub(crate) fn progress(&self, number: u64, progress: Progress) {
        self.push(number, Item::Progress(progress));
    }

    pub(crate) fn told(&self, number: u64, news: Vec<Event>) {
        self.push(number, Item::Told(news));
    }

    pub(crate) fn wanted(&self, number: u64, reader: usize) {
        self.push(number, Item::Wanted(reader));
    }

    fn push(&self, number: u64, item: Item) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push((number, item));
        if !self.rung.swap(true, Ordering::AcqRel) {
            // A full socket has rung already; a closed one has no loop any more.
            let _ = (&self.ring).write(&[1]);
        }
    }
}

impl Bell {
    pub(crate) fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

#[pymethods]
impl Bell {
    #[new]
    fn new() -> PyResult<Self> {
        let (ring, heard) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        Ok(Self {
            line: Arc::new(Line { queue: Mutex::default(), rung: AtomicBool::new(false), ring }),
            heard,
            process: std::process::id(),
        })
    }

    /// What the loop watches.
    fn fileno(&self) -> i32 {
        self.heard.as_raw_fd()
    }

    /// Called by the loop with its calls, `{number: (future, submitted, listener, readers)}`: hands each what has come for it.
    fn drain(&self, calls: &Bound<'_, PyDict>) -> PyResult<()> {
        if self.process != std::process::id() {
            return Ok(()); // A forked child hears its parent's bell too, and must not take from it.
        }
        let _begun = Begun::new();
        let _ = (&self.heard).read(&mut [0; 64]);
        // In this order: what is pushed from here on rings again.
        self.line.rung.store(false, Ordering::Release);
        let items = std::mem::take(&mut *self.line.queue.lock().unwrap_or_else(PoisonError::into_inner));
        // An item that cannot be handed over must not keep the others from their calls.
        let mut done = Ok(());
        for (number, item) in items {
            done = done.and(deliver(calls, number, item));
        }
        done
    }
}

fn deliver(calls: &Bound<'_, PyDict>, number: u64, item: Item) -> PyResult<()> {
    let py = calls.py();
    if let Item::Told(news) = &item {
        return told::tell(py, news);
    }
    let Some(call) = calls.get_item(number)? else {
        return Ok(()); // Given up meanwhile.
    };
    let (future, submitted, listener, readers) = call.extract::<Call<'_>>()?;
    let result = match item {
        Item::Progress(progress) => match to_py(py, &progress).and_then(|progress| listener.call1((progress,))) {
            Ok(_) => return Ok(()),
            Err(raised) => {
                submitted.get().abort();
                Err(raised)
            }
        },
        Item::Wanted(reader) => return readers.get_item(reader)?.call_method0("wanted").map(drop),
        Item::Told(_) => return Ok(()),
        Item::Done(result) => result.map_err(|error| raise(py, &error)).and_then(|make| make(py)),
    };
    calls.call_method1("pop", (number, py.None()))?;
    if future.call_method0("done")?.extract::<bool>()? {
        return Ok(()); // Cancelled meanwhile.
    }
    match result {
        Ok(value) => future.call_method1("set_result", (value,))?,
        Err(error) => future.call_method1("set_exception", (bearable(py, error).into_value(py),))?,
    };
    Ok(())
}

/// A future refuses a `StopIteration`, which would end its waiter as if it had returned.
fn bearable(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyStopIteration>(py) {
        return error;
    }
    let told = PyRuntimeError::new_err("the progress callback raised StopIteration");
    told.set_cause(py, Some(error));
    told
}
