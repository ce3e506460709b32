//! Agents: launch, look, stop, attach.

use super::{
    Agent, AgentRun, Artifact, Files, LaunchOptions, ListOptions, Message, Pager, Role, UploadOptions,
    client::Shared,
    model::rows,
    pager::page_size,
    routes::{self, check_id},
    token,
};
use crate::{Error, JsonMap, OnProgress, Result, Source, config::seconds, flow::turn::Baseline, http::Call, source};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// How long a launch or a follow-up may take, its retries included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Agents: launch, look, stop, attach.
#[derive(Clone)]
pub struct Agents {
    pub(crate) shared: Arc<Shared>,
}

/// `{"data": …}`
#[derive(Deserialize)]
pub(crate) struct Enveloped<T> {
    pub(crate) data: T,
}

/// `{"prompt": {"text": …}, …}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask<'a> {
    prompt: Prompt<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    file_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Prompt<'a> {
    text: &'a str,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(text: &'a str) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::invalid("prompt", "`prompt` is empty. Say what the agent shall do."));
        }
        Ok(Self { prompt: Prompt { text }, file_ids: &[], project_id: None })
    }
}

/// With an envelope and without; the platform does not document this body.
#[derive(Deserialize)]
#[serde(untagged)]
enum Conversation {
    Enveloped { data: Rows },
    Bare(Rows),
}

#[derive(Deserialize)]
struct Rows {
    #[serde(deserialize_with = "rows")]
    messages: Vec<Message>,
}

impl Agents {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Uploads the files, then launches one agent on them and on `file_ids`; it does not wait for the agent.
    /// `POST /agents`, scope `developer:agent`, tier Heavy.
    ///
    /// # Errors
    /// `InvalidInput` before anything is sent; `SpendLimit`; `OutcomeUnknown` if the answer was lost: it is never
    /// sent a second time. Whatever fails, `uploaded` of the error lists the files that are on the platform by then.
    pub async fn launch(
        &self,
        options: LaunchOptions,
        files: Vec<Source>,
        progress: Option<OnProgress>,
    ) -> Result<AgentRun> {
        let prompt = options.prompt.as_deref().unwrap_or_default();
        let ask = Ask::new(prompt)?;
        let timeout = patience(options.timeout)?;
        let mut file_ids = options.file_ids.clone();
        for source in &files {
            if let Source::File(id) = source {
                file_ids.push(id.clone());
            }
        }
        for id in &file_ids {
            check_id("file_ids", id)?;
        }
        if let Some(project) = &options.project_id {
            check_id("project_id", project)?;
        }
        // All of them are checked before the first is sent.
        let local = files.into_iter().filter(|source| !matches!(source, Source::File(_)));
        let payloads =
            local.map(|source| source::upload(source, &UploadOptions::default())).collect::<Result<Vec<_>>>()?;
        let mut uploaded = Vec::new();
        for payload in payloads {
            match Files::new(self.shared.clone()).send(payload, progress.as_ref()).await {
                Ok(file) => {
                    file_ids.push(file.id.clone());
                    uploaded.push(file);
                }
                Err(error) => return Err(error.after_uploading(uploaded)),
            }
        }
        let body = Ask { file_ids: &file_ids, project_id: options.project_id.as_deref(), ..ask };
        let call = Call::new(routes::LAUNCH, &[]).payload(crate::http::body::Payload::json(&body)?).within(timeout);
        match self.shared.exit.call::<Enveloped<Agent>>(call).await {
            Ok(answer) => Ok(AgentRun::launched(self.clone(), answer.data, prompt)),
            Err(error) => Err(error.after_uploading(uploaded)),
        }
    }

    /// Reads one agent. `GET /agents/{id}`, tier Standard.
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn get(&self, id: &str) -> Result<Agent> {
        self.get_within(id, None).await
    }

    pub(crate) async fn get_within(&self, id: &str, limit: Option<Duration>) -> Result<Agent> {
        let ids = [("id", id)];
        let mut call = Call::new(routes::GET, &ids);
        if let Some(limit) = limit {
            call = call.within(limit);
        }
        let agent = self.shared.exit.call::<Enveloped<Agent>>(call).await?.data;
        if agent.id != id {
            let text = format!("agents.get: The server answered for another agent than {id}.");
            return Err(Error::protocol("id", text));
        }
        Ok(agent)
    }

