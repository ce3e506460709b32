//! A whole answer, and what it means.

use super::{
    patience::Patience,
    retry::{self, Ending},
    transport::{Failure, Response},
    weight::Weight,
};
use crate::{
    Error, ErrorKind, Json, Timestamp,
    flow::pace::Standing,
    nomic::routes::Route,
    secret::{brief, excerpt},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderMap, Method, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use std::{pin::pin, time::Duration};

/// The most that an answer may weigh; a text of a quarter of this, or some 17,000 rows of ten cells.
const MAX_WEIGHT: usize = 40 * 1024 * 1024;
/// The most that is read of an answer that is an error.
const MAX_PROBLEM: usize = 64 * 1024;
/// The most that all headers may hold.
const MAX_HEAD: usize = 64 * 1024;
/// An answer that brings less than this in so long a time has stalled, or drips.
const FLOOR: usize = 1024 * GRACE.as_secs() as usize;
const GRACE: Duration = Duration::from_secs(30);

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
    #[serde(default, deserialize_with = "crate::record::lenient")]
    code: Option<String>,
    #[serde(default)]
    issues: Json,
}

impl Answer {
    /// Reads the body to its end, within the caps and at a bearable pace. Of an error, what can be had is enough: its
    /// status has said what matters.
    pub(crate) async fn collect(mut response: Response) -> Result<Self, Failure> {
        let mut body = BytesMut::new();
        let read = Self::fill(&mut response, &mut body).await;
        if response.status.is_success() {
            read?;
        } else if read.is_err() {
            crate::runtime::abandon_connection();
        }
        Ok(Self { status: response.status, headers: response.headers, body: body.freeze() })
    }

    async fn fill(response: &mut Response, body: &mut BytesMut) -> Result<(), Failure> {
        check_head(&response.headers)?;
        let (mut weight, mut window, mut arrived) = (Weight::default(), Patience::new(GRACE), 0);
        loop {
            match window.wait(pin!(response.body.next())).await {
                None if arrived < FLOOR => {
                    let text = format!("The answer came to a halt: {arrived} bytes in {} s", GRACE.as_secs());
                    return Err(Failure::after_send(ErrorKind::RequestTimeout, text));
                }
                None => (window, arrived) = (Patience::new(GRACE), 0),
                Some(None) => return Ok(()),
                Some(Some(chunk)) => {
                    let chunk = chunk?;
                    arrived += chunk.len();
                    if weight.add(&chunk) > MAX_WEIGHT {
                        let text = "The answer is larger than any real one.";
                        return Err(Failure::protocol("oversize", text).for_good());
                    }
                    if !response.status.is_success() && body.len() + chunk.len() > MAX_PROBLEM {
                        return Err(Failure::protocol("oversize", "The error says more than anybody reads."));
                    }
                    body.extend_from_slice(&chunk);
                }
            }
        }
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

    /// When the server says that it answered.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.header("date").and_then(retry::http_date).map(Timestamp)
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-request-id").map(|id| excerpt(id, 128))
    }

