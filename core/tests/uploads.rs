//! Uploads: what is refused before sending, and what arrives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    World,
    wire::{Wire, relay},
};
use nomkit::{ClientOptions, Source, UploadOptions, blocking::Nomic};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
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
fn u03_u04_u05_what_cannot_be_uploaded_is_said_before_anything_is_sent() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    let fifo = inside("pipe.pdf");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(inside("socket.pdf")).unwrap();
    std::os::unix::fs::symlink(inside("b"), inside("a")).unwrap();
    std::os::unix::fs::symlink(inside("a"), inside("b")).unwrap();
    std::os::unix::fs::symlink(&fifo, inside("link.pdf")).unwrap();
    let cases = [
        (inside("missing.pdf"), "io", "does not exist"),
        (folder.path().to_owned(), "invalid_input", "is a directory"),
        (sized(folder.path(), "empty.pdf", 0), "invalid_input", "is empty"),
        (sized(folder.path(), "large.bin", nomkit::MAX_FILE_SIZE + 1), "too_large", "500 MB"),
        (Path::new("/dev/zero").to_owned(), "invalid_input", "not a regular file"),
        (Path::new("/proc/self/maps").to_owned(), "invalid_input", "made while it is read"),
        (fifo, "invalid_input", "not a regular file"),
        (inside("socket.pdf"), "invalid_input", "not a regular file"),
        (inside("link.pdf"), "invalid_input", "not a regular file"),
        (inside("a"), "io", "symbolic links"),
    ];
    for (path, code, words) in cases {
        let error = upload(&world, path).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn u04_an_unreadable_file_is_said_before_anything_is_sent() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let path = sized(folder.path(), "secret.pdf", 1);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        // The superuser may read every file; somebody else is asked.
        let name = "u04_an_unreadable_file_is_said_before_anything_is_sent";
        let mut nobody = std::process::Command::new("/proc/self/exe");
        assert!(nobody.uid(65534).gid(65534).args(["--exact", name]).output().unwrap().status.success());
        return;
    }
    let nowhere = Nomic::new(ClientOptions::default().base_url("http://127.0.0.1:1").api_key("npk_test")).unwrap();
    let error = nowhere.files().upload(Source::path(path), UploadOptions::default(), None).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts), ("io", 0));
    assert!(error.message.contains("may not be read by this user"), "{error}");
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
    let long = format!("{}.txt", "n".repeat(400));
    let names = [
        ("plan \"final\".txt", "plan %22final%22.txt"),
        ("north\\south.txt", "north%5Csouth.txt"),
        ("ends in \\", "ends in %5C"),
        ("línea.txt", "línea.txt"),
        // As given: neither composed nor decomposed.
        ("li\u{301}nea.txt", "li\u{301}nea.txt"),
        ("a;b=c.txt", "a;b=c.txt"),
        ("日本.txt", "日本.txt"),
        ("a\r\nX-Evil: 1.txt", "a%0D%0AX-Evil: 1.txt"),
        ("invoice\u{202e}fdp.exe", "invoice%E2%80%AEfdp.exe"),
        (&long, &long),
    ];
    for (name, arrived) in names {
        let file = world.nomic.files().upload(Source::bytes("x", name), UploadOptions::default(), None).unwrap();
        assert_eq!(file.name, arrived);
    }
    let options = UploadOptions::default().path("Project Alpha/drawings/plan.txt");
    let file = world.nomic.files().upload(Source::bytes("x", ""), options, None).unwrap();
    assert_eq!(file.name, "plan.txt");
    let hits =
        world.nomic.files().search(nomkit::SearchOptions::default().query("PLAN.TXT")).unwrap().first(9).unwrap();
    assert_eq!(hits[0].path.as_deref(), Some("Project Alpha/drawings/plan.txt"));
}

