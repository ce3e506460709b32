//! `why`.

use crate::world::{World, report};
use serde_json::json;

const PROMPT: &str = "What is wrong with the fire doors?";

#[test]
fn it_tells_what_is_known_and_nothing_of_what_was_said() {
    let world = World::new();
    let token = world.out(&["launch", PROMPT, &report()]);
    let token = token.trim();
    let answer = world.out(&["wait", token]);
    let told = world.out(&["why", token]);
    for part in ["launched", "user row, 34 characters", "assistant row", "last change: finished", "its answer is there"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("agents.get") && told.contains("answered 200"), "{told}");
    let said = answer.lines().find(|line| line.len() > 20).unwrap();
    assert!(!told.contains("fire doors") && !told.contains(said) && !told.contains("npk_"), "{told}");

    let known = &world.json(&["why", token])[0];
    assert_eq!((known["turn"].as_u64(), known["status"].as_str()), (Some(1), Some("finished")));
    assert!(known["shown"].as_array().unwrap().len() >= 4, "{known}");
}

#[test]
fn it_does_not_wait_for_a_turn_that_is_at_work_and_tells_how_one_failed() {
    let world = World::busy();
    let launched = &world.json(&["launch", PROMPT])[0];
    let id = launched["agentId"].as_str().unwrap();
    assert!(world.out(&["why", id]).contains("is at work"));
    assert_eq!(world.requests("GET /agents/{id}").len(), 1);
    world.out(&["stop", id, "--wait"]);
    assert!(world.out(&["why", id]).contains("it was stopped. (run_stopped)"));

    let world = World::new();
    world.control(
        "POST",
        "faults",
        json!({"operation": "POST /agents", "fault": "fail_turn", "text": "No fuel for fire"}),
    );
    let failed = &world.json(&["launch", PROMPT])[0];
    assert_eq!(world.run(&["wait", failed["token"].as_str().unwrap()]).code, Some(1));
    let told = world.out(&["why", failed["agentId"].as_str().unwrap()]);
    assert!(told.contains("it failed. (run_failed)") && !told.contains("fuel"), "{told}");
    assert_eq!(world.run(&["why", "019abc12-3456-7890-abcd-ef1234567890"]).code, Some(9));
}
