//! `emulator`: both halves of the command, against each other.

use crate::world::{NOMKIT, command, first_line, report, text};
use serde_json::Value;
use std::process::{Command, Stdio};

#[test]
fn the_emulator_of_the_command_answers_the_command_whatever_its_persona() {
    for persona in ["plain", "drifted"] {
        ask(persona);
    }
    assert_eq!(command(&["emulator", "--persona", "moody"]).output().unwrap().status.code(), Some(2));
}

fn ask(persona: &str) {
    let mut emulator = Command::new(NOMKIT)
        .args(["emulator", "--running", "0.1", "--until-stdin-closes", "--persona", persona])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ready: Value = serde_json::from_str(&first_line(&mut emulator)).unwrap();
    let mut ask = command(&["ask", "What is wrong with the fire doors?", &report()]);
    ask.env("NOMIC_BASE_URL", ready["url"].as_str().unwrap());
    ask.env("NOMIC_API_KEY", ready["api_key"].as_str().unwrap());
    let done = ask.output().unwrap();
    assert!(text(&done.stdout).contains("[inspection-report.pdf, p. "), "{}", text(&done.stderr));
    drop(emulator.stdin.take());
    assert!(emulator.wait().unwrap().success());
}
