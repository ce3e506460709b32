//! A Python callable that is told of progress: in the caller's thread, or in the event loop's, never elsewhere.

use crate::{bell::Line, ending::call_python, value::to_py};
use nomkit::{OnProgress, Progress};
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Who is told, and what came of it.
pub(crate) struct Listener(Mutex<State>);

enum State {
    /// This callable, in the thread that drives the call.
    Here(Py<PyAny>),
    /// The event loop at the end of the line, which has the callable; the number is the call's.
    There(Weak<Line>, u64),
    /// The callable raised: the call ends, and it is told nothing more.
    Raised(PyErr),
    Over,
}

impl Listener {
    pub(crate) fn new(callable: Option<Py<PyAny>>) -> Option<Arc<Self>> {
        callable.map(|callable| Arc::new(Self(Mutex::new(State::Here(callable)))))
    }

    /// As the core calls it.
    pub(crate) fn of(listener: Option<&Arc<Self>>) -> Option<OnProgress> {
        let listener = listener?.clone();
        Some(Arc::new(move |progress| {
            if let State::There(line, number) = &*listener.state() {
                if let Some(line) = line.upgrade() {
                    line.progress(*number, progress);
                }
                return;
            }
            call_python(|py| listener.tell(py, &progress));
        }))
    }

    /// From now on an event loop is told; it gets the callable.
    pub(crate) fn move_to(&self, line: Weak<Line>, number: u64) -> Option<Py<PyAny>> {
        match self.replace(State::There(line, number)) {
            State::Here(callable) => Some(callable),
            _ => None,
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

    fn tell(&self, py: Python<'_>, progress: &Progress) {
        let callable = match &*self.state() {
            State::Here(callable) => callable.clone_ref(py),
            _ => return,
        };
        if let Err(error) = to_py(py, progress).and_then(|progress| callable.call1(py, (progress,))) {
            self.replace(State::Raised(error));
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
