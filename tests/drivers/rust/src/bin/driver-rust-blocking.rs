//! The conformance driver of `nomkit::blocking::Nomic`.

use nomkit::{
    Json,
    blocking::{AgentRun, Nomic},
};
use nomkit_driver::{
    arguments::{self as args, read},
    protocol::{self, Answer, Failure, Message},
    runs::{Runs, outcome},
    value::json,
};
use std::sync::{Arc, Mutex, PoisonError};

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

    fn call(&self, operation: &str, given: Json) -> Answer {
        match operation {
            "client.new" => {
                let nomic = Nomic::new(read::<args::Client>(given)?.into())?;
                *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(nomic);
                Ok(Json::Null)
            }
            "files.upload" => {
                let (source, options) = read::<args::Upload>(given)?.into_parts()?;
                Ok(json(&self.nomic()?.files().upload(source, options, None)?))
            }
            "files.upload_folder" => {
                let given: args::UploadFolder = read(given)?;
                let folder = given.folder.clone();
                Ok(json(&self.nomic()?.files().upload_folder(folder, given.into(), None)?))
            }
            "files.search" => {
                let hits = self.nomic()?.files().search(read::<args::Search>(given)?.into())?;
                Ok(json(&hits.collect::<nomkit::Result<Vec<_>>>()?))
            }
            "agents.launch" => {
                let (options, attachments) = read::<args::Launch>(given)?.into_parts();
                Ok(self.runs.add(self.nomic()?.agents().launch(options, attachments, None)?))
            }
            "agents.get" => Ok(json(&self.nomic()?.agents().get(&read::<args::Id>(given)?.id)?)),
            "agents.list" => {
                let agents = self.nomic()?.agents().list(read::<args::List>(given)?.into())?;
                Ok(json(&agents.collect::<nomkit::Result<Vec<_>>>()?))
            }
            "agents.attach" => {
                let target = read::<args::Attach>(given)?.target;
                Ok(self.runs.add(self.nomic()?.agents().attach(&target)?))
            }
            "agents.resume" => {
                let given: args::Resume = read(given)?;
                let target = given.target.clone();
                let (options, images) = given.into_parts();
                Ok(self.runs.add(self.nomic()?.agents().resume(&target, options, images)?))
            }
            "nomic.wait_all" => {
                let given: args::WaitMany = read(given)?;
                let runs = self.runs.all(&given.runs)?;
                let outcomes = self.nomic()?.wait_all(&runs, given.into(), None)?;
                Ok(outcomes.into_iter().map(|ended| outcome(&ended.run, ended.result)).collect())
            }
            "nomic.as_completed" => {
                let given: args::WaitMany = read(given)?;
                let runs = self.runs.all(&given.runs)?;
                let outcomes = self.nomic()?.as_completed(&runs, given.into())?;
                let told = outcomes.map(|ended| ended.map(|ended| outcome(&ended.run, ended.result)));
                Ok(told.collect::<nomkit::Result<Vec<_>>>()?.into())
            }
            "agents.artifact" => {
                let args::Artifact { agent_id, artifact_id } = read(given)?;
                Ok(json(&self.nomic()?.agents().artifact(&agent_id, &artifact_id)?))
            }
            "agents.conversation" => Ok(json(&self.nomic()?.agents().conversation(&read::<args::Id>(given)?.id)?)),
            "agents.stop" => Ok(json(&self.nomic()?.agents().stop(&read::<args::Id>(given)?.id)?)),
            "agents.delete" => {
                self.nomic()?.agents().delete(&read::<args::Id>(given)?.id)?;
                Ok(Json::Null)
            }
            "workflows.list" => {
                let workflows = self.nomic()?.workflows().list(read::<args::Workflows>(given)?.into())?;
                Ok(json(&workflows.collect::<nomkit::Result<Vec<_>>>()?))
            }
            "run.refresh" => Ok(json(&self.runs.get(&read::<args::Run>(given)?.run)?.refresh()?)),
            "run.wait" => {
                let given: args::Wait = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.wait(given.into(), None)?))
            }
            "run.updates" => {
                let given: args::Wait = read(given)?;
                let updates = self.runs.get(&given.run)?.updates(given.into())?;
                let statuses = updates.map(|agent| agent.map(|agent| agent.status));
                Ok(json(&statuses.collect::<nomkit::Result<Vec<_>>>()?))
            }
            "run.follow_up" => {
                let given: args::FollowUp = read(given)?;
                let run = self.runs.get(&given.run)?;
                let (options, images) = given.into_parts();
                Ok(self.runs.add(run.follow_up(options, images)?))
            }
            "run.stop" => {
                let given: args::Stop = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.stop(given.into())?))
            }
            "run.conversation" => Ok(json(&self.runs.get(&read::<args::Run>(given)?.run)?.conversation()?)),
            "run.artifact" => {
                let given: args::RunArtifact = read(given)?;
                Ok(json(&self.runs.get(&given.run)?.artifact(&given.artifact_id)?))
            }
            "run.explain" => Ok(self.runs.get(&read::<args::Run>(given)?.run)?.explain().into()),
            other => Err(Failure::Misuse(format!("there is no operation {other}"))),
        }
    }
}

fn main() {
    let driver = Arc::new(Driver::default());
    protocol::ready("rust-blocking", serde_json::json!({ "cancel": "a blocking call is its thread's own" }));
    for message in protocol::messages() {
        match message {
            Message::Call { id, call, args } => {
                let driver = driver.clone();
                std::thread::spawn(move || protocol::answer(id, &driver.call(&call, args)));
            }
            Message::Cancel { .. } => {}
            Message::Close { .. } => break,
        }
    }
}
