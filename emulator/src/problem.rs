//! The platform's error answers: `{"error", "code", "issues"?}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

/// One invalid member of a request.
#[derive(Debug, Serialize)]
pub(crate) struct Issue {
    pub(crate) path: Vec<Value>,
    pub(crate) message: String,
}

/// A request that is answered with an error.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    code: &'static str,
    pub(crate) error: String,
    pub(crate) issues: Vec<Issue>,
    retry_after: Option<i64>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, error: impl Into<String>) -> Self {
        Self { status, code, error: error.into(), issues: Vec::new(), retry_after: None }
    }

    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", error)
    }

    pub(crate) fn invalid(issues: Vec<Issue>) -> Self {
        Self { issues, ..Self::bad_request("Invalid request") }
    }

    /// One invalid member at the top of the query or the body.
    pub(crate) fn issue(member: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Issue { path: vec![json!(member)], message: message.into() }])
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Missing or invalid API key")
    }

    pub(crate) fn forbidden(error: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", error)
    }

    pub(crate) fn not_found(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", error)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
    }

    pub(crate) fn conflict(error: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", error)
    }

    /// Seconds until the next request is accepted.
    pub(crate) fn rate_limited(wait: i64) -> Self {
        let error = format!("Rate limit exceeded: try again in {wait} s");
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", error) }
    }

    pub(crate) fn spend_limit() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "spend_limit_reached", "Spend limit reached")
    }

    pub(crate) fn too_large(error: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", error)
    }

    /// What its answer says beside the body.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.retry_after.map(|wait| (RETRY_AFTER, HeaderValue::from(wait))).into_iter().collect()
    }

    /// A fault of the emulator itself, which a test must be able to see.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            format!("Internal error of the emulator: {cause}"),
        )
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({ "error": self.error, "code": self.code });
        if let (Some(body), false) = (body.as_object_mut(), self.issues.is_empty()) {
            body.insert("issues".to_owned(), json!(self.issues));
        }
        (self.status, self.headers(), Json(body)).into_response()
    }
}
