//! Connections, from the first byte to the last.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::app::App;
use crate::faults::Scene;
use crate::link::{Link, Stream, Wire};

/// Large uploads come in pieces of up to this size.
const BUFFER: usize = 512 << 10;
/// How long a client that is still sending may take to notice that it was answered.
const LINGER: Duration = Duration::from_secs(2);
/// What a request to the control routes begins with, at most so far into it.
const CONTROL: (&[u8], usize) = (b"/_emulator", 20);

/// Serves connections until `stop` ends; those that are open then are closed.
pub(crate) async fn serve(listener: TcpListener, app: &Arc<App>, router: Router, stop: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    drop(stream.set_nodelay(true));
                    connections.spawn(connection(Stream::Socket(stream), Arc::clone(app), router.clone()));
                }
                // Out of file descriptors: some come back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end.
pub(crate) async fn connection(stream: Stream, app: Arc<App>, router: Router) {
    let link = Arc::new(Link::default());
    if let Some(scene) = struck(&stream, &app).await {
        return scene.play(Wire::new(stream, link)).await;
    }
    let wire = Wire::new(stream, Arc::clone(&link));
    let router = TowerToHyperService::new(router);
    let known = Arc::clone(&link);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&known));
        Box::pin(router.call(request))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(BUFFER).auto_date_header(false);
    let mut http = http.serve_connection(TokioIo::new(wire), service);
    let served = tokio::select! {
        biased;
        () = link.taken() => None,
        served = poll_fn(|context| http.poll_without_shutdown(context)) => Some(served),
    };
    // With its parts the requests that are still being served are dropped.
    let wire = http.into_parts().io.into_inner();
    link.closed();
    match (served, link.scene()) {
        (None, Some(scene)) => scene.play(wire).await,
        (Some(Ok(())), _) => linger(wire).await,
        _ => drop(wire),
    }
}

/// What a fault does with a new connection. Those to the control routes are spared.
async fn struck(stream: &Stream, app: &Arc<App>) -> Option<Scene> {
    if !app.faults.wait_for_connection() {
        return None;
    }
    // Nobody switches the emulator over a connection in memory.
    if let Stream::Socket(socket) = stream
        && is_control(socket).await?
    {
        return None;
    }
    let strike = app.faults.strike_connection()?;
    let play = strike.fault.accept()?;
    Some(Scene { app: Arc::clone(app), play, strike: Some(strike), entry: None })
}

/// Whether what comes first is a request to the control routes; it stays to be read.
async fn is_control(socket: &TcpStream) -> Option<bool> {
    let mut start = [0; CONTROL.1];
    let deadline = Instant::now() + LINGER;
    loop {
        let read = socket.peek(&mut start).await.ok()?;
        let start = start.get(..read)?;
        if start.windows(CONTROL.0.len()).any(|part| part == CONTROL.0) {
            return Some(true);
        }
        if read == CONTROL.1 || read == 0 || Instant::now() > deadline {
            return Some(false);
        }
        // Peeking does not wait for more than is there.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Closes our side and reads on until the peer closes its own: closing with unread data would reset the connection, and
/// a client that is still sending would lose the answer.
async fn linger(mut wire: Wire) {
    drop(wire.shutdown().await);
    let mut rest = vec![0; 64 << 10];
    let reading = async { while matches!(wire.read(&mut rest).await, Ok(1..)) {} };
    drop(timeout(LINGER, reading).await);
}
