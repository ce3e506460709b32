//! What is commonly written against an API like this: it tries again whenever something went wrong, polls until it reads
//! `finished`, and looks at each agent by itself.

use std::time::Duration;

use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, header};
use nomkit::http::Payload;
use nomkit::http::transport::{Request, Transport};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::world::World;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it tries.
const TRIES: u32 = 4;

/// A client that knows no better.
pub(crate) struct Naive<'w> {
    world: &'w World,
}

impl<'w> Naive<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world }
    }

    /// Launches an agent; gives its id, if any of its tries was answered with one.
    pub(crate) async fn launch(&self, body: &Value) -> Option<String> {
        self.insist(Method::POST, "/agents", Some(body)).await.and_then(id)
    }

    /// Asks again, and reads the last thing that was said once the agent is `finished`.
    pub(crate) async fn ask_again(&self, agent: &str, prompt: &str) -> Option<String> {
        let body = json!({ "prompt": { "text": prompt } });
        self.insist(Method::POST, &format!("/agents/{agent}/followup"), Some(&body)).await?;
        self.wait(agent).await
    }

    /// Waits until the agent is `finished`; gives what was said last.
    pub(crate) async fn wait(&self, agent: &str) -> Option<String> {
        loop {
            let shown = self.insist(Method::GET, &format!("/agents/{agent}"), None).await;
            if shown.is_some_and(|shown| shown.pointer("/data/status") == Some(&json!("finished"))) {
                break;
            }
            sleep(Duration::from_secs(2)).await;
        }
        let said = self.insist(Method::GET, &format!("/agents/{agent}/conversation"), None).await?;
        let rows = said.pointer("/data/messages").and_then(Value::as_array)?;
        let last = rows.iter().rfind(|row| row.get("type") == Some(&json!("assistant")))?;
        Some(last.get("text")?.as_str()?.to_owned())
    }

    /// Sends until there is an answer that is good; a limit of rate is just another error, tried again at once.
    pub(crate) async fn insist(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        for attempt in 0..TRIES {
            match timeout(PATIENCE, self.send(method.clone(), path, body)).await {
                Ok(Some((200..=299, Some(answer)))) => return Some(answer),
                Ok(Some((429, _))) => continue,
                Ok(Some((status @ 400..=499, _))) if status != 408 => return None,
                _ => sleep(Duration::from_millis(500 << attempt)).await,
            }
        }
        None
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Option<(u16, Option<Value>)> {
        let url = format!("{}/api/v0{path}", self.world.emulator.url()).parse().ok()?;
        let mut headers = HeaderMap::new();
        let key = format!("Bearer {}", self.world.emulator.api_key());
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(key).ok()?);
        let payload = body.map_or(Payload::Empty, |body| Payload::Json(body.to_string().into()));
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let fresh = method == Method::POST;
        let request = Request { method, url, headers, payload, begun: Default::default(), fresh };
        let mut answer = self.world.wire.send(request).await.ok()?;
        let mut text = Vec::new();
        while let Some(piece) = answer.body.next().await {
            text.extend_from_slice(&piece.ok()?);
        }
        Some((answer.status.as_u16(), serde_json::from_slice(&text).ok()))
    }
}

fn id(answer: Value) -> Option<String> {
    Some(answer.pointer("/data/id")?.as_str()?.to_owned())
}
