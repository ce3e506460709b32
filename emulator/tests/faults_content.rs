//! Faults of answers, lists, turns, uploads and access.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};

use common::{Client, ENDLESS, FORM, INSTANT};
use serde_json::{Value, json};

const LAUNCH: &str = "POST /agents";
const FOLLOW_UP: &str = "POST /agents/{id}/followup";
const LIST: &str = "GET /agents";
const GET: &str = "GET /agents/{id}";
const UPLOAD: &str = "POST /files/upload";

fn prompt() -> Value {
    json!({ "prompt": { "text": "What now?" } })
}

fn fault(client: &Client, operation: &str, fault: &str, parameters: Value) -> String {
    let mut body = json!({ "operation": operation, "fault": fault });
    body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    client.fault(&body)
}

fn path(id: &Value, rest: &str) -> String {
    format!("/agents/{}{rest}", id.as_str().unwrap())
}

fn finished(client: &Client) -> Value {
    let id = client.launch("First", &[])["id"].clone();
    client.until(&id, "finished");
    id
}

fn types(client: &Client, id: &Value) -> Vec<String> {
    client.messages(id).iter().map(|message| message["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_answer_can_be_another_after_the_commit() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "status", json!({ "status": 502, "body": "<html>Bad", "after_commit": true }));
    let answer = client.post("/agents", &prompt());
    assert_eq!((answer.status, answer.body.as_str()), (502, "<html>Bad"));
    client.struck(&id, 1, 1);
    let request = client.newest();
    assert_eq!((&request["processed"], &request["answered"]), (&json!(true), &json!(true)));
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 1);
}

#[test]
fn a_redirect_points_where_it_is_told() {
    let client = Client::start(INSTANT);
    for (status, location) in [(307, "http://169.254.169.254/"), (301, "/api/v0/agents"), (302, "file:///etc/passwd")] {
        let id = fault(&client, LAUNCH, "redirect", json!({ "status": status, "location": location }));
        let answer = client.post("/agents", &prompt());
        assert_eq!(answer.status, status);
        assert!(answer.headers.contains(&format!("\r\nlocation: {location}")), "{}", answer.headers);
        client.struck(&id, 1, 1);
    }
    assert_eq!(client.ledger()["agents"], json!([]));
}

#[test]
fn a_body_can_be_anything() {
    let client = Client::start(INSTANT);
    let sent = |parameters: Value| {
        let id = fault(&client, LAUNCH, "body", parameters);
        let bytes = client.wire_once("POST", "/agents", Some(&prompt()));
        client.struck(&id, 1, 1);
        bytes
    };
    let ends = |bytes: Vec<u8>, end: &[u8]| assert!(bytes.ends_with(end), "{}", String::from_utf8_lossy(&bytes));
    ends(sent(json!({ "text": "" })), b"\r\n\r\n");
    ends(sent(json!({ "text": "{\"data\": {\"id\": 1" })), b"\r\n\r\n{\"data\": {\"id\": 1");
    ends(sent(json!({ "text": "\u{feff}{}\u{0}" })), b"\r\n\r\n\xef\xbb\xbf{}\0");
    ends(sent(json!({ "base64": "/w==" })), b"\r\n\r\n\xff");
    let html = sent(json!({ "text": "<html>", "content_type": "text/html" }));
    let head = String::from_utf8(html).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 201 ") && head.contains("\r\ncontent-type: text/html\r\n"), "{head}");
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 5);
}

#[test]
fn headers_can_be_anything() {
    let client = Client::start(INSTANT);
    let headers = json!({ "date": null, "content-type": "text/plain", "retry-after": ["7", "8"] });
    let id = fault(&client, LIST, "headers", json!({ "headers": headers }));
    let answer = client.get("/agents");
    assert!(!answer.headers.contains("\r\ndate: "), "{}", answer.headers);
    assert!(answer.headers.contains("\r\ncontent-type: text/plain"), "{}", answer.headers);
    assert!(answer.headers.contains("\r\nretry-after: 7\r\nretry-after: 8"), "{}", answer.headers);
    assert_eq!(answer.json(), json!({ "data": [], "nextCursor": null }));
    client.struck(&id, 1, 1);
    assert!(client.get("/agents").headers.contains("\r\ndate: "));
}

