use crate::{
    agent_run::AgentRun,
    agents::Agents,
    arguments::given,
    completed::{Completed, cores, outcomes},
    files::Files,
    queue::Queue,
    value::now,
    workflows::Workflows,
};
use napi::bindgen_prelude::{ClassInstance, Either};
use napi_derive::napi;
use nomkit::Nomic;

/// The client.
#[napi]
pub struct Client(Nomic);

/// A client, or the error as text.
#[napi(catch_unwind)]
pub(crate) fn client(options: String) -> Either<Client, String> {
    now(|| Nomic::new(given(&options)?).map(Client))
}

#[napi]
impl Client {
    #[napi(catch_unwind)]
    pub fn files(&self) -> Files {
        Files::new(self.0.clone())
    }

    #[napi(catch_unwind)]
    pub fn agents(&self) -> Agents {
        Agents::new(self.0.clone())
    }

    #[napi(catch_unwind)]
    pub fn workflows(&self) -> Workflows {
        Workflows::new(self.0.clone())
    }

    #[napi(catch_unwind)]
    pub fn wait_all(
        &self,
        runs: Vec<ClassInstance<'_, AgentRun>>,
        options: String,
        listening: bool,
        queue: &Queue,
        call: u32,
    ) {
        let (nomic, runs, listener) = (self.0.clone(), cores(&runs), queue.listener(call, listening));
        let wait = async move { nomic.wait_all(&runs, given(&options)?, listener).await };
        queue.make(call, wait, outcomes);
    }

    #[napi(catch_unwind)]
    pub fn as_completed(&self, runs: Vec<ClassInstance<'_, AgentRun>>, options: String) -> Either<Completed, String> {
        now(|| Completed::new(self.0.as_completed(&cores(&runs), given(&options)?)?))
    }

    /// What the client does from now on comes for this listener, until the client is closed or gone.
    #[napi(catch_unwind)]
    pub fn listen(&self, queue: &Queue, listener: u32) -> Either<bool, String> {
        now(|| queue.hear(listener, self.0.listen()).map(|()| true))
    }

    /// What it is, without its key.
    #[napi(catch_unwind)]
    pub fn describe(&self) -> String {
        format!("{:?}", self.0)
    }

    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.0.close();
    }
}
