use crate::{
    agent_run::RunBridge,
    agents::AgentsBridge,
    call::{CancelHandle, Failure, now},
    completed::{CompletedBridge, Ended},
    files::FilesBridge,
    heard::Heard,
    source::Given,
    told::Told,
    workflows::WorkflowsBridge,
};
use nomkit::{AgentRun, ClientOptions, LaunchOptions, Nomic, RunResult, WaitOptions};
use std::sync::Arc;

/// The client.
#[derive(uniffi::Object)]
pub struct NomicBridge(Nomic);

#[uniffi::export]
impl NomicBridge {
    #[uniffi::constructor]
    pub fn new(options: ClientOptions) -> Result<Arc<Self>, Failure> {
        now(|| Nomic::new(options).map(|nomic| Arc::new(Self(nomic))))
    }

    pub fn files(&self) -> Arc<FilesBridge> {
        Arc::new(FilesBridge(self.0.files()))
    }

    pub fn agents(&self) -> Arc<AgentsBridge> {
        Arc::new(AgentsBridge(self.0.agents()))
    }

    pub fn workflows(&self) -> Arc<WorkflowsBridge> {
        Arc::new(WorkflowsBridge(self.0.workflows()))
    }

    pub fn as_completed(
        &self,
        runs: Vec<Arc<RunBridge>>,
        options: WaitOptions,
    ) -> Result<Arc<CompletedBridge>, Failure> {
        now(|| self.0.as_completed(&inner(&runs), options).map(CompletedBridge::new))
    }

    pub fn listen(&self) -> Arc<Heard> {
        Arc::new(Heard(self.0.listen()))
    }

    /// What it is, without its key.
    pub fn describe(&self) -> String {
        format!("{:?}", self.0)
    }

    /// Ends it: its connections are closed, and later calls refused.
    pub fn shut(&self) {
        self.0.close();
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl NomicBridge {
    pub async fn ask(
        &self,
        launch: LaunchOptions,
        given: Given,
        wait: WaitOptions,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<RunResult, Failure> {
        let (nomic, attachments, listener) = (self.0.clone(), given.attachments(), Told::listener(told));
        cancel.run(async move { nomic.ask(launch, attachments, wait, listener).await }).await
    }

    pub async fn wait_all(
        &self,
        runs: Vec<Arc<RunBridge>>,
        options: WaitOptions,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<Ended>, Failure> {
        let (nomic, runs, listener) = (self.0.clone(), inner(&runs), Told::listener(told));
        let outcomes = cancel.run(async move { nomic.wait_all(&runs, options, listener).await }).await?;
        Ok(outcomes.into_iter().map(Ended::from).collect())
    }
}

fn inner(runs: &[Arc<RunBridge>]) -> Vec<AgentRun> {
    runs.iter().map(|run| run.0.clone()).collect()
}
