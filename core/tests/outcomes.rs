//! What becomes of a request that does not simply succeed, by the client's word and the server's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, options, prompt};
use nomkit::{ClientOptions, Error, RequestOutcome, blocking::Nomic};
use serde_json::json;
use std::net::TcpListener;

fn launch(world: &World) -> Result<nomkit::blocking::AgentRun, Error> {
    world.nomic.agents().launch(prompt("Look"), vec![], None)
}

/// One whose end is looked for during half a second.
fn lost_launch(world: &World) -> Error {
    world.nomic.agents().launch(prompt("Look").timeout(1.0), vec![], None).unwrap_err()
}

#[test]
fn a_launch_whose_end_nobody_knows_is_not_sent_again() {
    let world = World::new();
    world.fault("POST /agents", "reset", 1, json!({"at": "before_commit"}));
    let error = lost_launch(&world);
    assert_eq!(error.code, "outcome_unknown", "{error}");
    assert_eq!((error.outcome.clone(), error.attempts), (Some(RequestOutcome::Unknown), 1));
    assert_eq!(error.detail("operation"), Some(&"agents.launch".into()));
    assert_eq!((world.requests("POST /agents"), world.agents()), (1, 0));
}

#[test]
fn a_gateway_error_after_a_launch_leaves_its_outcome_unknown() {
    let world = World::new();
    world.fault("POST /agents", "status", 1, json!({"status": 502, "body": "<html>Bad gateway</html>"}));
    let error = world.nomic.agents().launch(prompt("Look").timeout(6.0), vec![], None).unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("outcome_unknown", Some(502)));
    assert_eq!(world.requests("POST /agents"), 1);
}

#[test]
fn a_launch_answered_with_nonsense_leaves_its_outcome_unknown() {
    let elsewhere = json!({"data": {"id": "../api-keys/1/revoke", "status": "waiting"}});
    for body in [json!(""), json!("{\"data\":{}}"), json!("{\"da"), json!({"data": {"id": 7}}), elsewhere] {
        let world = World::new();
        world.fault("POST /agents", "status", 1, json!({"status": 201, "body": body}));
        assert_eq!(lost_launch(&world).code, "outcome_unknown");
        assert_eq!(world.requests("POST /agents"), 1);
    }
}

#[test]
fn an_unreachable_server_is_known_not_to_have_acted() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = ClientOptions::default().base_url(format!("http://{free}")).api_key("npk_test").retries(1u32);
    let error = Nomic::new(options).unwrap().agents().launch(prompt("Look"), vec![], None).unwrap_err();
    assert_eq!((error.code.as_str(), error.outcome.clone()), ("connect", Some(RequestOutcome::NotSent)));
    assert_eq!((error.attempts, error.retryable), (2, true));
}

#[test]
fn reads_survive_what_passes() {
    let world = World::new();
    let run = launch(&world).unwrap();
    for (fault, parameters) in [
        ("lose_response", json!({})),
        ("reset", json!({})),
        ("status", json!({"status": 503, "body": "<html>busy</html>"})),
        ("status", json!({"status": 200, "body": "{\"data\":"})),
    ] {
        world.fault("GET /agents/{id}", fault, 1, parameters);
        assert_eq!(world.nomic.agents().get(run.id()).unwrap().id, run.id(), "{fault}");
    }
}

#[test]
fn a_rate_limit_is_obeyed_even_for_a_launch() {
    let world = World::new();
    world.fault(
        "POST /agents",
        "status",
        1,
        json!({"status": 429, "headers": {"retry-after": "1"}, "body": {"error": "Slow down"}}),
    );
    let started = std::time::Instant::now();
    launch(&world).unwrap();
    assert!(started.elapsed().as_secs_f64() >= 1.0);
    assert_eq!((world.requests("POST /agents"), world.agents()), (2, 1));
}

#[test]
fn a_spend_limit_is_not_asked_twice() {
    let world = World::new();
    let body = json!({"error": "Spend limit reached", "code": "spend_limit_reached"});
    world.fault("POST /agents", "status", 3, json!({"status": 429, "body": body}));
    assert_eq!(launch(&world).unwrap_err().code, "spend_limit");
    assert_eq!(world.requests("POST /agents"), 1);
}

#[test]
fn a_missing_service_is_asked_twice_by_reads_and_once_by_launches() {
    let world = World::new();
    let body = json!({"error": "Agents are not configured", "code": "service_unavailable"});
    world.fault("POST /agents", "status", 9, json!({"status": 503, "body": body}));
    world.fault("GET /agents", "status", 9, json!({"status": 503, "body": body}));
    assert_eq!(launch(&world).unwrap_err().code, "not_configured");
    let error = world.nomic.agents().list(Default::default()).unwrap().first(1).unwrap_err();
    assert_eq!(error.code, "not_configured");
    assert_eq!((world.requests("POST /agents"), world.requests("GET /agents")), (1, 2));
}

#[test]
fn a_redirect_is_never_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("http://{}/api/v0/agents", elsewhere.local_addr().unwrap());
    let world = World::new();
    for status in [301, 302, 303, 307, 308] {
        let parameters = json!({"status": status, "headers": {"location": location}, "body": ""});
        world.fault("POST /agents", "status", 1, parameters);
        let error = launch(&world).unwrap_err();
        assert_eq!((error.code.as_str(), error.detail("reason").unwrap()), ("protocol", &"redirect".into()));
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_compressed_answer_is_refused_unread() {
    let world = World::new();
    let parameters = json!({"status": 200, "headers": {"content-encoding": "gzip"}, "body": "{\"data\":[]}"});
    world.fault("GET /agents", "status", 9, parameters);
    let error = world.nomic.agents().list(Default::default()).unwrap().first(1).unwrap_err();
    assert_eq!(error.code, "protocol");
}

#[test]
fn the_key_and_its_scopes_are_told_apart() {
    let world = World::new();
    let wrong = Nomic::new(options(&world.emulator).api_key("npk_emu_wrong")).unwrap();
    assert_eq!(wrong.agents().get("a").unwrap_err().code, "unauthorized");
    let key = world.control("POST", "keys", json!({"scopes": ["developer:files"]}))["api_key"].clone();
    let files_only = Nomic::new(options(&world.emulator).api_key(key.as_str().unwrap())).unwrap();
    let error = files_only.agents().get("a").unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("scope")), ("forbidden", Some(&"developer:agent".into())));
}

#[test]
fn a_closed_client_sends_nothing() {
    let world = World::new();
    world.nomic.close();
    assert_eq!(launch(&world).unwrap_err().code, "closed");
    assert_eq!(world.requests("POST /agents"), 0);
}

#[test]
fn what_is_wrong_before_sending_is_not_sent() {
    let world = World::new();
    let agents = world.nomic.agents();
    for id in ["..", "a/b", "", "%2e%2e"] {
        assert_eq!(agents.get(id).unwrap_err().code, "invalid_input");
    }
    assert_eq!(agents.launch(prompt("  "), vec![], None).unwrap_err().code, "invalid_input");
    assert_eq!(
        agents.launch(prompt("Look").file_ids(vec!["../x".to_owned()]), vec![], None).unwrap_err().code,
        "invalid_input"
    );
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}
