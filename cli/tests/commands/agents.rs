//! `agents`, `stop`, `artifacts`.

use crate::world::{World, report};

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
