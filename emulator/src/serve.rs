//! The accept loop.

use std::sync::Arc;
use std::time::Duration;

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

use crate::link::{Link, Wire};

/// Large uploads come in pieces of up to this size.
const BUFFER: usize = 512 << 10;
/// How long a client that is still sending may take to notice that it was answered.
const LINGER: Duration = Duration::from_secs(2);

/// Serves connections until `stop` ends; those that are open then are closed.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, router.clone()))),
                // Out of file descriptors: some come back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router) {
    drop(stream.set_nodelay(true));
    let link = Arc::new(Link::default());
    let wire = Wire::new(stream, Arc::clone(&link));
    let router = TowerToHyperService::new(router);
    let known = Arc::clone(&link);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&known));
        Box::pin(router.call(request))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(BUFFER);
    let served = http.serve_connection(TokioIo::new(wire), service).without_shutdown();
    let mut served = std::pin::pin!(served);
    tokio::select! {
        biased;
        // What serves the connection, and its socket, are dropped at the end of this function.
        () = link.cut_asked() => {}
        parts = &mut served => if let Ok(parts) = parts {
            linger(parts.io.into_inner()).await;
        },
    }
    link.closed();
}

/// Closes our side and reads on until the peer closes its own: closing with unread data would reset the connection, and
/// a client that is still sending would lose the answer.
async fn linger(mut wire: Wire) {
    drop(wire.shutdown().await);
    let mut rest = vec![0; 64 << 10];
    let reading = async { while matches!(wire.read(&mut rest).await, Ok(1..)) {} };
    drop(timeout(LINGER, reading).await);
}
