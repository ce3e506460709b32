//! A driver: a program that makes calls on its language's client.

use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a call, or the start, may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a driver may take to end.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long its last words may take.
const LAST: Duration = Duration::from_secs(10);
/// How much of its error output a failure shows.
const TAIL: usize = 3000;

/// A driver that runs.
pub(crate) struct Driver {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
    pub(crate) output: Arc<Output>,
    calls: u64,
    /// What it cannot do, each with the reason.
    pub(crate) unsupported: Map<String, Value>,
}

/// Everything that a driver wrote.
#[derive(Default)]
pub(crate) struct Output {
    stdout: Mutex<Vec<u8>>,
    stderr: Mutex<Vec<u8>>,
}

/// Why a driver does not run.
pub(crate) enum Absent {
    /// Its language or client is not there.
    Unavailable(String),
    Broken(String),
}

/// What a call gave.
pub(crate) enum Reply {
    Ok(Value),
    Error(Value),
}

impl Driver {
    pub(crate) fn start(command: &[String]) -> Result<Self, Absent> {
        let (program, arguments) = command.split_first().ok_or_else(|| Absent::Broken("no command".to_owned()))?;
        let mut process = Command::new(program);
        process.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Scenarios say what a client is given; nothing comes from the surroundings.
        for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()) {
            if name.starts_with("NOMIC_") || name.to_ascii_uppercase().ends_with("_PROXY") {
                process.env_remove(name);
            }
        }
        let started = process.spawn();
        let mut child =
            started.map_err(|error| Absent::Unavailable(format!("{program} cannot be started: {error}")))?;
        let output = Arc::new(Output::default());
        let (sender, lines) = channel();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let output = output.clone();
            readers.push(thread::spawn(move || {
                let mut stdout = BufReader::new(stdout);
                let mut line = Vec::new();
                while matches!(stdout.read_until(b'\n', &mut line), Ok(1..)) {
                    append(&output.stdout, &line);
                    drop(sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()));
                    line.clear();
                }
            }));
        }
        if let Some(mut stderr) = child.stderr.take() {
            let output = output.clone();
            readers.push(thread::spawn(move || {
                let mut piece = [0; 4096];
                while let Ok(read @ 1..) = stderr.read(&mut piece) {
                    append(&output.stderr, piece.get(..read).unwrap_or_default());
                }
            }));
        }
        let input = child.stdin.take();
        let mut driver = Self { child, input, lines, readers, output, calls: 0, unsupported: Map::new() };
        let ready =
            driver.receive(Instant::now() + PATIENCE).map_err(|problem| Absent::Broken(driver.lament(&problem)))?;
        if ready.get("ready") != Some(&json!(true)) {
            let reason = ready.get("reason").and_then(Value::as_str).unwrap_or("it gave no reason");
            return Err(Absent::Unavailable(reason.to_owned()));
        }
        if let Some(Value::Object(unsupported)) = ready.get("unsupported") {
            driver.unsupported = unsupported.clone();
        }
        Ok(driver)
    }

    /// Makes a call. An error means that the driver is of no more use.
    pub(crate) fn call(&mut self, operation: &str, args: &Value) -> Result<Reply, String> {
        self.calls += 1;
        let id = self.calls;
        self.send(&json!({ "id": id, "call": operation, "args": args })).map_err(|problem| self.lament(&problem))?;
        let deadline = Instant::now() + PATIENCE;
        let mut reply = self.receive(deadline).map_err(|problem| self.lament(&problem))?;
        if reply.get("id") != Some(&json!(id)) {
            return Err(self.lament(&format!("the driver answered {reply} to call {id}")));
        }
        match (reply.get_mut("ok").map(Value::take), reply.get_mut("error").map(Value::take)) {
            (Some(value), None) => Ok(Reply::Ok(value)),
            (None, Some(error)) => Ok(Reply::Error(error)),
            _ => Err(self.lament(&format!("the driver's answer has neither `ok` nor `error`: {reply}"))),
        }
    }

    /// Ends it in good order.
    pub(crate) fn close(mut self) -> Result<(), String> {
        // A driver that is gone already shows in its exit code.
        drop(self.send(&json!({ "close": true })));
        drop(self.input.take());
        let deadline = Instant::now() + FAREWELL;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => {
                    self.readers.drain(..).for_each(|reader| drop(reader.join()));
                    return Ok(());
                }
                Ok(Some(status)) => return Err(self.lament(&format!("after `close` the driver ended with {status}"))),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                _ => return Err(self.lament("after `close` the driver did not end")),
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        let input = self.input.as_mut().ok_or("the driver's input is closed")?;
        writeln!(input, "{message}")
            .and_then(|()| input.flush())
            .map_err(|error| format!("the driver reads no more: {error}"))
    }

    fn receive(&self, deadline: Instant) -> Result<Value, String> {
        let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let line = line.map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("the driver did not answer within {} s", PATIENCE.as_secs()),
            RecvTimeoutError::Disconnected => "the driver ended".to_owned(),
        })?;
        serde_json::from_str(&line).map_err(|_| format!("the driver wrote a line that is no message: {line}"))
    }

    /// A problem with the driver, and what it wrote about it.
    fn lament(&self, problem: &str) -> String {
        // What a dying driver says last may still be on its way.
        let deadline = Instant::now() + LAST;
        while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        match self.output.last_words() {
            words if words.is_empty() => problem.to_owned(),
            words => format!("{problem}\nits error output:\n{words}"),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

impl Output {
    /// Standard output and standard error.
    pub(crate) fn all(&self) -> [Vec<u8>; 2] {
        [&self.stdout, &self.stderr].map(|bytes| bytes.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn last_words(&self) -> String {
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = stderr.get(stderr.len().saturating_sub(TAIL)..).unwrap_or_default();
        String::from_utf8_lossy(tail).trim().to_owned()
    }
}

fn append(bytes: &Mutex<Vec<u8>>, more: &[u8]) {
    bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(more);
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn start(script: &str) -> Result<Driver, Absent> {
        Driver::start(&["sh".to_owned(), "-c".to_owned(), script.to_owned()])
    }

    const READY: &str = r#"echo '{"ready":true,"driver":"sh"}'; read call;"#;

    #[test]
    fn a_driver_without_its_language_says_so() {
        let absent = start(r#"echo '{"ready":false,"reason":"no compiler"}'"#).err();
        assert!(matches!(absent, Some(Absent::Unavailable(reason)) if reason == "no compiler"));
        let absent = Driver::start(&["/does/not/exist".to_owned()]).err();
        assert!(matches!(absent, Some(Absent::Unavailable(reason)) if reason.contains("/does/not/exist")));
    }

    #[test]
    fn a_driver_that_dies_leaves_its_last_words() {
        let absent = start("echo broken >&2; exit 3").err();
        assert!(matches!(absent, Some(Absent::Broken(text)) if text.contains("ended") && text.contains("broken")));
        let mut driver = start(&format!("{READY} echo segfault >&2; exit 139")).ok().unwrap();
        let error = driver.call("agents.list", &json!({})).err().unwrap();
        assert!(error.contains("the driver ended") && error.contains("segfault"), "{error}");
    }

    #[test]
    fn an_answer_must_be_one() {
        for (line, told) in
            [("debug: hello", "no message"), (r#"{"id":7,"ok":null}"#, "to call 1"), (r#"{"id":1}"#, "neither")]
        {
            let mut driver = start(&format!("{READY} echo '{line}'; read close")).ok().unwrap();
            let error = driver.call("agents.list", &json!({})).err().unwrap();
            assert!(error.contains(told), "{error}");
        }
        let mut driver = start(&format!(r#"{READY} echo '{{"id":1,"ok":null}}'; read close"#)).ok().unwrap();
        assert!(matches!(driver.call("agents.list", &json!({})), Ok(Reply::Ok(Value::Null))));
        assert_eq!(driver.close(), Ok(()));
    }

    #[test]
    fn a_driver_must_end_well() {
        let driver = start(&format!("{READY} exit 7")).ok().unwrap();
        assert!(driver.close().unwrap_err().contains("exit status: 7"));
    }
}
