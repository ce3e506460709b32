//! Faults of connections, framing and pace: what the socket saw, what the ledger says, whether they count as completed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use common::{Client, INSTANT};
use serde_json::{Value, json};

const LAUNCH: &str = "POST /agents";
const LIST: &str = "GET /agents";

fn prompt() -> Value {
    json!({ "prompt": { "text": "What now?" } })
}

fn fault(client: &Client, operation: &str, fault: &str, parameters: Value) -> String {
    let mut body = json!({ "operation": operation, "fault": fault });
    body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    client.fault(&body)
}

/// The head, in lower case, and the body.
fn parts(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase(), &bytes[end..])
}

fn agents(client: &Client) -> usize {
    client.ledger()["agents"].as_array().unwrap().len()
}

/// What is true without any fault.
fn true_list(client: &Client) -> String {
    client.get("/agents").body
}

#[test]
fn connections_end_on_accept() {
    let client = Client::start(INSTANT);
    for (name, kind) in [("reset", Some(ErrorKind::ConnectionReset)), ("close", None)] {
        let id = fault(&client, "*", name, json!({ "at": "accept" }));
        // The controls are spared, and do not use it up.
        client.struck(&id, 0, 0);
        let (bytes, end) = client.wire("POST", "/agents", Some(&prompt()));
        assert_eq!((bytes.as_slice(), end.err().map(|error| error.kind())), (&b""[..], kind), "{name}");
        client.struck(&id, 1, 1);
        assert_eq!(client.ledger()["requests"], json!([]));
    }
    client.launch("Now it works", &[]);
}

#[test]
fn connections_end_at_each_point_of_a_request() {
    let client = Client::start(INSTANT);
    for (name, kind) in [("reset", Some(ErrorKind::ConnectionReset)), ("close", None)] {
        for (at, processed) in
            [("after_head", false), ("mid_body", false), ("before_commit", false), ("after_commit", true)]
        {
            let bytes = if at == "mid_body" { json!({ "at": at, "bytes": 65_536 }) } else { json!({ "at": at }) };
            let id = fault(&client, LAUNCH, name, bytes);
            let before = agents(&client);
            let body = json!({ "prompt": { "text": "x".repeat(300_000) } });
            let (bytes, end) = client.wire("POST", "/agents", Some(&body));
            assert_eq!((bytes.as_slice(), end.err().map(|error| error.kind())), (&b""[..], kind), "{name} {at}");
            client.struck(&id, 1, 1);
            assert_eq!(agents(&client) - before, usize::from(processed), "{name} {at}");
            let request = client.newest();
            assert_eq!((&request["processed"], &request["answered"]), (&json!(processed), &json!(false)));
            let received = request["received_bytes"].as_u64().unwrap();
            match at {
                "after_head" => assert_eq!(received, 0),
                "mid_body" => assert!((65_536..300_000).contains(&received), "{received}"),
                _ => assert!(received > 300_000),
            }
        }
    }
}

#[test]
fn a_body_that_ends_before_the_point_does_not_complete_the_fault() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "reset", json!({ "at": "mid_body", "bytes": 1000 }));
    assert!(client.wire("POST", "/agents", Some(&prompt())).1.is_err());
    client.struck(&id, 1, 0);
}

#[test]
fn any_operation_can_be_struck_after_some_have_passed() {
    let client = Client::start(INSTANT);
    let id = fault(&client, "*", "reset", json!({ "skip": 2, "times": 2 }));
    assert_eq!(client.get("/agents").status, 200);
    client.launch("Hello", &[]);
    client.try_api("GET", "/agents", None).unwrap_err();
    client.try_upload(&[("file", Some("a.txt"), b"a")]).unwrap_err();
    assert_eq!(client.get("/agents").status, 200);
    client.struck(&id, 2, 2);
}

#[test]
fn a_connection_closes_after_its_answer() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "close_after_answer", json!({ "micros": 1200 }));
    let (bytes, end) = client.wire("POST", "/agents", Some(&prompt()));
    let (head, body) = parts(&bytes);
    assert!(head.starts_with("http/1.1 201 ") && !head.contains("connection:"), "{head}");
    assert_eq!(serde_json::from_slice::<Value>(body).unwrap()["data"]["status"], "waiting");
    assert!(end.is_ok());
    client.struck(&id, 1, 1);
    assert_eq!(client.newest()["answered"], true);
}

