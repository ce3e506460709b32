//! Ctrl-C and SIGTERM: the command ends at once, the agent runs on, and the token is told.

use crate::{
    held::Held,
    world::{Ended, World, file, report},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};

/// What an interruption may take.
const GATE: Duration = Duration::from_millis(200);

/// Sends a signal to a command; gives how it ended, and after how long.
fn timed(world: &World, mut child: Child, signal: Signal) -> (Ended, Duration) {
    let sent = Instant::now();
    kill_process(Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap();
    let took = sent.elapsed();
    (world.ended(child.wait_with_output().unwrap()), took)
}

/// The same, where one that hangs is what would be found: a machine may stall.
fn end(world: &World, child: Child, signal: Signal) -> Ended {
    let (ended, took) = timed(world, child, signal);
    assert!(took < 10 * GATE, "it took {took:?}");
    ended
}

#[test]
fn it_takes_no_longer_than_a_blink() {
    let world = World::busy();
    let token = world.out(&["launch", "Look"]);
    // The machine may stall in some of five.
    let took = (0..5).map(|_| timed(&world, waiting(&world, &["wait", token.trim()]), Signal::INT).1);
    assert!(took.min().unwrap() < GATE);
}

/// A command against a server that holds its request.
fn held(world: &World, arguments: &[&str]) -> (Held, Child) {
    let held = Held::new();
    let child = world.command(arguments).env("NOMIC_BASE_URL", &held.url).spawn().unwrap();
    (held, child)
}

/// A wait that has looked at its agent.
fn waiting(world: &World, arguments: &[&str]) -> Child {
    let looks = world.requests("GET /agents/{id}").len();
    let child = world.command(arguments).spawn().unwrap();
    world.until("a look at the agent", |_| world.requests("GET /agents/{id}").len() > looks);
    child
}

#[test]
fn a_wait_leaves_the_agent_at_work_and_tells_the_token() {
    let world = World::busy();
    let token = world.out(&["launch", "Look"]);
    let token = token.trim();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let child = waiting(&world, &["wait", token]);
        let ended = end(&world, child, signal);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""));
        assert_eq!(ended.err, format!("nomkit: Interrupted. The agent runs on.\n  go on with: nomkit wait {token}\n"));
    }
    assert!(world.requests("POST /agents/{id}/stop").is_empty());
    assert_eq!(world.json(&["agents", "get", token])[0]["status"], "running");
}

#[test]
fn a_wait_that_has_not_seen_its_agent_yet_tells_how_to_go_on_too() {
    let world = World::new();
    let (held, child) = held(&world, &["wait", "019abc12-3456-7890-abcd-ef1234567890"]);
    held.begun();
    let ended = end(&world, child, Signal::INT);
    assert_eq!(ended.code, Some(130));
    assert!(ended.err.ends_with("go on with: nomkit wait 019abc12-3456-7890-abcd-ef1234567890\n"), "{}", ended.err);
}

#[test]
fn asking_is_the_same_and_the_next_command_names_the_instance() {
    let world = World::busy();
    let base = format!("--base-url={}", world.emulator.url());
    let child = waiting(&world, &["ask", "Look", "--json", &base]);
    let ended = end(&world, child, Signal::INT);
    let error: Value = serde_json::from_str(&ended.err).unwrap();
    let token = error["details"]["token"].as_str().unwrap();
    assert_eq!(
        (ended.code, error["code"].as_str(), error["exitCode"].as_u64()),
        (Some(130), Some("interrupted"), Some(130))
    );
    assert_eq!(error["next"], format!("nomkit wait {token} --base-url {}", world.emulator.url()));
    world.control("PUT", "timing", json!({"running": 0.0}));
    assert_eq!(world.json(&["agents", "get", token])[0]["status"], "running");
}

#[test]
fn a_launch_on_its_way_is_honest_about_it() {
    let world = World::new();
    let (held, child) = held(&world, &["launch", "Look"]);
    assert_eq!(held.begun(), "POST /api/v0/agents HTTP/1.1");
    let ended = end(&world, child, Signal::INT);
    held.closed();
    assert_eq!(ended.code, Some(130));
    assert!(ended.err.contains("there may or may not be a new agent"), "{}", ended.err);
    assert!(ended.err.ends_with("go on with: nomkit agents --limit 5\n"), "{}", ended.err);
}

#[test]
fn a_follow_up_on_its_way_is_honest_about_it() {
    let world = World::new();
    let answer = &world.json(&["ask", "Look"])[0];
    let (token, id) = (answer["token"].as_str().unwrap(), answer["agent"]["id"].as_str().unwrap());
    world.fault("POST /agents/{id}/followup", "stall", 1, json!({}));
    let child = world.command(&["follow-up", token, "And now?"]).spawn().unwrap();
    // The platform has it, and says nothing.
    world.until("the follow-up", |_| {
        world.requests("POST /agents/{id}/followup").iter().any(|request| request["processed"] == true)
    });
    let ended = end(&world, child, Signal::INT);
    assert_eq!(ended.code, Some(130));
    assert!(ended.err.contains("the agent may or may not have it"), "{}", ended.err);
    assert!(ended.err.ends_with(&format!("go on with: nomkit agents get {id}\n")), "{}", ended.err);
}

#[test]
fn an_upload_is_broken_off_and_what_it_is_for_is_not_launched() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let large = file(&folder, "large.bin", &vec![7; 32 << 20]);
    for arguments in [&["upload", &large][..], &["launch", "Look", &large]] {
        let (held, child) = held(&world, arguments);
        assert_eq!(held.begun(), "POST /api/v0/files/upload HTTP/1.1");
        let ended = end(&world, child, Signal::INT);
        held.closed();
        assert_eq!(ended.code, Some(130));
        assert!(ended.err.contains("0 of 1 files are on the platform"), "{}", ended.err);
    }
}

#[test]
fn a_prompt_that_is_being_read_is_given_up() {
    let world = World::new();
    let mut child = world.command(&["launch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let _open = child.stdin.take();
    // It listens for signals before it reads: nothing else tells that it has begun.
    let status = format!("/proc/{}/status", child.id());
    let caught = |status: String| {
        let mask =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or("0").to_owned();
        u64::from_str_radix(&mask, 16).unwrap_or(0) & 2 != 0
    };
    while cfg!(target_os = "linux") && !caught(std::fs::read_to_string(&status).unwrap()) {}
    let ended = end(&world, child, Signal::INT);
    assert_eq!((ended.code, ended.err.as_str()), (Some(130), "nomkit: Interrupted. Nothing was changed.\n"));
    assert_eq!(world.ledger()["requests"], json!([]));
}

#[test]
fn artifacts_that_are_being_written_are_counted() {
    let world = World::new();
    let token = world.out(&["launch", "What is wrong with the fire doors?", &report()]);
    let token = token.trim();
    world.out(&["wait", token]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let read = || world.requests("GET /agents/{id}/artifacts/{artifactId}").len();
    let before = read();
    world.fault("GET /agents/{id}/artifacts/{artifactId}", "stall", 1, json!({"skip": 1}));
    let child = world.command(&["artifacts", token, "--out", out]).spawn().unwrap();
    world.until("the second artifact", |_| read() == before + 2);
    let ended = end(&world, child, Signal::INT);
    assert_eq!(ended.code, Some(130));
    assert!(ended.err.contains("1 of 2 artifacts are written"), "{}", ended.err);
    assert!(ended.err.contains(&format!("go on with: nomkit artifacts {token}\n")), "{}", ended.err);
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 1);
}
