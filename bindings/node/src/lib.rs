//! The Node bridge: conversion only. What users see is in `node/src`.
//!
//! What crosses is JSON text, through one queue for each JavaScript thread; a call is known by a number that JavaScript
//! gives it. Only runs, lists and bytes cross as objects.

// What Node registers is left out of test builds.
#![cfg_attr(test, allow(dead_code))]

mod agent_run;
mod agents;
mod arguments;
mod bell;
mod client;
mod completed;
mod download;
mod files;
mod pages;
#[cfg(feature = "probe")]
mod probe;
mod queue;
mod reader;
mod source;
mod value;
mod workflows;

/// The version of this module, which the package compares with its own.
#[napi_derive::napi]
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
