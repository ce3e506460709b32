//! The client of one instance and one key.

use super::{
    AgentRun, Agents, Attachments, Completed, Files, LaunchOptions, RunOutcome, RunResult, WaitOptions, Workflows,
    claims::Account, sweeps::Sweeps,
};
use crate::{
    ClientOptions, EventQueue, OnProgress, Result,
    config::Config,
    http::{Exit, Transport, reqwest::Sockets},
    runtime::{Lanes, Undriven},
};
use std::sync::Arc;

/// The client of one instance and one key. It is cheap to clone, does nothing until its first call,
/// and may be used from any number of threads and tasks.
#[derive(Clone)]
pub struct Nomic(pub(crate) Arc<Shared>);

/// What all handles of one client share.
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) exit: Exit,
    pub(crate) sweeps: Sweeps,
    lanes: Lanes,
    /// Of a client whose transport, and time, are its own.
    account: Option<Arc<Account>>,
}

impl Shared {
    /// What is known of the paid requests made with this key.
    pub(crate) fn account(&self) -> Arc<Account> {
        self.account.clone().unwrap_or_else(|| Account::of(&self.config))
    }
}

impl Nomic {
    /// A client. What the options leave out comes from the environment: `NOMIC_API_KEY`, and `NOMIC_BASE_URL` or
    /// `NOMIC_DOMAIN`. A key that the environment binds to one host is never sent to another.
    ///
    /// # Errors
    /// `Config` if the key or the instance is missing or cannot be right. Nothing is sent.
    pub fn new(options: ClientOptions) -> Result<Self> {
        let config = Arc::new(Config::resolve(options)?);
        let sockets = Arc::new(Sockets::new(config.clone()));
        let exit = Exit::new(config.clone(), sockets.clone(), false)?;
        Ok(Self(Arc::new(Shared { config, exit, sweeps: Sweeps::new(), lanes: Lanes::new(sockets), account: None })))
    }

    /// A client over another transport than sockets.
    #[doc(hidden)]
    pub fn over(options: ClientOptions, transport: Arc<dyn Transport>) -> Result<Self> {
        let config = Arc::new(Config::resolve(options)?);
        let sockets = Arc::new(Sockets::new(config.clone()));
        let exit = Exit::new(config.clone(), transport, true)?;
        let (sweeps, account) = (Sweeps::new(), Some(Arc::new(Account::new())));
        Ok(Self(Arc::new(Shared { config, exit, sweeps, lanes: Lanes::new(sockets), account })))
    }

    /// Closes the client: calls made from now on fail with `Closed`, idle connections are dropped, and who listens hears no
    /// more.
    pub fn close(&self) {
        self.0.exit.close();
        self.0.exit.events.end();
        self.0.lanes.close();
    }

    /// Files: upload and search.
    pub fn files(&self) -> Files {
        Files::new(self.0.clone())
    }

    /// Agents: launch, look, stop, delete, attach.
    pub fn agents(&self) -> Agents {
        Agents::new(self.0.clone())
    }

    /// Workflows: which there are.
    pub fn workflows(&self) -> Workflows {
        Workflows::new(self.0.clone())
    }

    /// Uploads what is local, launches an agent on them and waits for its answer.
    ///
    /// # Errors
    /// Those of [`Agents::launch`] and [`AgentRun::wait`](super::AgentRun::wait).
    pub async fn ask(
        &self,
        launch: LaunchOptions,
        attachments: impl Into<Attachments> + Send,
        wait: WaitOptions,
        progress: Option<OnProgress>,
    ) -> Result<RunResult> {
        // Before anything is uploaded or launched.
        wait.check()?;
        let run = self.agents().launch(launch, attachments, progress.clone()).await?;
        run.wait(wait, progress).await
    }

    /// Waits for all of these runs at once and gives what became of each, in their order; a run that fails is an outcome,
    /// never an error of the whole. The deadline is for all of them together. `progress` hears `waiting` with how many are
    /// over, of how many.
    ///
    /// # Errors
    /// `InvalidInput` if the options are wrong, or a run belongs to another client.
    pub async fn wait_all(
        &self,
        runs: &[AgentRun],
        options: WaitOptions,
        progress: Option<OnProgress>,
    ) -> Result<Vec<RunOutcome>> {
        self.as_completed(runs, options)?.all(progress.as_ref()).await
    }

    /// The same, one after another as they end.
    ///
    /// # Errors
    /// Those of [`Self::wait_all`].
    pub fn as_completed(&self, runs: &[AgentRun], options: WaitOptions) -> Result<Completed> {
        Completed::new(self, runs, &options)
    }

    /// What this client does from now on, until it is closed or gone.
    pub fn listen(&self) -> EventQueue {
        self.0.exit.events.listen()
    }

    /// Drives a future of this client in this thread; `interrupted` is asked every 50 ms. For bridges.
    ///
    /// # Errors
    /// `None` after an interruption: the future was dropped and its connection closed.
    #[doc(hidden)]
    pub fn drive<T: Send>(
        &self,
        future: impl Future<Output = Result<T>> + Send,
        interrupted: impl FnMut() -> bool,
    ) -> Result<T, Option<crate::Error>> {
        match self.0.lanes.drive(future, interrupted) {
            Ok(result) => result.map_err(Some),
            Err(Undriven::Interrupted) => Err(None),
            Err(Undriven::Failed(error)) => Err(Some(error)),
        }
    }
}

impl std::fmt::Debug for Nomic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Nomic({}, {:?})", self.0.config.origin.as_str(), self.0.config.api_key)
    }
}
