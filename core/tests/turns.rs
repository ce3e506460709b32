//! Waiting, attaching and following up, with the platform's delays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, prompt, within};
use nomkit::{FollowUpOptions, Role, StopOptions, WaitOptions};
use serde_json::json;

fn follow_up(text: &str) -> FollowUpOptions {
    FollowUpOptions::default().prompt(text)
}

#[test]
fn an_expired_wait_leaves_the_agent_alone_and_its_token_waits_on() {
    let world = World::with(0.0, 600.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let error = run.wait(within(0.5), None).unwrap_err();
    assert_eq!(error.code, "wait_timeout");
    let token = error.detail("token").unwrap().as_str().unwrap();
    let again = world.nomic.agents().attach(token).unwrap();
    assert_eq!((again.id(), again.turn()), (run.id(), 1));
    world.control("PUT", "clock", json!({"advance": 700}));
    assert!(!again.wait(within(30.0), None).unwrap().text.is_empty());
    assert_eq!(world.requests("POST /agents/{id}/stop"), 0);
}

#[test]
fn a_lingering_status_never_gives_the_previous_answer() {
    let world = World::with(0.2, 1.0);
    let run = world.nomic.agents().launch(prompt("First question"), vec![], None).unwrap();
    let first = run.wait(WaitOptions::default(), None).unwrap();
    world.fault("POST /agents/{id}/followup", "stale_finished", 1, json!({"seconds": 2}));
    world.fault("POST /agents/{id}/followup", "conversation_lag", 1, json!({"seconds": 1}));
    let second = run.follow_up(follow_up("Second question"), vec![]).unwrap();
    assert_eq!(second.turn(), 2);
    let result = second.wait(within(60.0), None).unwrap();
    assert_ne!(result.text, first.text);
    assert!(result.messages.iter().all(|row| row.role != Role::User));
    // The first turn's own handle still gives the first answer.
    assert_eq!(run.wait(within(30.0), None).unwrap().text, first.text);
    let third = second.follow_up(follow_up("Third question"), vec![]).unwrap();
    assert_eq!(third.turn(), 3);
}

#[test]
fn a_follow_up_on_an_active_agent_is_a_conflict_whatever_the_status_says() {
    let world = World::with(0.0, 30.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let error = run.follow_up(follow_up("And now?"), vec![]).unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("current")), ("conflict", Some(&"running".into())));
    world.fault(
        "POST /agents/{id}/followup",
        "status",
        1,
        json!({"status": 400, "body": {"error": "Agent is active"}}),
    );
    assert_eq!(run.follow_up(follow_up("And now?"), vec![]).unwrap_err().code, "conflict");
}

#[test]
fn a_follow_up_whose_answer_is_lost_is_asked_once() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(WaitOptions::default(), None).unwrap();
    world.fault("POST /agents/{id}/followup", "lose_response", 1, json!({}));
    let second = run.follow_up(follow_up("And now?"), vec![]).unwrap();
    assert!(second.recovered() && !second.wait(within(60.0), None).unwrap().text.is_empty());
    assert_eq!(world.ledger()["agents"][0]["turns"].as_array().unwrap().len(), 2);
    assert_eq!(world.requests("POST /agents/{id}/followup"), 1);
}

#[test]
fn f04_a_follow_up_that_was_found_is_given_even_if_its_agent_cannot_be_seen() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(WaitOptions::default(), None).unwrap();
    world.fault("POST /agents/{id}/followup", "lose_response", 1, json!({}));
    // All looks but the one before it was asked.
    world.fault("GET /agents/{id}", "status", 4, json!({"skip": 1, "status": 502, "body": ""}));
    let second = run.follow_up(follow_up("And now?"), vec![]).unwrap();
    assert!(second.recovered() && second.turn() == 2);
    assert!(!second.wait(within(60.0), None).unwrap().text.is_empty());
    assert_eq!(world.requests("POST /agents/{id}/followup"), 1);
}

#[test]
fn stopping_waits_for_the_end_and_a_stopped_turn_is_an_error() {
    let world = World::with(0.0, 30.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let agent = run.stop(StopOptions::default().wait(true)).unwrap();
    assert_eq!(agent.status.as_str(), "stopped");
    assert_eq!(run.wait(WaitOptions::default(), None).unwrap_err().code, "run_stopped");
    assert_eq!(run.updates(WaitOptions::default()).unwrap().last().unwrap().unwrap().status.as_str(), "stopped");
}

#[test]
fn updates_show_changes_and_end_with_the_turn() {
    let world = World::with(0.0, 600.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    let mut seen = run.updates(WaitOptions::default()).unwrap().map(|agent| agent.unwrap().status.to_string());
    assert_eq!(seen.next().as_deref(), Some("running"));
    world.control("PUT", "clock", json!({"advance": 700}));
    assert_eq!(seen.collect::<Vec<_>>(), ["finished"]);
}

#[test]
fn a_failed_agent_gives_its_reason() {
    let world = World::new();
    let file = nomkit::Source::bytes(b"%PDF-1.7 nothing".as_slice(), "broken.pdf");
    let run = world.nomic.agents().launch(prompt("Look"), vec![file], None).unwrap();
    let error = run.wait(within(60.0), None).unwrap_err();
    assert_eq!(error.code, "run_failed");
    assert!(!error.detail("reason").unwrap().as_str().unwrap().is_empty());
}

#[test]
fn a_poll_that_fails_in_passing_does_not_end_the_wait() {
    let world = World::with(0.0, 1.0);
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    world.fault("GET /agents/{id}", "status", 4, json!({"status": 502, "body": ""}));
    assert!(!run.wait(within(60.0), None).unwrap().text.is_empty());
}

#[test]
fn a_new_agent_that_the_platform_does_not_find_yet_is_waited_for() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    world.fault("GET /agents/{id}", "status", 2, json!({"status": 404, "body": {"error": "Agent not found"}}));
    assert!(!run.wait(within(60.0), None).unwrap().text.is_empty());
    world.fault("GET /agents/{id}", "status", 1, json!({"status": 404, "body": {"error": "Agent not found"}}));
    assert_eq!(run.refresh().unwrap().id, run.id());
    // To anybody else, it is not there.
    world.fault("GET /agents/{id}", "status", 1, json!({"status": 404, "body": {"error": "Agent not found"}}));
    assert_eq!(world.nomic.agents().attach(run.id()).unwrap_err().code, "not_found");
}

#[test]
fn attaching_by_id_binds_the_latest_turn_and_by_token_the_turn_it_names() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("First question"), vec![], None).unwrap();
    let first = run.wait(within(30.0), None).unwrap().text;
    let second = run.follow_up(follow_up("Second question"), vec![]).unwrap();
    let latest = world.nomic.agents().attach(run.id()).unwrap();
    assert_eq!(latest.turn(), 2);
    let answer = second.wait(within(30.0), None).unwrap().text;
    assert_eq!(latest.wait(within(30.0), None).unwrap().text, answer);
    for (token, text) in [(run.token(), first), (second.token(), answer)] {
        assert_eq!(world.nomic.agents().attach(&token).unwrap().wait(within(30.0), None).unwrap().text, text);
    }
}

#[tokio::test]
async fn the_asynchronous_client_takes_the_same_path() {
    let world = World::new();
    let nomic = nomkit::Nomic::new(common::options(&world.emulator)).unwrap();
    let launch = nomic.ask(prompt("Look"), vec![], WaitOptions::default(), None);
    assert!(!launch.await.unwrap().text.is_empty());
}