#[test]
fn an_answer_is_cut() {
    let client = Client::start(INSTANT);
    for (reset, bytes) in [(false, 17), (true, 17), (false, 0)] {
        let id = fault(&client, LAUNCH, "truncate", json!({ "bytes": bytes, "reset": reset }));
        let (wire, end) = client.wire("POST", "/agents", Some(&prompt()));
        assert_eq!(end.is_err(), reset);
        if !reset {
            let (head, body) = parts(&wire);
            assert_eq!(body.len(), bytes);
            assert!(head.contains("\r\ncontent-length: ") && !head.contains("content-length: 17\r\n"), "{head}");
        }
        client.struck(&id, 1, 1);
        let request = client.newest();
        assert_eq!((&request["processed"], &request["answered"]), (&json!(true), &json!(false)));
        assert_eq!(request["status"], 201);
    }
    // What is shorter than the cut is whole, and then nothing was cut.
    let id = fault(&client, LAUNCH, "truncate", json!({ "bytes": 100_000 }));
    client.wire("POST", "/agents", Some(&prompt())).1.unwrap();
    client.struck(&id, 1, 0);
}

#[test]
fn lengths_are_wrong() {
    let client = Client::start(INSTANT);
    let body = true_list(&client);
    let length = body.len();
    let told = |name: &str, parameters: Value| {
        let id = fault(&client, LIST, name, parameters);
        let (wire, end) = client.wire("GET", "/agents", None);
        end.unwrap();
        client.struck(&id, 1, 1);
        let (head, body) = parts(&wire);
        (head, String::from_utf8(body.to_vec()).unwrap())
    };

    let (head, sent) = told("wrong_length", json!({ "delta": 93 }));
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", length + 93)), "{head}");
    assert_eq!(sent, body);
    let (head, sent) = told("wrong_length", json!({ "delta": -4 }));
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", length - 4)), "{head}");
    assert_eq!(sent, body);

    let (head, sent) = told("two_lengths", json!({}));
    assert!(head.contains(&format!("\r\ncontent-length: {length}\r\ncontent-length: {}\r\n", length + 10)), "{head}");
    assert_eq!(sent, body);

    let (head, sent) = told("length_and_chunked", json!({}));
    assert!(head.contains(&format!("\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n")), "{head}");
    assert_eq!(sent, format!("{length:x}\r\n{body}\r\n0\r\n\r\n"));

    let (head, sent) = told("no_length", json!({}));
    assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    assert_eq!(sent, body);
    let (_, sent) = told("no_length", json!({ "bytes": 5 }));
    assert_eq!(sent, body[..5]);

    let (head, sent) = told("chunked_cut", json!({ "bytes": 5 }));
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    assert_eq!(sent, format!("{length:x}\r\n{}", &body[..5]));
    assert!(head.contains("\r\nx-ratelimit-limit: ") || head.contains("\r\ndate: "), "{head}");
}

