//! One ticket, one agent: asking an agent again whatever became of it; and what a run can tell of itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, prompt, within};
use nomkit::{ResumeOptions, StopOptions};
use serde_json::json;

fn ask(text: &str) -> ResumeOptions {
    ResumeOptions::default().prompt(text)
}

#[test]
fn a_turn_that_is_over_is_followed_up_by_id_and_by_token() {
    let world = World::new();
    let agents = world.nomic.agents();
    let first = agents.launch(prompt("First"), vec![], None).unwrap();
    first.wait(within(30.0), None).unwrap();
    let second = agents.resume(first.id(), ask("Second"), vec![]).unwrap();
    assert_eq!((second.id(), second.turn()), (first.id(), 2));
    second.wait(within(30.0), None).unwrap();
    assert_eq!(agents.resume(&first.token(), ask("Third"), vec![]).unwrap().turn(), 3);
    assert_eq!((world.agents(), world.requests("POST /agents/{id}/stop")), (1, 0));
}

#[test]
fn one_at_work_is_a_conflict_or_is_stopped_first() {
    let world = World::with(0.0, 30.0);
    let agents = world.nomic.agents();
    let run = agents.launch(prompt("First"), vec![], None).unwrap();
    let error = agents.resume(run.id(), ask("Second"), vec![]).unwrap_err();
    assert_eq!((error.code.as_str(), world.requests("POST /agents/{id}/stop")), ("conflict", 0));
    let second = agents.resume(run.id(), ask("Second").interrupt(true), vec![]).unwrap();
    assert_eq!((second.turn(), world.requests("POST /agents/{id}/stop")), (2, 1));
    second.stop(StopOptions::default().wait(true)).unwrap();
    assert_eq!(run.wait(within(30.0), None).unwrap_err().code, "run_stopped");
}

#[test]
fn one_that_is_gone_is_not_found_or_launched_afresh() {
    let world = World::new();
    let agents = world.nomic.agents();
    let run = agents.launch(prompt("First"), vec![], None).unwrap();
    run.wait(within(30.0), None).unwrap();
    agents.delete(run.id()).unwrap();
    assert_eq!(agents.resume(run.id(), ask("Second"), vec![]).unwrap_err().code, "not_found");
    let afresh = agents.resume(run.id(), ask("Second").if_missing("launch"), vec![]).unwrap();
    assert_eq!(afresh.turn(), 1);
    assert!(afresh.id() != run.id() && afresh.wait(within(30.0), None).unwrap().text.contains("Second"));
    assert_eq!((world.agents(), world.requests("POST /agents")), (2, 2));
}

#[test]
fn c25_one_that_is_not_found_yet_is_not_launched_again() {
    let world = World::new();
    world.fault("POST /agents", "lag", 1, json!({"seconds": 2}));
    let run = world.nomic.agents().launch(prompt("First"), vec![], None).unwrap();
    // Another process, which was handed the id, comes before it can be found: nothing is known here of this instance.
    let url = world.emulator.url().replace("127.0.0.1", "localhost");
    let elsewhere = nomkit::blocking::Nomic::new(common::options(&world.emulator).base_url(url)).unwrap();
    let error = elsewhere.agents().resume(run.id(), ask("Second"), vec![]).unwrap_err();
    assert_eq!(error.code, "not_found");
    let second = elsewhere.agents().resume(run.id(), ask("Second").if_missing("launch"), vec![]).unwrap();
    assert_eq!((second.id(), world.agents()), (run.id(), 1));
}

#[test]
fn c25_an_agent_of_this_process_is_found_by_its_id_as_soon_as_it_is_there() {
    let world = World::new();
    let agents = world.nomic.agents();
    let lagging = || {
        world.fault("POST /agents", "lag", 1, json!({"seconds": 1}));
        agents.launch(prompt("First"), vec![], None).unwrap()
    };
    let run = lagging();
    assert_eq!(agents.get(run.id()).unwrap().id, run.id());
    assert_eq!(agents.attach(lagging().id()).unwrap().turn(), 1);
    let run = lagging();
    assert_eq!(agents.attach(&run.token()).unwrap().id(), run.id());
    assert!(!agents.conversation(lagging().id()).unwrap().is_empty());
    agents.stop(lagging().id()).unwrap();
    agents.delete(lagging().id()).unwrap();
    // Once it was seen, it is gone when it is not found.
    let began = std::time::Instant::now();
    agents.delete(run.id()).unwrap();
    assert_eq!(agents.get(run.id()).unwrap_err().code, "not_found");
    assert!(began.elapsed().as_secs() < 10);
}

