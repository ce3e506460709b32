//! Many runs waited for at once, by one future.

use super::{AgentRun, Nomic, RunResult, WaitOptions, follow::Follow};
use crate::{
    Error, OnProgress, Progress, Result,
    runtime::{Process, forked, guarded},
};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    runtime::Handle,
    sync::mpsc::{self, UnboundedReceiver},
    task::AbortHandle,
};

/// What became of one run of many.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The run.
    pub run: AgentRun,
    /// What it said and made, or why there is nothing of that.
    pub result: Result<RunResult>,
}

type Waits = FuturesUnordered<BoxFuture<'static, (usize, RunOutcome)>>;

/// Runs as they end. From the first that is asked for they are waited for in a task of their own, however long the caller
/// takes over each; dropping this ends it.
pub struct Completed {
    waits: Waits,
    /// Who has not been given out yet.
    left: BTreeMap<usize, AgentRun>,
    ahead: Option<Ahead>,
    process: Process,
}

impl Completed {
    pub(crate) fn new(nomic: &Nomic, runs: &[AgentRun], options: &WaitOptions) -> Result<Self> {
        options.check()?;
        if runs.iter().any(|run| !Arc::ptr_eq(&run.agents.shared, &nomic.0)) {
            return Err(Error::invalid("runs", "One of `runs` belongs to another client. Wait for it with that one."));
        }
        let waits = Waits::new();
        for (at, run) in runs.iter().enumerate() {
            let (run, follow) = (run.clone(), Follow::new(run.clone(), options)?);
            let wait = async move {
                let waited = run.timeline.clone();
                let result = guarded(waited.within(Box::pin(follow.finish(None)))).await.flatten();
                (at, RunOutcome { run, result })
            };
            waits.push(Box::pin(wait) as BoxFuture<'static, _>);
        }
        let left = runs.iter().cloned().enumerate().collect();
        Ok(Self { waits, left, ahead: None, process: Process::this() })
    }

    /// The next run that ends, with what became of it; `None` after the last. In a forked child that is `Closed` for each
    /// that is left: its parent waits for them.
    pub async fn next(&mut self) -> Option<RunOutcome> {
        if !self.process.is_this() {
            return self.left.pop_first().map(|(_, run)| RunOutcome { run, result: Err(forked()) });
        }
        let (at, outcome) = match Handle::try_current() {
            Ok(runtime) => self.begin(&runtime).outcomes.recv().await?,
            Err(_) => self.waits.next().await?,
        };
        self.left.remove(&at);
        Some(outcome)
    }

    /// Begins to wait, in this runtime. For those who drive each `next` in another one.
    #[doc(hidden)]
    pub fn begin_in(mut self, runtime: &Handle) -> Self {
        self.begin(runtime);
        self
    }

    fn begin(&mut self, runtime: &Handle) -> &mut Ahead {
        let waits = &mut self.waits;
        self.ahead.get_or_insert_with(|| Ahead::new(std::mem::take(waits), runtime))
    }

    pub(crate) async fn all(mut self, progress: Option<&OnProgress>) -> Result<Vec<RunOutcome>> {
        let count = self.left.len();
        let mut outcomes = Vec::with_capacity(count);
        let tell = |done: usize| {
            let (phase, done, total) = ("waiting".to_owned(), done as f64, Some(count as f64));
            if let Some(listener) = progress {
                listener(Progress { phase, done, total, rate: None, eta: None });
            }
        };
        tell(0);
        while let Some(ended) = self.waits.next().await {
            outcomes.push(ended);
            tell(outcomes.len());
        }
        outcomes.sort_by_key(|(at, _)| *at);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }
}

impl Drop for Completed {
    fn drop(&mut self) {
        let ahead = self.ahead.take();
        if !self.process.is_this() {
            // A forked child has no part in it: locks may be held that nobody frees here.
            std::mem::forget((std::mem::take(&mut self.waits), ahead));
        } else if let Some(ahead) = ahead {
            ahead.task.abort();
        }
    }
}

/// A task that waits, and what it has brought.
struct Ahead {
    outcomes: UnboundedReceiver<(usize, RunOutcome)>,
    task: AbortHandle,
}

impl Ahead {
    fn new(mut waits: Waits, runtime: &Handle) -> Self {
        // Without a bound: whoever waits at it does not see that others are over.
        let (bring, outcomes) = mpsc::unbounded_channel();
        let task = runtime.spawn(async move {
            while let Some(ended) = waits.next().await {
                if bring.send(ended).is_err() {
                    break;
                }
            }
        });
        Self { outcomes, task: task.abort_handle() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        ClientOptions, ErrorKind,
        flow::turn::Baseline,
        http::transport::{Failure, Request, Response, Transport},
    };
    use futures_util::FutureExt;

    struct Silent;

    impl Transport for Silent {
        fn send(&self, _: Request) -> BoxFuture<'static, Result<Response, Failure>> {
            std::future::pending().boxed()
        }
    }

    #[tokio::test]
    async fn a_forked_child_is_told_that_its_parent_waits() {
        let options = ClientOptions::default().base_url("https://acme.example").api_key("npk_test");
        let nomic = Nomic::over(options, Arc::new(Silent)).unwrap();
        let agent = serde_json::from_value(serde_json::json!({"id": "a", "status": "running"})).unwrap();
        let baseline = Baseline { users: 0, updated_at: None, accepted_at: None, asked: None };
        let run = AgentRun::new(nomic.agents(), agent, 1, baseline);
        let mut completed = nomic.as_completed(&[run.clone(), run], WaitOptions::default()).unwrap();
        assert!(completed.next().now_or_never().is_none());
        completed.process = Process::another();
        for _ in 0..2 {
            assert_eq!(completed.next().await.unwrap().result.unwrap_err().kind(), ErrorKind::Closed);
        }
        assert!(completed.next().await.is_none());
    }
}
