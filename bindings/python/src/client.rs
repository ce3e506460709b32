use crate::{agents::Agents, arguments::Options, files::Files, value::raise, workflows::Workflows};
use nomkit::{ClientOptions, Nomic};
use pyo3::prelude::*;

/// The client.
#[pyclass(frozen)]
pub struct Client(Nomic);

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, options: Options<ClientOptions>) -> PyResult<Self> {
        Nomic::new(options.0).map(Self).map_err(|error| raise(py, &error))
    }

    fn files(&self) -> Files {
        Files::new(self.0.clone())
    }

    fn agents(&self) -> Agents {
        Agents::new(self.0.clone())
    }

    fn workflows(&self) -> Workflows {
        Workflows::new(self.0.clone())
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
