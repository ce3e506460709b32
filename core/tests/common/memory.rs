//! A server in memory, for what no emulator plays.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use nomkit::{
    ClientOptions, ErrorKind, Nomic,
    http::transport::{Failure, Request, Response, Transport},
};
use std::sync::{Arc, Mutex};

/// What becomes of the n-th request to a place: a status and a body; 0 if there is no connection.
type Play = dyn Fn(&str, usize) -> (u16, String) + Send + Sync;

pub struct Memory {
    play: Box<Play>,
    seen: Seen,
}

/// Each request with its body, as far as it was sent.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Requests>>);

type Requests = Vec<(String, Vec<u8>)>;

impl Seen {
    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(call, _)| call.clone()).collect()
    }

    /// The body of the n-th request.
    pub fn body(&self, at: usize) -> Vec<u8> {
        self.0.lock().unwrap()[at].1.clone()
    }

    pub fn json(&self, at: usize) -> serde_json::Value {
        serde_json::from_slice(&self.body(at)).unwrap()
    }
}

impl Transport for Memory {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let place = request.url.path().trim_start_matches("/api/v0").to_owned();
        let call = format!("{} {place}{query}", request.method);
        let mut seen = self.seen.0.lock().unwrap();
        let (status, answer) = (self.play)(&call, seen.iter().filter(|(earlier, _)| *earlier == call).count());
        let at = seen.len();
        seen.push((call, Vec::new()));
        let seen = self.seen.clone();
        async move {
            if status == 0 {
                return Err(Failure::not_sent(ErrorKind::Connect, "No connection"));
            }
            let mut body = std::pin::pin!(request.payload.open(request.begun));
            while let Some(frame) = std::future::poll_fn(|cx| http_body::Body::poll_frame(body.as_mut(), cx)).await {
                let frame = frame.map_err(|error| Failure::after_send(ErrorKind::Transport, error.to_string()))?;
                seen.0.lock().unwrap()[at].1.extend_from_slice(&frame.into_data().unwrap());
            }
            let (status, body) = (status.try_into().unwrap(), stream::iter([Ok(answer.into())]).boxed());
            Ok(Response { status, headers: Default::default(), body })
        }
        .boxed()
    }
}

pub fn over(play: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static) -> (Nomic, Seen) {
    let seen = Seen::default();
    let memory = Memory { play: Box::new(play), seen: seen.clone() };
    let options = ClientOptions::default().base_url("https://acme.example").api_key("npk_test");
    (Nomic::over(options, Arc::new(memory)).unwrap(), seen)
}

/// The answer to a launch.
pub fn launched() -> (u16, String) {
    (201, r#"{"data":{"id":"a","status":"waiting"}}"#.to_owned())
}
