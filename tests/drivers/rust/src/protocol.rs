//! One JSON message a line: calls come in on standard input, answers go out on standard output.

use crate::value;
use nomkit::{Error, Json};
use serde::Deserialize;
use serde_json::json;
use std::io::{BufRead, Write};

/// What the runner says.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// Make a call.
    Call {
        /// What the answer names.
        id: u64,
        /// The operation.
        call: String,
        /// Its arguments.
        #[serde(default)]
        args: Json,
    },
    /// Cancel a call.
    Cancel {
        /// The call's id.
        cancel: u64,
    },
    /// End.
    Close {
        /// Always true.
        #[serde(rename = "close")]
        _close: bool,
    },
}

/// Why a call has no value.
#[derive(Debug)]
pub enum Failure {
    /// The client's own error.
    Nomkit(Error),
    /// The call makes no sense to the driver.
    Misuse(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Nomkit(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Misuse(format!("the arguments cannot be read: {error}"))
    }
}

/// What a call gives.
pub type Answer = Result<Json, Failure>;

/// The runner's messages, up to the end of standard input.
pub fn messages() -> impl Iterator<Item = Message> {
    let lines = std::io::stdin().lock().lines().map_while(Result::ok);
    lines.filter_map(|line| match serde_json::from_str(&line) {
        Ok(message) => Some(message),
        Err(error) => {
            complain(&format!("a message cannot be read: {error}"));
            None
        }
    })
}

/// Says that calls are welcome; `unsupported` names what this driver cannot do, and why.
pub fn ready(driver: &str, unsupported: Json) {
    write(&json!({ "ready": true, "driver": driver, "unsupported": unsupported }));
}

/// Answers a call.
pub fn answer(id: u64, answer: &Answer) {
    match answer {
        Ok(value) => write(&json!({ "id": id, "ok": value })),
        Err(failure) => write(&json!({ "id": id, "error": value::error(failure) })),
    }
}

/// Answers a call that was cancelled.
pub fn cancelled(id: u64) {
    write(&json!({ "id": id, "cancelled": true }));
}

fn write(message: &Json) {
    let mut out = std::io::stdout().lock();
    // A runner that is gone needs no answer; the end of standard input follows.
    let _ = writeln!(out, "{message}").and_then(|()| out.flush());
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
