//! What Swift and Kotlin read goes out as an upload: beside the call they ask what is wanted, and give it.

use crate::call::{Failure, now};
use bytes::Bytes;
use futures_util::Stream as Chunks;
use nomkit::Stream;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::sync::Notify;

/// The bytes of a source that is read outside.
#[derive(Default, uniffi::Object)]
pub struct Feed {
    state: Mutex<State>,
    /// Something is wanted, or nothing will be any more.
    asked: Notify,
}

#[derive(Default)]
struct State {
    /// Counts the readings from the start: what is given for an earlier one is too late.
    reading: u32,
    /// Bytes given of this reading.
    offset: u64,
    wanted: bool,
    brought: Option<Brought>,
    waker: Option<Waker>,
    lent: bool,
    stopped: bool,
}

enum Brought {
    Chunk(Bytes),
    End,
}

/// The next bytes of a source that the core wants.
#[derive(uniffi::Record)]
pub struct Wanted {
    pub reading: u32,
    /// Where they begin; 0 is the source's start, each time that it is read.
    pub offset: u64,
}

#[uniffi::export]
impl Feed {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A call begins that will read it, the only one that ever does. Refused if there was one that did, or if there is
    /// one that may.
    pub fn lend(&self) -> Result<(), Failure> {
        now(|| if self.borrow() { Ok(()) } else { Err(Stream::spent()) })
    }

    /// The call is over: nothing is wanted any more, and whoever asks is told so.
    pub fn stop(&self) {
        let mut state = self.state();
        (state.lent, state.stopped) = (false, true);
        // Whoever hears it may run foreign code, which shall find no lock held.
        drop(state);
        self.asked.notify_one();
    }

