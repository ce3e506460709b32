//! The seam between nomkit and the network: sockets in production, memory in simulation.

use super::body::Payload;
use crate::ErrorKind;
use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::BoxStream};
use http::{HeaderMap, Method, StatusCode};
use std::sync::{Arc, atomic::AtomicBool};
use url::Url;

/// Sends one request, once.
pub trait Transport: Send + Sync + 'static {
    /// Gives the answer's head as soon as it is there; its body follows as a stream.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>>;
}

/// One request, ready to be sent.
#[derive(Debug)]
pub struct Request {
    /// GET, POST or DELETE.
    pub method: Method,
    /// Absolute.
    pub url: Url,
    /// Credentials are marked sensitive.
    pub headers: HeaderMap,
    /// What is sent.
    pub payload: Payload,
    /// Set when its body is first asked for: before that, nothing of it was written.
    pub begun: Arc<AtomicBool>,
    /// Whether it needs a connection that no other request used: an idle one may be closing, and then nobody
    /// can tell whether the server acted.
    pub fresh: bool,
}

/// An answer whose body is still arriving.
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: BoxStream<'static, Result<Bytes, Failure>>,
}

/// How one request ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// Not a byte of it left this machine.
    NotSent(Failure),
    /// A whole answer arrived.
    Answered(T),
    /// The server may or may not have acted on it.
    Unknown(Failure),
}

/// Why there is no whole answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whether any byte may have reached the server.
    pub sent: bool,
    /// The class of the error that it becomes.
    pub kind: ErrorKind,
    /// Which rule an answer broke; empty for other classes than `Protocol`.
    pub reason: &'static str,
    /// Whether the next try would end the same.
    pub permanent: bool,
    /// What happened, without URLs or keys.
    pub message: String,
}

impl Failure {
    /// Nothing left this machine.
    pub fn not_sent(kind: ErrorKind, message: impl Into<String>) -> Self {
        let permanent = matches!(kind, ErrorKind::Tls | ErrorKind::Config);
        Self { sent: false, kind, reason: "", permanent, message: message.into() }
    }

    /// Something may have reached the server.
    pub fn after_send(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { sent: true, kind, reason: "", permanent: false, message: message.into() }
    }

    /// The server answered, but not as anybody should.
    pub fn protocol(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, ..Self::after_send(ErrorKind::Protocol, message) }
    }

    /// The same, and the next try would end no better.
    #[must_use]
    pub fn for_good(self) -> Self {
        Self { permanent: true, ..self }
    }
}
