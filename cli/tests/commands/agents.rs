//! `agents`, `stop`, `artifacts`.

use crate::world::{World, file, report};
use serde_json::json;

#[test]
fn agents_are_listed_newest_first_and_no_more_than_are_asked_for() {
    let world = World::busy();
    let ids = (0..3).map(|i| world.json(&["launch", &format!("Question {i}")])[0]["agentId"].clone());
    let ids = ids.map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let listed = |arguments: &[&str]| {
        let rows = world.out(arguments);
        rows.lines().map(|row| row.split("  ").map(str::to_owned).collect()).collect::<Vec<Vec<String>>>()
    };
    let rows = listed(&["agents", "--limit", "2"]);
    assert_eq!(rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), [&ids[2], &ids[1]]);
    assert!(rows.iter().all(|row| ["waiting", "running"].contains(&row[1].trim())), "{rows:?}");
    assert_eq!(world.requests("GET /agents").len(), 1);

    assert_eq!(world.json(&["stop", &ids[0], "--wait"])[0]["status"], "stopped");
    assert_eq!(listed(&["agents", "--status", "stopped"]).len(), 1);
    assert_eq!(world.json(&["agents", "--workflow", "none"]).len(), 3);
    assert_eq!(world.json(&["agents", "get", &ids[0], &ids[1]])[0]["id"], ids[0].as_str());
    assert_eq!(world.run(&["agents", "--status", "stopped", "get", &ids[0]]).code, Some(2));
}

#[test]
fn agents_are_deleted_one_by_one() {
    let world = World::new();
    let ids = (0..2).map(|i| world.json(&["ask", &format!("Question {i}")])[0]["agent"]["id"].clone());
    let ids = ids.map(|id| id.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(world.out(&["agents", "delete", &ids[0], &ids[1]]), format!("{}\n{}\n", ids[0], ids[1]));
    assert_eq!(world.out(&["agents"]), "");
    assert_eq!(world.run(&["agents", "delete"]).code, Some(2));
}

#[test]
fn what_an_agent_made_is_listed_and_written() {
    let world = World::new();
    let token = world.json(&["ask", "What is wrong with the fire doors?", &report()])[0]["token"].clone();
    let token = token.as_str().unwrap();
    let rows = world.out(&["artifacts", token]);
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(rows.contains("  markdown  ") && rows.contains("  table     "), "{rows}");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let paths = world.out(&["artifacts", token, "--out", out.to_str().unwrap()]);
    assert!(paths.lines().count() == 2 && paths.lines().all(|path| std::fs::metadata(path).is_ok()), "{paths}");
}

#[test]
fn workflows_are_listed_with_their_slots() {
    let world = World::new();
    let slot = |name: &str, optional: bool, multiple: bool| json!({"name": name, "description": name, "optional": optional, "multiple": multiple});
    let slots = [slot("plans", false, true), slot("notes", true, true), slot("code", true, false)];
    let made = json!({"name": "Check", "description": "Checks", "requestedFiles": slots});
    let id = world.control("POST", "workflows", made)["id"].as_str().unwrap().to_owned();
    let rows = world.out(&["workflows"]);
    let row = rows.lines().find(|row| row.starts_with(&id)).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), [&id, "Check", "plans...", "[notes]...", "[code]"]);
    let listed = world.json(&["workflows"]);
    let own = listed.iter().find(|workflow| workflow["id"] == id.as_str()).unwrap();
    assert_eq!(own["requestedFiles"][0]["name"], "plans");
    assert_eq!(world.out(&["workflows", "--limit", "1"]).lines().count(), 1);
    assert_eq!(world.out(&["workflows", "--project", "019abc12-3456-7890-abcd-ef1234567890"]), "");
}

#[test]
fn a_reader_that_leaves_ends_no_work_that_was_ordered() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let unread = |arguments: &[&str]| {
        let mut child = world.command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ended = world.ended(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}");
    };
    let files = |made: &str| std::fs::read_dir(made).unwrap().count();
    let made = ["asked", "waited"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    unread(&["ask", "What is wrong with the fire doors?", &report(), "--artifacts", &made[0]]);
    let id = world.json(&["agents"])[0]["id"].as_str().unwrap().to_owned();
    unread(&["artifacts", &id, "--out", &made[1]]);
    assert_eq!((files(&made[0]), files(&made[1])), (2, 2));
    let (one, two) = (file(&folder, "one.txt", b"first"), file(&folder, "two.txt", b"second"));
    unread(&["upload", &one, &two]);
    assert_eq!(world.ledger()["files"].as_array().unwrap().len(), 3);
    let second = world.json(&["ask", "And now?"])[0]["agent"]["id"].as_str().unwrap().to_owned();
    unread(&["agents", "delete", &id, &second]);
    assert_eq!(world.out(&["agents"]), "");
}
