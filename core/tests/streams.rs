//! Streams: read once, sent once, and never taken for whole when they are not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use bytes::Bytes;
use common::{World, prompt, scripted, wire::relay};
use futures_util::stream;
use nomkit::{Error, File, OnProgress, Source, UploadOptions, blocking::Nomic};
use std::{
    io::{self, Read},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

fn options() -> UploadOptions {
    UploadOptions::default()
}

fn upload(world: &World, source: Source) -> Result<File, Error> {
    world.nomic.files().upload(source, options(), None)
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i % 251) as u8).collect()
}

fn chunks(bytes: &[u8], size: usize) -> Vec<io::Result<Bytes>> {
    bytes.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect()
}

#[test]
fn what_arrives_is_what_was_read() {
    // Around the edges of a block.
    for size in [1, 262_143, 262_144, 262_145, 1_000_000] {
        let world = World::new();
        let bytes = content(size);
        for known in [Some(size as u64), None] {
            upload(&world, Source::reader(io::Cursor::new(bytes.clone()), "r.bin", known)).unwrap();
            for piece in [7_001, usize::MAX] {
                upload(&world, Source::stream(stream::iter(chunks(&bytes, piece)), "s.bin", known)).unwrap();
            }
        }
        upload(&world, Source::bytes(bytes, "b.bin")).unwrap();
        let ledger = world.ledger();
        let files = ledger["files"].as_array().unwrap();
        assert_eq!(files.len(), 7);
        assert!(files.iter().all(|file| file["size"] == size && file["sha256"] == files[6]["sha256"]), "{files:?}");
    }
}

#[test]
fn another_size_than_was_said_is_never_a_whole_file() {
    let bytes = content(3_000_000);
    for (said, words) in [(2_999_999, "more"), (3_000_001, "fewer"), (1, "more"), (400_000_000, "fewer")] {
        let world = World::new();
        let relay = relay(world.emulator.url(), usize::MAX, || ());
        let nomic = Nomic::new(common::options(&world.emulator).base_url(relay.url.clone())).unwrap();
        let source = Source::reader(io::Cursor::new(bytes.clone()), "a.bin", Some(said));
        let error = nomic.files().upload(source, options(), None).unwrap_err();
        assert_eq!((error.code.as_str(), error.attempts), ("source_changed", 1), "{error}");
        assert!(error.message.contains(words) && error.message.contains(&said.to_string()), "{error}");
        relay.end();
        assert_eq!(world.files(), 0, "{said}");
    }
}

#[test]
fn what_a_stream_says_itself_is_checked_before_anything_is_sent() {
    let world = World::new();
    let empty = || stream::iter(Vec::new());
    for (source, code) in [
        (Source::stream(empty(), "a.bin", None), "invalid_input"),
        (Source::stream(empty(), "a.bin", Some(0)), "invalid_input"),
        (Source::stream(empty(), "", Some(1)), "invalid_input"),
        (Source::stream(empty(), "a.bin", Some(nomkit::MAX_FILE_SIZE + 1)), "too_large"),
        (Source::reader(io::repeat(0), "a.bin", None), "too_large"),
    ] {
        assert_eq!(upload(&world, source).unwrap_err().code, code);
    }
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

/// Gives some bytes, then an error.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let given = self.0.min(buffer.len());
        self.0 -= given;
        if given == 0 { Err(io::Error::other("the tape tore at 17 mm")) } else { Ok(given) }
    }
}

struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("on purpose")
    }
}

