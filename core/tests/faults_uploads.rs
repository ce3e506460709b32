//! U rows that take a server of bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::raw::{Raw, answer};
use nomkit::{Error, File, Source, UploadOptions, blocking::Nomic};

fn upload(server: &Raw, bytes: Vec<u8>) -> Result<File, Error> {
    let nomic = Nomic::new(server.options()).unwrap();
    nomic.files().upload(Source::bytes(bytes, "a.txt"), UploadOptions::default(), None)
}

#[test]
fn u06_an_early_refusal_is_told_when_the_server_lingers() {
    for (status, code) in [(413, "too_large"), (401, "unauthorized"), (429, "spend_limit")] {
        let server = Raw::new(move |peer| {
            peer.head().unwrap();
            peer.answer(status, r#"{"error":"Spend limit, size or key"}"#);
            // The rest is taken in, so that nothing is reset.
            peer.hang();
        });
        let error = upload(&server, vec![b'x'; 32 << 20]).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (code, Some(status)), "{error}");
        assert_eq!((error.attempts, server.connections()), (1, 1));
    }
}

#[test]
fn u06_an_early_refusal_that_is_reset_says_what_it_may_have_been() {
    for (status, code) in [(413, "too_large"), (401, "unauthorized"), (429, "spend_limit")] {
        let server = Raw::new(move |peer| {
            peer.head().unwrap();
            peer.answer(status, r#"{"error":"Spend limit, size or key"}"#);
            // What has come meanwhile is not read: the kernel resets.
        });
        let error = upload(&server, vec![b'x'; 32 << 20]).unwrap_err();
        assert_eq!(server.connections(), 1, "a file is not sent a second time");
        if error.code == "outcome_unknown" {
            assert!(error.message.contains("refused it early"), "{error}");
        } else {
            assert_eq!((error.code.as_str(), error.status), (code, Some(status)), "{error}");
        }
    }
}

#[test]
fn u08_a_file_of_another_size_is_not_taken_for_ones_own() {
    let server =
        Raw::new(|peer| while peer.request().is_some() && peer.send(answer(201, "", r#"{"id":"f","size":3}"#)) {});
    let error = upload(&server, b"four".to_vec()).unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("file_id")), ("integrity", Some(&"f".into())));
}

#[test]
fn u10_a_file_made_of_boundaries_stays_whole() {
    let server = Raw::new(|peer| while peer.request().is_some() && peer.answer(201, r#"{"id":"f"}"#) {});
    let mut content = b"\r\n--boundary--\r\n".repeat(100);
    for _ in 0..5 {
        upload(&server, content.clone()).unwrap();
        let seen = server.seen().pop().unwrap();
        let boundary = seen.head.split("boundary=").nth(1).unwrap().lines().next().unwrap().to_owned();
        let body = String::from_utf8_lossy(&seen.body).to_ascii_lowercase();
        assert_eq!(body.matches(&boundary).count(), 2, "only the frame's own");
        assert!(boundary.len() >= 32);
        // The next file holds this one's frame.
        content = seen.body;
    }
}
