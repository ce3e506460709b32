use crate::{
    agent_run::RunBridge,
    call::{CancelHandle, Failure},
};
use nomkit::{Completed, Error, RunOutcome, RunResult};
use std::sync::Arc;
use tokio::sync::Mutex;

/// What became of one run of many.
#[allow(clippy::large_enum_variant, reason = "it crosses as bytes, and uniffi knows no boxes")]
#[derive(uniffi::Enum)]
pub enum Ended {
    Done { run: Arc<RunBridge>, result: RunResult },
    Failed { run: Arc<RunBridge>, error: Error },
}

impl From<RunOutcome> for Ended {
    fn from(RunOutcome { run, result }: RunOutcome) -> Self {
        let run = RunBridge::new(run);
        match result {
            Ok(result) => Self::Done { run, result },
            Err(error) => Self::Failed { run, error },
        }
    }
}

/// Runs as they end.
#[derive(uniffi::Object)]
pub struct CompletedBridge(Arc<Mutex<Completed>>);

impl CompletedBridge {
    pub(crate) fn new(completed: Completed) -> Arc<Self> {
        Arc::new(Self(Arc::new(Mutex::new(completed))))
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CompletedBridge {
    pub async fn next(&self, cancel: Arc<CancelHandle>) -> Result<Option<Ended>, Failure> {
        let completed = self.0.clone();
        let next = async move { Ok(completed.lock().await.next().await) };
        Ok(cancel.run(next).await?.map(Ended::from))
    }
}
