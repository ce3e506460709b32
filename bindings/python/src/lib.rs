//! The Python bridge: conversion only. What users see is in `python/nomkit`.

mod agent_run;
mod agents;
mod arguments;
mod attachments;
mod bell;
mod client;
mod download;
mod feed;
mod files;
mod listener;
mod pages;
mod pending;
mod source;
mod value;
mod workflows;

/// The private module of the Python package.
#[pyo3::pymodule(gil_used = true)]
mod _native {
    #[pymodule_export]
    use super::agent_run::{AgentRun, Updates, check_wait};
    #[pymodule_export]
    use super::agents::Agents;
    #[pymodule_export]
    use super::attachments::Image;
    #[pymodule_export]
    use super::bell::Bell;
    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::download::download;
    #[pymodule_export]
    use super::feed::Feeding;
    #[pymodule_export]
    use super::files::Files;
    #[pymodule_export]
    use super::pages::{AgentPages, FilePages, WorkflowPages};
    #[pymodule_export]
    use super::pending::{Pending, Submitted};
    #[pymodule_export]
    use super::source::Source;
    #[pymodule_export]
    use super::workflows::Workflows;
}
