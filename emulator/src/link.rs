//! One connection: how a request can have it cut, and what became of the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{future, io};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::faults::Strike;
use crate::ledger::Entry;

/// How a connection ends early.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cut {
    /// FIN: the peer reads an end of the stream.
    Close,
    /// RST: the peer reads "connection reset".
    Reset,
}

/// What requests know of their connection.
#[derive(Default)]
pub(crate) struct Link {
    state: Mutex<State>,
    asked: Notify,
}

#[derive(Default)]
struct State {
    cut: Option<Cut>,
    striking: Option<Strike>,
    broken: bool,
    answer: Option<(Entry, Option<Strike>)>,
}

impl Link {
    /// Cuts the connection. The caller never goes on: it is dropped with the connection.
    pub(crate) async fn cut(&self, cut: Cut, strike: Option<Strike>) {
        {
            let mut state = self.state();
            (state.cut, state.striking) = (Some(cut), strike);
        }
        self.asked.notify_one();
        future::pending().await
    }

    /// Ends when a request has asked for a cut.
    pub(crate) async fn cut_asked(&self) {
        self.asked.notified().await;
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

    /// The socket closes with this call's return, and nothing can keep it from that.
    pub(crate) fn closed(&self) {
        let mut state = self.state();
        if let Some((entry, strike)) = state.answer.take() {
            entry.answered(false);
            if let Some(strike) = strike {
                strike.revoke();
            }
        }
        if let Some(strike) = state.striking.take() {
            strike.complete();
        }
    }

    fn resets(&self) -> bool {
        self.state().cut == Some(Cut::Reset)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The socket of a link: tells it when an answer has left, and closes as it says.
pub(crate) struct Wire {
    stream: TcpStream,
    link: Arc<Link>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, link: Arc<Link>) -> Self {
        Self { stream, link }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.link.resets() {
            // A close that waits zero seconds for unsent data is what makes the kernel send RST.
            drop(SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when nothing is left to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.link.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
