//! Runs that the runner knows by a handle.

use crate::protocol::Failure;
use crate::value;
use nomkit::{AgentRun, Json, Result as NomkitResult, RunResult, blocking};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// What every client's run shows.
pub trait Shown: Clone {
    /// Its fields, without the handle.
    fn fields(&self) -> Json;
}

macro_rules! shown {
    ($($run:ty),*) => { $(
        impl Shown for $run {
            fn fields(&self) -> Json {
                json!({
                    "id": self.id(), "turn": self.turn(), "status": self.status().as_str(),
                    "token": self.token(), "url": self.url(), "recovered": self.recovered(),
                })
            }
        }
    )* };
}

shown!(AgentRun, blocking::AgentRun);

/// What became of a run of many.
pub fn outcome(run: &impl Shown, result: NomkitResult<RunResult>) -> Json {
    let run = run.fields();
    let (result, error) = match result {
        Ok(result) => (value::json(&result), Json::Null),
        Err(error) => (Json::Null, value::error(&Failure::Nomkit(error))),
    };
    json!({ "id": run.get("id"), "turn": run.get("turn"), "ok": error.is_null(), "result": result, "error": error })
}

/// The runs so far.
pub struct Runs<R>(Mutex<HashMap<String, R>>);

impl<R> Default for Runs<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R: Shown> Runs<R> {
    /// Keeps a run and gives what the runner is told of it.
    pub fn add(&self, run: R) -> Json {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = format!("r{}", runs.len() + 1);
        let mut shown = json!({ "$run": handle });
        if let (Some(shown), Json::Object(fields)) = (shown.as_object_mut(), run.fields()) {
            shown.extend(fields);
        }
        runs.insert(handle, run);
        shown
    }

    /// The run of a handle.
    ///
    /// # Errors
    /// `Misuse` if there is none.
    pub fn get(&self, handle: &str) -> Result<R, Failure> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(handle).cloned().ok_or_else(|| Failure::Misuse(format!("there is no run {handle}")))
    }

    /// The runs of these handles.
    ///
    /// # Errors
    /// `Misuse` if one is missing.
    pub fn all(&self, handles: &[String]) -> Result<Vec<R>, Failure> {
        handles.iter().map(|handle| self.get(handle)).collect()
    }
}