    /// Lists the user's own agents, newest first. `GET /agents`, tier Standard.
    ///
    /// # Errors
    /// `InvalidInput` for options that exclude each other; what the pages raise comes from the pager.
    pub fn list(&self, options: ListOptions) -> Result<Pager<Agent>> {
        let mut query = Vec::new();
        query.extend(options.status.map(|status| ("status", status)));
        query.extend(page_size(options.page_size, 100)?);
        match (options.workflow_id, options.without_workflow) {
            (Some(_), true) => {
                return Err(Error::invalid("without_workflow", "Give `workflow_id` or `without_workflow`, not both."));
            }
            (Some(id), false) => query.push(("workflowId", check_id("workflow_id", &id)?.to_owned())),
            (None, true) => query.push(("workflowId", "null".to_owned())),
            (None, false) => {}
        }
        Ok(Pager::new(self.shared.clone(), routes::LIST, query))
    }

    /// The whole conversation of an agent. `GET /agents/{id}/conversation`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is no such agent, or it is not yours.
    pub async fn conversation(&self, id: &str) -> Result<Vec<Message>> {
        self.conversation_within(id, None).await
    }

    pub(crate) async fn conversation_within(&self, id: &str, limit: Option<Duration>) -> Result<Vec<Message>> {
        let ids = [("id", id)];
        let mut call = Call::new(routes::CONVERSATION, &ids);
        if let Some(limit) = limit {
            call = call.within(limit);
        }
        let (Conversation::Enveloped { data } | Conversation::Bare(data)) = self.shared.exit.call(call).await?;
        Ok(data.messages)
    }

    /// One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn artifact(&self, agent_id: &str, artifact_id: &str) -> Result<Artifact> {
        self.artifact_within(agent_id, artifact_id, None).await
    }

    pub(crate) async fn artifact_within(
        &self,
        agent: &str,
        artifact: &str,
        limit: Option<Duration>,
    ) -> Result<Artifact> {
        let ids = [("agent_id", agent), ("artifact_id", artifact)];
        let mut call = Call::new(routes::ARTIFACT, &ids);
        if let Some(limit) = limit {
            call = call.within(limit);
        }
        Ok(self.shared.exit.call::<Enveloped<Artifact>>(call).await?.data)
    }

    /// Asks an agent to stop. It may still finish first: look at its status. `POST /agents/{id}/stop`, tier Standard.
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn stop(&self, id: &str) -> Result<Agent> {
        self.stop_within(id, PATIENCE).await
    }

    pub(crate) async fn stop_within(&self, id: &str, limit: Duration) -> Result<Agent> {
        let ids = [("id", id)];
        let answer = self.shared.exit.call::<JsonMap>(Call::new(routes::STOP, &ids).within(limit)).await?;
        // The body is not documented; without an agent in it, the agent is read.
        match answer.get("data").and_then(|data| Agent::deserialize(data).ok()).filter(|agent| agent.id == id) {
            Some(agent) => Ok(agent),
            None => self.get(id).await,
        }
    }

    /// Picks a run up again: by its token, the very turn that the token names; by an agent's id, its latest turn.
    ///
    /// # Errors
    /// `Config` if the token belongs to another instance; `NotFound` if the agent is gone.
    pub async fn attach(&self, target: &str) -> Result<AgentRun> {
        if token::is_token(target) {
            let token = token::read(&self.shared.config.origin, target)?;
            let agent = self.get(&token.agent_id).await?;
            return Ok(AgentRun::new(self.clone(), agent, token.turn, token.baseline));
        }
        let agent = self.get(check_id("target", target)?).await?;
        let rows = self.conversation(target).await?;
        let asked = rows.iter().filter(|row| row.role == Role::User).count();
        let users = asked.saturating_sub(1);
        let baseline = Baseline { users, updated_at: None, accepted_at: None, asked: None };
        Ok(AgentRun::new(self.clone(), agent, u32::try_from(asked.max(1)).unwrap_or(u32::MAX), baseline))
    }
}

pub(crate) fn patience(timeout: Option<f64>) -> Result<Duration> {
    timeout.map_or(Ok(PATIENCE), |timeout| seconds("timeout", timeout))
}
