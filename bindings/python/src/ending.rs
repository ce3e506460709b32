//! The end of Python. A daemon thread that then wants the GIL is ended where it stands, and native frames below Python
//! code do not survive that: the process aborts. So threads begin no Python code of the user's once the end is near,
//! and the end waits a moment for what they have begun.

use pyo3::prelude::*;
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long the end waits for a callback.
const PATIENCE: Duration = Duration::from_secs(1);

static NEAR: AtomicBool = AtomicBool::new(false);
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// Python code that native frames have begun.
pub(crate) struct Begun(());

impl Begun {
    pub(crate) fn new() -> Self {
        BEGUN.fetch_add(1, SeqCst);
        Self(())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        BEGUN.fetch_sub(1, SeqCst);
    }
}

/// Runs the user's Python code in the thread that drives a call; `None` if Python ends.
pub(crate) fn call_python<T>(code: impl for<'py> FnOnce(Python<'py>) -> T) -> Option<T> {
    let _begun = Begun::new();
    // In this order: the end looks the other way round.
    if NEAR.load(SeqCst) { None } else { Python::try_attach(code) }
}

/// Called by Python's `atexit`.
#[pyfunction]
fn await_begun(py: Python<'_>) {
    NEAR.store(true, SeqCst);
    py.detach(|| {
        let since = Instant::now();
        while BEGUN.load(SeqCst) > 0 && since.elapsed() < PATIENCE {
            sleep(Duration::from_millis(1));
        }
    });
}

/// Has Python tell of its end.
pub(crate) fn foresee(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let told = wrap_pyfunction!(await_begun, module)?;
    module.py().import("atexit")?.call_method1("register", (told,)).map(drop)
}
