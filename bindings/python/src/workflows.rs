use crate::{arguments::Options, pages::WorkflowPages, told::Nomic, value::raise};
use nomkit::WorkflowListOptions;
use pyo3::prelude::*;

/// Workflows.
#[pyclass(frozen)]
pub struct Workflows(Nomic);

impl Workflows {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[pymethods]
impl Workflows {
    fn list(&self, py: Python<'_>, options: Options<WorkflowListOptions>) -> PyResult<WorkflowPages> {
        let pager = self.0.workflows().list(options.0).map_err(|error| raise(py, &error))?;
        Ok(WorkflowPages::new(self.0.clone(), pager))
    }
}
