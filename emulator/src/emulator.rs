use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::app::App;
use crate::options::Options;
use crate::{api, serve, work};

/// Why an emulator does not run.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1:{0}: {1}")]
    Listen(u16, #[source] io::Error),
    /// What it keeps cannot be opened.
    #[error("cannot open the emulator's data: {0}")]
    Data(#[source] io::Error),
    /// The system gives no thread, or no signals.
    #[error("cannot start the emulator: {0}")]
    System(#[from] io::Error),
}

/// An emulator on a thread of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Emulator {
    url: String,
    api_key: String,
    token: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts an emulator, and returns when it listens.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (ready, listening) = mpsc::channel();
        let work = move || {
            let runtime = match runtime() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(error.into()))),
            };
            runtime.block_on(async {
                match Listening::start(options).await {
                    Ok(server) => {
                        drop(ready.send(Ok(Arc::clone(&server.app))));
                        server.serve(async { drop(stopped.await) }).await;
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            });
            end(runtime);
        };
        let thread = thread::Builder::new().name("nomkit-emulator".to_owned()).spawn(work)?;
        let app = listening.recv().map_err(|_| io::Error::other("the emulator's thread ended"))??;
        Ok(Self {
            url: url(&app),
            api_key: app.credentials.api_key.clone(),
            token: app.credentials.token.clone(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens, without a path: `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A key that may do everything.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// What `/_emulator` wants in the header `X-Emulator-Token`.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).thread_name("nomkit-emulator").enable_all().build()
}

/// Drops everything that still goes on, and with it what lies in temporary folders. A document that is being read on a
/// thread is not waited for much longer.
pub(crate) fn end(runtime: Runtime) {
    runtime.shutdown_timeout(Duration::from_secs(1));
}

pub(crate) fn url(app: &App) -> String {
    format!("http://127.0.0.1:{}", app.port)
}

/// A server that listens and is yet to serve.
pub(crate) struct Listening {
    pub(crate) app: Arc<App>,
    listener: TcpListener,
}

impl Listening {
    pub(crate) async fn start(options: Options) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(options.port, error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let app = App::open(options, port).map_err(StartError::Data)?;
        work::resume(&app).map_err(|problem| StartError::Data(io::Error::other(format!("{problem:?}"))))?;
        Ok(Self { app, listener })
    }

    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) {
        serve::serve(self.listener, &self.app, api::router(&self.app), stop).await;
        self.app.stop();
    }
}