#[test]
fn a_source_that_breaks_says_why_and_leaves_nothing_behind() {
    let error = || Err(io::Error::other("the tape tore at 17 mm"));
    for size in [Some(3_000_000), None] {
        let sources = [
            (Source::reader(Broken(1_000_000), "a.bin", size), "the tape tore at 17 mm"),
            (
                Source::stream(stream::iter([Ok(Bytes::from_static(b"x")), error()]), "a", size),
                "the tape tore at 17 mm",
            ),
            (Source::reader(Panicking, "a.bin", size), "panicked"),
            (Source::stream(stream::poll_fn(|_| panic!("on purpose")), "a.bin", size), "panicked"),
        ];
        for (source, words) in sources {
            let world = World::new();
            let relay = relay(world.emulator.url(), usize::MAX, || ());
            let nomic = Nomic::new(common::options(&world.emulator).base_url(relay.url.clone())).unwrap();
            let error = nomic.files().upload(source, options(), None).unwrap_err();
            assert_eq!(error.code, "io", "{error}");
            assert!(error.message.contains(words), "{error}");
            if size.is_some() {
                relay.end();
            }
            assert_eq!(world.files(), 0);
        }
    }
}

#[test]
fn a_stream_is_sent_once() {
    let world = World::new();
    let limited = serde_json::json!({"status": 429, "headers": {"retry-after": "1"}, "body": {"error": "Slow down"}});
    world.fault("POST /files/upload", "status", 1, limited.clone());
    let source = Source::reader(io::Cursor::new(content(9)), "a.bin", Some(9));
    let error = upload(&world, source.clone()).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts), ("rate_limit", 1));
    let error = upload(&world, source).unwrap_err();
    assert_eq!((error.code.as_str(), world.requests("POST /files/upload")), ("invalid_input", 1));
    assert!(error.message.contains("read before"), "{error}");

    // A private copy can be sent again.
    world.fault("POST /files/upload", "status", 1, limited);
    upload(&world, Source::reader(io::Cursor::new(content(9)), "a.bin", None)).unwrap();
    assert_eq!((world.requests("POST /files/upload"), world.files()), (3, 1));
}

