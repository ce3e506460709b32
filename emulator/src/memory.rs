//! The emulator without sockets, threads or a clock of its own: for simulations in virtual time.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use crate::app::App;
use crate::emulator::{StartError, url};
use crate::link::Stream;
use crate::options::{Options, Timing};
use crate::problem::Problem;
use crate::rates::Rates;
use crate::{api, files, ledger, serve, turns};

/// The port in its URL, where nobody listens.
const PORT: u16 = 1;
/// How many bytes one side may be ahead of the other.
const BUFFER: usize = 64 << 10;

/// An emulator in memory. It lives in the tokio runtime that it was made in, follows that runtime's time, and does its
/// work at once, on the runtime's thread: in a current-thread runtime whose time is paused, the same calls give the same
/// answers. Agents do not read documents: they repeat what they were asked, with the number of the turn.
///
/// All that it is asked here has to be asked inside that runtime.
pub struct InMemory {
    app: Arc<App>,
    router: Router,
    /// How many connections are still to be refused, and how many were.
    refuse: AtomicU32,
    refused: AtomicU32,
}

/// How often a fault struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// How many requests met it.
    pub hits: u32,
    /// How many felt it to its end.
    pub completed: u32,
}

impl InMemory {
    /// An emulator with these options; those about sockets, folders and documents mean nothing here.
    ///
    /// # Errors
    /// `Data` if the database cannot be made.
    pub fn new(options: Options) -> Result<Self, StartError> {
        let app = App::in_memory(options, PORT).map_err(StartError::Data)?;
        Ok(Self { router: api::router(&app), app, refuse: AtomicU32::new(0), refused: AtomicU32::new(0) })
    }

    /// The base URL that its requests must name.
    pub fn url(&self) -> String {
        url(&self.app)
    }

    /// A key that may do everything.
    pub fn api_key(&self) -> &str {
        &self.app.credentials.api_key
    }

    /// A new connection, as a client has it.
    ///
    /// # Errors
    /// `ConnectionRefused` as often as [`refuse`](Self::refuse) said.
    pub fn connect(&self) -> io::Result<ClientEnd> {
        let left = self.refuse.load(Ordering::SeqCst);
        if left > 0 {
            self.refuse.store(left - 1, Ordering::SeqCst);
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (ours, theirs) = duplex(BUFFER);
        let reset = Arc::new(AtomicBool::new(false));
        let stream = Stream::Memory(ServerEnd { stream: ours, reset: Arc::clone(&reset) });
        tokio::spawn(serve::connection(stream, Arc::clone(&self.app), self.router.clone()));
        Ok(ClientEnd { stream: theirs, reset })
    }

    /// Refuses the next connections.
    pub fn refuse(&self, connections: u32) {
        self.refuse.store(connections, Ordering::SeqCst);
    }

    /// How many connections were refused.
    pub fn refused(&self) -> u32 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Queues a fault, as `POST /_emulator/faults` takes it; gives its id.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fault(&self, fault: Map<String, Value>) -> Result<String, String> {
        self.app.faults.add(fault).map_err(told)
    }

    /// How often a fault struck; one that is not known never did.
    pub fn struck(&self, fault: &str) -> Struck {
        self.app.faults.struck(fault).map(|(hits, completed)| Struck { hits, completed }).unwrap_or_default()
    }

    /// How often faults happened to their end, all of them and refused connections together.
    pub fn struck_in_all(&self) -> u64 {
        self.app.faults.completed() + u64::from(self.refused())
    }

    /// Takes all waiting faults and all reports away.
    pub fn clear_faults(&self) {
        self.refuse(0);
        self.app.faults.reset();
    }

    /// How long turns take that begin from now on.
    pub fn set_timing(&self, timing: Timing) {
        self.app.set_timing(timing);
    }

    /// How many requests a minute are answered from now on; what was used is forgotten.
    pub fn set_rates(&self, rates: Rates) {
        self.app.limiter.set(rates);
    }

    /// Puts an empty file on the platform; gives its id.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_file(&self, name: &str) -> Result<String, String> {
        let now = self.app.clock.now();
        self.app.store.with(|transaction| files::place(transaction, name, now)).map_err(told)
    }

    /// Every agent with its turns, oldest first, as `GET /_emulator/ledger` shows them.
    ///
    /// # Errors
    /// What the database says.
    pub fn agents(&self) -> Result<Vec<Value>, String> {
        let now = self.app.clock.now();
        let read = |transaction: &rusqlite::Transaction<'_>| {
            turns::settle(transaction, now)?;
            ledger::agents(transaction, now)
        };
        self.app.store.with(read).map_err(told)
    }

    /// How many requests were answered, by operation and status. No other ledger is kept.
    pub fn answers(&self) -> BTreeMap<(&'static str, u16), u64> {
        self.app.ledger.answers()
    }

    /// Milliseconds since 1970, by its clock.
    pub fn now(&self) -> i64 {
        self.app.clock.now()
    }
}

fn told(problem: Problem) -> String {
    problem.error
}

/// The server's end of a connection in memory.
pub(crate) struct ServerEnd {
    stream: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl ServerEnd {
    /// Closes it so that the client reads a reset.
    pub(crate) fn reset(self) {
        self.reset.store(true, Ordering::SeqCst);
    }
}

/// The client's end of a connection in memory.
pub struct ClientEnd {
    stream: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl ClientEnd {
    /// A reset takes away what was not read yet.
    fn check(&self) -> io::Result<()> {
        if self.reset.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for ServerEnd {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncRead for ClientEnd {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

/// Writes to the stream inside.
macro_rules! writes {
    ($($end:ident)*) => {$(
        impl AsyncWrite for $end {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.stream).poll_write(cx, bytes)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_flush(cx)
            }

            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_shutdown(cx)
            }
        }
    )*};
}

writes!(ServerEnd ClientEnd);
