//! The same client without `await`: each call is driven in the caller's thread, on a lane of its own. A call inside an
//! asynchronous function blocks that function's thread; use the asynchronous client there.

use crate::{
    Agent, AgentStatus, Artifact, Attachments, ClientOptions, Error, EventQueue, File, FileHit, FolderOptions,
    FollowUpOptions, Image, LaunchOptions, ListOptions, Message, OnProgress, Page, Result, ResumeOptions, RunResult,
    SearchOptions, Source, StopOptions, UploadOptions, UploadOutcome, WaitOptions, Workflow, WorkflowListOptions,
    nomic::{self, Listed},
};
use std::path::PathBuf;

/// The client of one instance and one key, for threads.
#[derive(Clone, Debug)]
pub struct Nomic(crate::Nomic);

impl Nomic {
    /// See [`crate::Nomic::new`].
    ///
    /// # Errors
    /// `Config` if the key or the instance is missing or cannot be right.
    pub fn new(options: ClientOptions) -> Result<Self> {
        crate::Nomic::new(options).map(Self)
    }

    /// Files: upload and search.
    pub fn files(&self) -> Files {
        Files { nomic: self.clone(), inner: self.0.files() }
    }

    /// Agents: launch, look, stop, delete, attach.
    pub fn agents(&self) -> Agents {
        Agents { nomic: self.clone(), inner: self.0.agents() }
    }

    /// Workflows: which there are.
    pub fn workflows(&self) -> Workflows {
        Workflows { nomic: self.clone(), inner: self.0.workflows() }
    }

    /// See [`crate::Nomic::ask`].
    ///
    /// # Errors
    /// Those of launching and waiting.
    pub fn ask(
        &self,
        launch: LaunchOptions,
        attachments: impl Into<Attachments> + Send,
        wait: WaitOptions,
        progress: Option<OnProgress>,
    ) -> Result<RunResult> {
        self.drive(self.0.ask(launch, attachments, wait, progress))
    }

    /// See [`crate::Nomic::wait_all`].
    ///
    /// # Errors
    /// The same.
    pub fn wait_all(
        &self,
        runs: &[AgentRun],
        options: WaitOptions,
        progress: Option<OnProgress>,
    ) -> Result<Vec<RunOutcome>> {
        let runs = runs.iter().map(|run| run.inner.clone()).collect::<Vec<_>>();
        let outcomes = self.drive(self.0.wait_all(&runs, options, progress))?;
        Ok(outcomes.into_iter().map(|outcome| RunOutcome::new(self, outcome)).collect())
    }

    /// See [`crate::Nomic::as_completed`].
    ///
    /// # Errors
    /// The same.
    pub fn as_completed(&self, runs: &[AgentRun], options: WaitOptions) -> Result<Completed> {
        let runs = runs.iter().map(|run| run.inner.clone()).collect::<Vec<_>>();
        // In the background: each outcome is asked for on whichever lane is free.
        let inner = self.0.as_completed(&runs, options)?.begin_in(&crate::runtime::background()?);
        Ok(Completed { nomic: self.clone(), inner })
    }

    /// See [`crate::Nomic::listen`].
    pub fn listen(&self) -> EventQueue {
        self.0.listen()
    }

    /// See [`crate::Nomic::close`].
    pub fn close(&self) {
        self.0.close();
    }

    fn drive<T: Send>(&self, future: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let never = || Error::new(crate::ErrorKind::Unexpected, "A call was interrupted, though nobody asked for it.");
        self.0.drive(future, || false).map_err(|error| error.unwrap_or_else(never))
    }
}

/// See [`crate::doctor::examine`].
///
/// # Errors
/// `LocalIo` if the system has no thread left to run it.
#[cfg(feature = "doctor")]
pub fn examine(options: ClientOptions, tell: impl FnMut(crate::doctor::Finding) + Send) -> Result<()> {
    crate::runtime::alone(crate::doctor::examine(options, tell))
}

/// See [`nomic::Files`].
#[derive(Clone)]
pub struct Files {
    nomic: Nomic,
    inner: nomic::Files,
}

impl Files {
    /// See [`nomic::Files::upload`].
    ///
    /// # Errors
    /// The same.
    pub fn upload(&self, source: Source, options: UploadOptions, progress: Option<OnProgress>) -> Result<File> {
        self.nomic.drive(self.inner.upload(source, options, progress))
    }

