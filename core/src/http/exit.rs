//! Sends a call until it is answered, refused, or must not be sent again.

use super::{
    answer::Answer,
    body::{Meter, Payload},
    patience::Patience,
    retry::{self, Attempt, Ending, Quota, Verdict},
    transport::{Failure, Outcome, Request, Transport},
};
use crate::{
    Error, ErrorKind, RequestOutcome, Result,
    config::Config,
    nomic::routes::{Route, Safety, UPLOAD},
    progress::{INTERVAL, OnProgress, Sending},
};
use http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long a call may go on, its retries included, unless it has a deadline of its own.
const DEADLINE: Duration = Duration::from_secs(120);
/// A paid request is not sent with less time left than this, or half of its deadline.
const NEED: Duration = Duration::from_secs(5);
/// An upload that moves no byte for this long has stalled.
const STALL: Duration = Duration::from_secs(30);
/// How long the server may take to accept a file after its last byte.
const ACCEPTANCE: Duration = Duration::from_secs(300);

/// One call: what to send, and until when.
pub(crate) struct Call<'a> {
    route: &'static Route,
    ids: &'a [(&'a str, &'a str)],
    query: Vec<(&'static str, String)>,
    payload: Payload,
    deadline: Option<Duration>,
    started: Instant,
    progress: Option<&'a OnProgress>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(route: &'static Route, ids: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            route,
            ids,
            query: Vec::new(),
            payload: Payload::Empty,
            deadline: None,
            started: Instant::now(),
            progress: None,
        }
    }

    pub(crate) fn query(mut self, query: Vec<(&'static str, String)>) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// How long it may take in all.
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Since when, if what came before counts too.
    pub(crate) fn since(mut self, started: Instant) -> Self {
        self.started = started;
        self
    }

    pub(crate) fn progress(mut self, progress: Option<&'a OnProgress>) -> Self {
        self.progress = progress;
        self
    }
}

/// The one way out of this process.
pub(crate) struct Exit {
    config: Arc<Config>,
    transport: Arc<dyn Transport>,
    headers: HeaderMap,
    quota: Quota,
    /// A connection was kept after a success, and none has proved to be closed since.
    kept: AtomicBool,
    closed: AtomicBool,
}

impl Exit {
    pub(crate) fn new(config: Arc<Config>, transport: Arc<dyn Transport>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, config.api_key.header()?);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| Error::new(ErrorKind::Config, "The user agent cannot be sent in a header."))?;
        headers.insert(header::USER_AGENT, agent);
        Ok(Self { config, transport, headers, quota: Quota::new(), kept: false.into(), closed: false.into() })
    }

    /// From now on every call fails before anything is sent.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    /// Makes the call and decodes its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        let route = call.route;
        let path = route.path(call.ids)?;
        let (started, upload) = (call.started, call.payload.meter());
        let deadline = call.deadline.unwrap_or_else(|| match upload {
            Some(meter) => DEADLINE + ACCEPTANCE + Duration::from_secs(meter.total >> 14),
            None => DEADLINE.max(self.config.timeout),
        });
        let need = if route.safety == Safety::Effect { (deadline / 2).min(NEED) } else { Duration::ZERO };
        let (mut made, mut unsettled) = (0, false);
        loop {
            let left = deadline.saturating_sub(started.elapsed());
            self.may_send(route, left, need)?;
            made += 1;
            // What is sent again goes over a connection of its own: the last one may be what failed.
            let fresh = made > 1 || route.safety == Safety::Effect;
            let (ending, mut error) = match self.once(&call, &path, left, fresh).await {
                // It was there to be deleted, and is gone.
                Outcome::Answered(answer) if unsettled && answer.is_gone(route) => return answer.emptied().decode(),
                Outcome::Answered(mut answer) if answer.status.is_success() => match answer.decode() {
                    Ok(value) => {
                        self.quota.refill();
                        self.kept.store(true, Relaxed);
                        return Ok(value);
                    }
                    Err(error) => {
                        crate::runtime::abandon_connection();
                        // All that its body has to say is in the error.
                        answer = answer.emptied();
                        answer.conceal(&self.config.api_key);
                        (Ending::Garbled, stamped(route, error, &answer))
                    }
                },
                Outcome::Answered(mut answer) => {
                    answer.conceal(&self.config.api_key);
                    let error = answer.error(route);
                    (answer.ending(&error), stamped(route, error, &answer))
                }
                Outcome::NotSent(failure) => {
                    let permanent = failure.permanent;
                    (Ending::NotSent { permanent }, failed(route, failure, RequestOutcome::NotSent))
                }
                Outcome::Unknown(failure) => match call.payload.meter().and_then(|meter| meter.take_failure()) {
                    // The file's length was announced and not reached, so the server has no whole file.
                    Some(error) => (Ending::Final, error),
                    None if failure.kind == ErrorKind::Protocol => {
                        let ending = if failure.permanent { Ending::Unbearable } else { Ending::Garbled };
                        (ending, failed(route, failure, RequestOutcome::Answered))
                    }
                    None => {
                        let broke = failure.kind == ErrorKind::Transport;
                        let stale = broke && !fresh && self.kept.swap(false, Relaxed);
                        let ending = if stale { Ending::Stale } else { Ending::Unknown };
                        (ending, failed(route, failure, RequestOutcome::Unknown))
                    }
                },
            };
            let lost = ending.is_unsettled();
            unsettled |= lost;
            let left = deadline.saturating_sub(started.elapsed());
            let (retries, jitter) = (self.config.retries, fastrand::f64());
            let limited = if upload.is_some() { 4 } else { 20 };
            let attempt = Attempt { safety: route.safety, made, retries, left, need, limited, jitter };
            match retry::judge(attempt, ending) {
                Verdict::Again(wait) if !call.payload.is_spent() && (ending.is_no_storm() || self.quota.take()) => {
                    sleep(wait).await;
                }
                _ => {
                    if lost && route.safety == Safety::Effect {
                        error = unknown(route, &error, call.payload.meter().map(AsRef::as_ref));
                    }
                    let info = error.info_mut();
                    (info.attempts, info.elapsed) = (made, started.elapsed().as_secs_f64());
                    error.conceal(&self.config.api_key);
                    return Err(error);
                }
            }
        }
    }

    fn may_send(&self, route: &Route, left: Duration, need: Duration) -> Result<()> {
        let operation = route.operation;
        if self.closed.load(Relaxed) {
            return Err(Error::new(ErrorKind::Closed, format!("{operation}: The client was closed. Make a new one.")));
        }
        if left >= need {
            return Ok(());
        }
        let text = format!("{operation}: The time was over before the request was sent. Nothing was sent; give more.");
        let mut error = Error::new(ErrorKind::RequestTimeout, text);
        error.info_mut().outcome = Some(RequestOutcome::NotSent);
        Err(error)
    }

    async fn once(&self, call: &Call<'_>, path: &str, left: Duration, fresh: bool) -> Outcome<Answer> {
        let mut headers = self.headers.clone();
        if let Some(kind) = call.payload.content_type().and_then(|kind| kind.parse().ok()) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        if fresh {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let request = Request {
            method: call.route.method.clone(),
            url: self.config.origin.endpoint(path, &call.query),
            headers,
            payload: call.payload.clone(),
            begun: Arc::default(),
            fresh,
        };
        let begun = request.begun.clone();
        let exchange = async {
            let response = self.transport.send(request).await?;
            Answer::collect(response).await
        };
        let result = match call.payload.meter() {
            Some(meter) => watch(exchange, meter, call.progress, left).await,
            None => {
                let limit = self.config.timeout.min(left);
                Patience::new(limit).wait(pin!(exchange)).await.unwrap_or_else(|| Err(silent(limit)))
            }
        };
        let result = result.map_err(|failure| match failure.kind {
            // It was still connecting.
            ErrorKind::RequestTimeout if call.route.safety == Safety::Effect && !begun.load(Relaxed) => {
                Failure { sent: false, ..failure }
            }
            _ => failure,
        });
        let cut_short = call.payload.meter().is_some_and(|meter| {
            meter.stop();
            meter.sent() < meter.total
        });
        let left_behind = |failure: &Failure| matches!(failure.kind, ErrorKind::RequestTimeout | ErrorKind::Protocol);
        if cut_short || result.as_ref().is_err_and(left_behind) {
            crate::runtime::abandon_connection();
        }
        match result {
            Ok(answer) => Outcome::Answered(answer),
            Err(failure) if failure.sent => Outcome::Unknown(failure),
            Err(failure) => Outcome::NotSent(failure),
        }
    }
}

