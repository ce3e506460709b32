//! Who may ask: keys, scopes, the Host header, the control token.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Client, INSTANT};
use serde_json::{Value, json};

const SOMEONE: &str = "019abc12-3456-7890-abcd-ef1234567890";

fn key(client: &Client, scopes: &[&str]) -> String {
    let answer = client.control("POST", "/keys", &json!({ "scopes": scopes }));
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["api_key"].as_str().unwrap().to_owned()
}

#[test]
fn keys_that_are_not_ours_are_unauthorized() {
    let client = Client::start(INSTANT);
    for headers in
        ["", "\r\nAuthorization: Bearer", "\r\nAuthorization: Bearer npk_live", "\r\nAuthorization: Basic eDp5"]
    {
        let answer = client.try_send("GET", "/api/v0/agents", headers, b"").unwrap();
        answer.refused(401, "unauthorized");
        let request = client.newest();
        assert_eq!((&request["status"], &request["processed"]), (&json!(401), &json!(false)));
    }
    assert!(!client.ledger().to_string().contains("npk_"));
}

#[test]
fn scopes_are_fine_or_broad() {
    let mut client = Client::start(INSTANT);
    let body = json!({ "prompt": { "text": "Hello" } });
    let agent = format!("/agents/{SOMEONE}");
    for (scopes, files, agents) in [
        (vec![], false, false),
        (vec!["developer:files"], true, false),
        (vec!["developer:agent", "admin:users:read"], false, true),
        (vec!["developer"], true, true),
        (vec!["develop", "admin", "developer:file"], false, false),
    ] {
        client.key = key(&client, &scopes);
        let upload = client.try_upload(&[("file", Some("a.txt"), b"a")]).unwrap().status;
        assert_eq!(upload, if files { 201 } else { 403 }, "{scopes:?}");
        assert_eq!(client.get("/files/search?query=a").status, if files { 200 } else { 403 }, "{scopes:?}");
        assert_eq!(client.post("/agents", &body).status, if agents { 201 } else { 403 }, "{scopes:?}");
        assert_eq!(client.get("/agents").status, if agents { 200 } else { 403 }, "{scopes:?}");
        for path in [agent.clone(), format!("{agent}/conversation"), format!("{agent}/artifacts/{SOMEONE}")] {
            assert_eq!(client.get(&path).status, if agents { 404 } else { 403 }, "{scopes:?} {path}");
        }
        for action in ["stop", "followup"] {
            let status = client.post(&format!("{agent}/{action}"), &body).status;
            assert_eq!(status, if agents { 404 } else { 403 }, "{scopes:?} {action}");
        }
    }
    client.key = key(&client, &[]);
    client.get("/agents").refused(403, "forbidden");
}

#[test]
fn only_requests_that_name_this_server_come_in() {
    let client = Client::start(INSTANT);
    let port = client.host().rsplit_once(':').unwrap().1;
    let send = |path: &str, host: &str| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nX-Emulator-Token: {}",
            client.key,
            client.emulator.token()
        );
        client.raw(&head, b"").unwrap().status
    };
    for path in ["/api/v0/agents", "/_emulator/ledger"] {
        for name in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
            assert_eq!(send(path, &format!("{name}:{port}")), 200, "{path} {name}");
        }
        for host in ["evil.example", "localhost", "127.0.0.1:1", "", &format!("evil.example:{port}")] {
            assert_eq!(send(path, host), 403, "{path} {host}");
        }
    }
}

#[test]
fn controls_need_the_token() {
    let client = Client::start(INSTANT);
    for (method, path) in [
        ("GET", "/ledger"),
        ("POST", "/faults"),
        ("GET", "/faults/f1"),
        ("DELETE", "/faults"),
        ("POST", "/keys"),
        ("PUT", "/timing"),
        ("POST", "/reset"),
        ("GET", "/nothing"),
    ] {
        let path = format!("/_emulator{path}");
        for headers in ["", "\r\nX-Emulator-Token: guess", &format!("\r\nAuthorization: Bearer {}", client.key)] {
            client.try_send(method, &path, headers, b"{}").unwrap().refused(403, "forbidden");
        }
    }
    client.control("GET", "/nothing", &Value::Null).refused(404, "not_found");
    assert_eq!(client.ledger()["requests"], json!([]));
}

#[test]
fn controls_refuse_what_makes_no_sense() {
    let client = Client::start(INSTANT);
    for body in [json!({}), json!({ "scopes": "developer" }), json!({ "scopes": [1] }), json!({ "scopes": ["a b"] })] {
        client.control("POST", "/keys", &body).refused(400, "bad_request");
    }
    for body in [json!({ "waiting": -1 }), json!({ "waiting": "1" }), json!({ "wait": 1 })] {
        client.control("PUT", "/timing", &body).refused(400, "bad_request");
    }
    let timing = client.control("PUT", "/timing", &json!({ "running": 0.25 })).json();
    assert_eq!(timing, json!({ "waiting": 0.0, "running": 0.25, "stopping": 0.0 }));
}

#[test]
fn reset_forgets_all_but_the_keys() {
    let mut client = Client::start(INSTANT);
    client.key = key(&client, &["developer"]);
    let file = client.upload("a.txt", b"a");
    let agent = client.launch("Hello", std::slice::from_ref(&file))["id"].clone();
    client.fault(&json!({ "operation": "GET /agents", "fault": "status", "status": 500 }));
    assert_eq!(client.control("POST", "/reset", &Value::Null).status, 200);
    let ledger = client.ledger();
    assert_eq!((&ledger["requests"], &ledger["agents"], &ledger["files"]), (&json!([]), &json!([]), &json!([])));
    client.get(&format!("/agents/{}", agent.as_str().unwrap())).refused(404, "not_found");
    assert_eq!(client.get("/agents").json(), json!({ "data": [], "nextCursor": null }));
}