    /// See [`nomic::Files::upload_folder`].
    ///
    /// # Errors
    /// The same.
    pub fn upload_folder(
        &self,
        folder: PathBuf,
        options: FolderOptions,
        progress: Option<OnProgress>,
    ) -> Result<Vec<UploadOutcome>> {
        self.nomic.drive(self.inner.upload_folder(folder, options, progress))
    }

    /// See [`nomic::Files::search`].
    ///
    /// # Errors
    /// The same.
    pub fn search(&self, options: SearchOptions) -> Result<Pager<FileHit>> {
        Ok(Pager { nomic: self.nomic.clone(), inner: self.inner.search(options)? })
    }
}

/// See [`nomic::Agents`].
#[derive(Clone)]
pub struct Agents {
    nomic: Nomic,
    inner: nomic::Agents,
}

impl Agents {
    /// See [`nomic::Agents::launch`].
    ///
    /// # Errors
    /// The same.
    pub fn launch(
        &self,
        options: LaunchOptions,
        attachments: impl Into<Attachments> + Send,
        progress: Option<OnProgress>,
    ) -> Result<AgentRun> {
        self.run(self.nomic.drive(self.inner.launch(options, attachments, progress)))
    }

    /// See [`nomic::Agents::get`].
    ///
    /// # Errors
    /// The same.
    pub fn get(&self, id: &str) -> Result<Agent> {
        self.nomic.drive(self.inner.get(id))
    }

    /// See [`nomic::Agents::list`].
    ///
    /// # Errors
    /// The same.
    pub fn list(&self, options: ListOptions) -> Result<Pager<Agent>> {
        Ok(Pager { nomic: self.nomic.clone(), inner: self.inner.list(options)? })
    }

    /// See [`nomic::Agents::conversation`].
    ///
    /// # Errors
    /// The same.
    pub fn conversation(&self, id: &str) -> Result<Vec<Message>> {
        self.nomic.drive(self.inner.conversation(id))
    }

    /// See [`nomic::Agents::artifact`].
    ///
    /// # Errors
    /// The same.
    pub fn artifact(&self, agent_id: &str, artifact_id: &str) -> Result<Artifact> {
        self.nomic.drive(self.inner.artifact(agent_id, artifact_id))
    }

    /// See [`nomic::Agents::stop`].
    ///
    /// # Errors
    /// The same.
    pub fn stop(&self, id: &str) -> Result<Agent> {
        self.nomic.drive(self.inner.stop(id))
    }

    /// See [`nomic::Agents::delete`].
    ///
    /// # Errors
    /// The same.
    pub fn delete(&self, id: &str) -> Result<()> {
        self.nomic.drive(self.inner.delete(id))
    }

    /// See [`nomic::Agents::resume`].
    ///
    /// # Errors
    /// The same.
    pub fn resume(&self, target: &str, options: ResumeOptions, images: Vec<Image>) -> Result<AgentRun> {
        self.run(self.nomic.drive(self.inner.resume(target, options, images)))
    }

    /// See [`nomic::Agents::attach`].
    ///
    /// # Errors
    /// The same.
    pub fn attach(&self, target: &str) -> Result<AgentRun> {
        self.run(self.nomic.drive(self.inner.attach(target)))
    }

    fn run(&self, run: Result<nomic::AgentRun>) -> Result<AgentRun> {
        Ok(AgentRun { nomic: self.nomic.clone(), inner: run? })
    }
}

/// See [`nomic::Workflows`].
#[derive(Clone)]
pub struct Workflows {
    nomic: Nomic,
    inner: nomic::Workflows,
}

impl Workflows {
    /// See [`nomic::Workflows::list`].
    ///
    /// # Errors
    /// The same.
    pub fn list(&self, options: WorkflowListOptions) -> Result<Pager<Workflow>> {
        Ok(Pager { nomic: self.nomic.clone(), inner: self.inner.list(options)? })
    }
}

/// See [`nomic::AgentRun`].
#[derive(Clone, Debug)]
pub struct AgentRun {
    nomic: Nomic,
    inner: nomic::AgentRun,
}

impl AgentRun {
    /// The agent's id.
    pub fn id(&self) -> &str {
        self.inner.id()
    }

    /// Which turn this is; 1 is the launch.
    pub fn turn(&self) -> u32 {
        self.inner.turn()
    }

    /// The agent as it was last seen.
    pub fn agent(&self) -> Agent {
        self.inner.agent()
    }

    /// The status as it was last seen.
    pub fn status(&self) -> AgentStatus {
        self.inner.status()
    }

