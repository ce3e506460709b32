//! A connection in the hands of a fault: HTTP is written by hand there, past the server's own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Strike;
use crate::app::App;
use crate::clock::Millis;
use crate::ledger::Entry;
use crate::link::Wire;

/// How long a client may take to notice that it was answered.
const LINGER: Duration = Duration::from_secs(2);
/// Content that is made up while it is sent goes out in pieces of this size.
pub(super) const PIECE: usize = 64 << 10;

/// What a fault does with a connection. An error means that the client left before it was done.
pub(crate) struct Play(Box<Acts>);

type Acts = dyn for<'a> FnOnce(&'a mut Stage) -> BoxFuture<'a, io::Result<End>> + Send;

impl Play {
    pub(crate) fn new<F>(play: F) -> Self
    where
        F: for<'a> FnOnce(&'a mut Stage) -> BoxFuture<'a, io::Result<End>> + Send + 'static,
    {
        Self(Box::new(play))
    }

    /// One that ends the connection, and nothing else.
    pub(crate) fn end(end: End) -> Self {
        Self::new(move |_| Box::pin(async move { Ok(end) }))
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// FIN: the peer reads an end of the stream. What it still sends is read for a while, because closing with unread data
    /// would reset the connection.
    Close,
    /// RST: the peer reads "connection reset".
    Reset,
    /// Closed as it is, with unread data or without.
    Drop,
    /// Left open for a moment, for what the client may do next.
    Linger,
}

/// What a connection is handed over for.
pub(crate) struct Scene {
    pub(crate) app: Arc<App>,
    pub(crate) play: Play,
    pub(crate) strike: Option<Strike>,
    pub(crate) entry: Option<Entry>,
}

/// A connection that is being played on.
pub(crate) struct Stage {
    wire: Wire,
    pub(crate) app: Arc<App>,
    strike: Option<Strike>,
    pub(crate) entry: Option<Entry>,
}

impl Scene {
    /// Plays it to its end, and closes the connection.
    pub(crate) async fn play(self, wire: Wire) {
        let Self { app, play, strike, entry } = self;
        let mut stage = Stage { wire, app, strike, entry };
        match play.0(&mut stage).await {
            Ok(end) => stage.end(end).await,
            // It did not happen to the end.
            Err(_) => drop(stage),
        }
    }
}

impl Stage {
    /// Sends bytes, and waits until the system has taken them.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes).await?;
        self.wire.flush().await
    }

    /// Sends content as one chunk.
    pub(crate) async fn chunk(&mut self, content: &[u8]) -> io::Result<()> {
        self.send(format!("{:x}\r\n", content.len()).as_bytes()).await?;
        self.send(content).await?;
        self.send(b"\r\n").await
    }

    /// Sends the last bytes that the fault is about. It has happened from here on, so that whoever has them finds it
    /// reported; should they not leave, that is taken back, and how the play ends decides.
    pub(crate) async fn last(&mut self, bytes: &[u8]) -> io::Result<()> {
        let strike = self.strike.take();
        if let Some(strike) = &strike {
            strike.complete();
        }
        let sent = self.send(bytes).await;
        if let (Some(strike), Err(_)) = (strike, &sent) {
            strike.revoke();
            self.strike = Some(strike);
        }
        sent
    }

    /// The same for bytes that make the answer whole.
    pub(crate) async fn answer(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(entry) = &self.entry {
            entry.answered(true);
        }
        let sent = self.last(bytes).await;
        if let (Some(entry), Err(_)) = (&self.entry, &sent) {
            entry.answered(false);
        }
        sent
    }

    /// Ends when the client has left.
    pub(crate) async fn gone(&mut self) {
        let mut ignored = vec![0; 64 << 10];
        while matches!(self.wire.read(&mut ignored).await, Ok(1..)) {}
    }

    /// Waits until a time of the emulator's clock, but not for a client that has left. Whether it is still there.
    pub(crate) async fn wait(&mut self, until: Millis) -> bool {
        let app = Arc::clone(&self.app);
        tokio::select! {
            biased;
            () = app.clock.sleep_until(until) => true,
            () = self.gone() => false,
        }
    }

    /// Closes the connection; a fault that has not happened yet has with that.
    async fn end(mut self, end: End) {
        if matches!(end, End::Linger) {
            drop(timeout(LINGER, self.gone()).await);
        }
        if let Some(strike) = self.strike.take() {
            strike.complete();
        }
        match end {
            End::Close => {
                drop(self.wire.shutdown().await);
                drop(timeout(LINGER, self.gone()).await);
            }
            End::Reset => self.wire.reset(),
            End::Drop | End::Linger => {}
        }
    }
}

/// An answer before it is sent.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it goes without the header `Date`.
    pub(crate) undated: bool,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Result<Self, axum::Error> {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await?;
        let mut headers = parts.headers;
        headers.remove(CONTENT_LENGTH);
        Ok(Self { status: parts.status, headers, body, undated: false })
    }

    /// Changes its JSON; whether there was something to change.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Value) -> bool) -> bool {
        let Ok(mut body) = serde_json::from_slice(&self.body) else { return false };
        let changed = change(&mut body);
        if changed {
            self.body = Bytes::from(body.to_string());
        }
        changed
    }

    /// The head as bytes, with these lines about the length of what follows, each with its end.
    pub(crate) fn head(&self, lines: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(lines.as_bytes());
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The head with its true length.
    pub(crate) fn true_head(&self) -> Vec<u8> {
        self.head(&format!("content-length: {}\r\n", self.body.len()))
    }

    /// The body up to a place, and from there.
    pub(crate) fn split(&self, at: u64) -> (Bytes, Bytes) {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(self.body.len());
        (self.body.slice(..at), self.body.slice(at..))
    }
}
