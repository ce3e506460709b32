//! The bridge to Swift and Kotlin: conversion only. Records and errors come straight from the core.
//!
//! Rust never calls code of users: what is told of a call (`told.rs`) or of a client (`heard.rs`), and what a source
//! gives (`feed.rs`), is asked for from outside, beside the call.

// What uniffi writes has no words, and what it exports nobody in Rust reaches.
#![allow(missing_docs, unreachable_pub)]

mod agent_run;
mod agents;
mod call;
mod client;
mod completed;
mod download;
mod feed;
mod files;
mod heard;
mod json;
mod pages;
mod source;
mod told;
mod workflows;

uniffi::setup_scaffolding!();
