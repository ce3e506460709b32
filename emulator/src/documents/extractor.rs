use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::read::{Request, read};
use super::worker::{REQUEST, STACK, caught};
use super::{Document, Limits, Unreadable};

/// The answer holds the text as JSON, whose escapes take up to six bytes for one.
const ESCAPED: u64 = 6;
/// Enough for the line that says why a child died.
const COMPLAINT: u64 = 8 << 10;

/// Where documents are read.
#[derive(Clone, Debug)]
pub enum Worker {
    /// In a child process: this program with these arguments must end in [`worker_main`](super::worker_main).
    Program(PathBuf, Vec<String>),
    /// On a thread of this process, for tests that embed the emulator. Memory is not capped, and a document that loops
    /// keeps its thread.
    InProcess,
}

/// Reads documents, a few at a time.
#[derive(Clone, Debug)]
pub struct Extractor {
    worker: Worker,
    limits: Limits,
    /// Each reader may take a core and all of its memory limit.
    places: Arc<Semaphore>,
}

impl Extractor {
    /// An extractor with the default [`Limits`].
    pub fn new(worker: Worker) -> Self {
        let places = std::thread::available_parallelism().map_or(2, usize::from).min(4);
        Self { worker, limits: Limits::default(), places: Arc::new(Semaphore::new(places)) }
    }

    /// The same extractor with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads the text of `file`, whose kind is told by its content, then by `name`, then by `mime`.
    pub async fn extract(&self, file: &Path, name: &str, mime: &str) -> Result<Document, Unreadable> {
        let request = Request { name: name.to_owned(), mime: mime.to_owned(), limits: self.limits };
        let _place = self.places.acquire().await.map_err(broken)?;
        let content = File::open(file).map_err(|error| Unreadable::Broken(format!("it cannot be opened: {error}")))?;
        match &self.worker {
            Worker::Program(program, arguments) => {
                let mut command = Command::new(program);
                command.args(arguments);
                self.in_child(command, content, &request).await
            }
            Worker::InProcess => self.in_process(content, request).await,
        }
    }

    async fn in_child(&self, mut command: Command, content: File, request: &Request) -> Result<Document, Unreadable> {
        // Keys in the environment are no business of a process that handles hostile data.
        command.env_clear();
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command.env(REQUEST, serde_json::to_string(request).map_err(broken)?);
        command.stdin(content).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| broken(format!("no reader could be started: {error}")))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let most = self.limits.text.saturating_mul(ESCAPED);
        let run = async {
            let (answer, complaint) = tokio::join!(up_to(most, stdout), beginning(COMPLAINT, stderr));
            match answer {
                Some(answer) => Ok((answer, complaint, child.wait().await.map_err(broken)?)),
                None => Err(Unreadable::TooMuchMemory),
            }
        };
        let outcome = timeout(self.limits.wall, run).await.unwrap_or(Err(Unreadable::TimedOut));
        // Killing also reaps; a child that has ended is left alone.
        drop(child.kill().await);
        let (answer, complaint, status) = outcome?;
        if status.success() {
            return serde_json::from_slice(&answer).map_err(|error| broken(format!("the reader's answer: {error}")))?;
        }
        Err(cause(status, &String::from_utf8_lossy(&complaint)))
    }

    async fn in_process(&self, content: File, request: Request) -> Result<Document, Unreadable> {
        // A thread of its own: a runtime that ends would wait for its blocking tasks, even for one that loops.
        let (send, outcome) = oneshot::channel();
        let reader = std::thread::Builder::new().name("nomkit-document".to_owned()).stack_size(STACK);
        reader.spawn(move || send.send(caught(|| read(content, &request)))).map_err(broken)?;
        timeout(self.limits.wall, outcome).await.map_err(|_| Unreadable::TimedOut)?.map_err(broken)?
    }
}

/// All that the child writes, or nothing if that is more than `most`.
async fn up_to(most: u64, stream: Option<impl AsyncRead + Unpin>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    stream?.take(most.saturating_add(1)).read_to_end(&mut content).await.ok()?;
    (content.len() as u64 <= most).then_some(content)
}

/// The beginning of what the child writes; the rest is read, so that it does not wait, and dropped.
async fn beginning(most: u64, stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some(mut stream) = stream {
        drop((&mut stream).take(most).read_to_end(&mut content).await);
        drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
    }
    content
}

/// Why a child that gave no answer died.
fn cause(status: ExitStatus, complaint: &str) -> Unreadable {
    if complaint.contains("memory allocation of") {
        return Unreadable::TooMuchMemory;
    }
    if complaint.contains("overflowed its stack") {
        return broken("it is nested too deeply");
    }
    match signal(status) {
        // SIGXCPU; SIGKILL comes when that was not enough.
        Some(24 | 9) => Unreadable::TimedOut,
        Some(number) => broken(format!("its reader died of signal {number}")),
        None => broken(format!("its reader failed: {}", complaint.trim())),
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

fn broken(problem: impl ToString) -> Unreadable {
    Unreadable::Broken(problem.to_string())
}
