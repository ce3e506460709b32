use crate::{
    agent_run::AgentRun,
    agents::Agents,
    arguments::Options,
    completed::{Completed, outcomes},
    files::Files,
    listener::Listener,
    pending::{Pending, in_main_thread},
    told::Nomic,
    value::{fill_datetime, raise},
    workflows::Workflows,
};
use nomkit::{ClientOptions, WaitOptions};
use pyo3::prelude::*;

/// The client.
#[pyclass(frozen)]
pub struct Client(Nomic);

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, options: Options<ClientOptions>) -> PyResult<Self> {
        // What both fill once is filled before another thread can be in a call: a child that is forked meanwhile would wait
        // for that thread for ever.
        fill_datetime(py)?;
        in_main_thread(py)?;
        nomkit::Nomic::new(options.0).map(Nomic::new).map(Self).map_err(|error| raise(py, &error))
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

    fn wait_all(
        &self,
        runs: Vec<PyRef<'_, AgentRun>>,
        options: Options<WaitOptions>,
        progress: Option<Py<PyAny>>,
    ) -> Pending {
        let (nomic, runs, listener) = (self.0.clone(), AgentRun::cores(&runs), Listener::new(progress));
        let told = Listener::of(listener.as_ref());
        let wait = async move { nomic.wait_all(&runs, options.0, told).await };
        Pending::making(&self.0, wait, outcomes).listening(listener)
    }

    fn as_completed(
        &self,
        py: Python<'_>,
        runs: Vec<PyRef<'_, AgentRun>>,
        options: Options<WaitOptions>,
    ) -> PyResult<Completed> {
        let completed = self.0.as_completed(&AgentRun::cores(&runs), options.0);
        completed.and_then(|completed| Completed::new(&self.0, completed)).map_err(|error| raise(py, &error))
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn __repr__(&self) -> String {
        format!("{:?}", *self.0)
    }
}
