//! How a call runs: on the core's background lane, until it ends or is given up.

use futures_util::FutureExt;
use nomkit::{Error, ErrorKind, runtime};
use std::sync::Arc;
use tokio::{select, sync::Semaphore, task::AbortHandle};

/// A call that did not succeed. The packages make their own error of it.
#[derive(Debug, uniffi::Error)]
pub enum Failure {
    Failed { error: Error },
    Cancelled,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed { error } => f.write_str(&error.message),
            Self::Cancelled => f.write_str("The call was given up."),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed { error }
    }
}

/// Gives a call up from outside, at once, before it or in its midst.
#[derive(uniffi::Object)]
pub struct CancelHandle {
    /// Has no permits: it is closed, which stays so for who asks later.
    open: Arc<Semaphore>,
}

#[uniffi::export]
impl CancelHandle {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { open: Arc::new(Semaphore::new(0)) })
    }

    /// No request of the call starts after this.
    pub fn cancel(&self) {
        self.open.close();
    }
}

impl CancelHandle {
    /// Runs a core call. Whoever drops this gives it up too.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = nomkit::Result<T>> + Send + 'static,
    ) -> Result<T, Failure> {
        let open = self.open.clone();
        let task = runtime::background()?.spawn(async move {
            select! {
                biased;
                _ = open.acquire() => Err(Failure::Cancelled),
                done = runtime::guarded(work) => Ok(done??),
            }
        });
        let _given_up = AbortOnDrop(task.abort_handle());
        task.await.unwrap_or_else(|ended| Err(if ended.is_panic() { lost().into() } else { Failure::Cancelled }))
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Unexpected, "A bug in nomkit: a call died.")
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What needs no waiting.
pub(crate) fn now<T>(work: impl FnOnce() -> nomkit::Result<T>) -> Result<T, Failure> {
    let done = runtime::guarded(async { work() }).now_or_never();
    Ok(done.ok_or_else(lost)???)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use futures_util::future::pending;
    use std::{
        pin::pin,
        sync::atomic::{AtomicBool, Ordering::SeqCst},
    };
    use tokio::sync::oneshot;

    fn is_unexpected<T>(ended: Result<T, Failure>) -> bool {
        matches!(ended, Err(Failure::Failed { error }) if error.kind() == ErrorKind::Unexpected && error.message.contains("probed"))
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_later_calls_go_on() {
        assert!(is_unexpected(CancelHandle::new().run::<()>(async { panic!("probed") }).await));
        assert!(is_unexpected(now::<()>(|| panic!("probed"))));
        assert_eq!(CancelHandle::new().run(async { Ok(1) }).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn nothing_of_a_call_that_was_given_up_is_begun() {
        let (cancel, begun) = (CancelHandle::new(), Arc::new(AtomicBool::new(false)));
        cancel.cancel();
        let begin = begun.clone();
        let ended = cancel.run(async move { Ok(begin.swap(true, SeqCst)) }).await;
        assert!(matches!(ended, Err(Failure::Cancelled)));
        assert!(!begun.load(SeqCst));
    }

    /// Its next step waits for a message, which comes right after it was given up.
    #[tokio::test]
    async fn no_step_follows_a_cancel() {
        for _ in 0..100 {
            let (cancel, (go, gone)) = (CancelHandle::new(), oneshot::channel());
            let (began, begun) = oneshot::channel();
            let stepped = Arc::new(AtomicBool::new(false));
            let step = stepped.clone();
            let work = async move {
                let _ = began.send(());
                let _ = gone.await;
                step.store(true, SeqCst);
                pending().await
            };
            let mut call = pin!(cancel.run::<()>(work));
            assert!(call.as_mut().now_or_never().is_none());
            begun.await.unwrap();
            // The lane has one thread: what it was at is over then.
            runtime::background().unwrap().spawn(async {}).await.unwrap();
            cancel.cancel();
            let _ = go.send(());
            assert!(matches!(call.await, Err(Failure::Cancelled)));
            assert!(!stepped.load(SeqCst));
        }
    }

    #[tokio::test]
    async fn what_a_call_holds_is_gone_when_it_was_given_up() {
        let (cancel, held) = (CancelHandle::new(), Arc::new(()));
        let holding = held.clone();
        let mut call = pin!(cancel.run::<()>(async move {
            let _holding = holding;
            pending().await
        }));
        assert!(call.as_mut().now_or_never().is_none());
        cancel.cancel();
        assert!(matches!(call.await, Err(Failure::Cancelled)));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
