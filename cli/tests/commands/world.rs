//! An emulator, and the command run against it.

use nomkit_emulator::{Emulator, Options, Timing};
use serde_json::{Value, json};
use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

pub const NOMKIT: &str = env!("CARGO_BIN_EXE_nomkit");

/// What happened to a command.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

pub struct World {
    pub emulator: Emulator,
}

impl World {
    /// Agents that are done almost at once.
    pub fn new() -> Self {
        Self::with(0.0, 0.05)
    }

    /// Agents that are at work for longer than any test.
    pub fn busy() -> Self {
        Self::with(0.0, 600.0)
    }

    pub fn with(waiting: f64, running: f64) -> Self {
        let span = Duration::from_secs_f64;
        let timing = Timing { waiting: span(waiting), running: span(running), stopping: span(0.05) };
        Self { emulator: Emulator::start(Options { timing, ..Options::default() }).unwrap() }
    }

    /// The command, with this emulator in its environment and nothing else that could steer it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.env("NOMIC_BASE_URL", self.emulator.url()).env("NOMIC_API_KEY", self.emulator.api_key());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.end(&mut self.command(arguments))
    }

    /// Runs to the end, and holds it against what is true of every command: the key is nowhere.
    pub fn end(&self, command: &mut Command) -> Ended {
        self.ended(command.output().unwrap())
    }

    pub fn ended(&self, output: Output) -> Ended {
        let ended = Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        assert!(!format!("{}{}", ended.out, ended.err).contains(self.emulator.api_key()));
        ended
    }

    /// What it printed, once it is known to have succeeded in silence.
    pub fn out(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}: {}", ended.out);
        ended.out
    }

    /// The same with `--json`: one object for each line.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = arguments.iter().chain(&["--json"]).copied().collect::<Vec<_>>();
        self.out(&arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/_emulator/{path}", self.emulator.url());
        let token = self.emulator.token();
        let mut answer = match method {
            "GET" => ureq::get(url).header("x-emulator-token", token).call(),
            "PUT" => ureq::put(url).header("x-emulator-token", token).send(body.to_string()),
            _ => ureq::post(url).header("x-emulator-token", token).send(body.to_string()),
        }
        .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_default()
    }

    pub fn fault(&self, operation: &str, fault: &str, times: u32, mut parameters: Value) {
        parameters["operation"] = operation.into();
        parameters["fault"] = fault.into();
        parameters["times"] = times.into();
        self.control("POST", "faults", parameters);
    }

    /// A key that may do only this.
    pub fn key(&self, scopes: &[&str]) -> String {
        self.control("POST", "keys", json!({ "scopes": scopes }))["api_key"].as_str().unwrap().to_owned()
    }

    pub fn ledger(&self) -> Value {
        self.control("GET", "ledger", json!(null))
    }

    /// The requests of an operation that the server received.
    pub fn requests(&self, operation: &str) -> Vec<Value> {
        let ledger = self.ledger();
        let requests = ledger["requests"].as_array().unwrap();
        requests.iter().filter(|request| request["operation"] == operation).cloned().collect()
    }

    /// Waits until the ledger shows what must come.
    pub fn until(&self, what: &str, seen: impl Fn(&Value) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !seen(&self.ledger()) {
            assert!(Instant::now() < end, "the ledger never showed {what}: {}", self.ledger());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The command without any instance or key.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(NOMKIT);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let steering = ["NOMIC_DOMAIN", "NOMIC_BASE_URL", "NOMIC_API_KEY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
    for name in steering.iter().chain(&["all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"]) {
        command.env_remove(name);
    }
    command
}

/// Reads what a running command prints, up to the end of a line.
pub fn first_line(child: &mut Child) -> String {
    let mut line = Vec::new();
    let out = child.stdout.as_mut().unwrap();
    let mut byte = [0];
    while out.read(&mut byte).unwrap() == 1 && byte != [b'\n'] {
        line.push(byte[0]);
    }
    text(&line)
}

pub fn report() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/inspection-report.pdf").to_str().unwrap().to_owned()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file with this name and content, in a folder that lives as long as the test.
pub fn file(folder: &tempfile::TempDir, name: &str, content: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}
