//! How far a call is, asked for from outside: the call never waits for who listens.

use nomkit::{OnProgress, Progress};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// What is told of one call. The end of the call ends it.
#[derive(Default, uniffi::Object)]
pub struct Told {
    state: Mutex<State>,
    /// There is something to hear, or nothing will be any more.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Of each phase what is newest, so that who listens slowly neither lags behind nor has it piled up.
    heard: VecDeque<Progress>,
    over: bool,
}

#[uniffi::export]
impl Told {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Told {
    /// What was told next; nothing after the call's end. One asks at a time.
    pub async fn next(&self) -> Option<Progress> {
        loop {
            let changed = self.changed.notified();
            let (next, over) = self.take();
            if next.is_some() || over {
                return next;
            }
            changed.await;
        }
    }
}

impl Told {
    /// Who is told by the core.
    pub(crate) fn listener(told: Option<Arc<Self>>) -> Option<OnProgress> {
        let ends = Ends(told?);
        Some(Arc::new(move |progress| ends.0.tell(progress)))
    }

    fn tell(&self, progress: Progress) {
        let heard = &mut self.state().heard;
        heard.retain(|earlier| earlier.phase != progress.phase);
        heard.push_back(progress);
        self.changed.notify_one();
    }

    fn take(&self) -> (Option<Progress>, bool) {
        let mut state = self.state();
        (state.heard.pop_front(), state.over)
    }

    /// Nothing that holds this lock panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the call alone.
struct Ends(Arc<Told>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.state().over = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;

    fn progress(phase: &str, done: f64) -> Progress {
        Progress { phase: phase.to_owned(), done, total: None, rate: None, eta: None }
    }

    #[test]
    fn who_listens_slowly_hears_the_newest_of_each_phase() {
        let told = Told::new();
        let tell = Told::listener(Some(told.clone())).unwrap();
        for done in 0..100_000 {
            tell(progress("sending", f64::from(done)));
        }
        tell(progress("accepted", 1.0));
        // Of one file after another.
        for done in 1..=1000 {
            tell(progress("sending", f64::from(done)));
            tell(progress("accepted", f64::from(done)));
        }
        drop(tell);
        let mut heard = Vec::new();
        while let Some(Some(progress)) = told.next().now_or_never() {
            heard.push((progress.phase, progress.done));
        }
        assert_eq!(heard, [("sending".to_owned(), 1000.0), ("accepted".to_owned(), 1000.0)]);
    }

    #[test]
    fn one_who_waits_is_woken_by_news_and_by_the_end() {
        futures_executor(async {
            let told = Told::new();
            let tell = Told::listener(Some(told.clone())).unwrap();
            let mut next = pin!(told.next());
            assert!(next.as_mut().now_or_never().is_none());
            tell(progress("sending", 1.0));
            assert!(next.await.is_some());
            let mut next = pin!(told.next());
            assert!(next.as_mut().now_or_never().is_none());
            drop(tell);
            assert!(next.await.is_none());
        });
    }

    fn futures_executor(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
    }
}
