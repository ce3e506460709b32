//! A whole answer, and what it means.

use super::{
    retry::{self, Ending},
    transport::{Failure, Response},
};
use crate::{Error, ErrorKind, Json, nomic::routes::Route, secret::excerpt};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

/// The most that an answer's body may hold.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An error in the platform's own words.
#[derive(Debug, Deserialize)]
struct Problem {
    error: String,
    code: Option<String>,
    #[serde(default)]
    issues: Json,
}

impl Answer {
    /// Reads the body to its end, within the cap; an answer that nobody asked to be compressed must not be.
    pub(crate) async fn collect(mut response: Response) -> Result<Self, Failure> {
        let odd = |message: String| Failure::after_send(ErrorKind::Protocol, message);
        if response.headers.get(http::header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(odd("The answer is compressed, though that was not asked for.".to_owned()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.body.next().await {
            let chunk = chunk?;
            if body.len() + chunk.len() > MAX_BODY {
                return Err(odd(format!("The answer is larger than {} MiB.", MAX_BODY >> 20)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status: response.status, headers: response.headers, body: body.freeze() })
    }

    /// Takes the key out of it, before any of it is quoted.
    pub(crate) fn conceal(&mut self, key: &crate::ApiKey) {
        let mut text = String::from_utf8_lossy(&self.body).into_owned();
        key.conceal(&mut text);
        self.body = text.into();
        if let Some(mut id) = self.header("x-request-id").map(str::to_owned) {
            key.conceal(&mut id);
            if let Ok(id) = http::HeaderValue::from_maybe_shared(Bytes::from(id)) {
                self.headers.insert("x-request-id", id);
            }
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-request-id").map(|id| excerpt(id, 128))
    }

    /// A success as the type that the endpoint documents.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        // What has nothing to say may say nothing.
        let body = if self.body.is_empty() { &Bytes::from_static(b"null") } else { &self.body };
        let read = serde_json::from_slice(body);
        // Servers that cut text in the middle of an emoji write half of it, which is no text.
        let read = match read {
            Err(error) if error.to_string().contains("surrogate") || error.to_string().contains("hex escape") => {
                serde_json::from_slice(&whole_escapes(&self.body))
            }
            read => read,
        };
        read.map_err(|error| {
            let text = match self.body.is_empty() {
                true => "The answer is empty.".to_owned(),
                false => {
                    format!("The answer does not have the documented shape: {}.", excerpt(&error.to_string(), 200))
                }
            };
            Error::protocol("shape", text)
        })
    }

    /// Whether what was to be deleted is not there.
    pub(crate) fn is_gone(&self, route: &Route) -> bool {
        route.method == Method::DELETE && matches!(self.status, StatusCode::NOT_FOUND | StatusCode::GONE)
    }

    pub(crate) fn emptied(self) -> Self {
        Self { body: Bytes::new(), ..self }
    }

    /// What a failure means for sending the request again.
    pub(crate) fn ending(&self, error: &Error) -> Ending {
        match error.kind() {
            ErrorKind::RateLimit => Ending::Limited { retry_after: self.retry_after() },
            ErrorKind::NotConfigured => Ending::Unconfigured,
            ErrorKind::Server | ErrorKind::RequestTimeout => Ending::Broken,
            _ => Ending::Final,
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        let now = self.header("date").and_then(retry::http_date);
        retry::retry_after(self.header("retry-after")?, now)
    }

    /// The error of the class that the status stands for.
    pub(crate) fn error(&self, route: &Route) -> Error {
        let problem = serde_json::from_slice::<Problem>(&self.body).ok();
        let kind = self.kind(problem.as_ref());
        let operation = route.operation;
        let words = match &problem {
            Some(problem) => excerpt(&problem.error, 512),
            None => excerpt(&String::from_utf8_lossy(self.body.get(..2048).unwrap_or(&self.body)), 200),
        };
        let issues = problem.as_ref().is_some_and(|problem| problem.issues.as_array().is_some_and(|i| !i.is_empty()));
        let advice = advice(kind, route, issues);
        let status = self.status.as_u16();
        let mut error = Error::new(kind, format!("{operation}: {advice} (HTTP {status}: {words})"));
        error.info_mut().server_code = problem.as_ref().and_then(|p| p.code.as_deref()).map(|c| excerpt(c, 128));
        match kind {
            ErrorKind::BadRequest => error.with(
                "issues",
                problem.map(|p| p.issues).filter(Json::is_array).unwrap_or_else(|| Json::Array(Vec::new())),
            ),
            ErrorKind::PermissionDenied => error.with("scope", route.scope),
            ErrorKind::Protocol => error.with("reason", "redirect"),
            ErrorKind::RateLimit => {
                let wait = self.retry_after().map(|wait| wait.as_secs_f64());
                error.with("retry_after", wait).with("tier", route.tier.as_str()).with("maybe_spend", wait.is_none())
            }
            _ => error,
        }
    }

    fn kind(&self, problem: Option<&Problem>) -> ErrorKind {
        match self.status.as_u16() {
            300..=399 => ErrorKind::Protocol,
            400 | 422 => ErrorKind::BadRequest,
            401 => ErrorKind::Authentication,
            402 => ErrorKind::Billing,
            403 => ErrorKind::PermissionDenied,
            404 => ErrorKind::NotFound,
            408 => ErrorKind::RequestTimeout,
            409 => ErrorKind::Conflict,
            410 => ErrorKind::Gone,
            413 => ErrorKind::TooLarge,
            429 if problem.is_some_and(Problem::is_about_spending) => ErrorKind::SpendLimit,
            429 => ErrorKind::RateLimit,
            501 => ErrorKind::FeatureUnavailable,
            503 if problem.is_some() => ErrorKind::NotConfigured,
            500.. => ErrorKind::Server,
            _ => ErrorKind::BadRequest,
        }
    }
}

impl Problem {
    fn is_about_spending(&self) -> bool {
        let spend = |text: &str| text.to_ascii_lowercase().contains("spend");
        self.code.as_deref().is_some_and(spend) || spend(&self.error)
    }
}

/// The body with each lone half of a surrogate pair replaced by U+FFFD.
fn whole_escapes(body: &[u8]) -> Vec<u8> {
    let unit = |at: usize| {
        let escape = body.get(at..at + 6).filter(|escape| escape.starts_with(b"\\u"))?;
        u16::from_str_radix(std::str::from_utf8(escape.get(2..)?).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        let (taken, kept) = match (unit(at), unit(at + 6)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => (12, true),
            (Some(0xD800..0xE000), _) => (6, false),
            // An escaped backslash may stand before a `u` that is only a letter.
            _ if *byte == b'\\' => (2, true),
            _ => (1, true),
        };
        match kept {
            true => out.extend_from_slice(body.get(at..(at + taken).min(body.len())).unwrap_or_default()),
            false => out.extend_from_slice(b"\\ufffd"),
        }
        at += taken;
    }
    out
}

fn advice(kind: ErrorKind, route: &Route, issues: bool) -> String {
    match kind {
        ErrorKind::Protocol => "The server redirects, which is never followed: check the base URL".into(),
        ErrorKind::BadRequest if issues => "The server found the request invalid; `issues` says where".into(),
        ErrorKind::BadRequest => "The server refused the request".into(),
        ErrorKind::Authentication => {
            "The API key was refused: check that it is whole, and not expired or revoked".into()
        }
        ErrorKind::PermissionDenied => format!("The API key lacks the scope `{}`", route.scope),
        ErrorKind::NotFound => "It does not exist, or it is not yours".into(),
        ErrorKind::Conflict => "Its present state does not allow this".into(),
        ErrorKind::TooLarge => "It is larger than the platform accepts".into(),
        ErrorKind::RateLimit => "Too many requests; try again later".into(),
        ErrorKind::SpendLimit => "The user's spend limit is reached; an administrator can raise it".into(),
        ErrorKind::FeatureUnavailable => "This instance does not offer it".into(),
        ErrorKind::NotConfigured => {
            "A service behind it is not configured on this instance; ask its administrator".into()
        }
        ErrorKind::RequestTimeout => "The server gave up waiting for the request".into(),
        ErrorKind::Server => "The server failed".into(),
        _ => "The server refused".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nomic::routes;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let headers = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn every_documented_status_has_its_class() {
        let api = r#"{"error":"no","code":"x"}"#;
        for (status, code) in [
            (307, "protocol"),
            (400, "bad_request"),
            (401, "unauthorized"),
            (402, "billing"),
            (403, "forbidden"),
            (404, "not_found"),
            (409, "conflict"),
            (410, "gone"),
            (413, "too_large"),
            (418, "bad_request"),
            (422, "bad_request"),
            (429, "rate_limit"),
            (500, "server"),
            (501, "feature_unavailable"),
            (502, "server"),
            (503, "not_configured"),
            (504, "server"),
            (599, "server"),
        ] {
            let error = answer(status, &[], api).error(routes::LAUNCH);
            assert_eq!(error.code, code, "{status}");
            assert!(error.message.starts_with("agents.launch: "), "{error}");
            assert_eq!(error.server_code.as_deref(), Some("x"));
        }
    }

    #[test]
    fn the_two_meanings_of_429_are_told_apart() {
        let spend =
            answer(429, &[("retry-after", "5")], r#"{"error":"Spend limit reached","code":"spend_limit_reached"}"#);
        assert_eq!(spend.error(routes::LAUNCH).code, "spend_limit");
        let rate = answer(429, &[("retry-after", "5")], r#"{"error":"Slow down"}"#).error(routes::LAUNCH);
        assert_eq!(rate.detail("retry_after"), Some(&5.0.into()));
        assert_eq!(rate.detail("maybe_spend"), Some(&false.into()));
        let either = answer(429, &[], "").error(routes::LAUNCH);
        assert_eq!(either.detail("maybe_spend"), Some(&true.into()));
    }

    #[test]
    fn a_503_from_a_gateway_is_not_a_configuration_error() {
        assert_eq!(answer(503, &[], "<html>upstream</html>").error(routes::GET).code, "server");
    }

    #[test]
    fn half_an_emoji_does_not_lose_the_answer() {
        let read = |body: &'static str| answer(200, &[], body).decode::<String>().unwrap();
        assert_eq!(read(r#""a\ud83d b""#), "a\u{fffd} b");
        assert_eq!(read(r#""\ude00\ud83d\ude00 \\ud83d""#), "\u{fffd}\u{1f600} \\ud83d");
        assert!(answer(200, &[], r#""\ud83""#).decode::<String>().is_err());
    }

    #[test]
    fn foreign_bodies_are_quoted_briefly_and_harmlessly() {
        let error = answer(502, &[], "<html>\u{1b}[31m npk_secretkey").error(routes::GET);
        assert!(!error.message.contains('\u{1b}') && !error.message.contains("secretkey"), "{error}");
    }
}