#[test]
fn c25_a_resume_waits_for_an_agent_of_this_process_longer_than_for_another() {
    let world = World::new();
    world.fault("POST /agents", "lag", 1, json!({"seconds": 7}));
    let run = world.nomic.agents().launch(prompt("First"), vec![], None).unwrap();
    let options = ask("Second").if_missing("launch").interrupt(true);
    let second = world.nomic.agents().resume(run.id(), options, vec![]).unwrap();
    assert_eq!((second.id(), second.turn(), world.agents()), (run.id(), 2, 1));
}

#[test]
fn one_that_goes_while_it_is_asked_is_launched_afresh() {
    for (at, interrupt) in [("POST /agents/{id}/followup", false), ("POST /agents/{id}/stop", true)] {
        let world = if interrupt { World::with(0.0, 30.0) } else { World::new() };
        let agents = world.nomic.agents();
        let run = agents.launch(prompt("First"), vec![], None).unwrap();
        match interrupt {
            true => drop(run.refresh().unwrap()),
            false => drop(run.wait(within(30.0), None).unwrap()),
        }
        world.fault(at, "forget", 1, json!({}));
        let options = ask("Second").interrupt(interrupt);
        let error = agents.resume(run.id(), options.clone(), vec![]).unwrap_err();
        assert_eq!(error.code, "not_found", "{at}");
        let afresh = agents.resume(run.id(), options.if_missing("launch"), vec![]).unwrap();
        assert!(afresh.id() != run.id() && afresh.turn() == 1);
    }
}

#[test]
fn callers_that_interrupt_each_other_all_get_their_turn() {
    let world = World::with(0.0, 30.0);
    let run = world.nomic.agents().launch(prompt("First"), vec![], None).unwrap();
    let agents = world.nomic.agents();
    let resume = |at: u32| agents.resume(run.id(), ask(&format!("Question {at}")).interrupt(true), vec![]);
    let turns = std::thread::scope(|scope| {
        let callers = (0..4).map(|at| scope.spawn(move || resume(at).map(|run| run.turn()))).collect::<Vec<_>>();
        callers.into_iter().map(|caller| caller.join().unwrap().unwrap()).collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(turns, [2, 3, 4, 5].into());
    assert_eq!(world.agents(), 1);
}

#[test]
fn what_cannot_be_asked_stops_nobody() {
    let world = World::with(0.0, 30.0);
    let agents = world.nomic.agents();
    let run = agents.launch(prompt("First"), vec![], None).unwrap();
    let before = world.ledger()["requests"].as_array().unwrap().len();
    for (options, argument) in [
        (ask("  ").interrupt(true), "prompt"),
        (ask("Second").if_missing("relaunch"), "if_missing"),
        (ask("Second").timeout(-1.0), "timeout"),
    ] {
        let error = agents.resume(run.id(), options, vec![]).unwrap_err();
        assert_eq!(error.detail("argument").unwrap(), argument);
    }
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), before);
}

#[test]
fn a_run_explains_what_happened_to_it_without_what_was_said() {
    let world = World::new();
    let secret = "What is the colour of the vault?";
    world.fault("GET /agents/{id}", "status", 1, json!({"status": 502, "body": {"error": secret}}));
    let events = world.nomic.listen();
    let run = world.nomic.agents().launch(prompt(secret), vec![], None).unwrap();
    run.wait(within(30.0), None).unwrap();
    let told = run.explain();
    for part in [
        "agents.launch",
        "answered 201",
        "failed: server (HTTP 502)",
        "is sent again",
        "the agent is finished",
        "turn 1 is over: finished",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("vault") && !told.contains("npk_"), "{told}");
    // Who listens hears the same.
    let heard = events.drain();
    assert!(heard.iter().all(|event| event.agent_id.as_deref().is_none_or(|id| id == run.id())));
    assert!(heard.iter().any(|event| event.status == Some(502) && event.attempt == Some(1)));
    assert!(heard.iter().all(|event| !event.text.contains("vault")));
}
