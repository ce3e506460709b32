//! The Python bridge: conversion only. What users see is in `python/nomkit`.

mod agent_run;
mod agents;
mod arguments;
mod attachments;
mod bell;
mod client;
mod completed;
mod download;
mod ending;
mod feed;
mod files;
mod interpreter;
mod listener;
mod pages;
mod pending;
mod source;
mod told;
mod turnstile;
mod value;
mod workflows;

use pyo3::prelude::*;

/// The private module of the Python package.
#[pymodule(gil_used = true)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Before the first class, of which one exists in the process.
    interpreter::check_main(module.py())?;
    ending::foresee(module)?;
    module.add_class::<agent_run::AgentRun>()?;
    module.add_class::<agent_run::Updates>()?;
    module.add_class::<agents::Agents>()?;
    module.add_class::<attachments::Image>()?;
    module.add_class::<bell::Bell>()?;
    module.add_class::<client::Client>()?;
    module.add_class::<completed::Completed>()?;
    module.add_class::<feed::Feeding>()?;
    module.add_class::<files::Files>()?;
    module.add_class::<pages::AgentPages>()?;
    module.add_class::<pages::FilePages>()?;
    module.add_class::<pages::WorkflowPages>()?;
    module.add_class::<pending::Pending>()?;
    module.add_class::<pending::Submitted>()?;
    module.add_class::<source::Source>()?;
    module.add_class::<workflows::Workflows>()?;
    module.add_function(wrap_pyfunction!(agent_run::check_wait, module)?)?;
    module.add_function(wrap_pyfunction!(download::download, module)?)
}
