//! Agents: launch, look, stop, delete, attach.

use super::{
    Agent, AgentRun, Artifact, Attachments, Files, LaunchOptions, ListOptions, Message, Pager, Role,
    client::Shared,
    envelope::{Enveloped, Rows},
    launch::Launch,
    pager::page_size,
    routes::{self, check_id},
    token,
};
use crate::{
    Error, Json, OnProgress, Result,
    config::seconds,
    flow::turn::Baseline,
    http::{Call, body::Payload},
    source::image::allowance,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// How long a launch or a follow-up may take, its retries included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Agents: launch, look, stop, delete, attach.
#[derive(Clone)]
pub struct Agents {
    pub(crate) shared: Arc<Shared>,
}

impl Agents {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Uploads what is local, then launches one agent; it does not wait for the agent. `POST /agents`, scope
    /// `developer:agent`, tier Heavy.
    ///
    /// # Errors
    /// `InvalidInput` before anything is sent; `SpendLimit`; `OutcomeUnknown` if the answer was lost: it is never
    /// sent a second time. Whatever fails, `uploaded` of the error lists the files that are on the platform by then.
    pub async fn launch(
        &self,
        options: LaunchOptions,
        attachments: impl Into<Attachments> + Send,
        progress: Option<OnProgress>,
    ) -> Result<AgentRun> {
        let (timeout, prompt) = (options.timeout, options.prompt.clone());
        patience(timeout)?;
        let mut launch = Launch::new(options, attachments.into())?;
        launch.read(progress.as_ref()).await?;
        let (files, mut uploaded) = (Files::new(self.shared.clone()), Vec::new());
        let launched = async {
            let body = launch.upload(&files, progress.as_ref(), &mut uploaded).await?;
            let within = within(timeout, &body)?;
            let call = Call::new(routes::LAUNCH, &[]).payload(body).within(within).progress(progress.as_ref());
            self.shared.exit.call::<Enveloped<Agent>>(call).await
        };
        match launched.await {
            Ok(answer) => Ok(AgentRun::launched(self.clone(), answer.data, prompt.as_deref())),
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
        // Ids are shown in small letters, and found in any.
        if !agent.id.eq_ignore_ascii_case(id) {
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
        Ok(self.shared.exit.call::<Enveloped<Rows>>(call).await?.data.messages)
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
        let answer = self.shared.exit.call::<Json>(Call::new(routes::STOP, &ids).within(limit)).await?;
        // The body is not documented, and there may be none; without an agent in it, the agent is read.
        match Enveloped::<Agent>::deserialize(answer) {
            Ok(Enveloped { data: agent }) if agent.id.eq_ignore_ascii_case(id) => Ok(agent),
            _ => self.get(id).await,
        }
    }

    /// Deletes an agent with all that it said and made; its files stay. `DELETE /agents/{id}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours; not if it is gone after an attempt whose answer was lost.
    /// `Conflict` if the platform does not delete an agent at work: stop it first.
    pub async fn delete(&self, id: &str) -> Result<()> {
        let ids = [("id", id)];
        self.shared.exit.call::<serde::de::IgnoredAny>(Call::new(routes::DELETE, &ids)).await.map(drop)
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

/// How long a request may take; without a limit of the caller's own, images have time to be sent.
pub(crate) fn within(timeout: Option<f64>, body: &Payload) -> Result<Duration> {
    Ok(patience(timeout)? + if timeout.is_none() { allowance(body) } else { Duration::ZERO })
}

pub(crate) fn patience(timeout: Option<f64>) -> Result<Duration> {
    timeout.map_or(Ok(PATIENCE), |timeout| seconds("timeout", timeout))
}
