//! How the platform words its answers: as its documents show, or in every other way that they leave open.
//!
//! Handlers answer plainly. The drifted wording is made here of their answers, so that nothing else knows of it.

use std::str::FromStr;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::operations::{ARTIFACT, CONVERSATION, DELETE, STOP};
use crate::problem::Problem;

/// How answers are worded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persona {
    /// As the platform's documents show it.
    #[default]
    Plain,
    /// Everything else that they leave open, at once.
    Drifted,
}

impl FromStr for Persona {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        serde_json::from_value(json!(text)).map_err(|_| "expected plain or drifted".to_owned())
    }
}

impl Persona {
    /// The answer to an operation.
    pub(crate) fn dress(self, operation: &str, result: Result<Reply, Problem>) -> Response {
        match (self, result) {
            (Self::Plain, result) => result.into_response(),
            (Self::Drifted, Ok(reply)) => success(operation, reply.into_body()).into_response(),
            (Self::Drifted, Err(problem)) => refusal(problem),
        }
    }

    /// Whether answers tell how the user stands with the limits.
    pub(crate) fn tells_rates(self) -> bool {
        self == Self::Plain
    }

    /// Whether turns wait for a tool in the midst of their work.
    pub(crate) fn has_tools(self) -> bool {
        self == Self::Drifted
    }

    /// A page with the number of items on all pages, if that is told: as many as paging to the end gives.
    pub(crate) fn count(
        self,
        call: &mut Call,
        list: fn(&Call) -> Result<Reply, Problem>,
        reply: Reply,
    ) -> Result<Reply, Problem> {
        let mut body = match (self, reply.into_body()) {
            (Self::Drifted, Some(Value::Object(body))) if body.contains_key("nextCursor") => body,
            (_, body) => return Ok(Reply::ok(body.unwrap_or_default())),
        };
        let mut total = 0;
        let mut cursor = None;
        loop {
            call.query.set("cursor", cursor.take());
            let page = list(call)?.into_body().unwrap_or_default();
            total += page.get("data").and_then(Value::as_array).map_or(0, Vec::len);
            cursor = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        body.insert("totalCount".to_owned(), json!(total));
        Ok(Reply::ok(Value::Object(body)))
    }
}

fn refusal(problem: Problem) -> Response {
    let status = match problem.status {
        StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
        _ if !problem.issues.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    };
    let headers = problem.headers();
    (status, headers, Json(json!({ "error": problem.error }))).into_response()
}

fn success(operation: &str, body: Option<Value>) -> Response {
    let mut body = body.unwrap_or_default();
    agents(&mut body);
    let body = match operation {
        CONVERSATION => conversation(unwrap(body)),
        ARTIFACT => unwrap(body),
        STOP => match unwrap(body) {
            agent if active(&agent) => agent,
            _ => return StatusCode::OK.into_response(),
        },
        DELETE => json!({ "deleted": true }),
        _ => page(body),
    };
    Json(grown(body)).into_response()
}

/// What the envelope holds.
fn unwrap(mut body: Value) -> Value {
    body.get_mut("data").map(Value::take).unwrap_or(body)
}

/// The last page has no cursor at all.
fn page(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut()
        && body.get("nextCursor").is_some_and(Value::is_null)
    {
        body.shift_remove("nextCursor");
    }
    body
}

/// Agents shout their status, and name no more of their artifacts than the id.
fn agents(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(agents),
        Value::Object(members) if members.contains_key("artifacts") && members.contains_key("status") => {
            if let Some(Value::String(status)) = members.get_mut("status") {
                *status = status.to_uppercase();
            }
            if let Some(Value::Array(artifacts)) = members.get_mut("artifacts") {
                for artifact in artifacts {
                    *artifact = json!({ "id": artifact.get("id") });
                }
            }
        }
        Value::Object(members) => members.get_mut("data").into_iter().for_each(agents),
        _ => {}
    }
}

fn active(agent: &Value) -> bool {
    let status = agent.get("status").and_then(Value::as_str).unwrap_or_default();
    !["FINISHED", "STOPPED", "FAILED"].contains(&status)
}

/// Messages with a role, and content in parts.
fn conversation(mut body: Value) -> Value {
    for message in body.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
        let part = json!([{ "type": "text", "text": message.get("text") }]);
        *message = json!({
            "id": message.get("id"), "role": message.get("type"), "content": part, "createdAt": message.get("createdAt"),
        });
    }
    body
}

/// Members that nobody has heard of, in the answer and in each record.
fn grown(mut body: Value) -> Value {
    let grow = |members: &mut Map<String, Value>| {
        members.insert("revision".to_owned(), json!(7));
        members.insert("links".to_owned(), json!({ "self": null, "related": [] }));
    };
    for list in ["data", "messages"] {
        match body.get_mut(list) {
            Some(Value::Array(items)) => items.iter_mut().filter_map(Value::as_object_mut).for_each(grow),
            Some(Value::Object(members)) => grow(members),
            _ => {}
        }
    }
    if let Some(members) = body.as_object_mut() {
        grow(members);
    }
    body
}
