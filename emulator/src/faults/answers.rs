//! Other answers, and answers that are changed.

use std::collections::HashMap;

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::scene::Answer;
use super::{After, Fault, Instead, Occasion};
use crate::date::Undated;
use crate::problem::Problem;

/// The request is answered so: and not processed, unless `after_commit`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    status: u16,
    #[serde(default)]
    headers: HashMap<String, Value>,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    after_commit: bool,
}

/// The request is sent elsewhere, and not processed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redirect {
    #[serde(default = "temporary")]
    status: u16,
    location: String,
}

/// The request is processed, and the body of its answer is this one: `text`, or bytes in `base64`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBody {
    text: Option<String>,
    base64: Option<String>,
    content_type: Option<String>,
}

/// The request is processed, and its answer has these headers: null takes one away, an array repeats it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Headers {
    headers: HashMap<String, Value>,
}

/// The request is processed, and in the JSON of its answer the value at a pointer (`*` stands for every item) is taken
/// away, has another name, or is another one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutate {
    pointer: String,
    #[serde(default)]
    remove: bool,
    rename: Option<String>,
    #[serde(default, deserialize_with = "given")]
    value: Option<Value>,
}

/// A value that is there, even if it is null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn temporary() -> u16 {
    307
}

impl Status {
    fn answer(&self) -> Result<Answer, Problem> {
        let known = StatusCode::from_u16(self.status).ok().filter(|status| !status.is_informational());
        let status = known.ok_or_else(|| Problem::issue("status", "Expected an HTTP status from 200 upwards"))?;
        let (kind, body) = match &self.body {
            Value::Null => (None, Bytes::new()),
            Value::String(text) => (Some("text/plain; charset=utf-8"), Bytes::from(text.clone())),
            body => (Some("application/json"), Bytes::from(body.to_string())),
        };
        let mut headers = HeaderMap::new();
        headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
        set(&mut headers, &self.headers)?;
        Ok(Answer { status, headers, body, undated: false })
    }
}

impl Fault for Status {
    fn check(&self) -> Result<(), Problem> {
        self.answer().map(drop)
    }

    fn instead(&self) -> Option<Instead> {
        let answer = self.answer().ok().filter(|_| !self.after_commit)?;
        Some(Instead::Answer(answer.into_response()))
    }

    fn after(&self, answer: Answer, _: &Occasion<'_>) -> After {
        self.answer().map_or(After::Same(answer), After::Changed)
    }
}

impl Redirect {
    fn answer(&self) -> Result<Response, Problem> {
        let status = StatusCode::from_u16(self.status).ok().filter(StatusCode::is_redirection);
        let status = status.ok_or_else(|| Problem::issue("status", "Expected 300 to 399"))?;
        let location = HeaderValue::try_from(&self.location);
        let location = location.map_err(|_| Problem::issue("location", "Expected what a header can have"))?;
        Ok((status, [(LOCATION, location)]).into_response())
    }
}

impl Fault for Redirect {
    fn check(&self) -> Result<(), Problem> {
        self.answer().map(drop)
    }

    fn instead(&self) -> Option<Instead> {
        self.answer().ok().map(Instead::Answer)
    }
}

impl RawBody {
    fn bytes(&self) -> Result<Bytes, Problem> {
        match (&self.text, &self.base64) {
            (Some(text), None) => Ok(Bytes::from(text.clone())),
            (None, Some(text)) => {
                let bytes = BASE64_STANDARD.decode(text).map_err(|_| Problem::issue("base64", "Expected base64"))?;
                Ok(Bytes::from(bytes))
            }
            _ => Err(Problem::issue("text", "Expected either text or base64")),
        }
    }

    fn kind(&self) -> Result<Option<HeaderValue>, Problem> {
        let kind = self.content_type.as_ref().map(HeaderValue::try_from).transpose();
        kind.map_err(|_| Problem::issue("content_type", "Expected what a header can have"))
    }
}

impl Fault for RawBody {
    fn check(&self) -> Result<(), Problem> {
        self.kind()?;
        self.bytes().map(drop)
    }

    fn after(&self, mut answer: Answer, _: &Occasion<'_>) -> After {
        answer.body = self.bytes().unwrap_or_default();
        answer.headers.extend(self.kind().ok().flatten().map(|kind| (CONTENT_TYPE, kind)));
        After::Changed(answer)
    }
}

impl Fault for Headers {
    fn check(&self) -> Result<(), Problem> {
        set(&mut HeaderMap::new(), &self.headers)
    }

    fn after(&self, mut answer: Answer, _: &Occasion<'_>) -> After {
        drop(set(&mut answer.headers, &self.headers));
        answer.undated =
            self.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case(DATE.as_str()) && value.is_null());
        After::Changed(answer)
    }
}

fn set(headers: &mut HeaderMap, changes: &HashMap<String, Value>) -> Result<(), Problem> {
    let wrong = |name: &str| Problem::issue("headers", format!("{name} is no valid header"));
    for (name, value) in changes {
        let header = HeaderName::try_from(name).map_err(|_| wrong(name))?;
        headers.remove(&header);
        let values = match value {
            Value::Null => &[],
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let value = value.as_str().and_then(|value| HeaderValue::try_from(value).ok());
            headers.append(&header, value.ok_or_else(|| wrong(name))?);
        }
    }
    Ok(())
}

impl Mutate {
    /// Changes what is at a path; whether something was there.
    fn change(&self, value: &mut Value, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        match value {
            Value::Array(items) if first == "*" => {
                let found: Vec<bool> = items.iter_mut().map(|item| self.change(item, rest)).collect();
                found.contains(&true)
            }
            Value::Array(items) => {
                let item = first.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                item.is_some_and(|item| self.replace(item, rest))
            }
            Value::Object(members) => match (rest, &self.rename, self.remove) {
                ([], Some(name), _) => {
                    members.shift_remove(first).map(|value| members.insert(name.clone(), value)).is_some()
                }
                ([], None, true) => members.shift_remove(first).is_some(),
                _ => members.get_mut(first).is_some_and(|member| self.replace(member, rest)),
            },
            _ => false,
        }
    }

    fn replace(&self, value: &mut Value, rest: &[String]) -> bool {
        match (rest, &self.value) {
            ([], Some(new)) => {
                *value = new.clone();
                true
            }
            _ => self.change(value, rest),
        }
    }

    fn path(&self) -> Option<Vec<String>> {
        let path = self.pointer.strip_prefix('/')?.split('/');
        Some(path.map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
    }
}

impl Fault for Mutate {
    fn check(&self) -> Result<(), Problem> {
        self.path().ok_or_else(|| Problem::issue("pointer", "Expected a JSON pointer such as /data/id"))?;
        match [self.remove, self.rename.is_some(), self.value.is_some()].iter().filter(|given| **given).count() {
            1 => Ok(()),
            _ => Err(Problem::issue("value", "Expected one of: remove, rename, value")),
        }
    }

    fn after(&self, mut answer: Answer, _: &Occasion<'_>) -> After {
        let path = self.path().unwrap_or_default();
        match answer.change(|body| self.change(body, &path)) {
            true => After::Changed(answer),
            false => After::Same(answer),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let undated = self.undated;
        let mut response = (self.status, self.headers, self.body).into_response();
        if undated {
            response.extensions_mut().insert(Undated);
        }
        response
    }
}
