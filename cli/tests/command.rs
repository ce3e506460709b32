//! The command as a user runs it: both halves of it, against each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

struct Running {
    process: Child,
    ready: Value,
}

impl Running {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_nomkit"))
            .args(["emulator", "--running", "0.1", "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, ready: serde_json::from_str(&line).unwrap() }
    }

    fn ask(&self, key: Option<&str>, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nomkit"));
        command.arg("ask").args(arguments).env_remove("NOMIC_DOMAIN");
        command.env("NOMIC_BASE_URL", self.ready["url"].as_str().unwrap());
        command.env("NOMIC_API_KEY", key.unwrap_or(self.ready["api_key"].as_str().unwrap()));
        command.output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself when its standard input does.
        let _ = self.process.wait();
    }
}

fn report() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/inspection-report.pdf").to_str().unwrap().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_question_about_a_document_is_answered_with_its_pages() {
    let running = Running::start();
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().to_str().unwrap();
    let prompt = "What is wrong with the fire doors?";
    let done = running.ask(None, &[prompt, &report(), "--follow-up", "Now a punch list", "--artifacts", made]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let answers = text(&done.stdout);
    assert!(answers.matches("[inspection-report.pdf, p. ").count() > 3, "{answers}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    // In a pipe there is the answer and nothing else.
    assert_eq!(text(&done.stderr), "");
}

#[test]
fn an_answer_as_json_is_one_line_of_it() {
    let running = Running::start();
    let done = running.ask(None, &["What is wrong with the fire doors?", &report(), "--json"]);
    let answer: Value = serde_json::from_str(&text(&done.stdout)).unwrap();
    assert_eq!((answer["turn"].as_u64(), answer["agent"]["status"].as_str()), (Some(1), Some("finished")));
}

#[test]
fn what_goes_wrong_has_its_exit_code_and_one_line() {
    let running = Running::start();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.pdf");
    std::fs::write(&broken, "%PDF-1.7 nothing").unwrap();
    let cases: [(Option<&str>, &[&str], i32, &str); 8] = [
        (None, &["Look", "/does/not/exist.pdf"], 2, "does not exist"),
        (None, &["  "], 2, "is empty"),
        (None, &["Look", broken.to_str().unwrap()], 1, "broken.pdf"),
        (Some("npk_emu_wrong"), &["Look"], 3, "API key"),
        (Some("nk-atlas"), &["Look"], 2, "Atlas"),
        (None, &["Look", "--timeout", "0"], 2, "a number of seconds above 0"),
        (None, &["Look", "--timeout", "nan"], 2, "a number of seconds above 0"),
        (None, &["Look", "--base-url", "http://127.0.0.1:9"], 2, "belongs to"),
    ];
    for (key, arguments, code, words) in cases {
        let done = running.ask(key, arguments);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{said}");
        // The usage is told by the argument parser, in its own way.
        assert!(said.lines().count() == 1 || said.starts_with("error: "), "{said}");
        assert!(!said.contains(running.ready["api_key"].as_str().unwrap()));
    }
}
