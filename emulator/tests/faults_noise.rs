//! Faults of size: what arrives is what was asked for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use brotli_decompressor::Decompressor;
use common::{Client, INSTANT};
use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::{Value, json};

const LIST: &str = "GET /agents";

fn fault(client: &Client, fault: &str, parameters: Value) -> String {
    let mut body = json!({ "operation": LIST, "fault": fault });
    body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    client.fault(&body)
}

/// The answer with its head in lower case.
fn answer(client: &Client) -> (String, Vec<u8>) {
    let (bytes, end) = client.wire("GET", "/agents", None);
    end.unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase(), bytes[end..].to_vec())
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut line = String::new();
        body.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&body[..length]);
        body = &body[length + 2..];
    }
}

/// Blocks as they are and blocks of one byte, which is all that the emulator makes of zstd.
fn unzstd(body: &[u8]) -> Vec<u8> {
    let mut rest = body.strip_prefix(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]).unwrap();
    let mut all = Vec::new();
    loop {
        let head = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        let (last, kind, size) = (head & 1 == 1, head >> 1 & 3, (head >> 3) as usize);
        let length = if kind == 1 { 1 } else { size };
        let content = &rest[3..3 + length];
        all.extend_from_slice(&if kind == 1 { content.repeat(size) } else { content.to_vec() });
        rest = &rest[3 + length..];
        if last {
            assert_eq!(rest, b"");
            return all;
        }
    }
}

#[test]
fn informational_heads_come_before_the_answer() {
    let client = Client::start(INSTANT);
    let id = fault(&client, "informational", json!({ "count": 100_000 }));
    let (bytes, end) = client.wire("GET", "/agents", None);
    end.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 103 ").count(), 100_000);
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 1);
    assert!(text.ends_with("\r\n\r\n{\"data\":[],\"nextCursor\":null}"));
    client.struck(&id, 1, 1);
    assert_eq!(client.newest()["answered"], true);
}

#[test]
fn headers_can_be_many_and_long() {
    let client = Client::start(INSTANT);
    for (count, size) in [(10_000, 1), (1, 100_000)] {
        let id = fault(&client, "header_bomb", json!({ "count": count, "size": size }));
        let (head, body) = answer(&client);
        assert_eq!(head.matches("\r\nx-noise-").count(), count);
        assert!(head.len() > count * size);
        assert_eq!(body, b"{\"data\":[],\"nextCursor\":null}");
        client.struck(&id, 1, 1);
    }
}

#[test]
fn json_can_be_huge_and_deep() {
    let client = Client::start(INSTANT);
    let sent = |name: &str, parameters: Value| {
        let id = fault(&client, name, parameters);
        let (head, body) = answer(&client);
        assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
        client.struck(&id, 1, 1);
        unchunk(&body)
    };
    let list = sent("huge_json", json!({ "size": 3 << 20 }));
    assert!((2 << 20..4 << 20).contains(&list.len()));
    let list: Value = serde_json::from_slice(&list).unwrap();
    assert!(list["data"].as_array().unwrap().len() > 10_000 && list["nextCursor"].is_null());
    let text = sent("huge_json", json!({ "size": 3 << 20, "form": "text" }));
    let text: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(text["data"]["id"].as_str().unwrap().len(), 3 << 20);
    let deep = sent("deep_json", json!({ "depth": 100_000 }));
    assert_eq!(deep, format!("{{\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes());
}

#[test]
fn bombs_decode_to_the_answer_and_blanks() {
    let client = Client::start(INSTANT);
    let size = 5 << 20;
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let id = fault(&client, "bomb", json!({ "encoding": encoding, "size": size }));
        let (head, body) = answer(&client);
        client.struck(&id, 1, 1);
        assert!(head.contains(&format!("\r\ncontent-encoding: {encoding}\r\n")), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        assert!(body.len() < 10_000, "{}", body.len());
        let mut decoded = Vec::new();
        match encoding {
            "gzip" => drop(GzDecoder::new(body.as_slice()).read_to_end(&mut decoded).unwrap()),
            "deflate" => drop(ZlibDecoder::new(body.as_slice()).read_to_end(&mut decoded).unwrap()),
            "br" => drop(Decompressor::new(body.as_slice(), 4096).read_to_end(&mut decoded).unwrap()),
            _ => decoded = unzstd(&body),
        }
        let answer = br#"{"data":[],"nextCursor":null}"#;
        assert_eq!(decoded.len(), answer.len() + size, "{encoding}");
        assert!(decoded.starts_with(answer) && decoded[answer.len()..].iter().all(|byte| *byte == b' '), "{encoding}");
    }
}

#[test]
fn a_client_that_turns_away_ends_it_too() {
    let client = Client::start(INSTANT);
    let id = fault(&client, "huge_json", json!({ "size": 1_u64 << 50 }));
    let mut stream = BufReader::new(client.open("GET", "/agents", None));
    stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
    client.struck(&id, 1, 0);
    drop(stream);
    while client.control("GET", &format!("/faults/{id}"), &Value::Null).json()["completed"] != 1 {}
    assert_eq!(client.newest()["answered"], false);
}

#[test]
fn a_client_that_turns_away_at_any_byte_ends_it_too() {
    let client = Client::start(INSTANT);
    for read in (0..400).map(|round| 1 + round * 5) {
        let id = fault(&client, "header_bomb", json!({ "count": 20, "size": 100 }));
        let mut stream = client.open("GET", "/agents", None);
        stream.read_exact(&mut vec![0; read]).unwrap();
        // Closing with unread data resets the connection, wherever the emulator is with its answer.
        drop(stream);
        let deadline = Instant::now() + Duration::from_secs(10);
        while client.control("GET", &format!("/faults/{id}"), &Value::Null).json()["completed"] != 1 {
            assert!(Instant::now() < deadline, "after {read} bytes");
        }
    }
}
