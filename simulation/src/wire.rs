//! HTTP/1.1 over connections in memory, to an emulator in the same runtime.

use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use http::header::{HOST, HeaderValue};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use nomkit::ErrorKind;
use nomkit::http::transport::{Failure, Request, Response, Transport};
use nomkit_emulator::InMemory;
use tokio::time::{Instant, sleep};

/// How long a request, and its answer, are on their way, in milliseconds.
const WAY: std::ops::RangeInclusive<u64> = 10..=120;

type Body = Pin<Box<dyn http_body::Body<Data = Bytes, Error = io::Error> + Send>>;
type Sender = SendRequest<Body>;

/// The way from core to emulator: each request once, over a fresh connection if that is wanted, or else over a kept one.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Shared>);

struct Shared {
    emulator: Arc<InMemory>,
    idle: Mutex<Vec<Sender>>,
    began: Instant,
    sent: Mutex<Sent>,
}

/// When requests were sent, in milliseconds since the wire was made.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    /// Launches, follow-ups and uploads.
    pub(crate) heavy: Vec<u32>,
    /// All else.
    pub(crate) standard: Vec<u32>,
}

impl Sent {
    /// How many there were.
    pub(crate) fn len(&self) -> usize {
        self.heavy.len() + self.standard.len()
    }

    /// Those from a time on.
    pub(crate) fn since(&self, from: u32) -> Self {
        let since = |times: &[u32]| times.iter().copied().filter(|at| *at >= from).collect();
        Self { heavy: since(&self.heavy), standard: since(&self.standard) }
    }

    /// The most of these times in any span of so many milliseconds.
    pub(crate) fn most(times: &[u32], span: u32) -> u64 {
        let (mut most, mut passed) = (0, 0);
        let mut oldest = times.iter().peekable();
        for (sent, at) in (1_u64..).zip(times) {
            while oldest.next_if(|first| first.saturating_add(span) <= *at).is_some() {
                passed += 1;
            }
            most = most.max(sent - passed);
        }
        most
    }
}

impl Wire {
    pub(crate) fn new(emulator: Arc<InMemory>) -> Self {
        Self(Arc::new(Shared { emulator, idle: Mutex::default(), began: Instant::now(), sent: Mutex::default() }))
    }

    /// Milliseconds since it was made.
    pub(crate) fn elapsed(&self) -> u32 {
        u32::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Sent {
        lock(&self.0.sent).clone()
    }

    fn note(&self, request: &Request) {
        let at = self.elapsed();
        let path = request.url.path();
        let heavy = request.method == http::Method::POST && !path.ends_with("/stop");
        let mut sent = lock(&self.0.sent);
        if heavy { sent.heavy.push(at) } else { sent.standard.push(at) }
    }

    async fn exchange(self, request: Request) -> Result<Response, Failure> {
        sleep(way()).await;
        self.note(&request);
        let fresh = request.fresh;
        let mut request = written(request)?;
        loop {
            let kept = if fresh { None } else { self.kept().await };
            let was_kept = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.open().await?,
            };
            match sender.try_send_request(request).await {
                Ok(answer) => {
                    sleep(way()).await;
                    let (head, body) = answer.into_parts();
                    let back = (!fresh).then(|| (self.clone(), sender));
                    let body = Arriving { body, back }.boxed();
                    return Ok(Response { status: head.status, headers: head.headers, body });
                }
                Err(mut error) => match error.take_message() {
                    // Not a byte of it was written: a kept connection had ended.
                    Some(unsent) if was_kept => request = unsent,
                    _ => return Err(failure(&error.into_error())),
                },
            }
        }
    }

    async fn open(&self) -> Result<Sender, Failure> {
        let refused = |error: io::Error| {
            Failure::not_sent(ErrorKind::Connect, format!("The server could not be reached ({error})"))
        };
        let stream = self.0.emulator.connect().map_err(refused)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| failure(&error))?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// A connection that is still open.
    async fn kept(&self) -> Option<Sender> {
        loop {
            let mut sender = lock(&self.0.idle).pop()?;
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response, Failure>> {
        Box::pin(self.clone().exchange(request))
    }
}

fn way() -> Duration {
    Duration::from_millis(fastrand::u64(WAY))
}

/// The request as hyper takes it.
fn written(request: Request) -> Result<http::Request<Body>, Failure> {
    let path = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let wrong = |error: &dyn std::fmt::Display| Failure::not_sent(ErrorKind::Unexpected, error.to_string());
    let body: Body = Box::pin(request.payload.open(request.begun.clone()));
    if body.is_end_stream() {
        request.begun.store(true, Relaxed);
    }
    let mut written = http::Request::new(body);
    *written.method_mut() = request.method;
    *written.uri_mut() = path.parse().map_err(|error: http::uri::InvalidUri| wrong(&error))?;
    *written.headers_mut() = request.headers;
    let host = HeaderValue::try_from(request.url.authority()).map_err(|error| wrong(&error))?;
    written.headers_mut().insert(HOST, host);
    Ok(written)
}

/// Sorts hyper's error as the transport over sockets does.
fn failure(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        return Failure::protocol("framing", format!("The answer is not HTTP as it should be ({error})"));
    }
    Failure::after_send(ErrorKind::Transport, format!("The connection broke before the answer was whole ({error})"))
}

/// An answer's body; when it is whole, its connection can be used again.
struct Arriving {
    body: Incoming,
    back: Option<(Wire, Sender)>,
}

impl Stream for Arriving {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            return Poll::Ready(match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => Some(Ok(bytes)),
                    Err(_) => continue,
                },
                Some(Err(error)) => {
                    self.back = None;
                    Some(Err(failure(&error)))
                }
                None => {
                    if let Some((wire, sender)) = self.back.take() {
                        lock(&wire.0.idle).push(sender);
                    }
                    None
                }
            });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