    /// A success as the type that the endpoint documents; an empty body reads as `null`.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        // What has nothing to say may say nothing.
        let body = if self.body.is_empty() { b"null" } else { &*self.body };
        let read = serde_json::from_slice(body);
        // Servers that cut text in the middle of an emoji write half of it, which is no text.
        let read = match read {
            Err(error) if ["surrogate", "hex escape"].iter().any(|half| brief(&error).contains(half)) => {
                serde_json::from_slice(&whole_escapes(&self.body))
            }
            read => read,
        };
        read.map_err(|error| {
            let text = match self.body.is_empty() {
                true => "The answer is empty.".to_owned(),
                false => {
                    format!("The answer does not have the documented shape: {}.", excerpt(&brief(&error), 200))
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

    /// What it tells of the limits; nothing of what makes no sense.
    pub(crate) fn standing(&self) -> Standing {
        let number = |name: &str| self.header(name)?.trim().parse::<u32>().ok();
        Standing {
            limit: number("x-ratelimit-limit").filter(|limit| *limit > 0),
            remaining: number("x-ratelimit-remaining"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let now = self.date().map(|date| date.0);
        let mut values = self.headers.get_all(header::RETRY_AFTER).iter();
        // Two of them contradict each other, and then none counts.
        let only = values.next().filter(|_| values.next().is_none())?;
        retry::retry_after(only.to_str().ok()?, now)
    }

    /// The error of the class that the status stands for.
    pub(crate) fn error(&self, route: &Route) -> Error {
        let problem = serde_json::from_slice::<Problem>(&self.body).ok();
        let kind = self.kind(problem.as_ref());
        let operation = route.operation;
        let words = match &problem {
            Some(problem) => excerpt(&problem.words(), 512),
            None => excerpt(&String::from_utf8_lossy(self.body.get(..2048).unwrap_or(&self.body)), 200),
        };
        let issues = problem.as_ref().is_some_and(|problem| problem.issues.as_array().is_some_and(|i| !i.is_empty()));
        let advice = advice(kind, route, issues);
        let status = self.status.as_u16();
        let words = if words.is_empty() { words } else { format!(": {words}") };
        let mut error = Error::new(kind, format!("{operation}: {advice} (HTTP {status}{words})"));
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

/// What a head must not say: that its body is compressed, though nobody asked for that; two lengths, which is how one
/// answer is smuggled into another; more than any real one.
fn check_head(headers: &HeaderMap) -> Result<(), Failure> {
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
        let text = "The answer is compressed, though that was not asked for.";
        return Err(Failure::protocol("compressed", text).for_good());
    }
    if headers.contains_key(header::TRANSFER_ENCODING) && headers.contains_key(header::CONTENT_LENGTH) {
        return Err(Failure::protocol("framing", "The answer states its length in two ways."));
    }
    let head = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>();
    if head > MAX_HEAD {
        return Err(Failure::protocol("framing", "The answer has more headers than any real one."));
    }
    Ok(())
}

impl Problem {
    /// What the server says, with the first thing that it finds wrong.
    fn words(&self) -> String {
        let first = self.issues.get(0);
        let Some(message) = first.and_then(|issue| issue.get("message")).and_then(Json::as_str) else {
            return self.error.clone();
        };
        let place = first.and_then(|issue| issue.get("path")).and_then(Json::as_array).into_iter().flatten();
        let place: Vec<_> = place.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        let colon = if place.is_empty() { "" } else { ": " };
        format!("{}: {}{colon}{message}", self.error, place.join("."))
    }

    fn is_about_spending(&self) -> bool {
        // Not within another word, such as `suspended`.
        let word = |word: &str| word.to_ascii_lowercase().starts_with("spend");
        let spend = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(word);
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
        let paused = answer(429, &[("retry-after", "5")], r#"{"error":"Requests are suspended for a moment"}"#);
        assert_eq!(paused.error(routes::LAUNCH).code, "rate_limit");
        let either = answer(429, &[], "").error(routes::LAUNCH);
        assert_eq!(either.detail("maybe_spend"), Some(&true.into()));
    }

    #[test]
    fn a_503_from_a_gateway_is_not_a_configuration_error() {
        assert_eq!(answer(503, &[], "<html>upstream</html>").error(routes::GET).code, "server");
    }

    #[test]
    fn the_first_thing_that_the_server_finds_wrong_is_said() {
        let said = |body: &'static str| answer(400, &[], body).error(routes::LAUNCH).message.clone();
        let issues =
            r#"{"error":"Invalid","issues":[{"path":["images",0],"message":"no picture"},{"message":"more"}]}"#;
        assert!(said(issues).ends_with("(HTTP 400: Invalid: images.0: no picture)"), "{}", said(issues));
        assert!(said(r#"{"error":"Invalid","issues":[{"message":"no"}]}"#).ends_with("(HTTP 400: Invalid: no)"));
        for odd in [r#"{"error":"Invalid","issues":["a",5]}"#, r#"{"error":"Invalid","issues":{"0":{}}}"#] {
            assert!(said(odd).ends_with("(HTTP 400: Invalid)"), "{}", said(odd));
        }
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
