use crate::{
    arguments::Options,
    attachments::{Image, images},
    listener::Listener,
    pending::Pending,
    told::Nomic,
    turnstile::Turnstile,
    value::{raise, to_py},
};
use nomkit::{FollowUpOptions, StopOptions, WaitOptions};
use pyo3::prelude::*;
use std::sync::Arc;

/// One turn of one agent.
#[pyclass(frozen)]
pub struct AgentRun {
    nomic: Nomic,
    run: nomkit::AgentRun,
}

impl AgentRun {
    /// Turns a core run into this class.
    pub(crate) fn make(
        nomic: &Nomic,
    ) -> impl FnOnce(Python<'_>, nomkit::AgentRun) -> PyResult<Py<PyAny>> + Send + 'static {
        let nomic = nomic.clone();
        move |py, run| Ok(Py::new(py, Self { nomic, run })?.into_any())
    }

    pub(crate) fn cores(runs: &[PyRef<'_, Self>]) -> Vec<nomkit::AgentRun> {
        runs.iter().map(|run| run.run.clone()).collect()
    }
}

#[pymethods]
impl AgentRun {
    #[getter]
    fn id(&self) -> &str {
        self.run.id()
    }

    #[getter]
    fn turn(&self) -> u32 {
        self.run.turn()
    }

    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_py(py, &self.run.status())
    }

    #[getter]
    fn agent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_py(py, &self.run.agent())
    }

    #[getter]
    fn token(&self) -> String {
        self.run.token()
    }

    #[getter]
    fn url(&self) -> String {
        self.run.url()
    }

    #[getter]
    fn recovered(&self) -> bool {
        self.run.recovered()
    }

    fn explain(&self) -> String {
        self.run.explain()
    }

    fn refresh(&self) -> Pending {
        let run = self.run.clone();
        Pending::new(&self.nomic, async move { run.refresh().await })
    }

    fn wait(&self, options: Options<WaitOptions>, progress: Option<Py<PyAny>>) -> Pending {
        let (run, listener) = (self.run.clone(), Listener::new(progress));
        let told = Listener::of(listener.as_ref());
        Pending::new(&self.nomic, async move { run.wait(options.0, told).await }).listening(listener)
    }

    fn updates(&self, py: Python<'_>, options: Options<WaitOptions>) -> PyResult<Updates> {
        let updates = self.run.updates(options.0).map_err(|error| raise(py, &error))?;
        Ok(Updates { nomic: self.nomic.clone(), updates: Arc::new(Turnstile::new(updates)) })
    }

    fn conversation(&self) -> Pending {
        let run = self.run.clone();
        Pending::new(&self.nomic, async move { run.conversation().await })
    }

    fn artifact(&self, artifact_id: String) -> Pending {
        let run = self.run.clone();
        Pending::new(&self.nomic, async move { run.artifact(&artifact_id).await })
    }

    fn follow_up(&self, options: Options<FollowUpOptions>, pictures: Vec<Bound<'_, Image>>) -> Pending {
        let (run, pictures) = (self.run.clone(), images(&pictures));
        let follow_up = async move { run.follow_up(options.0, pictures).await };
        Pending::making(&self.nomic, follow_up, Self::make(&self.nomic))
    }

    fn stop(&self, options: Options<StopOptions>) -> Pending {
        let run = self.run.clone();
        Pending::new(&self.nomic, async move { run.stop(options.0).await })
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.run)
    }
}

/// Says what is wrong with the options of a wait, before anything is launched.
#[pyfunction]
pub(crate) fn check_wait(py: Python<'_>, options: Options<WaitOptions>) -> PyResult<()> {
    options.0.check().map_err(|error| raise(py, &error))
}

/// The agent each time it changes.
#[pyclass(frozen)]
pub struct Updates {
    nomic: Nomic,
    updates: Arc<Turnstile<nomkit::Updates>>,
}

#[pymethods]
impl Updates {
    fn next(&self) -> Pending {
        let updates = self.updates.clone();
        Pending::new(&self.nomic, async move { updates.pass().await?.next().await })
    }
}
