//! A call not yet made: `.wait()` makes it in this thread, `await` in the background. So each method is bound once.

use crate::{
    bell::{Bell, Done},
    listener::Listener,
    value::{raise, to_py},
};
use nomkit::{Error, Nomic, record::Expose};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::AbortHandle;

/// Makes the Python object of a result, with the GIL.
pub(crate) type Make = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Work = Pin<Box<dyn Future<Output = nomkit::Result<Make>> + Send>>;

/// A call not yet made.
#[pyclass(frozen)]
pub struct Pending {
    nomic: Nomic,
    listener: Option<Arc<Listener>>,
    work: Mutex<Option<Work>>,
}

/// A call that an event loop waits for.
#[pyclass(frozen)]
pub struct Submitted(AbortHandle);

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
        Self { nomic: nomic.clone(), listener: None, work: Mutex::new(Some(work)) }
    }

    pub(crate) fn listening(self, listener: Option<Arc<Listener>>) -> Self {
        Self { listener, ..self }
    }

    fn take(&self) -> PyResult<Work> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| PyRuntimeError::new_err("this call was already made"))
    }
}

#[pymethods]
impl Pending {
    /// Waits in this thread; Ctrl-C is seen within 50 ms and closes the connection.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take()?;
        let mut raised = None;
        let done = py.detach(|| {
            self.nomic.drive(work, || {
                raised = self.listener.as_ref().and_then(|listener| listener.raised());
                raised = raised.take().or_else(|| Python::attach(|py| py.check_signals().err()));
                raised.is_some()
            })
        });
        let raised = raised.or_else(|| self.listener.as_ref()?.raised());
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

    /// Starts the call; `bell` tells `future` when it is done.
    fn start(&self, py: Python<'_>, bell: Py<Bell>, future: Py<PyAny>) -> PyResult<Submitted> {
        let work = self.take()?;
        let listener = self.listener.clone();
        if let Some(listener) = &listener {
            listener.ring(bell.clone_ref(py));
        }
        let background = nomkit::runtime::background().map_err(|error: Error| raise(py, &error))?;
        let task = background.spawn(async move {
            let result = nomkit::runtime::guarded(work).await.flatten();
            bell.get().done(Done { future, result, listener });
        });
        Ok(Submitted(task.abort_handle()))
    }
}

#[pymethods]
impl Submitted {
    /// Gives the call up: no request starts any more, and the one in flight is aborted.
    fn abort(&self) {
        self.0.abort();
    }
}
