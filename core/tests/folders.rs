//! Folders: which files are sent, once each, and what became of every one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{
    World,
    raw::{Peer, Raw},
};
use nomkit::{FolderOptions, OnProgress, UploadOutcome, blocking::Nomic};
use serde_json::json;
use std::{
    path::Path,
    sync::{Arc, Mutex},
};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn upload(world: &World, folder: &Path, options: FolderOptions) -> Result<Vec<UploadOutcome>, nomkit::Error> {
    world.nomic.files().upload_folder(folder.to_owned(), options, None)
}

fn sources(outcomes: &[UploadOutcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.source.as_str()).collect()
}

fn code(outcome: &UploadOutcome) -> &str {
    outcome.error.as_ref().map_or("", |error| error.code.as_str())
}

#[test]
fn every_file_in_its_place_and_each_content_once() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let root = folder.path();
    write(
        root,
        &[
            ("b.txt", "two"),
            ("a.txt", "one"),
            ("deep/er/c.txt", "one"),
            ("deep/d.txt", "six"),
            ("deep/not hidden.txt", "more"),
            (".hidden.txt", "no"),
            (".git/config", "no"),
            ("deep/.DS_Store", "no"),
        ],
    );
    let elsewhere = tempfile::tempdir().unwrap();
    write(elsewhere.path(), &[("linked.txt", "no")]);
    std::os::unix::fs::symlink(elsewhere.path(), root.join("link")).unwrap();
    std::os::unix::fs::symlink(root, root.join("deep/circle")).unwrap();
    let outcomes = upload(&world, root, FolderOptions::default().path("site/2026")).unwrap();
    assert_eq!(sources(&outcomes), ["a.txt", "b.txt", "deep/d.txt", "deep/er/c.txt", "deep/not hidden.txt"]);
    assert!(outcomes.iter().all(|outcome| outcome.error.is_none()), "{outcomes:?}");
    assert_eq!(outcomes[3].same_as.as_deref(), Some("a.txt"));
    assert_eq!(outcomes[3].file, outcomes[0].file);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.same_as.is_some()).count(), 1);

    let ledger = world.ledger();
    let paths = ledger["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap());
    let paths = paths.collect::<Vec<_>>();
    let wanted = ["site/2026/a.txt", "site/2026/b.txt", "site/2026/deep/d.txt", "site/2026/deep/not hidden.txt"];
    assert!(wanted.iter().zip(&paths).all(|(wanted, path)| path.replace("%20", " ").ends_with(wanted)), "{paths:?}");
    assert_eq!(world.requests("POST /files/upload"), 4);
}

#[test]
fn a_pattern_picks() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    write(folder.path(), &[("a.pdf", "1"), ("a.txt", "2"), ("x/b.pdf", "3"), ("x/y/c.PDF", "4"), ("x/y/d.pdf", "5")]);
    for (pattern, wanted) in [
        ("*.pdf", vec!["a.pdf"]),
        ("**/*.pdf", vec!["a.pdf", "x/b.pdf", "x/y/d.pdf"]),
        ("x/**", vec!["x/b.pdf", "x/y/c.PDF", "x/y/d.pdf"]),
        ("{a.txt,x/*/c.*}", vec!["a.txt", "x/y/c.PDF"]),
    ] {
        assert_eq!(sources(&upload(&world, folder.path(), FolderOptions::default().pattern(pattern)).unwrap()), wanted);
    }
}

#[test]
fn what_is_wrong_with_the_call_is_said_before_anything_is_sent() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    write(folder.path(), &[("a.txt", "1"), (".hidden", "2")]);
    let file = folder.path().join("a.txt");
    let options = FolderOptions::default;
    for (folder, options, argument) in [
        (folder.path(), options().pattern("*.pdf"), "pattern"),
        (folder.path(), options().pattern(".hidden"), "pattern"),
        (folder.path(), options().pattern("../**"), "pattern"),
        (folder.path(), options().pattern("a["), "pattern"),
        (folder.path(), options().path("../up"), "path"),
        (folder.path(), options().path("/"), "path"),
        (folder.path(), options().parent_id("../x"), "parent_id"),
        (folder.path(), options().timeout(0.0), "timeout"),
        (file.as_path(), options(), "folder"),
    ] {
        let error = upload(&world, folder, options).unwrap_err();
        assert_eq!(error.detail("argument"), Some(&argument.into()), "{error}");
    }
    assert_eq!(upload(&world, &folder.path().join("missing"), options()).unwrap_err().code, "io");
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let root = folder.path();
    write(root, &[("a.txt", "one"), ("b.txt", ""), ("e.txt", "five"), ("f\n\u{202e}.txt", "sixth")]);
    assert!(std::process::Command::new("mkfifo").arg(root.join("c.txt")).status().unwrap().success());
    std::os::unix::fs::symlink(root.join("nowhere"), root.join("d.txt")).unwrap();
    let outcomes = upload(&world, root, FolderOptions::default()).unwrap();
    let codes = outcomes.iter().map(code).collect::<Vec<_>>();
    assert_eq!(codes, ["", "invalid_input", "invalid_input", "io", "", ""], "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| outcome.file.is_some() != outcome.error.is_some()));
    assert_eq!(outcomes[5].file.as_ref().unwrap().name, "f%0A%E2%80%AE.txt");
    // One that the server refuses does not either.
    world.fault("POST /files/upload", "status", 1, json!({"status": 400, "body": {"error": "No such type"}}));
    let outcomes = upload(&world, root, FolderOptions::default().pattern("[ae].txt")).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["bad_request", ""]);
}

