//! Faults: what goes wrong, when it is asked for.
//!
//! A new fault is a variant of [`Fault`], its name in [`Fault::name`], and an arm in the hook where it acts:
//! [`Fault::before`], [`Fault::plan`] or [`Fault::after`].

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::clock::{self, Millis};
use crate::link::Cut;
use crate::operations::{self, FOLLOW_UP, LAUNCH};
use crate::problem::Problem;
use crate::turns::Plan;

/// What goes wrong with a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// The request is processed, then the connection is closed without a byte of answer.
    LoseResponse {},
    /// The connection is reset without a byte of answer.
    Reset {
        #[serde(default)]
        at: Point,
    },
    /// The request is answered so, and not processed.
    Status {
        status: u16,
        #[serde(default)]
        headers: HashMap<String, String>,
        #[serde(default)]
        body: Value,
    },
    /// For that long after a follow-up, agents are shown as they were before it.
    StaleFinished { seconds: f64 },
    /// The turn takes no time at all: no read ever shows it active.
    FastTurn {},
    /// What the turn adds to the conversation can be read that much later than it was written.
    ConversationLag { seconds: f64 },
}

/// When a connection is reset.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Point {
    BeforeCommit,
    #[default]
    AfterCommit,
}

/// What happens instead of processing.
pub(crate) enum Instead {
    Answer(Response),
    Cut(Cut),
}

impl Fault {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::LoseResponse {} => "lose_response",
            Self::Reset { .. } => "reset",
            Self::Status { .. } => "status",
            Self::StaleFinished { .. } => "stale_finished",
            Self::FastTurn {} => "fast_turn",
            Self::ConversationLag { .. } => "conversation_lag",
        }
    }

    /// The operations that it can befall.
    fn operations(&self) -> Vec<&'static str> {
        match self {
            Self::StaleFinished { .. } => vec![FOLLOW_UP],
            Self::FastTurn {} | Self::ConversationLag { .. } => vec![LAUNCH, FOLLOW_UP],
            Self::LoseResponse {} | Self::Reset { .. } | Self::Status { .. } => operations::names().collect(),
        }
    }

    /// Acts once the request is received, before it is processed.
    pub(crate) fn before(&self) -> Option<Instead> {
        match self {
            Self::Reset { at: Point::BeforeCommit } => Some(Instead::Cut(Cut::Reset)),
            Self::Status { status, headers, body } => Some(Instead::Answer(answer(*status, headers, body).ok()?)),
            _ => None,
        }
    }

    /// Acts on the turn that the request starts.
    pub(crate) fn plan(&self) -> Option<Plan> {
        match self {
            Self::StaleFinished { seconds } => Some(Plan { stale: window(*seconds), ..Plan::default() }),
            Self::FastTurn {} => Some(Plan { instant: true, ..Plan::default() }),
            Self::ConversationLag { seconds } => Some(Plan { lag: window(*seconds), ..Plan::default() }),
            _ => None,
        }
    }

    /// Acts once the request is processed, before it is answered.
    pub(crate) fn after(&self) -> Option<Cut> {
        match self {
            Self::LoseResponse {} => Some(Cut::Close),
            Self::Reset { at: Point::AfterCommit } => Some(Cut::Reset),
            _ => None,
        }
    }

    /// Refuses parameters that cannot be acted on.
    fn check(&self) -> Result<(), Problem> {
        match self {
            Self::StaleFinished { seconds } | Self::ConversationLag { seconds } => {
                let valid = (0.0..=1e9).contains(seconds);
                valid.then_some(()).ok_or_else(|| Problem::issue("seconds", "Expected a number of seconds"))
            }
            Self::Status { status, headers, body } => answer(*status, headers, body).map(drop),
            _ => Ok(()),
        }
    }
}

fn window(seconds: f64) -> Millis {
    std::time::Duration::try_from_secs_f64(seconds).map_or(0, clock::millis)
}