#[test]
fn what_is_left_over_is_read_as_the_next_answer() {
    let client = Client::start(INSTANT);
    fault(&client, LIST, "wrong_length", json!({ "delta": -4 }));
    let mut stream = client.open("GET", "/agents", None);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(body, br#"{"data":[],"nextCursor":n"#);
    // The connection is still there, and a second answer would begin with the rest of the first.
    stream.write_all(format!("GET /api/v0/agents HTTP/1.1\r\nHost: {}\r\n\r\n", client.host()).as_bytes()).unwrap();
    let mut rest = [0; 4];
    stream.read_exact(&mut rest).unwrap();
    assert_eq!(&rest, b"ull}");
}

#[test]
fn a_stall_ends_when_its_time_is_up() {
    let client = Client::start(INSTANT);
    let body = true_list(&client);
    for bytes in [None, Some(5)] {
        let id = fault(&client, LIST, "stall", json!({ "seconds": 1000, "bytes": bytes }));
        let mut stream = client.open("GET", "/agents", None);
        while client.newest()["fault"] != "stall" || client.newest()["status"] == Value::Null {}
        let mut seen = Vec::new();
        if let Some(bytes) = bytes {
            while seen.is_empty() || parts(&seen).1.len() < bytes {
                let mut more = [0; 4096];
                let read = stream.read(&mut more).unwrap();
                seen.extend_from_slice(&more[..read]);
            }
        }
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(stream.read(&mut [0; 1]).is_err(), "it does not stall");
        client.struck(&id, 1, 0);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.control("PUT", "/clock", &json!({ "advance": 1000 }));
        stream.read_to_end(&mut seen).unwrap();
        assert_eq!(parts(&seen).1, body.as_bytes());
        client.struck(&id, 1, 1);
        assert_eq!(client.newest()["answered"], true);
    }
}

/// Asks until a fault has been reported so.
fn until_struck(client: &Client, id: &str, completed: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let report = || client.control("GET", &format!("/faults/{id}"), &Value::Null).json();
    while report()["completed"] != completed {
        assert!(Instant::now() < deadline, "{}", report());
        std::thread::yield_now();
    }
}

#[test]
fn a_client_that_leaves_ends_a_stall_and_a_drip() {
    let client = Client::start(INSTANT);
    for (name, parameters) in [("stall", json!({})), ("drip", json!({ "bytes_per_second": 0.01 }))] {
        let id = fault(&client, LAUNCH, name, parameters);
        let before = agents(&client);
        let stream = client.open("POST", "/agents", Some(&prompt()));
        while agents(&client) == before {}
        client.struck(&id, 1, 0);
        drop(stream);
        until_struck(&client, &id, 1);
        assert_eq!(client.newest()["answered"], false);
    }
}

#[test]
fn a_drip_follows_the_clock() {
    let client = Client::start(INSTANT);
    let body = true_list(&client);
    let id = fault(&client, LIST, "drip", json!({ "bytes_per_second": 0.01 }));
    let mut stream = client.open("GET", "/agents", None);
    let mut seen = Vec::new();
    let mut until = |seen: &mut Vec<u8>, enough: &dyn Fn(&[u8]) -> bool| {
        while !enough(seen) {
            let mut more = [0; 4096];
            let read = stream.read(&mut more).unwrap();
            assert_ne!(read, 0);
            seen.extend_from_slice(&more[..read]);
        }
    };
    // The time begins with the head.
    until(&mut seen, &|seen| seen.ends_with(b"\r\n\r\n"));
    client.control("PUT", "/clock", &json!({ "advance": 250 }));
    until(&mut seen, &|seen| !parts(seen).1.is_empty());
    assert_eq!(parts(&seen).1, &body.as_bytes()[..2]);
    client.struck(&id, 1, 0);
    client.control("PUT", "/clock", &json!({ "advance": 3600 }));
    until(&mut seen, &|seen| parts(seen).1.len() == body.len());
    assert_eq!(parts(&seen).1, body.as_bytes());
    client.struck(&id, 1, 1);
}

#[test]
fn a_late_commit_comes_when_the_client_has_gone() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "commit_delay", json!({ "seconds": 40 }));
    // The ledger has a line to look at from the start.
    client.get("/agents");
    let stream = client.open("POST", "/agents", Some(&prompt()));
    while client.newest()["received_bytes"].as_u64().unwrap_or_default() < 10 {}
    client.control("PUT", "/clock", &json!({ "advance": 100 }));
    client.struck(&id, 1, 0);
    drop(stream);
    // The time begins when the server has noticed.
    let deadline = Instant::now() + Duration::from_secs(20);
    while agents(&client) == 0 {
        assert!(Instant::now() < deadline);
        client.control("PUT", "/clock", &json!({ "advance": 10 }));
    }
    until_struck(&client, &id, 1);
    let request = client.newest();
    assert_eq!((&request["processed"], &request["answered"]), (&json!(true), &json!(false)));
    assert_eq!(agents(&client), 1);
}

#[test]
fn parameters_are_checked() {
    let client = Client::start(INSTANT);
    for (body, member) in [
        (json!({ "operation": LAUNCH, "fault": "reset", "at": "accept" }), "operation"),
        (json!({ "operation": LAUNCH, "fault": "reset", "at": "mid_body" }), "bytes"),
        (json!({ "operation": LAUNCH, "fault": "close", "bytes": 5 }), "bytes"),
        (json!({ "operation": LAUNCH, "fault": "wrong_length", "delta": 0 }), "delta"),
        (json!({ "operation": LAUNCH, "fault": "drip", "bytes_per_second": 0 }), "bytes_per_second"),
        (json!({ "operation": LAUNCH, "fault": "reset", "skip": -1 }), "skip"),
        (json!({ "operation": "*", "fault": "commit_delay", "seconds": 1 }), "operation"),
    ] {
        let issues = client.control("POST", "/faults", &body).refused(400, "bad_request");
        assert_eq!(issues[0]["path"], json!([member]), "{body}");
    }
}
