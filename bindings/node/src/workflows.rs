use crate::{arguments::given, pages::WorkflowPages, value::now};
use napi::bindgen_prelude::Either;
use napi_derive::napi;
use nomkit::Nomic;

/// Workflows.
#[napi]
pub struct Workflows(Nomic);

impl Workflows {
    pub(crate) fn new(nomic: Nomic) -> Self {
        Self(nomic)
    }
}

#[napi]
impl Workflows {
    #[napi(catch_unwind)]
    pub fn list(&self, options: String) -> Either<WorkflowPages, String> {
        now(|| self.0.workflows().list(given(&options)?).map(WorkflowPages::new))
    }
}
