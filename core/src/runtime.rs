//! How futures run, known here alone: by *lanes*.
//!
//! A lane is a current-thread runtime with connection pools of its own. A blocking call takes a free lane and
//! drives it in the caller's thread, so no other thread is woken; asynchronous callers of the bridges share one
//! lane on one background thread. docs/decisions/003-runtime.md has the reasons and the traps.

use crate::{
    Error, ErrorKind, Result,
    http::reqwest::{Clients, Sockets},
};
use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use once_cell::sync::OnceCell;
use std::{
    future::poll_fn,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    task::Poll,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::yield_now,
    time::{Instant, sleep},
};

/// How often a blocked caller is asked whether it was interrupted.
const TICK: Duration = Duration::from_millis(50);
/// A lane that lay idle for longer may hold connections that the server has closed meanwhile.
const STALE: Duration = Duration::from_millis(20);
/// More idle lanes than this are dropped: each holds four file descriptors.
const PARKED: usize = 64;

tokio::task_local! {
    static LANE: Driving;
}

/// What a future can ask of the lane that drives it.
struct Driving {
    clients: Clients,
    abandoned: Arc<AtomicBool>,
}

/// The pools of the lane that is driving this future.
pub(crate) fn lane_clients() -> Option<Clients> {
    LANE.try_with(|lane| lane.clients.clone()).ok()
}

/// Says that a request was given up: its lane is dropped after this call, or the server would not see the abort.
pub(crate) fn abandon_connection() {
    let _ = LANE.try_with(|lane| lane.abandoned.store(true, Relaxed));
}

/// Which process something belongs to. A forked child has copies of all that its parent was doing, in threads that it does
/// not have, and of locks that nobody will ever free there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    pub(crate) fn is_this(self) -> bool {
        self == Self::this()
    }

    #[cfg(test)]
    pub(crate) fn another() -> Self {
        Self(0)
    }
}

/// What belongs to the process that was forked cannot go on in its child.
pub(crate) fn forked() -> Error {
    let text = "This belongs to the process that was forked, and goes on there alone. Begin anew in this one.";
    Error::new(ErrorKind::Closed, text)
}

/// State that belongs to one process. A forked child shares sockets and epoll with its parent: closing them there
/// would break the parent, and locks may be held by threads that the child does not have. So it forgets them all.
pub(crate) struct PerProcess<T> {
    slot: ArcSwapOption<(Process, T)>,
}

impl<T: Default> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { slot: ArcSwapOption::const_empty() }
    }

    pub(crate) fn get(&self) -> Owned<T> {
        let process = Process::this();
        loop {
            let current = self.slot.load_full();
            if let Some(state) = current.as_ref().filter(|state| state.0 == process) {
                return Owned(state.clone());
            }
            let made = Arc::new((process, T::default()));
            let before = self.slot.compare_and_swap(&current, Some(made));
            // Whatever another process made is leaked, with everything that it holds.
            std::mem::forget(current);
            drop(before);
        }
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if let Some(state) = self.slot.swap(None).filter(|state| !state.0.is_this()) {
            std::mem::forget(state);
        }
    }
}

/// This process's state.
pub(crate) struct Owned<T>(Arc<(Process, T)>);

impl<T> std::ops::Deref for Owned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.1
    }
}

struct Lane {
    runtime: Option<Runtime>,
    clients: Clients,
    used: Instant,
}

impl Drop for Lane {
    /// Closes its connections at once; a name that is still being looked up is not waited for.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The lanes of one client.
pub(crate) struct Lanes {
    sockets: Arc<Sockets>,
    closed: AtomicBool,
    /// Last in, first out: the hottest connection is used next.
    free: PerProcess<Mutex<Vec<Lane>>>,
}

/// Why a driven future has no result.
pub(crate) enum Undriven {
    /// The caller was interrupted (Ctrl-C); the future was dropped and its connection closed.
    Interrupted,
    Failed(Error),
}

impl Lanes {
    pub(crate) fn new(sockets: Arc<Sockets>) -> Self {
        Self { sockets, closed: AtomicBool::new(false), free: PerProcess::new() }
    }

