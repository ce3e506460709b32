use crate::{
    agent_run::AgentRun,
    arguments::Options,
    attachments::{Attachments, Image, images},
    listener::Listener,
    pages::AgentPages,
    pending::Pending,
    told::Nomic,
    value::raise,
};
use nomkit::{LaunchOptions, ListOptions, ResumeOptions};
use pyo3::prelude::*;

/// Agents.
#[pyclass(frozen)]
pub struct Agents(Nomic);

impl Agents {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[pymethods]
impl Agents {
    fn launch(
        &self,
        py: Python<'_>,
        options: Options<LaunchOptions>,
        attachments: Attachments<'_>,
        progress: Option<Py<PyAny>>,
    ) -> Pending {
        let (agents, (attachments, readers)) = (self.0.agents(), attachments.core(py));
        let (listener, make) = (Listener::new(progress), AgentRun::make(&self.0));
        let told = Listener::of(listener.as_ref());
        let launch = async move { agents.launch(options.0, attachments, told).await };
        Pending::making(&self.0, launch, make).listening(listener).reading(readers)
    }

    fn get(&self, id: String) -> Pending {
        let agents = self.0.agents();
        Pending::new(&self.0, async move { agents.get(&id).await })
    }

    fn list(&self, py: Python<'_>, options: Options<ListOptions>) -> PyResult<AgentPages> {
        let pager = self.0.agents().list(options.0).map_err(|error| raise(py, &error))?;
        Ok(AgentPages::new(self.0.clone(), pager))
    }

    fn conversation(&self, id: String) -> Pending {
        let agents = self.0.agents();
        Pending::new(&self.0, async move { agents.conversation(&id).await })
    }

    fn artifact(&self, agent_id: String, artifact_id: String) -> Pending {
        let agents = self.0.agents();
        Pending::new(&self.0, async move { agents.artifact(&agent_id, &artifact_id).await })
    }

    fn stop(&self, id: String) -> Pending {
        let agents = self.0.agents();
        Pending::new(&self.0, async move { agents.stop(&id).await })
    }

    fn delete(&self, id: String) -> Pending {
        let agents = self.0.agents();
        Pending::making(&self.0, async move { agents.delete(&id).await }, |py, ()| Ok(py.None()))
    }

    fn resume(&self, target: String, options: Options<ResumeOptions>, pictures: Vec<Bound<'_, Image>>) -> Pending {
        let (agents, pictures) = (self.0.agents(), images(&pictures));
        let resume = async move { agents.resume(&target, options.0, pictures).await };
        Pending::making(&self.0, resume, AgentRun::make(&self.0))
    }

    fn attach(&self, target: String) -> Pending {
        let agents = self.0.agents();
        Pending::making(&self.0, async move { agents.attach(&target).await }, AgentRun::make(&self.0))
    }
}
