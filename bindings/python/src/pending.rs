//! A call not yet made: `.wait()` makes it in this thread, `await` in the background. So each method is bound once.

use crate::{
    bell::{Bell, Line},
    ending::Begun,
    feed::Feeding,
    listener::Listener,
    source::Readers,
    told::{Nomic, Told},
    value::{raise, to_py},
};
use nomkit::{Error, record::Expose};
use pyo3::{exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock};
use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::task::AbortHandle;

/// Makes the Python object of a result, with the GIL.
pub(crate) type Make = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Started = (Submitted, Option<Py<PyAny>>, Vec<(Py<PyAny>, Feeding)>);
type Work = Pin<Box<dyn Future<Output = nomkit::Result<Make>> + Send>>;

/// A call not yet made.
#[pyclass(frozen)]
pub struct Pending {
    nomic: Nomic,
    listener: Option<Arc<Listener>>,
    readers: Readers,
    work: Mutex<Option<Work>>,
}

/// A call that an event loop waits for.
#[pyclass(frozen)]
pub struct Submitted {
    task: AbortHandle,
    process: u32,
}

impl Pending {
    /// A call that gives a record.
    pub(crate) fn new<T: Expose + Send + 'static>(
        nomic: &Nomic,
        work: impl Future<Output = nomkit::Result<T>> + Send + 'static,
    ) -> Self {
        Self::making(nomic, work, |py, value| to_py(py, &value).map(Bound::unbind))
    }

    /// A call that gives a handle.
    pub(crate) fn making<T: Send + 'static>(
        nomic: &Nomic,
        work: impl Future<Output = nomkit::Result<T>> + Send + 'static,
        make: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> Self {
        let work: Work = Box::pin(async move {
            let value = work.await?;
            Ok(Box::new(move |py: Python<'_>| make(py, value)) as Make)
        });
        Self { nomic: nomic.clone(), listener: None, readers: Readers::default(), work: Mutex::new(Some(work)) }
    }

    pub(crate) fn listening(self, listener: Option<Arc<Listener>>) -> Self {
        Self { listener, ..self }
    }

    /// A call that reads Python objects; after a success they are moved behind what was sent.
    pub(crate) fn reading(self, mut readers: Readers) -> Self {
        let sent = std::mem::take(&mut readers.sent);
        let work = self.work.into_inner().unwrap_or_else(PoisonError::into_inner).map(|work| -> Work {
            Box::pin(async move {
                let make = work.await?;
                Ok(Box::new(move |py: Python<'_>| {
                    sent.iter().try_for_each(|sent| sent.call0(py).map(drop))?;
                    make(py)
                }) as Make)
            })
        });
        Self { readers, work: Mutex::new(work), ..self }
    }

    fn take(&self) -> PyResult<Work> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| PyRuntimeError::new_err("this call was already made"))
    }
}

#[pymethods]
impl Pending {
    /// Waits in this thread; in the main one Ctrl-C is seen within 50 ms and closes the connection.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take()?;
        let (listener, main, told) = (self.listener.as_ref(), in_main_thread(py)?, self.nomic.told(py)?);
        let tell = || told.as_ref().and_then(Told::tell);
        let mut signal = None;
        let done = py.detach(|| {
            self.nomic.drive(heeding(work, listener), || {
                if listener.is_some_and(|listener| listener.has_raised()) || self.readers.have_raised() {
                    return true;
                }
                // Only the main thread handles signals; the others need not queue for the GIL.
                signal =
                    main.then(|| Python::try_attach(|py| py.check_signals().err())).flatten().flatten().or_else(tell);
                signal.is_some()
            })
        });
        let _begun = Begun::new();
        let late = tell();
        let raised = listener.and_then(|listener| listener.finish()).or(self.readers.finish()).or(signal).or(late);
        match (raised, done) {
            (Some(raised), _) => Err(raised),
            (None, Ok(make)) => make(py),
            (None, Err(Some(error))) => Err(raise(py, &error)),
            (None, Err(None)) => Err(PyRuntimeError::new_err("the call was interrupted")),
        }
    }

    fn __await__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("nomkit._loop")?.call_method1("submit", (slf,))?.call_method0("__await__")
    }

    /// Starts the call, which `bell` knows as `number`, and gives what the loop has to call: who is told of progress,
    /// and who has the blocks of each reader.
    fn start(&self, py: Python<'_>, bell: &Bell, number: u64) -> PyResult<Started> {
        let work = self.take()?;
        let line = Arc::downgrade(bell.line());
        let listener = self.listener.as_ref().and_then(|listener| listener.move_to(line.clone(), number));
        let feeds = self.readers.move_to(&line, number);
        let told = self.nomic.told(py)?;
        let background = nomkit::runtime::background().map_err(|error: Error| raise(py, &error))?;
        let bring = move |line: &Weak<Line>, news| {
            if let Some(line) = line.upgrade() {
                line.told(number, news);
            }
        };
        let task = background.spawn(async move {
            let work = nomkit::runtime::guarded(work);
            let result = match told {
                Some(told) => told.during(work, |news| bring(&line, news)).await,
                None => work.await,
            };
            let result = result.flatten();
            if let Some(line) = line.upgrade() {
                line.done(number, result);
            }
        });
        let submitted = Submitted { task: task.abort_handle(), process: std::process::id() };
        Ok((submitted, listener, feeds))
    }
}

/// The work until its listener raises; then it is dropped where it stands, and what it would have sent next is not
/// sent. A launch needs a new connection, so nothing of it can have left in the poll in which the listener raised.
async fn heeding(mut work: Work, listener: Option<&Arc<Listener>>) -> nomkit::Result<Make> {
    poll_fn(move |context| {
        let polled = work.as_mut().poll(context);
        if polled.is_pending() && listener.is_some_and(|listener| listener.has_raised()) {
            // Never ready: the driver finds out itself within 50 ms, and drops the lane with its connections.
            work = Box::pin(pending());
        }
        polled
    })
    .await
}

pub(crate) fn in_main_thread(py: Python<'_>) -> PyResult<bool> {
    static MAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    // Asked each time: in a forked child another thread is the main one.
    let main = MAIN.import(py, "threading", "main_thread")?.call0()?.getattr("ident")?;
    CURRENT.import(py, "threading", "get_ident")?.call0()?.eq(main)
}

#[pymethods]
impl Submitted {
    /// Gives the call up: no request starts any more, and the one in flight is aborted.
    pub(crate) fn abort(&self) {
        // In a forked child it is the parent's call, and its queue may be locked for ever.
        if self.process == std::process::id() {
            self.task.abort();
        }
    }
}
