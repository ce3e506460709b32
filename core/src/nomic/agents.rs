//! Agents: launch, look, stop, delete, attach.

use super::{
    Agent, AgentRun, Artifact, Attachments, Files, LaunchOptions, ListOptions, Message, Pager, Role,
    agent_run::look_limit,
    client::Shared,
    envelope::{Enveloped, Rows},
    launch::Launch,
    pager::page_size,
    recover::launch::{recover, tell_twins},
    routes::{self, check_id},
    token,
};
use crate::{
    Error, ErrorKind, Json, OnProgress, Result,
    config::seconds,
    events::Timeline,
    flow::{
        turn::{Baseline, fingerprint},
        wait::Cadence,
    },
    http::{Call, Limit, body::Payload},
    source::image::allowance,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

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
    /// `InvalidInput` before anything is sent; `SpendLimit`; `OutcomeUnknown` if the answer was lost and the agent
    /// could not be found within 30 s of the timeout, or not be told from others (`candidates`): a launch is never sent
    /// a second time. Whatever fails, `uploaded` of the error lists the files that are on the platform by then.
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
        let timeline = Timeline::default();
        let (files, mut uploaded) = (Files::new(self.shared.clone()), Vec::new());
        let launched = async {
            let (body, looks) = launch.upload(&files, progress.as_ref(), &mut uploaded).await?;
            let (within, started) = (within(timeout, &body)?, Instant::now());
            let claim = self.shared.account().launches.open(looks, exact(&body));
            let told = |flying| claim.flying(flying);
            let call = Call::new(routes::LAUNCH, &[]).payload(body).within(within).progress(progress.as_ref());
            let (agent, recovered) = match self.shared.exit.call::<Enveloped<Agent>>(call.on_flight(&told)).await {
                Ok(answer) => {
                    claim.got(&answer.data.id);
                    (answer.data, false)
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    let sent = claim.lost();
                    // Unless the caller set the time, what went before the request does not count.
                    let since = if timeout.is_some() { started } else { claim.shelf.instant(sent) };
                    (recover(self, &claim, sent, since + within.span(), error).await?, true)
                }
                Err(error) => return Err(error),
            };
            tell_twins(self, &claim, started + within.span()).await;
            Ok((agent, recovered))
        };
        let (agent, recovered) = match timeline.within(launched).await {
            Ok(launched) => launched,
            Err(error) => return Err(error.after_uploading(uploaded)),
        };
        Ok(AgentRun::launched(self.clone(), agent, prompt.as_deref(), recovered, timeline))
    }

    /// Reads one agent. `GET /agents/{id}`, tier Standard.
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn get(&self, id: &str) -> Result<Agent> {
        self.once_born(id, || self.get_within(id, None)).await
    }

    pub(crate) async fn get_within(&self, id: &str, limit: Option<Duration>) -> Result<Agent> {
        let ids = [("id", id)];
        let call = Call::new(routes::GET, &ids).look(limit);
        let agent = self.shared.exit.call::<Enveloped<Agent>>(call).await?.data;
        // Ids are shown in small letters, and found in any.
        if !agent.id.eq_ignore_ascii_case(id) {
            let text = format!("agents.get: The server answered for another agent than {id}.");
            return Err(Error::protocol("id", text));
        }
        self.seen(id);
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
        self.once_born(id, || self.conversation_within(id, None)).await
    }

    pub(crate) async fn conversation_within(&self, id: &str, limit: Option<Duration>) -> Result<Vec<Message>> {
        let ids = [("id", id)];
        let call = Call::new(routes::CONVERSATION, &ids).look(limit);
        let rows = self.shared.exit.call::<Enveloped<Rows>>(call).await?.data.messages;
        self.seen(id);
        Ok(rows)
    }

    /// One artifact with its content. `GET /agents/{id}/artifacts/{artifactId}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn artifact(&self, agent_id: &str, artifact_id: &str) -> Result<Artifact> {
        self.once_born(agent_id, || self.artifact_within(agent_id, artifact_id, None)).await
    }

    pub(crate) async fn artifact_within(
        &self,
        agent: &str,
        artifact: &str,
        limit: Option<Duration>,
    ) -> Result<Artifact> {
        let ids = [("agent_id", agent), ("artifact_id", artifact)];
        let call = Call::new(routes::ARTIFACT, &ids).look(limit);
        Ok(self.shared.exit.call::<Enveloped<Artifact>>(call).await?.data.with_columns())
    }

    /// Asks an agent to stop. It may still finish first: look at its status. `POST /agents/{id}/stop`, tier Standard.
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours.
    pub async fn stop(&self, id: &str) -> Result<Agent> {
        self.once_born(id, || self.stop_within(id, None)).await
    }

    pub(crate) async fn stop_within(&self, id: &str, limit: Option<Duration>) -> Result<Agent> {
        let (ids, started) = ([("id", id)], Instant::now());
        let answer = self.shared.exit.call::<Json>(Call::new(routes::STOP, &ids).look(limit)).await?;
        // The body is not documented, and there may be none; without an agent in it, the agent is read.
        match Enveloped::<Agent>::deserialize(answer) {
            Ok(Enveloped { data: agent }) if agent.id.eq_ignore_ascii_case(id) => Ok(agent),
            _ => self.get_within(id, look_limit(limit.map(|limit| limit.saturating_sub(started.elapsed())))).await,
        }
    }

    /// Deletes an agent with all that it said and made; its files stay. `DELETE /agents/{id}`, tier Standard (assumed).
    ///
    /// # Errors
    /// `NotFound` if there is none, or it is not yours; not if it is gone after an attempt whose answer was lost.
    /// `Conflict` if the platform does not delete an agent at work: stop it first.
    pub async fn delete(&self, id: &str) -> Result<()> {
        let ids = [("id", id)];
        let delete = || self.shared.exit.call::<serde::de::IgnoredAny>(Call::new(routes::DELETE, &ids));
        self.once_born(id, delete).await?;
        self.seen(id);
        Ok(())
    }

    /// Makes a call again while the platform does not know an agent yet that this process has just launched.
    async fn once_born<T, F: Future<Output = Result<T>>>(&self, id: &str, call: impl Fn() -> F) -> Result<T> {
        let mut cadence = Cadence::brisk();
        loop {
            match call().await {
                Err(error) if error.kind() == ErrorKind::NotFound && self.shared.account().launches.is_newborn(id) => {
                    sleep(cadence.pause(fastrand::f64())).await;
                }
                result => return result,
            }
        }
    }

    fn seen(&self, id: &str) {
        self.shared.account().launches.read(|claims| claims.seen(id));
    }

    /// Picks a run up again: by its token, the very turn that the token names; by an agent's id, its latest turn.
    ///
    /// # Errors
    /// `Config` if the token belongs to another instance; `NotFound` if the agent is gone.
    pub async fn attach(&self, target: &str) -> Result<AgentRun> {
        let timeline = Timeline::default();
        let mut run = timeline.within(self.pick_up(target, &timeline)).await?;
        timeline.name(run.id());
        run.timeline = timeline;
        Ok(run)
    }

    async fn pick_up(&self, target: &str, timeline: &Timeline) -> Result<AgentRun> {
        if token::is_token(target) {
            let token = token::read(&self.shared.config.origin, target)?;
            timeline.name(&token.agent_id);
            let agent = self.get(&token.agent_id).await?;
            return Ok(AgentRun::new(self.clone(), agent, token.turn, token.baseline));
        }
        timeline.name(check_id("target", target)?);
        let agent = self.get(target).await?;
        let rows = self.conversation(target).await?;
        let questions = rows.iter().filter(|row| row.role == Role::User).collect::<Vec<_>>();
        // Rows may come late; what this process asked is there all the same.
        let asked = questions.len().max(self.shared.account().asked(target));
        let users = asked.saturating_sub(1);
        let question = questions.get(users).map(|row| fingerprint(&row.text));
        let baseline = Baseline { users, updated_at: None, accepted_at: None, asked: question };
        Ok(AgentRun::new(self.clone(), agent, u32::try_from(asked.max(1)).unwrap_or(u32::MAX), baseline))
    }
}

/// How long a request may take; without a limit of the caller's own, images have time to be sent.
pub(crate) fn within(timeout: Option<f64>, body: &Payload) -> Result<Limit> {
    let span = patience(timeout)?;
    Ok(if timeout.is_some() { Limit::Given(span) } else { Limit::Usual(span + allowance(body)) })
}

/// What a launch asks to the last detail; with images nobody knows without reading them.
fn exact(body: &Payload) -> Option<String> {
    let Payload::Json(text) = body else { return None };
    Some(fingerprint(&String::from_utf8_lossy(text)))
}

pub(crate) fn patience(timeout: Option<f64>) -> Result<Duration> {
    timeout.map_or(Ok(PATIENCE), |timeout| seconds("timeout", timeout))
}
