//! Ctrl-C and SIGTERM: the command's thread is left where it is, and the end of the process closes its connections.

use crate::failure::{Done, Failure};
use nomkit::{Error, ErrorKind};
use std::{io, thread};
use tokio::sync::oneshot;

/// What ended a command from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    /// 128 and the signal's number, as shells report it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// How a command ended.
pub(crate) enum Ended {
    Done(Done),
    By(Signal),
}

/// Does the work on a thread of its own until it is done or a signal comes.
pub(crate) fn watch(work: impl FnOnce() -> Done + Send + 'static) -> Ended {
    run(work).unwrap_or_else(|error| {
        let text = format!("The system refused what a command needs to run (threads or signals): {error}.");
        Ended::Done(Err(Failure::Error(Error::new(ErrorKind::LocalIo, text))))
    })
}

fn run(work: impl FnOnce() -> Done + Send + 'static) -> io::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        // Heard before there is anything to interrupt.
        let signal = arrival()?;
        let (done, ended) = oneshot::channel();
        thread::Builder::new().name("command".to_owned()).spawn(move || drop(done.send(work())))?;
        Ok(tokio::select! {
            biased;
            ended = ended => Ended::Done(ended.unwrap_or_else(|_| {
                Err(Failure::Error(Error::new(ErrorKind::Unexpected, "A bug in nomkit: the command broke off.")))
            })),
            signal = signal => Ended::By(signal),
        })
    })
}

#[cfg(unix)]
fn arrival() -> io::Result<impl Future<Output = Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}

#[cfg(not(unix))]
fn arrival() -> io::Result<impl Future<Output = Signal>> {
    Ok(async {
        drop(tokio::signal::ctrl_c().await);
        Signal::Interrupt
    })
}