#[test]
fn what_would_befall_every_file_ends_the_sending() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.txt", "one"), ("b.txt", "four"), ("c.txt", "three")]);
    let world = World::new();
    world.fault("POST /files/upload", "status", 9, json!({"status": 429, "body": {"error": "Spend limit reached"}}));
    let outcomes = upload(&world, folder.path(), FolderOptions::default()).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["spend_limit"; 3]);
    assert_eq!(world.requests("POST /files/upload"), 1);

    let world = World::new();
    let wrong = Nomic::new(common::options(&world.emulator).api_key("npk_emu_wrong")).unwrap();
    let outcomes = wrong.files().upload_folder(folder.path().to_owned(), FolderOptions::default(), None).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["unauthorized"; 3]);
    assert!(world.ledger()["requests"].as_array().unwrap().len() <= 1);
    wrong.close();
    let outcomes = wrong.files().upload_folder(folder.path().to_owned(), FolderOptions::default(), None).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["closed"; 3]);
}

#[test]
fn a_content_that_the_server_may_have_is_not_sent_again_but_one_that_it_refused_is() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.txt", "one"), ("b.txt", "one"), ("c.txt", "one")]);
    let world = World::new();
    world.fault("POST /files/upload", "lose_response", 1, json!({}));
    // Without a search, nobody can tell what became of it.
    world.fault("GET /files/search", "status", 9, json!({"status": 501, "body": {"error": "Not here"}}));
    let outcomes = upload(&world, folder.path(), FolderOptions::default()).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["outcome_unknown"; 3]);
    let same = outcomes.iter().map(|outcome| outcome.same_as.as_deref()).collect::<Vec<_>>();
    assert_eq!(same, [None, Some("a.txt"), Some("a.txt")]);
    assert_eq!((world.requests("POST /files/upload"), world.files()), (1, 1));

    let world = World::new();
    world.fault("POST /files/upload", "status", 1, json!({"status": 400, "body": {"error": "No"}}));
    let outcomes = upload(&world, folder.path(), FolderOptions::default()).unwrap();
    assert_eq!(outcomes.iter().map(code).collect::<Vec<_>>(), ["bad_request", "", ""]);
    assert_eq!(outcomes[2].same_as.as_deref(), Some("b.txt"));
    assert_eq!((world.requests("POST /files/upload"), world.files()), (2, 1));
}

/// Answers an upload with a file whose id is the content.
fn echo(peer: &mut Peer) {
    if let Some(seen) = peer.request() {
        let body = String::from_utf8(seen.body).unwrap();
        let content = body.rsplit("\r\n").nth(2).unwrap();
        peer.answer(201, &json!({"id": content, "name": "x", "size": content.len()}).to_string());
    }
}

#[test]
fn what_changes_before_its_turn_is_sent_as_it_is_then() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.txt", "one"), ("b.txt", "one"), ("c.txt", "two"), ("d.txt", "new")]);
    let changed = folder.path().join("b.txt");
    let server = Raw::new(move |peer| {
        if peer.connection == 0 {
            std::fs::write(&changed, "new").unwrap();
        }
        echo(peer);
    });
    let nomic = Nomic::new(server.options()).unwrap();
    let outcomes = nomic.files().upload_folder(folder.path().to_owned(), FolderOptions::default(), None).unwrap();
    let seen = outcomes.iter().map(|outcome| {
        let id = outcome.file.as_ref().map_or("", |file| file.id.as_str());
        (code(outcome), id, outcome.same_as.as_deref())
    });
    let expected = [("", "one", None), ("", "new", None), ("", "two", None), ("", "new", Some("b.txt"))];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
}

#[test]
fn progress_goes_over_all_bytes() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    for name in ["a.bin", "b.bin", "c.bin"] {
        std::fs::write(folder.path().join(name), name.repeat(1 << 20)).unwrap();
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let listener: OnProgress = Arc::new(move |progress| seen.lock().unwrap().push(progress));
    world.nomic.files().upload_folder(folder.path().to_owned(), FolderOptions::default(), Some(listener)).unwrap();
    let told = told.lock().unwrap();
    let total = 15.0 * f64::from(1 << 20);
    assert!(told.iter().all(|progress| progress.total == Some(total)));
    assert!(told.is_sorted_by(|a, b| a.done <= b.done), "{told:?}");
    let last = told.last().unwrap();
    assert_eq!((last.phase.as_str(), last.done), ("accepted", total));
    assert_eq!(told.iter().filter(|progress| progress.phase == "accepted").count(), 1);
}