    /// Bytes that were wanted; none is the end.
    pub fn give(&self, wanted: Wanted, chunk: Vec<u8>) {
        let brought = if chunk.is_empty() { Brought::End } else { Brought::Chunk(chunk.into()) };
        self.bring(&wanted, brought);
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl Feed {
    /// What is wanted next; nothing after the call's end. One asks at a time.
    pub async fn wanted(&self) -> Option<Wanted> {
        loop {
            let asked = self.asked.notified();
            let (wanted, stopped) = self.take();
            if wanted.is_some() || stopped {
                return wanted;
            }
            asked.await;
        }
    }
}

impl Feed {
    /// A reading from the start.
    pub(crate) fn blocks(self: &Arc<Self>) -> Blocks {
        let mut state = self.state();
        let State { reading, lent, stopped, .. } = *state;
        *state = State { reading: reading + 1, lent, stopped, ..State::default() };
        Blocks { reading: state.reading, feed: self.clone() }
    }

    fn borrow(&self) -> bool {
        let mut state = self.state();
        let is_fresh = !state.lent && state.reading == 0;
        if is_fresh {
            (state.lent, state.stopped) = (true, false);
        }
        is_fresh
    }

    fn take(&self) -> (Option<Wanted>, bool) {
        let mut state = self.state();
        let wanted = Wanted { reading: state.reading, offset: state.offset };
        (std::mem::take(&mut state.wanted).then_some(wanted).filter(|_| !state.stopped), state.stopped)
    }

    fn bring(&self, wanted: &Wanted, brought: Brought) {
        let mut state = self.state();
        if wanted.reading != state.reading || wanted.offset != state.offset {
            return;
        }
        if let Brought::Chunk(chunk) = &brought {
            state.offset += chunk.len() as u64;
        }
        state.brought = Some(brought);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Nothing that holds this lock panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of one reading, as the core takes them.
pub(crate) struct Blocks {
    feed: Arc<Feed>,
    reading: u32,
}

impl Chunks for Blocks {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let mut state = self.feed.state();
        if state.reading != self.reading {
            return Poll::Ready(Some(Err(io::Error::other("it is read again from its start"))));
        }
        match state.brought.take() {
            Some(Brought::Chunk(chunk)) => return Poll::Ready(Some(Ok(chunk))),
            Some(Brought::End) => return Poll::Ready(None),
            None => {}
        }
        let first = state.waker.replace(context.waker().clone()).is_none();
        if first {
            state.wanted = true;
            drop(state);
            self.feed.asked.notify_one();
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use futures_util::{FutureExt, StreamExt, task::noop_waker};
    use std::{
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::Wake,
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn polled(blocks: &mut Blocks) -> Poll<Option<String>> {
        let polled = blocks.poll_next_unpin(&mut Context::from_waker(&noop_waker()));
        polled.map(|next| next.map(|next| String::from_utf8(next.unwrap().to_vec()).unwrap()))
    }

    fn wanted(feed: &Feed) -> Wanted {
        feed.wanted().now_or_never().flatten().unwrap()
    }

    fn is_wanted(feed: &Feed) -> bool {
        feed.wanted().now_or_never().is_some()
    }

    #[test]
    fn one_chunk_is_wanted_at_a_time_and_each_from_where_the_last_one_ended() {
        let feed = Feed::new();
        let mut blocks = feed.blocks();
        assert!(!is_wanted(&feed));
        for (offset, chunk) in [(0, "first"), (5, "second"), (11, "third")] {
            assert_eq!(polled(&mut blocks), Poll::Pending);
            assert_eq!(polled(&mut blocks), Poll::Pending);
            let wanted = wanted(&feed);
            assert_eq!(wanted.offset, offset);
            assert!(!is_wanted(&feed));
            feed.give(wanted, chunk.into());
            assert_eq!(polled(&mut blocks), Poll::Ready(Some(chunk.to_owned())));
        }
        assert_eq!(polled(&mut blocks), Poll::Pending);
        feed.give(wanted(&feed), Vec::new());
        assert_eq!(polled(&mut blocks), Poll::Ready(None));
    }

    #[test]
    fn what_is_given_twice_or_for_an_earlier_reading_is_dropped() {
        let feed = Feed::new();
        let mut first = feed.blocks();
        assert_eq!(polled(&mut first), Poll::Pending);
        let early = wanted(&feed);
        let mut second = feed.blocks();
        assert!(matches!(first.next().now_or_never(), Some(Some(Err(_)))));
        assert_eq!(polled(&mut second), Poll::Pending);
        feed.give(Wanted { ..early }, b"late".to_vec());
        assert_eq!(polled(&mut second), Poll::Pending);
        let Wanted { reading, offset } = wanted(&feed);
        feed.give(Wanted { reading, offset }, b"whole".to_vec());
        feed.give(Wanted { reading, offset }, b"twice".to_vec());
        feed.give(Wanted { reading, offset }, Vec::new());
        assert_eq!(polled(&mut second), Poll::Ready(Some("whole".to_owned())));
        assert_eq!(polled(&mut second), Poll::Pending);
        assert_eq!(wanted(&feed).offset, 5);
    }

    #[test]
    fn the_last_waker_is_woken_once() {
        let (feed, wakers) = (Feed::new(), [(); 3].map(|()| Arc::<Woken>::default()));
        let mut blocks = feed.blocks();
        for waker in &wakers {
            let waker = waker.clone().into();
            assert!(blocks.poll_next_unpin(&mut Context::from_waker(&waker)).is_pending());
        }
        feed.give(wanted(&feed), b"chunk".to_vec());
        assert_eq!(wakers.map(|waker| waker.0.load(SeqCst)), [0, 0, 1]);
    }

    #[tokio::test]
    async fn who_asks_is_woken_by_a_want_and_by_the_end() {
        let feed = Feed::new();
        let mut blocks = feed.blocks();
        let mut asking = pin!(feed.wanted());
        assert!(asking.as_mut().now_or_never().is_none());
        assert_eq!(polled(&mut blocks), Poll::Pending);
        assert_eq!(asking.await.unwrap().offset, 0);
        let mut asking = pin!(feed.wanted());
        assert!(asking.as_mut().now_or_never().is_none());
        feed.stop();
        assert!(asking.await.is_none());
    }

    #[tokio::test]
    async fn readers_and_their_call_in_threads_of_their_own_lose_nothing() {
        for _ in 0..50 {
            let feed = Feed::new();
            let giving = feed.clone();
            let reader = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    while let Some(wanted) = giving.wanted().await {
                        let chunk = if wanted.offset < 100 { vec![7] } else { Vec::new() };
                        giving.give(wanted, chunk);
                    }
                });
            });
            assert_eq!(feed.blocks().count().await, 100);
            feed.stop();
            reader.join().unwrap();
        }
    }

    #[test]
    fn what_is_read_once_is_lent_once_unless_nothing_of_it_was_read() {
        let feed = Feed::new();
        feed.lend().unwrap();
        assert!(feed.lend().is_err());
        feed.stop();
        feed.lend().unwrap();
        let _blocks = feed.blocks();
        feed.stop();
        assert!(matches!(feed.lend(), Err(Failure::Failed { .. })));
    }
}