    /// Drives a future to its end in this thread; `interrupted` is asked every 50 ms. Where a runtime is being driven
    /// already (in a callback, in another runtime's blocking thread), another thread drives it and this one waits.
    pub(crate) fn drive<T: Send>(
        &self,
        future: impl Future<Output = T> + Send,
        mut interrupted: impl FnMut() -> bool,
    ) -> Result<T, Undriven> {
        if Handle::try_current().is_err() {
            return self.drive_here(future, interrupted);
        }
        let given_up = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (ended, end) = mpsc::channel();
            let driver = scope.spawn(|| {
                let _ = ended.send(self.drive_here(future, || given_up.load(Relaxed)));
                drop(ended);
            });
            loop {
                // Asked here, not there: signals are the caller's thread's own.
                match end.recv_timeout(TICK) {
                    Ok(done) => return done,
                    Err(RecvTimeoutError::Timeout) if !given_up.load(Relaxed) => given_up.store(interrupted(), Relaxed),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => {
                        let _ = driver.join();
                        let text = "A bug in nomkit: a driving thread died.";
                        return Err(Undriven::Failed(Error::new(ErrorKind::Unexpected, text)));
                    }
                }
            }
        })
    }

    fn drive_here<T>(
        &self,
        future: impl Future<Output = T>,
        mut interrupted: impl FnMut() -> bool,
    ) -> Result<T, Undriven> {
        let process = Process::this();
        let mut lane = self.take().map_err(Undriven::Failed)?;
        let stale = lane.used.elapsed() > STALE;
        let abandoned = Arc::new(AtomicBool::new(false));
        let driving = Driving { clients: lane.clients.clone(), abandoned: abandoned.clone() };
        let runtime = lane.runtime.take().map_or_else(current_thread, Ok).map_err(Undriven::Failed)?;
        let ended = runtime.block_on(async {
            if stale {
                // Lets the pool see what happened to its connections while nobody polled them.
                yield_now().await;
                yield_now().await;
            }
            let mut future = Box::pin(LANE.scope(driving, guarded(future)));
            let ended = loop {
                tokio::select! {
                    biased;
                    done = at_home(process, future.as_mut()) => break done.map_err(Undriven::Failed),
                    () = sleep(TICK) => if interrupted() { break Err(Undriven::Interrupted) },
                }
            };
            if !process.is_this() {
                std::mem::forget(future);
            }
            ended
        });
        if !process.is_this() {
            // A listener has forked, and this is the child: nothing here is its own.
            std::mem::forget((runtime, lane));
            return ended.and_then(|done| done.map_err(Undriven::Failed));
        }
        lane.runtime = Some(runtime);
        match ended {
            Ok(Ok(value)) => {
                if !abandoned.load(Relaxed) {
                    lane.used = Instant::now();
                    self.park(lane);
                }
                Ok(value)
            }
            // The lane is dropped, not parked: that closes the connection, and the server sees the abort.
            Ok(Err(panic)) => Err(Undriven::Failed(panic)),
            Err(undriven) => Err(undriven),
        }
    }

    /// Drops the idle lanes and their connections; those in use are dropped after their calls.
    pub(crate) fn close(&self) {
        let free = self.free.get();
        let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Relaxed);
        free.clear();
        drop(free);
        self.sockets.clear();
    }

    fn take(&self) -> Result<Lane> {
        let free = self.free.get();
        let parked = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match parked {
            Some(lane) => Ok(lane),
            None => {
                Ok(Lane { runtime: Some(current_thread()?), clients: self.sockets.clients()?, used: Instant::now() })
            }
        }
    }

    fn park(&self, lane: Lane) {
        let free = self.free.get();
        let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < PARKED && !self.closed.load(Relaxed) {
            free.push(lane);
        }
    }
}

/// The lane that all asynchronous callers of the bridges share: one thread, started at first use.
pub fn background() -> Result<Handle> {
    static SHARED: PerProcess<OnceCell<Handle>> = PerProcess::new();
    let lane = SHARED.get();
    lane.get_or_try_init(|| {
        let runtime = current_thread()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("nomkit".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))
            .map_err(|error| system(&error))?;
        Ok(handle)
    })
    .cloned()
}

/// Runs what may block in a thread of its own, so that a lane that others share goes on.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let lost = |_| Error::new(ErrorKind::Unexpected, "A bug in nomkit: work on a file died.");
    tokio::task::spawn_blocking(work).await.map_err(lost)
}

/// The end of a future, unless it forks: then it goes on in the parent alone.
async fn at_home<T>(process: Process, mut future: Pin<&mut impl Future<Output = T>>) -> Result<T> {
    poll_fn(|context| {
        let done = if process.is_this() { future.as_mut().poll(context).map(Ok) } else { Poll::Pending };
        if process.is_this() { done } else { Poll::Ready(Err(forked())) }
    })
    .await
}

/// Runs a future so that a panic in it becomes an error of ours.
pub async fn guarded<T>(future: impl Future<Output = T>) -> Result<T> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let text = crate::secret::excerpt(&text, 200);
        Error::new(
            ErrorKind::Unexpected,
            format!("A bug in nomkit: {text}. The client is still usable; please report it."),
        )
    })
}

/// Runs a future that belongs to no client, on a thread of its own.
#[cfg(feature = "doctor")]
pub(crate) fn alone(future: impl Future<Output = ()> + Send) -> Result<()> {
    let run = || {
        let runtime = current_thread()?;
        let done = runtime.block_on(guarded(future));
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        done
    };
    let lost = |_| Error::new(ErrorKind::Unexpected, "A bug in nomkit: a driving thread died.");
    std::thread::scope(|scope| scope.spawn(run).join().map_err(lost)?)
}

fn current_thread() -> Result<Runtime> {
    Builder::new_current_thread().enable_all().build().map_err(|error| system(&error))
}

fn system(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::LocalIo, format!("The system refused what a call needs to run (files or threads): {error}."))
}
