//! One request to the API, as its handler sees it, and the handler's answer.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use crate::app::App;
use crate::body::{self, Json};
use crate::ids;
use crate::problem::Problem;
use crate::turns::Plan;

/// A request that may pass.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// What a fault asks of the turn that this request starts.
    pub(crate) plan: Plan,
}

impl Call {
    /// The UUID that stands at `name` in the path; another text there names nothing.
    pub(crate) fn id(&self, name: &str, what: &str) -> Result<String, Problem> {
        let text = self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        text.and_then(ids::parse).ok_or_else(|| Problem::not_found(format!("{what} not found")))
    }

    /// The body, which must be a JSON object.
    pub(crate) async fn json(&mut self) -> Result<Json, Problem> {
        let json = |kind: &str| kind.trim().eq_ignore_ascii_case("application/json");
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(json) {
            return Err(Problem::bad_request("Content-Type must be application/json"));
        }
        body::json(std::mem::take(&mut self.body), self.app.options.json_limit).await
    }

    /// Reads all of the body, so that the call no longer needs its connection.
    pub(crate) async fn buffer(&mut self) -> Result<(), Problem> {
        let limit = usize::try_from(self.app.options.json_limit).unwrap_or(usize::MAX);
        let body = axum::body::to_bytes(std::mem::take(&mut self.body), limit).await;
        self.body = Body::from(body.map_err(|error| Problem::bad_request(format!("The body broke off: {error}")))?);
        Ok(())
    }
}

/// Reads a body up to so many bytes, and forgets them. Whether there were so many, or that was all of it.
pub(crate) async fn receive(body: &mut Body, most: u64) -> bool {
    let mut frames = std::mem::take(body).into_data_stream();
    let mut left = most;
    while left > 0 {
        match frames.next().await {
            Some(Ok(frame)) => left = left.saturating_sub(frame.len() as u64),
            Some(Err(_)) => return false,
            None => return most == u64::MAX,
        }
    }
    true
}

/// Reads what is left of a body, up to `most` bytes, and forgets it.
pub(crate) async fn drain(body: &mut Body, most: u64) {
    let mut frames = std::mem::take(body).into_data_stream();
    let mut left = most;
    while let Some(Ok(frame)) = frames.next().await {
        match left.checked_sub(frame.len() as u64) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// The query, decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::try_from_uri(uri);
        pairs.map(|pairs| Self(pairs.0)).map_err(|_| Problem::bad_request("The query cannot be decoded"))
    }

    /// Puts another value in the place of all that `name` has.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>) {
        self.0.retain(|(key, _)| key != name);
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a handler answers.
pub(crate) struct Reply {
    status: StatusCode,
    body: Option<Value>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body) }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Some(body) }
    }

    pub(crate) fn accepted(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, body: Some(body) }
    }

    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }

    pub(crate) fn into_body(self) -> Option<Value> {
        self.body
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self.body {
            Some(body) => (self.status, axum::Json(body)).into_response(),
            None => self.status.into_response(),
        }
    }
}
