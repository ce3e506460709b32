//! Uploads: what is stored, what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;

use common::{Client, FORM, INSTANT, form};
use nomkit_emulator::Options;
use serde_json::{Value, json};

#[test]
fn parts_come_in_any_order() {
    let client = Client::start(INSTANT);
    let file: (&str, Option<&str>, &[u8]) = ("file", Some("ignored.bin"), b"hello");
    let path: (&str, Option<&str>, &[u8]) = ("path", None, b"a b/c/plan.pdf");
    for parts in [[file, path], [path, file]] {
        let answer = client.try_upload(&parts).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        let file = answer.json();
        assert_eq!((&file["name"], &file["mimeType"]), (&json!("plan.pdf"), &json!("application/pdf")));
        assert_eq!(client.newest()["received_bytes"], form(&parts).len());
    }
    let ledger = client.ledger();
    for file in ledger["files"].as_array().unwrap() {
        assert_eq!((&file["path"], &file["size"]), (&json!("a b/c/plan.pdf"), &json!(5)));
        // printf hello | sha256sum
        assert_eq!(file["sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    }
    assert_ne!(ledger["files"][0]["id"], ledger["files"][1]["id"]);
}

#[test]
fn a_folder_can_be_the_place() {
    let client = Client::start(INSTANT);
    let folder = client.try_upload(&[("path", None, b"top/a.txt"), ("file", Some("x"), b"1")]).unwrap().json();
    let folder = folder["parentId"].as_str().unwrap();
    let parent: (&str, Option<&str>, &[u8]) = ("parentId", None, folder.as_bytes());
    let file = client.try_upload(&[parent, ("file", Some("C:\\x\\b.txt"), b"1")]).unwrap().json();
    assert_eq!((&file["name"], &file["parentId"]), (&json!("b.txt"), &json!(folder)));
    let deep = client.try_upload(&[("file", Some("x"), b"1"), ("path", None, b"sub/c.txt"), parent]).unwrap().json();
    assert_ne!(deep["parentId"], json!(folder));
    let hits = client.get("/files/search?query=c.txt").data();
    assert_eq!((&hits[0]["path"], &hits[0]["parentId"]), (&json!("top/sub/c.txt"), &deep["parentId"]));
    let root = client.try_upload(&[("file", Some("d.txt"), b"1")]).unwrap().json();
    assert_eq!(root["parentId"], Value::Null);
}

#[test]
fn a_body_of_unknown_length_is_fine() {
    let client = Client::start(INSTANT);
    let body = form(&[("file", Some("a.txt"), b"hello")]);
    let head = format!(
        "POST /api/v0/files/upload HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: {FORM}\r\nTransfer-Encoding: chunked",
        client.host(),
        client.key
    );
    let chunked: Vec<u8> = body
        .chunks(7)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let answer = client.raw(&head, &chunked).unwrap();
    assert_eq!((answer.status, &answer.json()["size"]), (201, &json!(5)));
}

#[test]
fn forms_that_are_refused() {
    let client = Client::start(INSTANT);
    let file: (&str, Option<&str>, &[u8]) = ("file", Some("a.txt"), b"1");
    client.try_upload(&[("path", None, b"a.txt")]).unwrap().refused(400, "bad_request");
    client.try_upload(&[("file", Some("a.txt"), b"")]).unwrap().refused(400, "bad_request");
    client.try_upload(&[("file", None, b"1")]).unwrap().refused(400, "bad_request");
    client.try_upload(&[file, file]).unwrap().refused(400, "bad_request");
    for path in ["", "/a.txt", "a//b.txt", "a/", "../a.txt", "a/../b.txt", "./a.txt", "a/\u{1}.txt"] {
        let issues = client.try_upload(&[("path", None, path.as_bytes()), file]).unwrap().refused(400, "bad_request");
        assert_eq!(issues[0]["path"], json!(["path"]), "{path}");
    }
    client.try_upload(&[("parentId", None, b"x"), file]).unwrap().refused(400, "bad_request");
    let nobody: &[u8] = b"019abc12-3456-7890-abcd-ef1234567890";
    client.try_upload(&[("parentId", None, nobody), file]).unwrap().refused(404, "not_found");
    client.post("/files/upload", &json!({})).refused(400, "bad_request");
    let key = format!("\r\nAuthorization: Bearer {}", client.key);
    for kind in ["multipart/form-data", FORM] {
        let headers = format!("{key}\r\nContent-Type: {kind}");
        client.try_send("POST", "/api/v0/files/upload", &headers, b"nonsense").unwrap().refused(400, "bad_request");
    }
    assert_eq!(client.ledger()["files"], json!([]));
}

#[test]
fn too_large_is_said_early_and_arrives() {
    let client = Client::with(Options { upload_limit: 1000, ..Options::default() });
    assert_eq!(client.try_upload(&[("file", Some("a"), &[1; 1000])]).unwrap().status, 201);
    // Just above the limit, then so far above that the declared length alone is enough.
    for size in [1001, 8 << 20] {
        let answer = client.try_upload(&[("file", Some("a"), &vec![1; size])]).unwrap();
        answer.refused(413, "payload_too_large");
        let request = client.newest();
        assert_eq!((&request["answered"], &request["processed"]), (&json!(true), &json!(false)));
    }
    assert!(client.newest()["received_bytes"].as_u64().unwrap() < 1 << 20);
    assert_eq!(client.ledger()["files"].as_array().unwrap().len(), 1);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing() {
    let client = Client::start(INSTANT);
    let body = form(&[("file", Some("a.txt"), &[1; 100_000])]);
    let mut stream = client.connect();
    let head = format!(
        "POST /api/v0/files/upload HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {FORM}\r\n\
         Content-Length: {}\r\n\r\n",
        client.host(),
        client.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..50_000]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    drop(stream.read_to_end(&mut Vec::new()));
    let ledger = client.ledger();
    assert_eq!(ledger["files"], json!([]));
    let request = &ledger["requests"][0];
    assert_eq!((&request["processed"], &request["answered"]), (&json!(false), &json!(false)));
    assert_eq!(request["received_bytes"], 50_000);
}

#[test]
fn uploads_can_be_discarded() {
    for (hash_uploads, hashed) in [(true, true), (false, false)] {
        let client =
            Client::with(Options { discard_uploads: true, hash_uploads, timing: INSTANT, ..Options::default() });
        let file = client.upload("a.txt", b"hello");
        let ledger = client.ledger();
        assert_eq!(ledger["files"][0]["size"], 5);
        assert_eq!(ledger["files"][0]["sha256"].is_string(), hashed);
        let agent = client.launch("Hello", &[file])["id"].clone();
        client.until(&agent, "failed");
    }
}
