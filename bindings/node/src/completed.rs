use crate::{
    agent_run::AgentRun,
    queue::{Item, Queue},
    value::{Wire, say},
};
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use nomkit::{RunOutcome, record::Expose};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Runs as they end.
#[napi]
pub struct Completed(Arc<Mutex<Option<nomkit::Completed>>>);

impl Completed {
    /// They are waited for whether the next is asked for or not.
    pub(crate) fn new(completed: nomkit::Completed) -> nomkit::Result<Self> {
        let begun = completed.begin_in(&nomkit::runtime::background()?);
        Ok(Self(Arc::new(Mutex::new(Some(begun)))))
    }
}

#[napi]
impl Completed {
    #[napi(catch_unwind)]
    pub fn next(&self, queue: &Queue, call: u32) {
        let completed = self.0.clone();
        let next = async move {
            match &mut *completed.lock().await {
                Some(completed) => Ok(completed.next().await),
                None => Ok(None),
            }
        };
        queue.make(call, next, |ended| say("value", &ended.as_ref().map(Ended)).map(Item::Text));
    }

    /// Nobody wants to know any more.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        let completed = self.0.clone();
        // After a `next` that is being given up.
        let end = async move { drop(completed.lock().await.take()) };
        let _ = nomkit::runtime::background().map(|background| background.spawn(end));
    }
}

pub(crate) fn cores(runs: &[ClassInstance<'_, AgentRun>]) -> Vec<nomkit::AgentRun> {
    runs.iter().map(|run| run.core()).collect()
}

/// What became of runs, as text.
pub(crate) fn outcomes(ended: Vec<RunOutcome>) -> nomkit::Result<Item> {
    say("value", &ended.iter().map(Ended).collect::<Vec<_>>()).map(Item::Text)
}

/// The run by its agent and turn, its result, its error.
struct Ended<'a>(&'a RunOutcome);

impl Serialize for Ended<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (run, result) = (&self.0.run, self.0.result.as_ref());
        let (result, error) = (result.ok().map(Expose::value), result.err().map(|error| error.info().value()));
        let mut ended = serializer.serialize_struct("Ended", 4)?;
        ended.serialize_field("agentId", run.id())?;
        ended.serialize_field("turn", &run.turn())?;
        ended.serialize_field("result", &result.as_ref().map(Wire))?;
        ended.serialize_field("error", &error.as_ref().map(Wire))?;
        ended.end()
    }
}
