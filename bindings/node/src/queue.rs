//! How results reach JavaScript: the background thread puts them into a queue and rings a bell, one for all; the
//! thread that owns the queue drains it. Native code knows a call by the number that JavaScript gave it.

use crate::{
    agent_run::AgentRun,
    bell::{self, Bell, Listener},
    reader::{Blocks, Inbox},
    value::{failure, saying},
};
use napi::bindgen_prelude::{Either3, Env, Function, Result, Uint8ArraySlice};
use napi_derive::napi;
use nomkit::{EventQueue, OnProgress, record::Expose};
use std::{
    collections::HashMap,
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::task::AbortHandle;

/// One for each JavaScript thread.
#[napi]
pub struct Queue(Arc<Line>, Rc<Listener>);

/// The end that the background thread pulls. Calls hold it weakly: it ends with its thread.
pub(crate) struct Line {
    items: Mutex<Vec<(u32, Item)>>,
    rung: AtomicBool,
    calls: Mutex<HashMap<u32, Call>>,
    /// Somebody is told of what clients do.
    heard: AtomicBool,
    bell: Bell,
}

/// A call under way.
#[derive(Default)]
struct Call {
    task: Option<AbortHandle>,
    /// One for each time that a reader of the call's is read from its start.
    inboxes: Vec<Weak<Inbox>>,
}

/// What has come for a call.
pub(crate) enum Item {
    Text(String),
    Run(AgentRun),
}

#[napi]
impl Queue {
    /// The bell is rung in the thread that makes the queue.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, listener: Function<'_, (), ()>) -> Result<Self> {
        let (bell, listener) = bell::hang(env, &listener)?;
        let (items, calls) = (Mutex::default(), Mutex::default());
        let line = Line { items, rung: AtomicBool::new(false), calls, heard: AtomicBool::new(false), bell };
        Ok(Self(Arc::new(line), listener))
    }

    /// What has come: call, item, call, item.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> Vec<Either3<u32, String, AgentRun>> {
        // In this order: what is pushed from here on rings again.
        self.0.rung.store(false, Ordering::Release);
        let items = std::mem::take(&mut *locked(&self.0.items));
        let pair = |(call, item)| match item {
            Item::Text(text) => [Either3::A(call), Either3::B(text)],
            Item::Run(run) => [Either3::A(call), Either3::C(run)],
        };
        items.into_iter().flat_map(pair).collect()
    }

    /// Gives a call up: no request starts any more, and the one in flight is aborted.
    #[napi(catch_unwind)]
    pub fn cancel(&self, call: u32) {
        if let Some(task) = locked(&self.0.calls).remove(&call).and_then(|call| call.task) {
            task.abort();
        }
    }

    /// Bytes that a call's reader was asked for, none at its end; how many of them there was room for.
    #[napi(catch_unwind)]
    pub fn give(&self, call: u32, place: u32, chunk: Option<Uint8ArraySlice<'_>>) -> u32 {
        let inbox = locked(&self.0.calls).get(&call).and_then(|call| call.inboxes.get(place as usize)?.upgrade());
        inbox.map_or(0, |inbox| inbox.give(chunk.as_deref()) as u32)
    }

    /// Whether the event loop is kept going, and the bell heard, as it should be while calls are open.
    #[napi(catch_unwind)]
    pub fn hold(&self, open: bool) {
        self.1.hold(&self.0.bell, open);
    }
}

impl Drop for Queue {
    /// Its thread ends, or nobody has a use for it: nobody waits for its calls any more.
    fn drop(&mut self) {
        self.0.bell.take_down();
        locked(&self.0.calls).drain().filter_map(|(_, call)| call.task).for_each(|task| task.abort());
    }
}

impl Queue {
    /// Makes a call that gives a record.
    pub(crate) fn run<T: Expose + Send + 'static>(
        &self,
        call: u32,
        work: impl Future<Output = nomkit::Result<T>> + Send + 'static,
    ) {
        self.make(call, work, |value| saying("value", &value).map(Item::Text));
    }

    /// Makes a call whose result `make` turns into what crosses.
    pub(crate) fn make<T: Send + 'static>(
        &self,
        call: u32,
        work: impl Future<Output = nomkit::Result<T>> + Send + 'static,
        make: impl FnOnce(T) -> nomkit::Result<Item> + Send + 'static,
    ) {
        let line = Arc::downgrade(&self.0);
        let made = nomkit::runtime::guarded(async move { make(work.await?) });
        let task = async move {
            let item = made.await.flatten().unwrap_or_else(|error| Item::Text(failure(&error)));
            if line.upgrade().is_some_and(|line| line.heard.load(Ordering::Relaxed)) {
                // Whoever brings events is next in this thread: what led to a result comes before it.
                tokio::task::yield_now().await;
            }
            if let Some(line) = line.upgrade() {
                locked(&line.calls).remove(&call);
                line.push(call, item);
            }
        };
        let mut calls = locked(&self.0.calls);
        match nomkit::runtime::background() {
            Ok(background) => calls.entry(call).or_default().task = Some(background.spawn(task).abort_handle()),
            Err(error) => self.0.push(call, Item::Text(failure(&error))),
        }
    }

    /// Who tells JavaScript of a call's progress, if somebody listens there.
    pub(crate) fn listener(&self, call: u32, listening: bool) -> Option<OnProgress> {
        let line = Arc::downgrade(&self.0);
        listening.then_some(Arc::new(move |progress| {
            if let (Some(line), Ok(text)) = (line.upgrade(), saying("progress", &progress)) {
                line.push(call, Item::Text(text));
            }
        }))
    }

    /// Brings what a client does for a listener of JavaScript's, and at the end `{}`.
    pub(crate) fn hear(&self, listener: u32, events: EventQueue) -> nomkit::Result<()> {
        let line = Arc::downgrade(&self.0);
        let bring = async move {
            loop {
                let news = events.next().await;
                let Some(line) = line.upgrade() else { return };
                if news.is_empty() {
                    return line.push(listener, Item::Text("{}".to_owned()));
                }
                for text in news.iter().filter_map(|event| saying("event", event).ok()) {
                    line.push(listener, Item::Text(text));
                }
            }
        };
        self.0.heard.store(true, Ordering::Relaxed);
        nomkit::runtime::background().map(|background| drop(background.spawn(bring)))
    }

    /// One of a call's readers, which JavaScript has: how to read it from its start.
    pub(crate) fn blocks(&self, call: u32, reader: usize) -> impl Fn() -> Blocks + Send + Sync + 'static {
        let line = Arc::downgrade(&self.0);
        move || Blocks::new(line.clone(), call, reader)
    }
}

impl Line {
    /// A place for what is brought of a call's reader. (There is no such call any more once it was given up.)
    pub(crate) fn add_inbox(&self, call: u32, inbox: &Arc<Inbox>) -> usize {
        let mut calls = locked(&self.calls);
        let Some(call) = calls.get_mut(&call) else { return 0 };
        call.inboxes.push(Arc::downgrade(inbox));
        call.inboxes.len() - 1
    }

    /// A reader shall bring what it has.
    pub(crate) fn wanted(&self, call: u32, reader: usize, place: usize) {
        self.push(call, Item::Text(format!("{{\"wanted\":{{\"reader\":{reader},\"place\":{place}}}}}")));
    }

    fn push(&self, call: u32, item: Item) {
        locked(&self.items).push((call, item));
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.bell.ring();
        }
    }
}

/// Nothing that holds these locks panics.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