#[test]
fn members_are_taken_away_renamed_and_replaced() {
    let client = Client::start(INSTANT);
    let id = finished(&client);
    client.launch("Second", &[]);
    let changed = |operation: &str, path: &str, parameters: Value, completed: u32| {
        let id = fault(&client, operation, "mutate", parameters);
        let body = client.get(path).json();
        client.struck(&id, 1, completed);
        body
    };
    let one = path(&id, "");
    assert_eq!(changed(GET, &one, json!({ "pointer": "/data/id", "remove": true }), 1)["data"].get("id"), None);
    assert_eq!(changed(GET, &one, json!({ "pointer": "/data", "remove": true }), 1), json!({}));
    assert_eq!(changed(GET, &one, json!({ "pointer": "/data/id", "rename": "ident" }), 1)["data"]["ident"], id);
    let status = changed(GET, &one, json!({ "pointer": "/data/status", "value": "queued_v2" }), 1);
    assert_eq!(status["data"]["status"], "queued_v2");
    let artifacts = changed(GET, &one, json!({ "pointer": "/data/artifacts", "value": null }), 1);
    assert_eq!(artifacts["data"]["artifacts"], Value::Null);
    let name = changed(GET, &one, json!({ "pointer": "/data/artifacts/0/name", "value": 7 }), 1);
    assert_eq!(name["data"]["artifacts"][0]["name"], 7);
    let list = changed(LIST, "/agents", json!({ "pointer": "/data/*/id", "value": "x" }), 1);
    assert!(list["data"].as_array().unwrap().iter().all(|agent| agent["id"] == "x"), "{list}");
    let nothing = changed(GET, &one, json!({ "pointer": "/data/nothing", "value": 1 }), 0);
    assert_eq!(nothing["data"]["id"], id);

    for body in [json!({ "pointer": "id", "remove": true }), json!({ "pointer": "/id" })] {
        let mut body = body;
        body.as_object_mut()
            .unwrap()
            .extend([("operation".to_owned(), json!(LIST)), ("fault".to_owned(), json!("mutate"))]);
        client.control("POST", "/faults", &body).refused(400, "bad_request");
    }
}

/// Follows cursors for so many pages, and gives the ids of each page with its `nextCursor`.
fn pages(client: &Client, most: usize) -> Vec<(Vec<Value>, Option<Value>)> {
    let mut pages: Vec<(Vec<Value>, Option<Value>)> = Vec::new();
    let mut cursor = String::new();
    while pages.len() < most {
        let page = client.get(&format!("/agents?limit=2{cursor}")).json();
        let ids = page["data"].as_array().unwrap().iter().map(|agent| agent["id"].clone()).collect();
        let next = page.get("nextCursor").cloned();
        cursor = match next.as_ref().and_then(Value::as_str) {
            Some(next) => {
                let encoded: String = next.bytes().map(|byte| format!("%{byte:02X}")).collect();
                format!("&cursor={encoded}")
            }
            None => String::new(),
        };
        pages.push((ids, next));
        if cursor.is_empty() {
            break;
        }
    }
    pages
}

#[test]
fn cursors_follow_a_script() {
    let client = Client::start(INSTANT);
    let mut ids: Vec<Value> = (0..5).map(|_| client.launch("Hello", &[])["id"].clone()).collect();
    ids.reverse();
    let script =
        |values: Value, times: u32| fault(&client, LIST, "cursor", json!({ "values": values, "times": times }));

    let id = script(json!(["A", "&limit=1", "http://169.254.169.254/"]), 3);
    let seen = pages(&client, 4);
    client.struck(&id, 3, 3);
    let cursors: Vec<_> = seen.iter().take(3).map(|(_, next)| next.clone().unwrap()).collect();
    assert_eq!(cursors, ["A", "&limit=1", "http://169.254.169.254/"]);
    // Each stands for the page that the true one would have given; beyond the last one is the first.
    let order: Vec<_> = seen.iter().flat_map(|(ids, _)| ids.clone()).collect();
    assert_eq!(order[..5], ids[..]);
    assert_eq!(seen[3].0, ids[..2]);

    let id = script(json!(["A", "B", "A"]), 3);
    let seen = pages(&client, 3);
    assert_eq!(seen.iter().map(|(_, next)| next.clone().unwrap()).collect::<Vec<_>>(), ["A", "B", "A"]);
    client.struck(&id, 3, 3);

    let id = script(json!([{ "absent": true }, null, "", { "true": true }, { "repeat": "c", "count": 1 << 20 }]), 5);
    assert_eq!(pages(&client, 1)[0].1, None);
    assert_eq!(pages(&client, 1)[0].1, Some(Value::Null));
    assert_eq!(pages(&client, 1)[0].1, Some(json!("")));
    assert_eq!(pages(&client, 1)[0].0, ids[..2]);
    assert_eq!(pages(&client, 1)[0].1.as_ref().unwrap().as_str().unwrap().len(), 1 << 20);
    client.struck(&id, 5, 5);
}