#[test]
fn a_stream_that_can_be_opened_again_is_sent_again() {
    let world = World::new();
    let limited = serde_json::json!({"status": 429, "headers": {"retry-after": "0"}, "body": {"error": "Slow down"}});
    world.fault("POST /files/upload", "status", 2, limited);
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let open = move || {
        count.fetch_add(1, Relaxed);
        stream::iter(chunks(&content(1 << 20), 1000))
    };
    let source = Source::repeatable(open, "a.bin", 1 << 20);
    for _ in 0..2 {
        assert_eq!(upload(&world, source.clone()).unwrap().size, Some(1 << 20));
    }
    assert_eq!((world.requests("POST /files/upload"), world.files()), (4, 2));
    assert_eq!(opened.load(Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_not_opened_may_be_sent_again() {
    let (nomic, seen) = scripted::over(|_, made| match made {
        0 | 1 => (0, String::new()),
        _ => (201, r#"{"id":"f","name":"a.bin","size":9}"#.to_owned()),
    });
    let source = Source::stream(stream::iter(chunks(&content(9), 4)), "a.bin", Some(9));
    nomic.files().upload(source, options(), None).await.unwrap();
    assert_eq!(seen.calls().len(), 3);
    assert!(seen.body(2).windows(9).any(|window| window == content(9)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_source_is_no_stalled_server() {
    let (nomic, _) = scripted::over(|_, _| (201, r#"{"id":"f","name":"a.bin","size":3}"#.to_owned()));
    let slow = || {
        stream::unfold(0, |given| async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            (given < 3).then(|| (Ok(Bytes::from_static(b"x")), given + 1))
        })
    };
    for size in [Some(3), None] {
        nomic.files().upload(Source::stream(slow(), "a.bin", size), options(), None).await.unwrap();
    }
    // But no source takes longer than the caller has time.
    for size in [Some(3), None] {
        let options = options().timeout(150.0);
        let error = nomic.files().upload(Source::stream(slow(), "a.bin", size), options, None).await.unwrap_err();
        assert!(["request_timeout", "outcome_unknown"].contains(&error.code.as_str()), "{error}");
    }
}

#[tokio::test]
async fn a_reader_that_blocks_does_not_block_its_neighbours() {
    let world = World::new();
    let nomic = nomkit::Nomic::new(common::options(&world.emulator)).unwrap();
    struct Waiting(mpsc::Receiver<&'static [u8]>);
    impl Read for Waiting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.recv().map_or(Ok(0), |mut bytes| bytes.read(buffer))
        }
    }
    for size in [Some(4), None] {
        let (go, gone) = mpsc::channel();
        let files = nomic.files();
        let uploading = files.upload(Source::reader(Waiting(gone), "a.bin", size), options(), None);
        let (uploaded, ()) = tokio::join!(uploading, async {
            // In the same thread, while the reader waits for it.
            nomic.agents().list(Default::default()).unwrap().first(1).await.unwrap();
            go.send(&b"done"[..]).unwrap();
            drop(go);
        });
        assert_eq!(uploaded.unwrap().size, Some(4));
    }
}

#[test]
fn a_source_that_gives_nothing_without_end_has_a_deadline() {
    let world = World::new();
    for size in [None, Some(3)] {
        let (files, (done, ended)) = (world.nomic.files(), std::sync::mpsc::channel());
        // If it hangs, it hangs here, and not the test.
        std::thread::spawn(move || {
            let nothing = Source::stream(stream::repeat_with(|| Ok(Bytes::new())), "a.bin", size);
            drop(done.send(files.upload(nothing, options().timeout(1.0), None)));
        });
        let error = ended.recv_timeout(Duration::from_secs(20)).unwrap().unwrap_err();
        let code = if size.is_none() { "request_timeout" } else { "outcome_unknown" };
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains("source was") && !error.message.contains("30 s"), "{error}");
    }
    assert_eq!(world.files(), 0);
}

#[test]
fn a_blocking_call_reads_a_stream_in_the_callers_thread() {
    let world = World::new();
    let threads = Arc::new(Mutex::new(Vec::new()));
    for size in [Some(4), None] {
        let (seen, mut left) = (threads.clone(), vec![Bytes::from_static(b"do"), Bytes::from_static(b"ne")]);
        let chunks = stream::poll_fn(move |_| {
            seen.lock().unwrap().push(std::thread::current().id());
            std::task::Poll::Ready(left.pop().map(Ok))
        });
        upload(&world, Source::stream(chunks, "a.bin", size)).unwrap();
    }
    let threads = threads.lock().unwrap();
    assert!(threads.len() >= 6 && threads.iter().all(|thread| *thread == std::thread::current().id()), "{threads:?}");
}

#[test]
fn phases_are_told_in_order() {
    let world = World::new();
    let phases = Arc::new(Mutex::new(Vec::new()));
    let told = phases.clone();
    let listener: OnProgress = Arc::new(move |progress| {
        let mut phases = told.lock().unwrap();
        assert_eq!(progress.total.is_none(), progress.phase == "reading");
        if phases.last() != Some(&progress.phase) {
            phases.push(progress.phase);
        }
    });
    let source = Source::reader(io::Cursor::new(content(64 << 20)), "a.bin", None);
    world.nomic.files().upload(source, options(), Some(listener)).unwrap();
    let phases = phases.lock().unwrap();
    assert_eq!((phases.first().unwrap().as_str(), phases.last().unwrap().as_str()), ("reading", "accepted"));
    assert!(phases.len() <= 3, "{phases:?}");
}

#[test]
fn streams_go_along_with_a_launch() {
    let world = World::new();
    let note = b"The door of stair 3 does not close.";
    let sources = vec![
        Source::reader(&note[..], "known.txt", Some(note.len() as u64)),
        Source::reader(&note[..], "unknown.txt", None),
    ];
    let run = world.nomic.agents().launch(prompt("Which door does not close?"), sources, None).unwrap();
    assert!(run.wait(common::within(60.0), None).unwrap().text.contains("stair 3"));
    // One that cannot be is found before the others are sent.
    let empty = vec![Source::bytes("x", "a.txt"), Source::reader(io::empty(), "b.txt", None)];
    assert_eq!(world.nomic.agents().launch(prompt("Look"), empty, None).unwrap_err().code, "invalid_input");
    assert_eq!(world.requests("POST /files/upload"), 2);
}
