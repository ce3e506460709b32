//! Where a launch can be struck.

use nomkit_emulator::InMemory;
use serde_json::{Map, Value, json};

use crate::world::broken;

/// One point in the life of a launch, and what happens there.
pub(crate) struct Point {
    /// What a report calls it.
    pub(crate) name: &'static str,
    /// Nothing for a connection that is refused.
    fault: Option<fn() -> Value>,
}

/// The operation that is struck.
const LAUNCH: &str = "POST /agents";

/// The points in the order in which a request reaches them.
pub(crate) const POINTS: [Point; 12] = [
    Point { name: "connection refused", fault: None },
    Point { name: "reset after accept", fault: Some(|| json!({ "operation": "*", "fault": "reset", "at": "accept" })) },
    Point { name: "reset after the head was read", fault: Some(|| launch("reset", json!({ "at": "after_head" }))) },
    Point {
        name: "reset in the middle of the body",
        fault: Some(|| launch("reset", json!({ "at": "mid_body", "bytes": 7 }))),
    },
    Point { name: "502, not processed", fault: Some(|| launch("status", json!({ "status": 502 }))) },
    Point { name: "closed before the commit", fault: Some(|| launch("close", json!({ "at": "before_commit" }))) },
    Point { name: "FIN after the commit", fault: Some(|| launch("lose_response", json!({}))) },
    Point { name: "RST after the commit", fault: Some(|| launch("reset", json!({ "at": "after_commit" }))) },
    Point {
        name: "502 after the commit",
        fault: Some(|| launch("status", json!({ "status": 502, "after_commit": true }))),
    },
    Point { name: "no answer after the commit", fault: Some(|| launch("stall", json!({}))) },
    Point { name: "answer cut in its body", fault: Some(|| launch("truncate", json!({ "bytes": 17 }))) },
    Point { name: "201 with an empty body", fault: Some(|| launch("body", json!({ "text": "" }))) },
];

fn launch(fault: &str, parameters: Value) -> Value {
    let mut all = json!({ "operation": LAUNCH, "fault": fault });
    if let (Some(all), Value::Object(parameters)) = (all.as_object_mut(), parameters) {
        all.extend(parameters);
    }
    all
}

/// A fault that waits to strike.
pub(crate) enum Armed {
    Refusal(u32),
    Fault(String),
}

impl Point {
    /// Makes the next launch meet its fault.
    pub(crate) fn arm(&self, emulator: &InMemory) -> Armed {
        match self.fault {
            Some(fault) => Armed::Fault(arm(emulator, fault())),
            None => {
                emulator.refuse(1);
                Armed::Refusal(emulator.refused())
            }
        }
    }
}

impl Armed {
    /// Whether the fault truly happened, to its end.
    pub(crate) fn struck(&self, emulator: &InMemory) -> bool {
        match self {
            Self::Refusal(before) => emulator.refused() > *before,
            Self::Fault(id) => emulator.struck(id).completed > 0,
        }
    }
}

/// Queues a fault.
pub(crate) fn arm(emulator: &InMemory, fault: Value) -> String {
    let fault: Map<String, Value> = match fault {
        Value::Object(fault) => fault,
        _ => Map::new(),
    };
    emulator.fault(fault).unwrap_or_else(|error| broken(&error))
}