#[test]
fn names_that_are_none_are_refused() {
    let world = World::new();
    for name in ["../../etc/passwd", "/etc/passwd", "..", ".", "nul\0.txt"] {
        let error = world.nomic.files().upload(Source::bytes("x", name), UploadOptions::default(), None).unwrap_err();
        assert_eq!(error.detail("argument"), Some(&"name".into()), "{name:?}: {error}");
    }
    for path in ["../a.txt", "/a.txt", "a//b.txt", "a/..", "a\nb.txt", "a\u{202e}b.txt", "a\0b.txt"] {
        let options = UploadOptions::default().path(path);
        let error = world.nomic.files().upload(Source::bytes("x", "x"), options, None).unwrap_err();
        assert_eq!(error.detail("argument"), Some(&"path".into()), "{path:?}: {error}");
    }
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn u09_nothing_of_a_hostile_name_is_raw_on_the_wire() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = b"a\r\nContent-Type: x\"; \xff\xfe\xe2\x80\xae.txt";
    let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
    std::fs::write(&path, "content").unwrap();
    let wire = Wire::new(&[("201 Created", r#"{"id":"f","name":"a.txt","size":7}"#)]);
    wire.client().files().upload(Source::path(path), UploadOptions::default(), None).unwrap();
    let received = wire.received().remove(0);
    let body = String::from_utf8(received.body).unwrap();
    let line = body.lines().find(|line| line.starts_with("Content-Disposition")).unwrap();
    let wanted = "a%0D%0AContent-Type: x%22; \u{fffd}\u{fffd}%E2%80%AE.txt";
    assert_eq!(line, format!("Content-Disposition: form-data; name=\"file\"; filename=\"{wanted}\""));
    let [boundary, _, kind, empty, content, end] = body.split("\r\n").collect::<Vec<_>>()[..6] else {
        panic!("{body}")
    };
    assert_eq!((kind, empty, content), ("Content-Type: text/plain", "", "content"));
    assert_eq!(end, format!("{boundary}--"));
}

#[test]
fn u10_a_file_that_holds_boundaries_arrives_whole() {
    let world = World::new();
    let content = "\r\n--nomkit-0123456789abcdef0123456789abcdef--\r\n".repeat(100);
    let file = upload(&world, Source::bytes(content.clone(), "a.txt")).unwrap();
    assert_eq!(file.size, Some(content.len() as u64));
}

#[test]
fn an_upload_has_a_time_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let files = Nomic::new(ClientOptions::default().base_url(url).api_key("npk_test")).unwrap().files();
    let options = UploadOptions::default().timeout(0.5);
    let error = files.upload(Source::bytes("x", "a.txt"), options, None).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts), ("outcome_unknown", 1));
    let options = UploadOptions::default().timeout(-1.0);
    let error = files.upload(Source::bytes("x", "a.txt"), options, None).unwrap_err();
    assert_eq!(error.detail("argument"), Some(&"timeout".into()));
}

#[test]
fn u07_an_upload_whose_answer_is_lost_is_not_sent_again() {
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

#[test]
fn u01_a_file_that_changes_on_the_way_is_never_whole_on_the_other_side() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 6] = [
        ("shrinks", |path| File::options().write(true).open(path).unwrap().set_len(1 << 20).unwrap()),
        ("grows", |path| File::options().write(true).open(path).unwrap().set_len(32 << 20).unwrap()),
        ("is written", |path| {
            let mut file = File::options().write(true).open(path).unwrap();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.write_all(b"changed").unwrap();
        }),
        ("is replaced", |path| {
            let other = path.with_extension("new");
            File::create(&other).unwrap().set_len(24 << 20).unwrap();
            std::fs::rename(other, path).unwrap();
        }),
        ("vanishes", |path| std::fs::remove_file(path).unwrap()),
        ("becomes a pipe", |path| {
            std::fs::remove_file(path).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
    ];
    for (what, change) in changes {
        let world = World::new();
        let folder = tempfile::tempdir().unwrap();
        let path = sized(folder.path(), "plan.bin", 24 << 20);
        let changing = path.clone();
        let relay = relay(world.emulator.url(), 1 << 20, move || change(&changing));
        let options = common::options(&world.emulator).base_url(relay.url.clone());
        let files = Nomic::new(options).unwrap().files();
        let error = files.upload(Source::path(path), UploadOptions::default(), None).unwrap_err();
        assert_eq!((error.code.as_str(), error.attempts), ("source_changed", 1), "{what}: {error}");
        relay.end();
        assert_eq!((world.requests("POST /files/upload"), world.files()), (1, 0), "{what}");
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
