//! What is told of a request that ended, and the error that it becomes.

use super::{answer::Answer, body::Meter, transport::Failure};
use crate::{Error, ErrorKind, Event, EventKind, RequestOutcome, nomic::routes::Route};
use std::time::Duration;

pub(super) fn answered(route: &Route, answer: &Answer, attempt: u32, took: Duration) -> Event {
    let text = format!("answered {}", answer.status.as_u16());
    Event {
        status: Some(answer.status.as_u16()),
        attempt: Some(attempt),
        request_id: answer.request_id(),
        ..Event::new(EventKind::Answered, route.operation, text).taking(took)
    }
}

pub(super) fn failing(route: &Route, error: &Error, attempt: u32, took: Duration) -> Event {
    let text = match error.status {
        Some(status) => format!("failed: {} (HTTP {status})", error.code),
        None => format!("failed: {}", error.code),
    };
    Event {
        status: error.status,
        attempt: Some(attempt),
        request_id: error.request_id.clone(),
        ..Event::new(EventKind::Failed, route.operation, text).taking(took)
    }
}

pub(super) fn silent(limit: Duration) -> Failure {
    let text = format!("The server did not answer within {:.0} s", limit.as_secs_f64());
    Failure::after_send(ErrorKind::RequestTimeout, text)
}

pub(super) fn starved(limit: Duration) -> Failure {
    let text = format!("The source was not read to its end within {:.0} s", limit.as_secs_f64());
    Failure::after_send(ErrorKind::RequestTimeout, text)
}

pub(super) fn failed(route: &Route, failure: Failure, outcome: RequestOutcome) -> Error {
    let message = format!("{}: {}", route.operation, failure.message);
    let mut error = match failure.kind {
        ErrorKind::Protocol => Error::protocol(failure.reason, message),
        kind => Error::new(kind, message),
    };
    error.info_mut().outcome = Some(outcome);
    error
}

pub(super) fn stamped(route: &Route, mut error: Error, answer: &Answer) -> Error {
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
pub(super) fn unknown(route: &Route, cause: &Error, upload: Option<&Meter>) -> Error {
    let operation = route.operation;
    let hint = match upload {
        Some(meter) if meter.sent() < meter.total => {
            " It was not sent whole; the server may have refused it early (too large, or the key)."
        }
        _ => "",
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
