//! `upload`.

use crate::world::{World, file};
use serde_json::json;
use std::{io::Write, process::Stdio};

/// The paths that the platform has, in the order in which they came.
fn paths(world: &World) -> Vec<String> {
    let ledger = world.ledger();
    let files = ledger["files"].as_array().unwrap();
    files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_file_is_a_row_with_its_id() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (file(&folder, "one.txt", b"first"), file(&folder, "two – ü.txt", b"second"));
    let rows = world.out(&["upload", &one, &two, "--path", "reports/2026/"]);
    let given = rows.lines().map(|row| row.split_once("  ").unwrap().1).collect::<Vec<_>>();
    assert_eq!(given, [one.as_str(), two.as_str()]);
    assert_eq!(paths(&world), ["reports/2026/one.txt", "reports/2026/two – ü.txt"]);

    let one = world.json(&["upload", &one, "--path", "plans/a.txt"]).remove(0);
    assert_eq!((one["file"]["name"].as_str(), one["file"]["size"].as_u64()), (Some("a.txt"), Some(5)));
    for arguments in [&["--path", "plans/a.txt"][..], &["--name", "a.txt"]] {
        let ended = world.run(&[&["upload", one["source"].as_str().unwrap(), &two], arguments].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.err);
    }
    assert_eq!(paths(&world).len(), 3);
}

#[test]
fn standard_input_is_uploaded_under_the_name_that_it_is_given() {
    let world = World::new();
    let pipe = |arguments: &[&str]| {
        let mut child = world.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that refuses it at once does not read it.
        let _ = child.stdin.take().unwrap().write_all(b"a report");
        world.ended(child.wait_with_output().unwrap())
    };
    for arguments in [&["--name", "a.txt"][..], &["--path", "x/b.txt"], &["--path", "x/", "--name", "c.txt"]] {
        let ended = pipe(&[&["upload", "-"], arguments].concat());
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    }
    assert_eq!(paths(&world), ["a.txt", "x/b.txt", "x/c.txt"]);
    for arguments in [&["upload", "-"][..], &["upload", "-", "--path", "x/"]] {
        let ended = pipe(arguments);
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains("Give --name"), "{}", ended.err);
    }
}

#[test]
fn a_folder_is_uploaded_by_its_pattern_and_says_what_became_of_each_file() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("a/1.txt", "one"), ("a/2.txt", "two"), ("b/1.txt", "one"), ("c.md", "three")] {
        file(&folder, name, content.as_bytes());
    }
    let root = folder.path().to_str().unwrap();
    let outcomes = world.json(&["upload", root, "--pattern", "**/*.txt", "--path", "alpha"]);
    let seen = outcomes.iter().map(|outcome| (outcome["source"].as_str().unwrap(), outcome["sameAs"].as_str()));
    assert_eq!(seen.collect::<Vec<_>>(), [("a/1.txt", None), ("a/2.txt", None), ("b/1.txt", Some("a/1.txt"))]);
    assert_eq!(paths(&world), ["alpha/a/1.txt", "alpha/a/2.txt"]);

    world.fault("POST /files/upload", "status", 1, json!({"status": 413, "body": {"error": "Too large"}}));
    let ended = world.run(&["upload", root, "--pattern", "a/*"]);
    assert_eq!((ended.code, ended.out.lines().count()), (Some(2), 1), "{}", ended.err);
    let lines = ended.err.lines().collect::<Vec<_>>();
    assert!(
        lines[0].starts_with("nomkit: a/1.txt: ") && lines[1].contains("1 of 2 files were not uploaded"),
        "{lines:?}"
    );

    // A folder is not uploaded by mistake.
    let ended = world.run(&["upload", root]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("Give --pattern"), "{}", ended.err);
    let ended = world.run(&["upload", root, "--pattern", "*.nothing"]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
}
