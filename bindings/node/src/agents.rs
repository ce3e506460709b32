use crate::{agent_run::AgentRun, arguments::given, pages::AgentPages, queue::Queue, source::Beside, value::now};
use napi::bindgen_prelude::{Either, Uint8Array};
use napi_derive::napi;
use nomkit::Nomic;

/// Agents.
#[napi]
pub struct Agents(Nomic);

impl Agents {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[napi]
impl Agents {
    #[napi(catch_unwind)]
    pub fn launch(
        &self,
        options: String,
        attached: String,
        buffers: Vec<Uint8Array>,
        listening: bool,
        queue: &Queue,
        call: u32,
    ) {
        let (agents, listener) = (self.0.agents(), queue.listener(call, listening));
        let attachments = Beside::new(queue, call, &buffers).attachments(&attached);
        let launch = async move { agents.launch(given(&options)?, attachments?, listener).await };
        queue.make(call, launch, AgentRun::item);
    }

    #[napi(catch_unwind)]
    pub fn get(&self, id: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.run(call, async move { agents.get(&id).await });
    }

    #[napi(catch_unwind)]
    pub fn list(&self, options: String) -> Either<AgentPages, String> {
        now(|| self.0.agents().list(given(&options)?).map(AgentPages::new))
    }

    #[napi(catch_unwind)]
    pub fn conversation(&self, id: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.run(call, async move { agents.conversation(&id).await });
    }

    #[napi(catch_unwind)]
    pub fn artifact(&self, agent_id: String, artifact_id: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.run(call, async move { agents.artifact(&agent_id, &artifact_id).await });
    }

    #[napi(catch_unwind)]
    pub fn stop(&self, id: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.run(call, async move { agents.stop(&id).await });
    }

    #[napi(catch_unwind)]
    pub fn delete(&self, id: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.run(call, async move { agents.delete(&id).await.map(|()| true) });
    }

    #[napi(catch_unwind)]
    pub fn attach(&self, target: String, queue: &Queue, call: u32) {
        let agents = self.0.agents();
        queue.make(call, async move { agents.attach(&target).await }, AgentRun::item);
    }

    #[napi(catch_unwind)]
    pub fn resume(
        &self,
        target: String,
        options: String,
        images: String,
        buffers: Vec<Uint8Array>,
        queue: &Queue,
        call: u32,
    ) {
        let (agents, images) = (self.0.agents(), Beside::new(queue, call, &buffers).images(&images));
        let resume = async move { agents.resume(&target, given(&options)?, images?).await };
        queue.make(call, resume, AgentRun::item);
    }
}
