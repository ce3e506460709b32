//! Uploads: what is refused before sending, and what arrives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::World;
use nomkit::{ClientOptions, Source, UploadOptions, blocking::Nomic};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    net::TcpListener,
    path::Path,
    sync::mpsc,
};

fn upload(world: &World, source: impl Into<Source>) -> Result<nomkit::File, nomkit::Error> {
    world.nomic.files().upload(source.into(), UploadOptions::default(), None)
}

fn sized(folder: &Path, name: &str, size: u64) -> std::path::PathBuf {
    let path = folder.join(name);
    File::create(&path).unwrap().set_len(size).unwrap();
    path
}

#[test]
fn what_cannot_be_uploaded_is_said_before_anything_is_sent() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (folder.path().join("missing.pdf"), "io", "does not exist"),
        (folder.path().to_owned(), "invalid_input", "is a directory"),
        (sized(folder.path(), "empty.pdf", 0), "invalid_input", "is empty"),
        (sized(folder.path(), "large.bin", nomkit::MAX_FILE_SIZE + 1), "too_large", "500 MB"),
        (Path::new("/dev/zero").to_owned(), "invalid_input", "not a regular file"),
    ];
    for (path, code, words) in cases {
        let error = upload(&world, path).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn what_arrives_is_what_was_given() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    // Around the edges of a block.
    for size in [1, 262_143, 262_144, 262_145, 1_000_000] {
        let content = (0..size).map(|i: u32| (i % 251) as u8).collect::<Vec<_>>();
        let path = folder.path().join("data.bin");
        std::fs::write(&path, &content).unwrap();
        upload(&world, path).unwrap();
        world.nomic.files().upload(Source::bytes(content, "data.bin"), UploadOptions::default(), None).unwrap();
        let ledger = world.ledger();
        let [.., from_disk, from_memory] = ledger["files"].as_array().unwrap().as_slice() else { panic!() };
        assert_eq!(from_disk["size"], size);
        assert_eq!(from_disk["sha256"], from_memory["sha256"]);
    }
}

#[test]
fn names_and_paths_of_every_kind_arrive_whole() {
    let world = World::new();
    for name in ["plan \"final\".txt", "línea.txt", "a;b=c.txt", "日本.txt"] {
        let file = world.nomic.files().upload(Source::bytes("x", name), UploadOptions::default(), None).unwrap();
        assert_eq!(file.name, name.replace('"', "%22"));
    }
    let options = UploadOptions::default().path("Project Alpha/drawings/plan.txt");
    let file = world.nomic.files().upload(Source::bytes("x", ""), options, None).unwrap();
    assert_eq!(file.name, "plan.txt");
    let hits =
        world.nomic.files().search(nomkit::SearchOptions::default().query("PLAN.TXT")).unwrap().first(9).unwrap();
    assert_eq!(hits[0].path.as_deref(), Some("Project Alpha/drawings/plan.txt"));
}

#[test]
fn an_upload_whose_answer_is_lost_is_not_sent_again() {
    let world = World::new();
    world.fault("POST /files/upload", "lose_response", 1, serde_json::json!({}));
    let error = upload(&world, Source::bytes("x", "a.txt")).unwrap_err();
    assert_eq!((error.code.as_str(), world.requests("POST /files/upload")), ("outcome_unknown", 1));
}

#[test]
fn files_uploaded_before_a_failure_ride_on_the_error() {
    let world = World::new();
    let sources = || vec![Source::bytes("x", "a.txt"), Source::bytes("y", "b.txt")];
    world.fault("POST /agents", "status", 1, serde_json::json!({"status": 400, "body": {"error": "No"}}));
    let error = world.nomic.agents().launch(common::prompt("Look"), sources(), None).unwrap_err();
    assert_eq!(error.code, "bad_request");
    assert_eq!(error.uploaded.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["a.txt", "b.txt"]);
    world.fault("POST /files/upload", "status", 1, serde_json::json!({"status": 503, "body": {"error": "No"}}));
    let error = world.nomic.agents().launch(common::prompt("Look"), sources(), None).unwrap_err();
    assert_eq!((error.code.as_str(), error.uploaded.len()), ("not_configured", 0));
    assert_eq!(world.requests("POST /agents"), 1);
}

#[test]
fn all_files_are_checked_before_the_first_is_sent() {
    let world = World::new();
    let sources = vec![Source::bytes("x", "a.txt"), Source::path("/does/not/exist.pdf")];
    let error = world.nomic.agents().launch(common::prompt("Look"), sources, None).unwrap_err();
    assert_eq!((error.code.as_str(), world.requests("POST /files/upload")), ("io", 0));
}

/// A server that reads a little, waits for a word, and reads the rest.
#[test]
fn a_file_that_changes_on_the_way_is_never_whole_on_the_other_side() {
    let changes: [fn(&mut File); 3] = [
        |file| file.set_len(1 << 20).unwrap(),
        |file| file.set_len(32 << 20).unwrap(),
        |file| {
            file.seek(SeekFrom::Start(0)).unwrap();
            file.write_all(b"changed").unwrap();
        },
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        let path = sized(folder.path(), "plan.bin", 24 << 20);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (reached, at_half) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut received = vec![0; 64 << 10];
            let mut total = socket.read(&mut received).unwrap();
            reached.send(()).unwrap();
            gone.recv().unwrap();
            while let Ok(n @ 1..) = socket.read(&mut received) {
                total += n;
            }
            total
        });
        let client = std::thread::spawn({
            let path = path.clone();
            move || {
                let options = ClientOptions::default().base_url(url).api_key("npk_test");
                Nomic::new(options).unwrap().files().upload(Source::path(path), UploadOptions::default(), None)
            }
        });
        at_half.recv().unwrap();
        change(&mut File::options().write(true).open(&path).unwrap());
        go.send(()).unwrap();
        assert_eq!(client.join().unwrap().unwrap_err().code, "source_changed");
        assert!(server.join().unwrap() < 24 << 20, "the server must not get a whole body");
    }
}

/// A server that does not wait for the end of the file; `linger` says whether it goes on reading meanwhile.
fn refused_early(linger: bool) -> nomkit::Error {
    let folder = tempfile::tempdir().unwrap();
    let path = sized(folder.path(), "plan.bin", 64 << 20);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut received = vec![0; 64 << 10];
        let _ = socket.read(&mut received).unwrap();
        if linger {
            let body = r#"{"error":"File too large"}"#;
            write!(socket, "HTTP/1.1 413 Payload Too Large\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            while matches!(socket.read(&mut received), Ok(1..)) {}
        }
        // Dropped with unread bytes, the connection is reset.
    });
    let options = ClientOptions::default().base_url(url).api_key("npk_test").timeout(5.0);
    let files = Nomic::new(options).unwrap().files();
    let error = files.upload(Source::path(path), UploadOptions::default(), None).unwrap_err();
    server.join().unwrap();
    error
}

#[test]
fn an_early_refusal_is_told_as_such_and_a_reset_as_what_it_may_be() {
    let refused = refused_early(true);
    assert_eq!((refused.code.as_str(), refused.status), ("too_large", Some(413)));
    let reset = refused_early(false);
    assert_eq!((reset.code.as_str(), reset.attempts), ("outcome_unknown", 1));
    assert!(reset.message.contains("may have refused it early"), "{reset}");
}
