//! A server in memory: what it answers is a function, and time is virtual.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use nomkit::{
    AgentRun, ClientOptions, Error, ErrorKind, LaunchOptions, ListOptions, Nomic,
    http::transport::{Failure, Request, Response, Transport},
};
use std::{
    collections::BTreeMap,
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

pub fn with(header: &'static str, value: impl Into<String>, reply: Reply) -> Reply {
    Reply { headers: vec![(header, value.into())], ..reply }
}

struct Scripted {
    script: Box<Script>,
    seen: Seen,
    bodies: Bodies,
}

impl Transport for Scripted {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let call = format!("{} {}", request.method, request.url.path().trim_start_matches("/api/v0"));
        let mut seen = self.seen.lock().unwrap();
        let made = seen.iter().filter(|earlier| **earlier == call).count();
        seen.push(call.clone());
        let reply = (self.script)(&call, made, &request);
        let (at, bodies) = (seen.len() - 1, self.bodies.clone());
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
                let frame = frame.map_err(|error| Failure::after_send(ErrorKind::Transport, error.to_string()))?;
                bodies.lock().unwrap().entry(at).or_default().extend_from_slice(&frame.into_data().unwrap());
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
type Bodies = Arc<Mutex<BTreeMap<usize, Vec<u8>>>>;

pub const KEY: &str = "npk_abc.DEF/ghi+SECRET==";

pub fn client(script: impl Fn(&str, usize, &Request) -> Reply + Send + Sync + 'static) -> (Nomic, Seen) {
    client_with(ClientOptions::default(), script)
}

pub fn client_with(
    options: ClientOptions,
    script: impl Fn(&str, usize, &Request) -> Reply + Send + Sync + 'static,
) -> (Nomic, Seen) {
    let (nomic, sent) = recorded(options, script);
    (nomic, sent.calls)
}

fn recorded(
    options: ClientOptions,
    script: impl Fn(&str, usize, &Request) -> Reply + Send + Sync + 'static,
) -> (Nomic, Sent) {
    let sent = Sent::default();
    let transport = Scripted { script: Box::new(script), seen: sent.calls.clone(), bodies: sent.bodies.clone() };
    let options = options.base_url("https://acme.example").api_key(KEY);
    (Nomic::over(options, Arc::new(transport)).unwrap(), sent)
}

/// Each request with its body, as far as it was sent.
#[derive(Default)]
pub struct Sent {
    calls: Seen,
    bodies: Bodies,
}

impl Sent {
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// The body of the n-th request.
    pub fn body(&self, at: usize) -> Vec<u8> {
        self.bodies.lock().unwrap()[&at].clone()
    }

    pub fn json(&self, at: usize) -> serde_json::Value {
        serde_json::from_slice(&self.body(at)).unwrap()
    }
}

/// Statuses and bodies alone; 0 if there is no connection. What was sent is kept.
pub fn over(play: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static) -> (Nomic, Sent) {
    recorded(ClientOptions::default(), move |call, made, _| match play(call, made) {
        (0, _) => lost(Failure::not_sent(ErrorKind::Connect, "No connection")),
        (status, body) => reply(status, body),
    })
}

/// The answer to a launch.
pub fn launched() -> (u16, String) {
    (201, r#"{"data":{"id":"a","status":"waiting"}}"#.to_owned())
}

pub fn agent(status: &str, more: &str) -> String {
    format!(r#"{{"data":{{"id":"a","status":"{status}","updatedAt":"2026-01-01T00:00:00Z"{more}}}}}"#)
}

/// How many requests of a kind were made.
pub fn count(seen: &Seen, call: &str) -> usize {
    seen.lock().unwrap().iter().filter(|made| *made == call).count()
}

pub async fn launch(nomic: &Nomic) -> Result<AgentRun, Error> {
    nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None).await
}

/// The ids of all agents, over all pages.
pub async fn list(nomic: &Nomic) -> Result<Vec<String>, Error> {
    let mut pager = nomic.agents().list(ListOptions::default()).unwrap();
    Ok(pager.first(10_000).await?.into_iter().map(|agent| agent.id).collect())
}
