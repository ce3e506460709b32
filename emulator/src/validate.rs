//! Checks of a JSON body that gather every issue before they refuse it.

use serde_json::{Map, Value, json};

use crate::ids;
use crate::problem::{Issue, Problem};

/// What is wrong with a body so far.
#[derive(Default)]
pub(crate) struct Checks {
    issues: Vec<Issue>,
}

impl Checks {
    pub(crate) fn add(&mut self, path: &[Value], message: impl Into<String>) {
        self.issues.push(Issue { path: path.to_vec(), message: message.into() });
    }

    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.issues.is_empty() { Ok(()) } else { Err(Problem::invalid(self.issues)) }
    }

    /// A member that is a text and not blank.
    pub(crate) fn text(&mut self, body: &Map<String, Value>, member: &str) -> Option<String> {
        let text = body.get(member).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.add(&[json!(member)], "Expected a text that is not blank");
        }
        text.map(str::to_owned)
    }

    /// A member that is a UUID, null or absent.
    pub(crate) fn optional_uuid(&mut self, body: &Map<String, Value>, member: &str) -> Option<String> {
        let value = body.get(member).filter(|value| !value.is_null())?;
        self.uuid(value, &[json!(member)])
    }

    /// A member that is an array of UUIDs, or absent.
    pub(crate) fn uuids(&mut self, value: Option<&Value>, path: &[Value]) -> Vec<String> {
        let Some(value) = value else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.add(path, "Expected an array of UUIDs");
            return Vec::new();
        };
        let mut ids = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path: Vec<Value> = path.iter().cloned().chain([json!(index)]).collect();
            ids.extend(self.uuid(item, &path));
        }
        ids
    }

    fn uuid(&mut self, value: &Value, path: &[Value]) -> Option<String> {
        let id = value.as_str().and_then(ids::parse);
        if id.is_none() {
            self.add(path, "Expected a UUID");
        }
        id
    }
}

/// The JSON object that a body must be.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::invalid(vec![Issue { path: Vec::new(), message: "Expected a JSON object".to_owned() }])),
        Err(error) => Err(Problem::bad_request(format!("The body is not JSON: {error}"))),
    }
}
