use std::io::{self, Read, Write};
use std::process;

use serde_json::json;
use tokio::sync::oneshot;

use crate::emulator::{Listening, StartError, end, runtime, url};
use crate::options::Options;

/// Runs an emulator as a program of its own.
///
/// Writes one line to standard output when it listens: `{"url", "api_key", "token", "pid"}`. Returns on SIGINT, on
/// SIGTERM, and with [`Options::until_stdin_closes`] when standard input closes.
pub fn run(options: Options) -> Result<(), StartError> {
    let runtime = runtime()?;
    let until_stdin_closes = options.until_stdin_closes;
    let served = runtime.block_on(async {
        let server = Listening::start(options).await?;
        // Set up before the line tells anybody that there is something to end.
        let signals = signals()?;
        let input = stdin_closes(until_stdin_closes);
        let ready = json!({
            "url": url(&server.app), "api_key": server.app.credentials.api_key,
            "token": server.app.credentials.token, "pid": process::id(),
        });
        let mut stdout = io::stdout();
        writeln!(stdout, "{ready}").and_then(|()| stdout.flush())?;
        let stop = async {
            tokio::select! {
                () = signals => {}
                () = input => {}
            }
        };
        server.serve(stop).await;
        Ok(())
    });
    end(runtime);
    served
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// Ends when standard input does; if nobody asked for that, never.
async fn stdin_closes(asked: bool) {
    let (closed, closing) = oneshot::channel::<()>();
    if !asked {
        return std::future::pending().await;
    }
    // A plain thread: tokio's own reading of standard input would hold up the end of its runtime.
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 4096];
        while matches!(stdin.read(&mut ignored), Ok(1..)) {}
        drop(closed);
    });
    drop(closing.await);
}
