use crate::{
    agent_run::RunBridge,
    call::{CancelHandle, Failure, now},
    pages::AgentPages,
    source::{Given, GivenImage, images},
    told::Told,
};
use nomkit::{Agent, Agents, Artifact, LaunchOptions, ListOptions, Message, ResumeOptions};
use std::sync::Arc;

/// Agents.
#[derive(uniffi::Object)]
pub struct AgentsBridge(pub(crate) Agents);

#[uniffi::export]
impl AgentsBridge {
    pub fn list(&self, options: ListOptions) -> Result<Arc<AgentPages>, Failure> {
        now(|| self.0.list(options).map(AgentPages::new))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl AgentsBridge {
    pub async fn launch(
        &self,
        options: LaunchOptions,
        given: Given,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Arc<RunBridge>, Failure> {
        let (agents, attachments, listener) = (self.0.clone(), given.attachments(), Told::listener(told));
        let launch = async move { agents.launch(options, attachments, listener).await };
        cancel.run(launch).await.map(RunBridge::new)
    }

    pub async fn get(&self, id: String, cancel: Arc<CancelHandle>) -> Result<Agent, Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.get(&id).await }).await
    }

    pub async fn conversation(&self, id: String, cancel: Arc<CancelHandle>) -> Result<Vec<Message>, Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.conversation(&id).await }).await
    }

    pub async fn artifact(
        &self,
        agent_id: String,
        artifact_id: String,
        cancel: Arc<CancelHandle>,
    ) -> Result<Artifact, Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.artifact(&agent_id, &artifact_id).await }).await
    }

    pub async fn stop(&self, id: String, cancel: Arc<CancelHandle>) -> Result<Agent, Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.stop(&id).await }).await
    }

    pub async fn delete(&self, id: String, cancel: Arc<CancelHandle>) -> Result<(), Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.delete(&id).await }).await
    }

    pub async fn attach(&self, target: String, cancel: Arc<CancelHandle>) -> Result<Arc<RunBridge>, Failure> {
        let agents = self.0.clone();
        cancel.run(async move { agents.attach(&target).await }).await.map(RunBridge::new)
    }

    pub async fn resume(
        &self,
        target: String,
        options: ResumeOptions,
        pictures: Vec<GivenImage>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Arc<RunBridge>, Failure> {
        let agents = self.0.clone();
        let resume = async move { agents.resume(&target, options, images(pictures)).await };
        cancel.run(resume).await.map(RunBridge::new)
    }
}