    /// This run as text, for `agents.attach` in any language.
    pub fn token(&self) -> String {
        self.inner.token()
    }

    /// Where people look at it.
    pub fn url(&self) -> String {
        self.inner.url()
    }

    /// See [`nomic::AgentRun::recovered`].
    pub fn recovered(&self) -> bool {
        self.inner.recovered()
    }

    /// See [`nomic::AgentRun::explain`].
    pub fn explain(&self) -> String {
        self.inner.explain()
    }

    /// See [`nomic::AgentRun::refresh`].
    ///
    /// # Errors
    /// The same.
    pub fn refresh(&self) -> Result<Agent> {
        self.nomic.drive(self.inner.refresh())
    }

    /// See [`nomic::AgentRun::wait`].
    ///
    /// # Errors
    /// The same.
    pub fn wait(&self, options: WaitOptions, progress: Option<OnProgress>) -> Result<RunResult> {
        self.nomic.drive(self.inner.wait(options, progress))
    }

    /// See [`nomic::AgentRun::updates`].
    ///
    /// # Errors
    /// The same.
    pub fn updates(&self, options: WaitOptions) -> Result<Updates> {
        Ok(Updates { nomic: self.nomic.clone(), inner: self.inner.updates(options)? })
    }

    /// See [`nomic::AgentRun::conversation`].
    ///
    /// # Errors
    /// The same.
    pub fn conversation(&self) -> Result<Vec<Message>> {
        self.nomic.drive(self.inner.conversation())
    }

    /// See [`nomic::AgentRun::artifact`].
    ///
    /// # Errors
    /// The same.
    pub fn artifact(&self, artifact_id: &str) -> Result<Artifact> {
        self.nomic.drive(self.inner.artifact(artifact_id))
    }

    /// See [`nomic::AgentRun::follow_up`].
    ///
    /// # Errors
    /// The same.
    pub fn follow_up(&self, options: FollowUpOptions, images: Vec<Image>) -> Result<AgentRun> {
        let inner = self.nomic.drive(self.inner.follow_up(options, images))?;
        Ok(Self { nomic: self.nomic.clone(), inner })
    }

    /// See [`nomic::AgentRun::stop`].
    ///
    /// # Errors
    /// The same.
    pub fn stop(&self, options: StopOptions) -> Result<Agent> {
        self.nomic.drive(self.inner.stop(options))
    }
}

/// See [`nomic::RunOutcome`].
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The run.
    pub run: AgentRun,
    /// What it said and made, or why there is nothing of that.
    pub result: Result<RunResult>,
}

impl RunOutcome {
    fn new(nomic: &Nomic, outcome: nomic::RunOutcome) -> Self {
        Self { run: AgentRun { nomic: nomic.clone(), inner: outcome.run }, result: outcome.result }
    }
}

/// See [`nomic::Completed`]; an iterator. The waiting itself is done by a thread in the background.
pub struct Completed {
    nomic: Nomic,
    inner: nomic::Completed,
}

impl Iterator for Completed {
    type Item = Result<RunOutcome>;
    fn next(&mut self) -> Option<Result<RunOutcome>> {
        let next = self.nomic.drive(async { Ok(self.inner.next().await) }).transpose()?;
        Some(next.map(|outcome| RunOutcome::new(&self.nomic, outcome)))
    }
}

/// See [`nomic::Pager`]; also an iterator over all items.
pub struct Pager<T> {
    nomic: Nomic,
    inner: nomic::Pager<T>,
}

impl<T: Listed> Pager<T> {
    /// See [`nomic::Pager::next_page`].
    ///
    /// # Errors
    /// The same.
    pub fn next_page(&mut self) -> Result<Option<Page<T>>> {
        self.nomic.drive(self.inner.next_page())
    }

    /// See [`nomic::Pager::first`].
    ///
    /// # Errors
    /// The same.
    pub fn first(&mut self, count: usize) -> Result<Vec<T>> {
        self.nomic.drive(self.inner.first(count))
    }
}

impl<T: Listed> Iterator for Pager<T> {
    type Item = Result<T>;
    fn next(&mut self) -> Option<Result<T>> {
        self.nomic.drive(self.inner.next()).transpose()
    }
}

/// See [`nomic::Updates`]; an iterator.
pub struct Updates {
    nomic: Nomic,
    inner: nomic::Updates,
}

impl Iterator for Updates {
    type Item = Result<Agent>;
    fn next(&mut self) -> Option<Result<Agent>> {
        self.nomic.drive(self.inner.next()).transpose()
    }
}