#[test]
fn a_page_can_be_empty_and_items_can_come_twice() {
    let client = Client::start(INSTANT);
    let mut ids: Vec<Value> = (0..4).map(|_| client.launch("Hello", &[])["id"].clone()).collect();
    ids.reverse();
    let empty = fault(&client, LIST, "empty_page", json!({ "times": 2 }));
    let seen = pages(&client, 9);
    assert_eq!(seen.iter().map(|(ids, _)| ids.len()).collect::<Vec<_>>(), [0, 0, 2, 2]);
    assert_eq!(seen.iter().flat_map(|(ids, _)| ids.clone()).collect::<Vec<_>>(), ids);
    client.struck(&empty, 2, 2);

    let twice = fault(&client, LIST, "duplicates", json!({}));
    let seen = pages(&client, 9);
    assert_eq!(seen[0].0, ids[..2]);
    assert_eq!(seen[1].0, ids[1..4]);
    client.struck(&twice, 1, 1);
}

#[test]
fn an_agent_is_seen_late() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "lag", json!({ "seconds": 1000 }));
    let agent = client.launch("Hello", &[])["id"].clone();
    client.struck(&id, 1, 1);
    client.get(&path(&agent, "")).refused(404, "not_found");
    client.get(&path(&agent, "/conversation")).refused(404, "not_found");
    assert_eq!(client.get("/agents").data(), json!([]));
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 1);
    client.control("PUT", "/clock", &json!({ "advance": 1001 }));
    client.until(&agent, "finished");
    assert_eq!(client.get("/agents").data()[0]["id"], agent);
}

#[test]
fn an_agent_is_forgotten() {
    let client = Client::start(INSTANT);
    let agent = finished(&client);
    let id = fault(&client, GET, "forget", json!({}));
    client.get(&path(&agent, "")).refused(404, "not_found");
    client.struck(&id, 1, 1);
    client.post(&path(&agent, "/followup"), &prompt()).refused(404, "not_found");
    assert_eq!(client.get("/agents").data(), json!([]));
}

#[test]
fn a_key_stops_working() {
    let client = Client::start(INSTANT);
    let id = fault(&client, "*", "revoke", json!({ "skip": 2 }));
    for status in [200, 200, 401, 401] {
        assert_eq!(client.get("/agents").status, status);
    }
    client.struck(&id, 1, 1);
    client.control("DELETE", "/faults", &Value::Null);
    assert_eq!(client.get("/agents").status, 200);
}

#[test]
fn a_status_flaps() {
    let client = Client::start(INSTANT);
    let agent = finished(&client);
    let id = fault(&client, GET, "flap", json!({ "statuses": ["running", "waiting", "finished", "running"] }));
    let seen: Vec<Value> = (0..5).map(|_| client.agent(&agent)["status"].clone()).collect();
    assert_eq!(seen, ["running", "waiting", "finished", "running", "finished"]);
    client.struck(&id, 4, 4);
}

#[test]
fn a_stop_can_lose() {
    let client = Client::start(ENDLESS);
    let agent = client.launch("Hello", &[])["id"].clone();
    let id = fault(&client, "POST /agents/{id}/stop", "stop_loses", json!({}));
    assert_eq!(client.post(&path(&agent, "/stop"), &json!({})).status, 202);
    client.struck(&id, 1, 1);
    client.until(&agent, "finished");
    assert_eq!(types(&client, &agent), ["user", "assistant"]);
}

