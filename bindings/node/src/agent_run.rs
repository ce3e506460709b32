use crate::{
    arguments::given,
    queue::{Item, Queue},
    source::Beside,
    value::{now, saying, told},
};
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;
use nomkit::WaitOptions;
use std::sync::Arc;
use tokio::sync::Mutex;

/// One turn of one agent.
#[napi]
pub struct AgentRun(nomkit::AgentRun);

impl AgentRun {
    pub(crate) fn item(run: nomkit::AgentRun) -> nomkit::Result<Item> {
        Ok(Item::Run(Self(run)))
    }

    pub(crate) fn core(&self) -> nomkit::AgentRun {
        self.0.clone()
    }
}

#[napi]
impl AgentRun {
    #[napi(getter, catch_unwind)]
    pub fn id(&self) -> String {
        self.0.id().to_owned()
    }

    #[napi(getter, catch_unwind)]
    pub fn turn(&self) -> u32 {
        self.0.turn()
    }

    /// The agent as it was last seen, as text.
    #[napi(getter, catch_unwind)]
    pub fn agent(&self) -> String {
        told(|| saying("value", &self.0.agent()))
    }

    #[napi(getter, catch_unwind)]
    pub fn status(&self) -> String {
        self.0.status().to_string()
    }

    #[napi(getter, catch_unwind)]
    pub fn token(&self) -> String {
        self.0.token()
    }

    #[napi(getter, catch_unwind)]
    pub fn url(&self) -> String {
        self.0.url()
    }

    #[napi(getter, catch_unwind)]
    pub fn recovered(&self) -> bool {
        self.0.recovered()
    }

    #[napi(catch_unwind)]
    pub fn explain(&self) -> String {
        self.0.explain()
    }

    #[napi(catch_unwind)]
    pub fn refresh(&self, queue: &Queue, call: u32) {
        let run = self.0.clone();
        queue.run(call, async move { run.refresh().await });
    }

    #[napi(catch_unwind)]
    pub fn wait(&self, options: String, listening: bool, queue: &Queue, call: u32) {
        let (run, listener) = (self.0.clone(), queue.listener(call, listening));
        queue.run(call, async move { run.wait(given(&options)?, listener).await });
    }

    #[napi(catch_unwind)]
    pub fn updates(&self, options: String) -> Either<Updates, String> {
        now(|| Ok(Updates(Arc::new(Mutex::new(self.0.updates(given(&options)?)?)))))
    }

    #[napi(catch_unwind)]
    pub fn conversation(&self, queue: &Queue, call: u32) {
        let run = self.0.clone();
        queue.run(call, async move { run.conversation().await });
    }

    #[napi(catch_unwind)]
    pub fn artifact(&self, artifact_id: String, queue: &Queue, call: u32) {
        let run = self.0.clone();
        queue.run(call, async move { run.artifact(&artifact_id).await });
    }

    #[napi(catch_unwind)]
    pub fn follow_up(&self, options: String, images: String, buffers: Vec<Uint8Array>, queue: &Queue, call: u32) {
        let (run, images) = (self.0.clone(), Beside::new(queue, call, &buffers).images(&images));
        let follow_up = async move { run.follow_up(given(&options)?, images?).await };
        queue.make(call, follow_up, Self::item);
    }

    #[napi(catch_unwind)]
    pub fn stop(&self, options: String, queue: &Queue, call: u32) {
        let run = self.0.clone();
        queue.run(call, async move { run.stop(given(&options)?).await });
    }
}

/// Says what is wrong with the options of a wait, before anything is launched.
#[napi(catch_unwind)]
pub(crate) fn check_wait(options: String) -> Either<bool, String> {
    now(|| given::<WaitOptions>(&options)?.check().map(|()| true))
}

/// The agent each time it changes.
#[napi]
pub struct Updates(Arc<Mutex<nomkit::Updates>>);

#[napi]
impl Updates {
    #[napi(catch_unwind)]
    pub fn next(&self, queue: &Queue, call: u32) {
        let updates = self.0.clone();
        queue.run(call, async move { updates.lock().await.next().await });
    }
}
