//! Connections: kept after an answer, early ones included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use common::{Client, INSTANT};
use nomkit_emulator::Options;
use serde_json::{Value, json};

/// One request on a connection that stays open.
fn exchange(client: &Client, stream: &mut BufReader<TcpStream>, key: &str, body: &str) -> (u16, String) {
    let head = format!(
        "POST /api/v0/agents HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        client.host(),
        body.len()
    );
    stream.get_mut().write_all(head.as_bytes()).unwrap();
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head[9..12].parse().unwrap(), String::from_utf8(body).unwrap())
}

#[test]
fn a_connection_serves_on_after_a_refusal() {
    let client = Client::start(INSTANT);
    let mut stream = BufReader::new(client.connect());
    let body = json!({ "prompt": { "text": "x".repeat(100_000) } }).to_string();
    assert_eq!(exchange(&client, &mut stream, "npk_wrong", &body).0, 401);
    assert_eq!(exchange(&client, &mut stream, &client.key, "{}").0, 400);
    client.fault(&json!({ "operation": "POST /agents", "fault": "status", "status": 503 }));
    assert_eq!(exchange(&client, &mut stream, &client.key, &body), (503, String::new()));
    assert_eq!(exchange(&client, &mut stream, &client.key, &body).0, 201);
    let answered = |request: &Value| request["answered"] == true && request["received_bytes"].as_u64().unwrap() > 1;
    assert!(client.ledger()["requests"].as_array().unwrap().iter().all(answered));
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let client = Client::with(Options { json_limit: 100, ..Options::default() });
    let launch = |size: usize| client.post("/agents", &json!({ "prompt": { "text": "x".repeat(size) } }));
    assert_eq!(launch(50).status, 201);
    launch(100).refused(413, "payload_too_large");
    launch(4 << 20).refused(413, "payload_too_large");
    assert_eq!(client.newest()["answered"], true);
}
