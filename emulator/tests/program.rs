//! The emulator as a program: its ready line, and how it ends. The program is this test, started again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use nomkit_emulator::{Options, run};
use serde_json::Value;
use tempfile::TempDir;

const CHILD: &str = "NOMKIT_EMULATOR_TEST_CHILD";

#[test]
fn program() {
    if let Ok(how) = std::env::var(CHILD) {
        run(Options { until_stdin_closes: how == "stdin", ..Options::default() }).unwrap();
        std::process::exit(0);
    }
}

fn start(how: &str, temporary: &TempDir) -> (Child, Value, impl Read) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["program", "--exact", "--nocapture"]).env(CHILD, how).env("TMPDIR", temporary.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // The test harness says something first.
    while !line.contains('{') {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0);
    }
    let ready: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
    assert_eq!(ready["pid"], child.id());
    assert!(ready["api_key"].as_str().unwrap().starts_with("npk_emu_"));
    assert!(!ready["token"].as_str().unwrap().is_empty());
    let host = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    std::net::TcpStream::connect(host).unwrap();
    (child, ready, stdout)
}

/// Waits for the end, which comes with nothing more on standard output and leaves no files.
fn ended(mut child: Child, mut stdout: impl Read, temporary: &TempDir) {
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(child.wait().unwrap().success());
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0);
}

#[test]
fn ends_on_signals() {
    for signal in ["-INT", "-TERM"] {
        let temporary = TempDir::new().unwrap();
        let (child, ready, stdout) = start("signal", &temporary);
        let kill = Command::new("kill").args([signal, &ready["pid"].to_string()]).status().unwrap();
        assert!(kill.success());
        ended(child, stdout, &temporary);
    }
}

#[test]
fn ends_when_stdin_closes_if_asked() {
    let temporary = TempDir::new().unwrap();
    let (mut child, _, stdout) = start("stdin", &temporary);
    drop(child.stdin.take());
    ended(child, stdout, &temporary);
}
