//! One request to the API, as its handler sees it, and the handler's answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Map, Value};

use crate::app::App;
use crate::problem::Problem;
use crate::turns::Plan;
use crate::{ids, validate};

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
    pub(crate) async fn object(&mut self) -> Result<Map<String, Value>, Problem> {
        let json = |kind: &str| kind.trim().eq_ignore_ascii_case("application/json");
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(json) {
            return Err(Problem::bad_request("Content-Type must be application/json"));
        }
        let limit = usize::try_from(self.app.options.json_limit).unwrap_or(usize::MAX);
        let body = read(std::mem::take(&mut self.body), limit).await?;
        validate::object(&body)
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut content = Vec::new();
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let frame = frame.map_err(|error| Problem::bad_request(format!("The body broke off: {error}")))?;
        if content.len() + frame.len() > limit {
            return Err(Problem::too_large(format!("The body exceeds {limit} bytes")));
        }
        content.extend_from_slice(&frame);
    }
    Ok(content.into())
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

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a handler answers.
pub(crate) struct Reply {
    status: StatusCode,
    body: Value,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body }
    }

    pub(crate) fn accepted(body: Value) -> Self {
        Self { status: StatusCode::ACCEPTED, body }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