fn answer(status: u16, headers: &HashMap<String, String>, body: &Value) -> Result<Response, Problem> {
    let known = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    let status = known.ok_or_else(|| Problem::issue("status", "Expected an HTTP status from 200 upwards"))?;
    let (kind, body) = match body {
        Value::Null => (None, Body::empty()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), Body::from(text.clone())),
        body => (Some("application/json"), Body::from(body.to_string())),
    };
    let mut all = HeaderMap::new();
    all.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
    for (name, value) in headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Err(Problem::issue("headers", format!("{name} is no valid header")));
        };
        all.insert(name, value);
    }
    Ok((status, all, body).into_response())
}

/// The faults that wait, and the fate of those that struck.
#[derive(Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Default)]
struct State {
    made: u32,
    queues: HashMap<String, VecDeque<Waiting>>,
    counts: HashMap<String, Arc<Counts>>,
}

struct Waiting {
    fault: Fault,
    left: u32,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU32,
    completed: AtomicU32,
}

/// A fault that befalls one request.
#[derive(Clone)]
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    counts: Arc<Counts>,
}

impl Strike {
    /// It happened to the end.
    pub(crate) fn complete(&self) {
        self.counts.completed.fetch_add(1, Ordering::SeqCst);
    }

    /// It turned out that it did not.
    pub(crate) fn revoke(&self) {
        self.counts.completed.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Faults {
    /// Queues what the body describes: `operation`, `fault`, `times`, and the fault's own parameters.
    pub(crate) fn add(&self, mut body: Map<String, Value>) -> Result<String, Problem> {
        let operation = body.remove("operation");
        let operation = operation.as_ref().and_then(Value::as_str).unwrap_or_default();
        if !operations::names().any(|name| name == operation) {
            let known: Vec<_> = operations::names().collect();
            return Err(Problem::issue("operation", format!("Expected one of: {}", known.join(", "))));
        }
        let times = body.remove("times").unwrap_or(json!(1));
        let times = times.as_u64().and_then(|times| u32::try_from(times).ok()).filter(|times| *times > 0);
        let times = times.ok_or_else(|| Problem::issue("times", "Expected a whole number from 1"))?;
        let fault: Fault =
            serde_json::from_value(Value::Object(body)).map_err(|error| Problem::issue("fault", error.to_string()))?;
        fault.check()?;
        if !fault.operations().contains(&operation) {
            let message = format!("{} acts only on: {}", fault.name(), fault.operations().join(", "));
            return Err(Problem::issue("operation", message));
        }

        let mut state = self.state();
        state.made += 1;
        let id = format!("f{}", state.made);
        let counts = Arc::new(Counts::default());
        state.counts.insert(id.clone(), Arc::clone(&counts));
        state.queues.entry(operation.to_owned()).or_default().push_back(Waiting { fault, left: times, counts });
        Ok(id)
    }

    /// The fault whose turn it is, if one waits for this operation.
    pub(crate) fn strike(&self, operation: &str) -> Option<Strike> {
        let mut state = self.state();
        let queue = state.queues.get_mut(operation)?;
        let first = queue.front_mut()?;
        first.left -= 1;
        first.counts.hits.fetch_add(1, Ordering::SeqCst);
        let strike = Strike { fault: first.fault.clone(), counts: Arc::clone(&first.counts) };
        if first.left == 0 {
            queue.pop_front();
        }
        Some(strike)
    }

    /// How often a fault struck, and how often it happened to the end.
    pub(crate) fn report(&self, id: &str) -> Result<Value, Problem> {
        let state = self.state();
        let counts = state.counts.get(id).ok_or_else(|| Problem::not_found("Fault not found"))?;
        let (hits, completed) = (counts.hits.load(Ordering::SeqCst), counts.completed.load(Ordering::SeqCst));
        Ok(json!({ "id": id, "hits": hits, "completed": completed }))
    }

    /// Takes all waiting faults away; reports on them can still be read.
    pub(crate) fn clear(&self) {
        self.state().queues.clear();
    }

    /// Takes all waiting faults and all reports away.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.queues.clear();
        state.counts.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
