//! The conformance driver of `nomkit::Nomic`.

use nomkit::{AgentRun, Json, Nomic, Result as NomkitResult, runtime::guarded};
use nomkit_driver::{
    arguments::{self as args, read},
    protocol::{self, Answer, Failure, Message},
    runs::{Runs, outcome},
    value::json,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::mpsc, task::JoinHandle};

#[derive(Default)]
struct Driver {
    client: Mutex<Option<Nomic>>,
    runs: Runs<AgentRun>,
}

impl Driver {
    fn nomic(&self) -> Result<Nomic, Failure> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.clone().ok_or_else(|| Failure::Misuse("client.new comes first".to_owned()))
    }

    async fn call(&self, operation: &str, given: Json) -> Answer {
        match operation {
            "client.new" => {
                let nomic = Nomic::new(read::<args::Client>(given)?.into())?;
                *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(nomic);
                Ok(Json::Null)
            }
            "files.upload" => {
                let (source, options) = read::<args::Upload>(given)?.into_parts()?;
                Ok(json(&self.nomic()?.files().upload(source, options, None).await?))
            }
            "files.upload_folder" => {
                let given: args::UploadFolder = read(given)?;
                let folder = given.folder.clone();
                Ok(json(&self.nomic()?.files().upload_folder(folder, given.into(), None).await?))
            }
            "files.search" => {
                let mut hits = self.nomic()?.files().search(read::<args::Search>(given)?.into())?;
                Ok(json(&hits.first(usize::MAX).await?))
            }
            "agents.launch" => {
                let (options, attachments) = read::<args::Launch>(given)?.into_parts();
                Ok(self.runs.add(self.nomic()?.agents().launch(options, attachments, None).await?))
            }
            "agents.get" => Ok(json(&self.nomic()?.agents().get(&read::<args::Id>(given)?.id).await?)),
            "agents.list" => {
                let mut agents = self.nomic()?.agents().list(read::<args::List>(given)?.into())?;
                Ok(json(&agents.first(usize::MAX).await?))
            }
            "agents.attach" => {
                let target = read::<args::Attach>(given)?.target;
                Ok(self.runs.add(self.nomic()?.agents().attach(&target).await?))
            }
            "agents.resume" => {
                let given: args::Resume = read(given)?;
                let target = given.target.clone();
                let (options, images) = given.into_parts();
                Ok(self.runs.add(self.nomic()?.agents().resume(&target, options, images).await?))
            }
            "nomic.wait_all" => {
                let given: args::WaitMany = read(given)?;
                let runs = self.runs.all(&given.runs)?;
                let outcomes = self.nomic()?.wait_all(&runs, given.into(), None).await?;
                Ok(outcomes.into_iter().map(|ended| outcome(&ended.run, ended.result)).collect())
            }
            "nomic.as_completed" => {
                let given: args::WaitMany = read(given)?;
                let runs = self.runs.all(&given.runs)?;
                let mut completed = self.nomic()?.as_completed(&runs, given.into())?;
                let mut outcomes = Vec::new();
                while let Some(ended) = completed.next().await {
                    outcomes.push(outcome(&ended.run, ended.result));
                }
                Ok(outcomes.into())
            }
            "agents.artifact" => {
                let args::Artifact { agent_id, artifact_id } = read(given)?;
                Ok(json(&self.nomic()?.agents().artifact(&agent_id, &artifact_id).await?))
            }
            "agents.conversation" => {
                Ok(json(&self.nomic()?.agents().conversation(&read::<args::Id>(given)?.id).await?))
            }
            "agents.stop" => Ok(json(&self.nomic()?.agents().stop(&read::<args::Id>(given)?.id).await?)),
            "agents.delete" => {
                self.nomic()?.agents().delete(&read::<args::Id>(given)?.id).await?;
                Ok(Json::Null)
            }
            "workflows.list" => {
                let mut workflows = self.nomic()?.workflows().list(read::<args::Workflows>(given)?.into())?;
                Ok(json(&workflows.first(usize::MAX).await?))
            }
            "run.refresh" => Ok(json(&self.runs.get(&read::<args::Run>(given)?.run)?.refresh().await?)),
            "run.wait" => {
                let given: args::Wait = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.wait(given.into(), None).await?))
            }
            "run.updates" => {
                let given: args::Wait = read(given)?;
                let mut updates = self.runs.get(&given.run)?.updates(given.into())?;
                let mut statuses = Vec::new();
                while let Some(agent) = updates.next().await? {
                    statuses.push(agent.status);
                }
                Ok(json(&statuses))
            }
            "run.follow_up" => {
                let given: args::FollowUp = read(given)?;
                let run = self.runs.get(&given.run)?;
                let (options, images) = given.into_parts();
                Ok(self.runs.add(run.follow_up(options, images).await?))
            }
            "run.stop" => {
                let given: args::Stop = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.stop(given.into()).await?))
            }
            "run.conversation" => Ok(json(&self.runs.get(&read::<args::Run>(given)?.run)?.conversation().await?)),
            "run.artifact" => {
                let given: args::RunArtifact = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.artifact(&given.artifact_id).await?))
            }
            "run.explain" => Ok(self.runs.get(&read::<args::Run>(given)?.run)?.explain().into()),
            other => Err(Failure::Misuse(format!("there is no operation {other}"))),
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let driver = Arc::new(Driver::default());
    let (incoming, mut messages) = mpsc::unbounded_channel();
    std::thread::spawn(move || protocol::messages().try_for_each(|message| incoming.send(message)));
    protocol::ready("rust-async", serde_json::json!({}));
    let mut calls: HashMap<u64, JoinHandle<()>> = HashMap::new();
    while let Some(message) = messages.recv().await {
        match message {
            Message::Call { id, call, args } => {
                let driver = driver.clone();
                calls.retain(|_, call| !call.is_finished());
                calls.insert(
                    id,
                    tokio::spawn(async move {
                        let done: NomkitResult<Answer> = guarded(driver.call(&call, args)).await;
                        protocol::answer(id, &done.unwrap_or_else(|panic| Err(panic.into())));
                    }),
                );
            }
            Message::Cancel { cancel } => {
                if let Some(call) = calls.remove(&cancel) {
                    call.abort();
                    if call.await.is_err() {
                        protocol::cancelled(cancel);
                    }
                }
            }
            Message::Close { .. } => break,
        }
    }
}
