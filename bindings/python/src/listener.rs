//! A Python callable that is told of progress: in the caller's thread, or in the event loop's, never elsewhere.

use crate::{bell::Bell, value::to_py};
use nomkit::{OnProgress, Progress};
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A callable, where to call it, and what it raised.
pub(crate) struct Listener {
    callable: Py<PyAny>,
    /// Set when an event loop waits for the call: that loop is told then.
    bell: OnceLock<Py<Bell>>,
    raised: Mutex<Option<PyErr>>,
}

impl Listener {
    pub(crate) fn new(callable: Option<Py<PyAny>>) -> Option<Arc<Self>> {
        callable.map(|callable| Arc::new(Self { callable, bell: OnceLock::new(), raised: Mutex::new(None) }))
    }

    /// As the core calls it.
    pub(crate) fn of(listener: Option<&Arc<Self>>) -> Option<OnProgress> {
        let listener = listener?.clone();
        Some(Arc::new(move |progress| match listener.bell.get() {
            Some(bell) => bell.get().progress(listener.clone(), progress),
            None => Python::attach(|py| listener.tell(py, &progress)),
        }))
    }

    pub(crate) fn ring(&self, bell: Py<Bell>) {
        let _ = self.bell.set(bell);
    }

    /// Calls it; what it raises ends the call that it listens to.
    pub(crate) fn tell(&self, py: Python<'_>, progress: &Progress) {
        let told = to_py(py, progress).and_then(|progress| self.callable.call1(py, (progress,)));
        if let Err(error) = told {
            self.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    pub(crate) fn raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
