//! Workflows: the templates that agents can be launched from.

use super::{Pager, Workflow, WorkflowListOptions, client::Shared, pager::page_size, routes};
use crate::Result;
use std::sync::Arc;

/// Workflows: which there are, and which files they ask for.
#[derive(Clone)]
pub struct Workflows {
    shared: Arc<Shared>,
}

impl Workflows {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Lists the workflows that the user may launch. `GET /workflows`, scope `developer:agent`, tier Standard.
    ///
    /// # Errors
    /// `InvalidInput` for options that cannot be; what the pages raise comes from the pager.
    pub fn list(&self, options: WorkflowListOptions) -> Result<Pager<Workflow>> {
        let mut query = Vec::new();
        query.extend(page_size(options.page_size, 100)?);
        if let Some(project) = options.project_id {
            query.push(("projectId", routes::check_id("project_id", &project)?.to_owned()));
        }
        Ok(Pager::new(self.shared.clone(), routes::WORKFLOWS, query))
    }
}