#[test]
fn rows_come_after_the_answer() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "trailing_rows", json!({}));
    let agent = finished(&client);
    assert_eq!(types(&client, &agent), ["user", "assistant", "tool", "error"]);
    client.struck(&id, 1, 1);
    let row = json!([{ "role": "tool", "text": "Done" }]);
    let id = fault(&client, FOLLOW_UP, "trailing_rows", json!({ "rows": row }));
    client.post(&path(&agent, "/followup"), &prompt());
    while client.messages(&agent).len() < 7 {}
    assert_eq!(client.messages(&agent)[6]["text"], "Done");
    client.struck(&id, 1, 1);
}

#[test]
fn somebody_else_follows_up() {
    let client = Client::start(INSTANT);
    for (when, order) in [
        ("before", ["First", "Theirs", "Their answer", "What now?"].as_slice()),
        ("after", &["First", "What now?", "Theirs", "Their answer"]),
    ] {
        let agent = finished(&client);
        let parameters = json!({ "when": when, "prompt": "Theirs", "answer": "Their answer" });
        let id = fault(&client, FOLLOW_UP, "foreign_follow_up", parameters);
        client.post(&path(&agent, "/followup"), &prompt());
        while client.messages(&agent).len() < 6 {}
        client.struck(&id, 1, 1);
        let texts: Vec<Value> = client.messages(&agent).iter().map(|message| message["text"].clone()).collect();
        let known: Vec<&Value> =
            texts.iter().filter(|text| order.contains(&text.as_str().unwrap_or_default())).collect();
        assert_eq!(known, order, "{when}");
        assert_eq!(types(&client, &agent), ["user", "assistant", "user", "assistant", "user", "assistant"]);
        // Nobody but the emulator did that: there are two turns.
        let ledger = client.ledger();
        let agents = ledger["agents"].as_array().unwrap();
        assert_eq!(agents.last().unwrap()["turns"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_turn_fails() {
    let client = Client::start(INSTANT);
    let id = fault(&client, LAUNCH, "fail_turn", json!({ "text": "Out of paper" }));
    let agent = client.launch("Hello", &[])["id"].clone();
    client.until(&agent, "failed");
    client.struck(&id, 1, 1);
    assert_eq!(types(&client, &agent), ["user", "error"]);
    assert_eq!(client.messages(&agent)[1]["text"], "Out of paper");
}

/// Sends a large upload as far as it goes. What came back, and whether the connection broke.
fn upload(client: &Client, size: usize) -> (Vec<u8>, bool) {
    let mut stream = client.connect();
    let head = format!(
        "POST /api/v0/files/upload HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: {FORM}\r\nContent-Length: {size}\r\n\r\n",
        client.host(),
        client.key
    );
    stream.write_all(head.as_bytes()).unwrap();
    let piece = vec![b'x'; 64 << 10];
    let sent = (0..size / piece.len()).try_for_each(|_| stream.write_all(&piece));
    let mut all = Vec::new();
    let read = stream.read_to_end(&mut all);
    (all, sent.is_err() || read.is_err())
}

#[test]
fn an_upload_is_answered_before_it_is_read() {
    let client = Client::start(INSTANT);
    let id = fault(&client, UPLOAD, "early", json!({ "status": 413, "lingering": true }));
    let (answer, broken) = upload(&client, 64 << 20);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("{\"error\":\"Payload Too Large\"}"), "{answer}");
    assert!(!broken);
    client.struck(&id, 1, 1);
    let request = client.newest();
    assert_eq!(
        (&request["status"], &request["answered"], &request["processed"]),
        (&json!(413), &json!(true), &json!(false))
    );

    // Without the patience the client may or may not find the answer, because its connection is reset.
    let id = fault(&client, UPLOAD, "early", json!({ "status": 401, "body": { "error": "Who?" } }));
    let (_, broken) = upload(&client, 64 << 20);
    assert!(broken);
    client.struck(&id, 1, 1);
    assert_eq!(client.ledger()["files"], json!([]));
}

#[test]
fn an_upload_is_told_another_size() {
    let client = Client::start(INSTANT);
    let id = fault(&client, UPLOAD, "wrong_size", json!({ "delta": -1 }));
    let answer = client.try_upload(&[("file", Some("a.txt"), b"12345")]).unwrap();
    assert_eq!(answer.json()["size"], 4);
    client.struck(&id, 1, 1);
    assert_eq!(client.ledger()["files"][0]["size"], 5);
}
