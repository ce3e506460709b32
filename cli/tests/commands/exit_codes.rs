//! One exit code for each way to fail, and one line that says why: for people, and as JSON.

use crate::world::{Ended, World, file, report};
use serde_json::{Value, json};
use std::{io::Read, process::Stdio};

/// What standard error holds, as text and as JSON.
fn both(
    world: &World,
    prepare: impl Fn(&World),
    key: Option<&str>,
    arguments: &[&str],
    code: i32,
    kind: &str,
) -> Value {
    let run = |extra: &[&str]| {
        prepare(world);
        let mut command = world.command(&arguments.iter().chain(extra).copied().collect::<Vec<_>>());
        if let Some(key) = key {
            command.env("NOMIC_API_KEY", key);
        }
        world.end(&mut command)
    };
    let Ended { code: plain, out, err } = run(&[]);
    assert_eq!((plain, out.as_str()), (Some(code), ""), "{arguments:?}: {err}");
    assert!(err.starts_with("nomkit: ") || err.starts_with("error: "), "{err}");
    let Ended { code: json, err, .. } = run(&["--json"]);
    assert_eq!((json, err.lines().count()), (Some(code), 1), "{arguments:?}: {err}");
    let error: Value = serde_json::from_str(&err).unwrap();
    assert_eq!((error["exitCode"].as_i64(), error["code"].as_str()), (Some(code.into()), Some(kind)), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    error
}

fn quietly(_: &World) {}

fn status(status: u16, body: Value) -> impl Fn(&World) {
    move |world| world.fault("POST /agents", "status", 1, json!({"status": status, "body": body}))
}

#[test]
fn usage_and_local_files_are_2() {
    let world = World::new();
    for arguments in
        [&["launch", "Look", "/does/not/exist.pdf"][..], &["launch", "Look", "/"], &["upload", "/does/not/exist.pdf"]]
    {
        assert_eq!(
            both(&world, quietly, None, arguments, 2, if arguments[2..] == ["/"] { "invalid_input" } else { "io" })["outcome"],
            Value::Null
        );
    }
    let error = both(&world, quietly, None, &["ask", "  "], 2, "invalid_input");
    assert_eq!(error["next"], Value::Null);
    both(&world, quietly, None, &["agents", "get", "../api-keys"], 2, "invalid_input");
    both(&world, quietly, Some("nk-atlas"), &["ask", "Look"], 2, "config");
    both(&world, quietly, None, &["ask", "Look", "--base-url", "http://127.0.0.1:9"], 2, "config");
    for arguments in [&["ask"][..], &["ask", "Look", "--timeout", "0"], &["ask", "Look", "--timeout", "nan"], &["fly"]]
    {
        both(&world, quietly, None, arguments, 2, "usage");
    }
    assert!(world.ledger()["requests"].as_array().unwrap().is_empty());
}

#[test]
fn an_agent_that_fails_or_is_stopped_is_1() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let broken = file(&folder, "broken.pdf", b"%PDF-1.7 nothing");
    let error = both(&world, quietly, None, &["ask", "Look", &broken], 1, "run_failed");
    assert!(error["message"].as_str().unwrap().contains("broken.pdf"), "{error}");
    assert_eq!(error["next"], Value::Null);
    let busy = World::busy();
    let token = busy.out(&["launch", "Look"]);
    busy.out(&["stop", token.trim(), "--wait"]);
    both(&busy, quietly, None, &["wait", token.trim()], 1, "run_stopped");
    let active = busy.out(&["launch", "Look"]);
    let error = both(&busy, quietly, None, &["follow-up", active.trim(), "And now?"], 1, "conflict");
    assert_eq!(error["details"]["current"], "running");
    assert_eq!(error["next"], format!("nomkit wait {}", active.trim()));
}

#[test]
fn the_key_is_3() {
    let world = World::new();
    both(&world, quietly, Some("npk_emu_wrong"), &["ask", "Look"], 3, "unauthorized");
    let files = world.key(&["developer:files"]);
    let error = both(&world, quietly, Some(&files), &["ask", "Look"], 3, "forbidden");
    assert_eq!(error["details"]["scope"], "developer:agent");
}

#[test]
fn an_expired_wait_is_4_and_says_how_to_go_on() {
    let world = World::busy();
    let error = both(&world, quietly, None, &["ask", "Look", "--timeout", "0.2"], 4, "wait_timeout");
    let token = error["details"]["token"].as_str().unwrap();
    assert_eq!(error["next"], format!("nomkit wait {token}"));
    let plain = world.run(&["ask", "Look", "--timeout", "0.2"]).err;
    assert!(plain.lines().last().unwrap().starts_with("  go on with: nomkit wait nk1."), "{plain}");
}

#[test]
fn limits_are_5() {
    let world = World::new();
    let spend = json!({"error": "Spend limit reached", "code": "spend_limit_reached"});
    both(&world, status(429, spend), None, &["ask", "Look"], 5, "spend_limit");
    both(&world, status(402, json!({"error": "Pay"})), None, &["ask", "Look"], 5, "billing");
    let far = |world: &World| {
        let headers = json!({"Retry-After": "500"});
        world.fault(
            "POST /agents",
            "status",
            1,
            json!({"status": 429, "headers": headers, "body": {"error": "Slow down"}}),
        );
    };
    both(&world, far, None, &["ask", "Look"], 5, "rate_limit");
}

#[test]
fn an_unknown_outcome_is_6_after_one_post() {
    let world = World::new();
    // Not processed, so that what is looked for is not found.
    let lose = |world: &World| world.fault("POST /agents", "reset", 1, json!({"at": "before_commit"}));
    let launch = ["launch", "Look", &report(), "--timeout", "2"];
    let error = both(&world, lose, None, &launch, 6, "outcome_unknown");
    assert_eq!(
        (error["outcome"].as_str(), error["uploaded"][0]["name"].as_str()),
        (Some("unknown"), Some("inspection-report.pdf"))
    );
    assert_eq!(error["next"], "nomkit agents --limit 5");
    assert_eq!(world.requests("POST /agents").len(), 2);
    lose(&world);
    let plain = world.run(&launch).err;
    assert!(plain.contains("  uploaded before that: inspection-report.pdf (--file-id "), "{plain}");
}

#[test]
fn the_network_is_7() {
    let world = World::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base = format!("http://{closed}");
    let mut command = world.command(&["agents", "--json"]);
    let ended = world.end(command.env("NOMIC_BASE_URL", &base));
    let error: Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!((ended.code, error["code"].as_str()), (Some(7), Some("connect")), "{error}");
    assert_eq!(error["outcome"], "not_sent");
}

#[test]
fn the_server_is_8() {
    let world = World::new();
    both(&world, status(501, json!({"error": "No"})), None, &["ask", "Look"], 8, "feature_unavailable");
    both(&world, status(503, json!({"error": "No"})), None, &["ask", "Look"], 8, "not_configured");
    let odd = |world: &World| world.fault("GET /agents", "status", 2, json!({"status": 200, "body": {"data": 7}}));
    both(&world, odd, None, &["agents"], 8, "protocol");
}

#[test]
fn what_does_not_exist_is_9() {
    let world = World::new();
    both(&world, quietly, None, &["wait", "019aaaaa-0000-7000-8000-000000000000"], 9, "not_found");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let world = World::busy();
    for i in 0..3 {
        world.out(&["launch", &format!("Question {i}")]);
    }
    let mut child = world.command(&["agents", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    // Gone before the first row.
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}
