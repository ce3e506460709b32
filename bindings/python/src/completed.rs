use crate::{
    pending::Pending,
    told::Nomic,
    turnstile::Turnstile,
    value::{raise, to_py},
};
use nomkit::{Error, ErrorKind, RunOutcome};
use pyo3::{
    prelude::*,
    types::{PyList, PyTuple},
};
use std::sync::Arc;

/// Runs as they end.
#[pyclass(frozen)]
pub struct Completed {
    nomic: Nomic,
    completed: Arc<Turnstile<nomkit::Completed>>,
    process: u32,
}

impl Completed {
    /// They are waited for in the background, whichever thread or event loop asks for the next.
    pub(crate) fn new(nomic: &Nomic, completed: nomkit::Completed) -> nomkit::Result<Self> {
        let completed = completed.begin_in(&nomkit::runtime::background()?);
        let completed = Arc::new(Turnstile::new(completed));
        Ok(Self { nomic: nomic.clone(), completed, process: std::process::id() })
    }
}

#[pymethods]
impl Completed {
    fn next(&self) -> Pending {
        let (completed, process) = (self.completed.clone(), self.process);
        let next = async move { Ok(own(process, &completed)?.pass().await?.next().await) };
        Pending::making(&self.nomic, next, |py, ended| match ended {
            Some(ended) => outcome(py, ended).map(|told| told.into_any().unbind()),
            None => Ok(py.None()),
        })
    }
}

/// What became of runs, in Python.
pub(crate) fn outcomes(py: Python<'_>, ended: Vec<RunOutcome>) -> PyResult<Py<PyAny>> {
    let told = ended.into_iter().map(|ended| outcome(py, ended)).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, told)?.into_any().unbind())
}

/// The run by its agent and turn, its result, its error.
fn outcome(py: Python<'_>, RunOutcome { run, result }: RunOutcome) -> PyResult<Bound<'_, PyTuple>> {
    let (result, error) = match result {
        Ok(result) => (Some(to_py(py, &result)?), None),
        Err(error) => (None, Some(raise(py, &error).into_value(py))),
    };
    (run.id(), run.turn(), result, error).into_pyobject(py)
}

/// The thread in the background is not in a forked child.
fn own<T>(process: u32, waits: &T) -> nomkit::Result<&T> {
    if process == std::process::id() {
        return Ok(waits);
    }
    let text = "These runs are waited for by the process that was forked, so they cannot be read here. Ask anew.";
    Err(Error::new(ErrorKind::Closed, text))
}
