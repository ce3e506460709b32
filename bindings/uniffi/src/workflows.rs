use crate::{
    call::{Failure, now},
    pages::WorkflowPages,
};
use nomkit::{WorkflowListOptions, Workflows};
use std::sync::Arc;

/// Workflows.
#[derive(uniffi::Object)]
pub struct WorkflowsBridge(pub(crate) Workflows);

#[uniffi::export]
impl WorkflowsBridge {
    pub fn list(&self, options: WorkflowListOptions) -> Result<Arc<WorkflowPages>, Failure> {
        now(|| self.0.list(options).map(WorkflowPages::new))
    }
}
