//! Many runs waited for at once: what their caller may do meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, options, prompt, within};
use nomkit::blocking::{AgentRun, Nomic};
use serde_json::json;
use std::{
    thread,
    time::{Duration, Instant},
};

fn launch(nomic: &Nomic, text: &str) -> AgentRun {
    nomic.agents().launch(prompt(text), vec![], None).unwrap()
}

/// Looks again and again until it holds.
fn until(mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(30), "it never came");
        thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn they_are_waited_for_while_the_caller_works_on_one() {
    let world = World::with(0.0, 600.0);
    world.fault("POST /agents", "fast_turn", 1, json!({}));
    let quick = launch(&world.nomic, "Quick");
    let slow = launch(&world.nomic, "Slow");
    let mut completed = world.nomic.as_completed(&[slow.clone(), quick.clone()], within(60.0)).unwrap();
    assert_eq!(completed.next().unwrap().unwrap().run.id(), quick.id());
    world.control("PUT", "clock", json!({"advance": 700}));
    until(|| world.requests("GET /agents/{id}/conversation") == 2);
    let last = completed.next().unwrap().unwrap();
    assert!(last.run.id() == slow.id() && last.result.unwrap().text.contains("Slow"));
    assert!(completed.next().is_none());
}

#[test]
fn a_look_that_takes_too_long_costs_no_other_wait() {
    let world = World::new();
    let nomic = Nomic::new(options(&world.emulator).timeout(1.0)).unwrap();
    let runs = ["First", "Second", "Third"].map(|text| launch(&nomic, text));
    world.fault("GET /agents/{id}", "stall", 1, json!({}));
    let mut done = 0;
    for outcome in nomic.as_completed(&runs, within(60.0)).unwrap() {
        outcome.unwrap().result.unwrap();
        // A call in between, on whichever lane is free.
        nomic.agents().get(runs[0].id()).unwrap();
        done += 1;
    }
    assert_eq!(done, 3);
}

#[test]
fn who_leaves_early_ends_what_is_under_way() {
    let world = World::with(0.0, 60.0);
    let run = launch(&world.nomic, "For ever");
    let fault = json!({ "operation": "GET /agents/{id}", "fault": "stall", "times": 1 });
    let fault = world.control("POST", "faults", fault);
    let report =
        |what: &str| world.control("GET", &format!("faults/{}", fault["id"].as_str().unwrap()), json!(null))[what] == 1;
    let completed = world.nomic.as_completed(&[run], within(60.0)).unwrap();
    until(|| report("hits"));
    assert!(!report("completed"));
    drop(completed);
    until(|| report("completed"));
}
