//! One connection: how a request can take it over, and what became of the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{future, io};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::faults::{Scene, Strike};
use crate::ledger::Entry;
use crate::memory::ServerEnd;

/// What requests know of their connection.
#[derive(Default)]
pub(crate) struct Link {
    state: Mutex<State>,
    asked: Notify,
}

#[derive(Default)]
struct State {
    scene: Option<Scene>,
    broken: bool,
    answer: Option<(Entry, Option<Strike>)>,
}

impl Link {
    /// Takes the connection over: from the server, or with no scene to close it. The caller never goes on: it is dropped.
    pub(crate) async fn take_over<T>(&self, scene: Option<Scene>) -> T {
        self.state().scene = scene;
        self.asked.notify_one();
        future::pending().await
    }

    /// Ends when a request has taken the connection over.
    pub(crate) async fn taken(&self) {
        self.asked.notified().await;
    }

    /// What is played on a connection that was taken over.
    pub(crate) fn scene(&self) -> Option<Scene> {
        self.state().scene.take()
    }

    /// The client has left in the middle of its request.
    pub(crate) fn broke_off(&self) {
        self.state().broken = true;
    }

    pub(crate) fn is_broken_off(&self) -> bool {
        self.state().broken
    }

    /// The whole answer is on its way. It counts as given from here on, so that whoever has it finds it in the ledger;
    /// should it not leave, [`Link::closed`] takes that back.
    pub(crate) fn answering(&self, entry: Entry, strike: Option<Strike>) {
        entry.answered(true);
        if let Some(strike) = &strike {
            strike.complete();
        }
        self.state().answer = Some((entry, strike));
    }

    fn flushed(&self) {
        self.state().answer = None;
    }

    /// The server writes nothing more.
    pub(crate) fn closed(&self) {
        if let Some((entry, strike)) = self.state().answer.take() {
            entry.answered(false);
            if let Some(strike) = strike {
                strike.revoke();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What bytes come and go through.
pub(crate) enum Stream {
    Socket(TcpStream),
    Memory(ServerEnd),
}

/// The stream of a link: tells it when an answer has left.
pub(crate) struct Wire {
    stream: Stream,
    link: Arc<Link>,
}

impl Wire {
    pub(crate) fn new(stream: Stream, link: Arc<Link>) -> Self {
        Self { stream, link }
    }

    /// Closes the stream so that the peer reads a reset.
    pub(crate) fn reset(self) {
        match self.stream {
            // A close that waits zero seconds for unsent data is what makes the kernel send RST.
            Stream::Socket(socket) => drop(SockRef::from(&socket).set_linger(Some(Duration::ZERO))),
            Stream::Memory(end) => end.reset(),
        }
    }
}

/// Does the same with either stream.
macro_rules! either {
    ($wire:ident, $stream:ident => $does:expr) => {
        match &mut $wire.stream {
            Stream::Socket($stream) => $does,
            Stream::Memory($stream) => $does,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self.stream, Stream::Socket(_))
    }

    /// Called when nothing is left to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(either!(self, stream => Pin::new(stream).poll_flush(cx)))?;
        self.link.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
