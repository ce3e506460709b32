use crate::{
    agents::Agents, arguments::Options, attachments::Attachments, files::Files, listener::Listener, pending::Pending,
    value::raise, workflows::Workflows,
};
use nomkit::{ClientOptions, LaunchOptions, Nomic, WaitOptions};
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

    fn ask(
        &self,
        py: Python<'_>,
        launch: Options<LaunchOptions>,
        attachments: Attachments<'_>,
        wait: Options<WaitOptions>,
        progress: Option<Py<PyAny>>,
    ) -> Pending {
        let (nomic, listener) = (self.0.clone(), Listener::new(progress));
        let ((attachments, readers), told) = (attachments.core(py), Listener::of(listener.as_ref()));
        let ask = async move { nomic.ask(launch.0, attachments, wait.0, told).await };
        Pending::new(&self.0, ask).listening(listener).reading(readers)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
