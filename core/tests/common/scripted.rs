//! A server in memory: what it answers is a function, and time is virtual.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use nomkit::{
    ClientOptions, ErrorKind, Nomic,
    http::transport::{Failure, Request, Response, Transport},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the server does with the n-th request to a path.
type Script = dyn Fn(&str, usize, &Request) -> Reply + Send + Sync;

pub struct Reply {
    /// Seconds until its head comes.
    pub after: f64,
    /// 0: still connecting, for ever.
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Instead of `body`.
    pub stream: Option<BoxStream<'static, Result<bytes::Bytes, Failure>>>,
    /// Instead of an answer.
    pub failure: Option<Failure>,
}

pub fn reply(status: u16, body: impl Into<String>) -> Reply {
    Reply { after: 0.0, status, headers: Vec::new(), body: body.into(), stream: None, failure: None }
}

pub fn lost(failure: Failure) -> Reply {
    Reply { failure: Some(failure), ..reply(200, "") }
}

struct Scripted {
    script: Box<Script>,
    seen: Seen,
}

impl Transport for Scripted {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let call = format!("{} {}", request.method, request.url.path().trim_start_matches("/api/v0"));
        let mut seen = self.seen.lock().unwrap();
        let made = seen.iter().filter(|earlier| **earlier == call).count();
        seen.push(call.clone());
        let reply = (self.script)(&call, made, &request);
        async move {
            if reply.status == 0 {
                // Still connecting: the body was never asked for.
                std::future::pending::<()>().await;
            }
            if let Some(failure) = reply.failure {
                return Err(failure);
            }
            let mut body = std::pin::pin!(request.payload.open(request.begun));
            while let Some(frame) = std::future::poll_fn(|cx| http_body::Body::poll_frame(body.as_mut(), cx)).await {
                frame.map_err(|error| Failure::after_send(ErrorKind::Transport, error.to_string()))?;
            }
            tokio::time::sleep(Duration::from_secs_f64(reply.after)).await;
            let headers = reply.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let (status, headers) = (reply.status.try_into().unwrap(), headers.collect());
            let body = reply.stream.unwrap_or_else(|| stream::iter([Ok(reply.body.into())]).boxed());
            Ok(Response { status, headers, body })
        }
        .boxed()
    }
}

pub type Seen = Arc<Mutex<Vec<String>>>;

pub const KEY: &str = "npk_abc.DEF/ghi+SECRET==";

pub fn client(script: impl Fn(&str, usize, &Request) -> Reply + Send + Sync + 'static) -> (Nomic, Seen) {
    client_with(ClientOptions::default(), script)
}

pub fn client_with(
    options: ClientOptions,
    script: impl Fn(&str, usize, &Request) -> Reply + Send + Sync + 'static,
) -> (Nomic, Seen) {
    let seen = Seen::default();
    let transport = Scripted { script: Box::new(script), seen: seen.clone() };
    let options = options.base_url("https://acme.example").api_key(KEY);
    (Nomic::over(options, Arc::new(transport)).unwrap(), seen)
}

pub fn agent(status: &str, more: &str) -> String {
    format!(r#"{{"data":{{"id":"a","status":"{status}","updatedAt":"2026-01-01T00:00:00Z"{more}}}}}"#)
}

/// How many requests of a kind were made.
pub fn count(seen: &Seen, call: &str) -> usize {
    seen.lock().unwrap().iter().filter(|made| *made == call).count()
}