/// Follows an upload: tells its progress, and gives up when it moves no more.
async fn watch(
    exchange: impl Future<Output = Result<Answer, Failure>>,
    meter: &Meter,
    listener: Option<&OnProgress>,
    left: Duration,
) -> Result<Answer, Failure> {
    let mut exchange = pin!(exchange);
    let mut sending = Sending::new(listener);
    let (end, mut patience, mut sent) = (Instant::now() + left, Patience::new(STALL), 0);
    loop {
        let step = patience.step(INTERVAL, exchange.as_mut()).await;
        let now = meter.sent();
        if let Some(result) = step {
            if result.as_ref().is_ok_and(|answer| answer.status.is_success()) {
                sending.tell("accepted", now, meter.total);
            }
            return result;
        }
        let given = if now < meter.total { STALL } else { ACCEPTANCE };
        // A source that takes its time is no server that has stalled.
        if now != sent || meter.is_starved() {
            (sent, patience) = (now, Patience::new(given));
        }
        sending.tell("sending", now, meter.total);
        if patience.is_over() {
            return Err(silent(given));
        }
        if Instant::now() >= end {
            return Err(if meter.is_starved() { starved(left) } else { silent(left) });
        }
    }
}

fn silent(limit: Duration) -> Failure {
    let text = format!("The server did not answer within {:.0} s", limit.as_secs_f64());
    Failure::after_send(ErrorKind::RequestTimeout, text)
}

