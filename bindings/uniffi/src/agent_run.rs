use crate::{
    call::{CancelHandle, Failure, now},
    source::{GivenImage, images},
    told::Told,
};
use nomkit::{
    Agent, AgentRun, AgentStatus, Artifact, FollowUpOptions, Message, RunResult, StopOptions, Updates, WaitOptions,
};
use std::sync::Arc;
use tokio::sync::Mutex;

/// One turn of one agent.
#[derive(uniffi::Object)]
pub struct RunBridge(pub(crate) AgentRun);

impl RunBridge {
    pub(crate) fn new(run: AgentRun) -> Arc<Self> {
        Arc::new(Self(run))
    }
}

#[uniffi::export]
impl RunBridge {
    pub fn id(&self) -> String {
        self.0.id().to_owned()
    }

    pub fn turn(&self) -> u32 {
        self.0.turn()
    }

    pub fn agent(&self) -> Agent {
        self.0.agent()
    }

    pub fn status(&self) -> AgentStatus {
        self.0.status()
    }

    pub fn token(&self) -> String {
        self.0.token()
    }

    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn recovered(&self) -> bool {
        self.0.recovered()
    }

    pub fn explain(&self) -> String {
        self.0.explain()
    }

    pub fn updates(&self, options: WaitOptions) -> Result<Arc<UpdatesBridge>, Failure> {
        now(|| self.0.updates(options).map(|updates| Arc::new(UpdatesBridge(Arc::new(Mutex::new(updates))))))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl RunBridge {
    pub async fn refresh(&self, cancel: Arc<CancelHandle>) -> Result<Agent, Failure> {
        let run = self.0.clone();
        cancel.run(async move { run.refresh().await }).await
    }

    pub async fn wait_for(
        &self,
        options: WaitOptions,
        told: Option<Arc<Told>>,
        cancel: Arc<CancelHandle>,
    ) -> Result<RunResult, Failure> {
        let (run, listener) = (self.0.clone(), Told::listener(told));
        cancel.run(async move { run.wait(options, listener).await }).await
    }

    pub async fn conversation(&self, cancel: Arc<CancelHandle>) -> Result<Vec<Message>, Failure> {
        let run = self.0.clone();
        cancel.run(async move { run.conversation().await }).await
    }

    pub async fn artifact(&self, artifact_id: String, cancel: Arc<CancelHandle>) -> Result<Artifact, Failure> {
        let run = self.0.clone();
        cancel.run(async move { run.artifact(&artifact_id).await }).await
    }

    pub async fn follow_up(
        &self,
        options: FollowUpOptions,
        pictures: Vec<GivenImage>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Arc<Self>, Failure> {
        let run = self.0.clone();
        cancel.run(async move { run.follow_up(options, images(pictures)).await }).await.map(Self::new)
    }

    pub async fn stop(&self, options: StopOptions, cancel: Arc<CancelHandle>) -> Result<Agent, Failure> {
        let run = self.0.clone();
        cancel.run(async move { run.stop(options).await }).await
    }
}

/// The agent each time it changes.
#[derive(uniffi::Object)]
pub struct UpdatesBridge(Arc<Mutex<Updates>>);

#[uniffi::export(async_runtime = "tokio")]
impl UpdatesBridge {
    pub async fn next(&self, cancel: Arc<CancelHandle>) -> Result<Option<Agent>, Failure> {
        let updates = self.0.clone();
        cancel.run(async move { updates.lock().await.next().await }).await
    }
}
