//! What a client does, for Python's `logging`: told in the thread that drives a call, or in the event loop that waits for
//! one, never elsewhere. A call that nobody wants to read of asks for nothing.

use crate::{ending::call_python, value::to_py};
use nomkit::{Event, EventLevel, EventQueue};
use pyo3::{exceptions::PyException, prelude::*, types::PyTuple};
use std::{
    ops::Deref,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

/// The core's client, and what it does, once somebody wants to read of it.
#[derive(Clone)]
pub(crate) struct Nomic {
    core: nomkit::Nomic,
    /// Locked with the GIL alone, so no forked child finds it locked.
    heard: Arc<Mutex<Option<Arc<EventQueue>>>>,
}

impl Nomic {
    pub(crate) fn new(core: nomkit::Nomic) -> Self {
        Self { core, heard: Arc::default() }
    }

    /// What is wanted of this client's events, if anything is.
    pub(crate) fn told(&self, py: Python<'_>) -> PyResult<Option<Told>> {
        let floor = py.import("nomkit._log")?.call_method0("floor")?.extract::<Option<u8>>()?;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = floor.map(|_| heard.take().unwrap_or_else(|| Arc::new(self.core.listen())));
        Ok(heard.clone().zip(floor).map(|(heard, floor)| Told { heard, floor }))
    }
}

impl Deref for Nomic {
    type Target = nomkit::Nomic;
    fn deref(&self) -> &nomkit::Nomic {
        &self.core
    }
}

/// Events from a level on.
#[derive(Clone)]
pub(crate) struct Told {
    heard: Arc<EventQueue>,
    floor: u8,
}

impl Told {
    /// What has happened and is wanted.
    fn news(&self) -> Vec<Event> {
        self.wanted(self.heard.drain())
    }

    fn wanted(&self, mut events: Vec<Event>) -> Vec<Event> {
        events.retain(|event| level(&event.level) >= self.floor);
        events
    }

    /// Tells it in this thread; gives what must not be kept from the caller, such as an interrupt.
    pub(crate) fn tell(&self) -> Option<PyErr> {
        let news = self.news();
        if news.is_empty() {
            return None;
        }
        call_python(|py| tell(py, &news).err()).flatten()
    }

    /// Does this work, and meanwhile brings the news; all of it is there before the work is over.
    pub(crate) async fn during<T>(self, work: impl Future<Output = T>, bring: impl Fn(Vec<Event>)) -> T {
        let bring = |news: Vec<Event>| {
            if !news.is_empty() {
                bring(news)
            }
        };
        let mut work = pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                news = self.heard.next() => match news.is_empty() {
                    // The client is closed.
                    true => break work.await,
                    false => bring(self.wanted(news)),
                },
            }
        };
        bring(self.news());
        done
    }
}

/// Hands events to `logging`. What a handler raises that is an error breaks no call: Python is told of it as of one that
/// nobody can catch.
pub(crate) fn tell(py: Python<'_>, events: &[Event]) -> PyResult<()> {
    let told = events.iter().map(|event| to_py(py, event)).collect::<PyResult<Vec<_>>>();
    let told = told.and_then(|events| py.import("nomkit._log")?.call_method1("tell", (PyTuple::new(py, events)?,)));
    match told {
        Err(error) if error.is_instance_of::<PyException>(py) => {
            error.write_unraisable(py, None);
            Ok(())
        }
        told => told.map(drop),
    }
}

/// As `logging` counts them.
fn level(level: &EventLevel) -> u8 {
    match level {
        EventLevel::Debug => 10,
        EventLevel::Warning => 30,
        _ => 20,
    }
}