fn starved(limit: Duration) -> Failure {
    let text = format!("The source was not read to its end within {:.0} s", limit.as_secs_f64());
    Failure::after_send(ErrorKind::RequestTimeout, text)
}

fn failed(route: &Route, failure: Failure, outcome: RequestOutcome) -> Error {
    let message = format!("{}: {}", route.operation, failure.message);
    let mut error = match failure.kind {
        ErrorKind::Protocol => Error::protocol(failure.reason, message),
        kind => Error::new(kind, message),
    };
    error.info_mut().outcome = Some(outcome);
    error
}

fn stamped(route: &Route, mut error: Error, answer: &Answer) -> Error {
    let info = error.info_mut();
    if !info.message.starts_with(route.operation) {
        info.message = format!("{}: {}", route.operation, info.message);
    }
    info.status = Some(answer.status.as_u16());
    info.request_id = answer.request_id();
    info.outcome = Some(RequestOutcome::Answered);
    error
}

/// A paid request whose end nobody knows: it is reported, never sent a second time.
fn unknown(route: &Route, cause: &Error, upload: Option<&Meter>) -> Error {
    let operation = route.operation;
    let hint = match upload {
        Some(meter) if meter.sent() < meter.total => {
            " It was not sent whole; the server may have refused it early (too large, or the key)."
        }
        Some(_) if operation == UPLOAD.operation => " Look for it with `files.search` before you upload it again.",
        _ => " Look at `agents.list` and the conversation before you send it again.",
    };
    let why = cause.message.trim_start_matches(operation).trim_start_matches(": ");
    let text = format!("{operation}: the server may or may not have acted, and it was not sent again. {why}.{hint}");
    let mut error = Error::new(ErrorKind::OutcomeUnknown, text.replace("..", "."))
        .with("operation", operation)
        .with("candidates", crate::Json::Array(Vec::new()));
    let info = error.info_mut();
    (info.status, info.server_code) = (cause.status, cause.server_code.clone());
    (info.request_id, info.outcome) = (cause.request_id.clone(), Some(RequestOutcome::Unknown));
    error
}
