//! Each fault: what the socket saw, what the ledger says, and whether it is reported as completed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::ErrorKind;

use common::{Client, ENDLESS, INSTANT};
use serde_json::{Value, json};

const LAUNCH: &str = "POST /agents";
const FOLLOW_UP: &str = "POST /agents/{id}/followup";

fn prompt() -> Value {
    json!({ "prompt": { "text": "What now?" } })
}

fn try_launch(client: &Client) -> std::io::Result<common::Answer> {
    client.try_api("POST", "/agents", Some(&prompt()))
}

#[test]
fn lose_response_commits_and_closes() {
    let client = Client::start(INSTANT);
    let fault = client.fault(&json!({ "operation": LAUNCH, "fault": "lose_response", "times": 2 }));
    for hits in 1..=2 {
        assert_eq!(try_launch(&client).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        client.struck(&fault, hits, hits);
        let request = client.newest();
        assert_eq!(request["fault"], "lose_response");
        assert_eq!(request["status"], Value::Null);
        assert_eq!((&request["processed"], &request["answered"]), (&json!(true), &json!(false)));
    }
    assert_eq!(try_launch(&client).unwrap().status, 201);
    client.struck(&fault, 2, 2);
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 3);
}

#[test]
fn a_lost_upload_is_stored() {
    let client = Client::start(INSTANT);
    let fault = client.fault(&json!({ "operation": "POST /files/upload", "fault": "lose_response" }));
    let lost = client.try_upload(&[("file", Some("a.txt"), &[7; 1 << 20])]);
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    client.struck(&fault, 1, 1);
    let ledger = client.ledger();
    assert_eq!(ledger["files"][0]["size"], 1 << 20);
    assert!(ledger["requests"][0]["received_bytes"].as_u64().unwrap() > 1 << 20);
}

#[test]
fn reset_is_a_reset_before_or_after_the_commit() {
    let client = Client::start(INSTANT);
    for (parameters, agents) in
        [(json!({}), 1), (json!({ "at": "after_commit" }), 2), (json!({ "at": "before_commit" }), 2)]
    {
        let mut body = json!({ "operation": LAUNCH, "fault": "reset" });
        body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
        let fault = client.fault(&body);
        assert_eq!(try_launch(&client).unwrap_err().kind(), ErrorKind::ConnectionReset);
        client.struck(&fault, 1, 1);
        assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), agents, "{parameters}");
        let request = client.newest();
        assert_eq!(request["processed"], parameters["at"] != "before_commit");
        assert_eq!(request["answered"], false);
    }
}

#[test]
fn status_answers_and_processes_nothing() {
    let client = Client::start(INSTANT);
    let body = json!({ "error": "Later", "code": "service_unavailable" });
    let json_body = client.fault(&json!({
        "operation": LAUNCH, "fault": "status", "status": 503, "headers": { "retry-after": "1" }, "body": body,
    }));
    let text = client.fault(&json!({ "operation": LAUNCH, "fault": "status", "status": 502, "body": "<html>" }));
    let none = client.fault(&json!({ "operation": LAUNCH, "fault": "status", "status": 500 }));

    let answer = try_launch(&client).unwrap();
    assert_eq!((answer.status, answer.json()), (503, body));
    assert!(answer.headers.contains("\r\nretry-after: 1"), "{}", answer.headers);
    client.struck(&json_body, 1, 1);
    let answer = try_launch(&client).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (502, "<html>"));
    client.struck(&text, 1, 1);
    let answer = try_launch(&client).unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (500, ""));
    client.struck(&none, 1, 1);

    let request = client.newest();
    assert_eq!((&request["processed"], &request["answered"]), (&json!(false), &json!(true)));
    assert_eq!(client.ledger()["agents"], json!([]));
}

#[test]
fn stale_finished_shows_the_turn_before() {
    let client = Client::start(INSTANT);
    let id = client.launch("First", &[])["id"].clone();
    let first = client.until(&id, "finished");
    let fault = client.fault(&json!({ "operation": FOLLOW_UP, "fault": "stale_finished", "seconds": 1000 }));
    let followed = client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &prompt());
    assert_eq!(followed.status, 202);
    client.struck(&fault, 1, 1);
    assert_eq!(followed.data(), first);

    // The turn itself goes on, and the conversation tells.
    while client.messages(&id).len() < 4 {}
    assert_eq!(client.agent(&id), first);
    let listed = client.get("/agents?status=finished").data()[0].clone();
    assert_eq!((&listed["updatedAt"], &listed["artifacts"]), (&first["updatedAt"], &first["artifacts"]));
}

#[test]
fn stale_finished_ends() {
    let client = Client::start(ENDLESS);
    let id = client.launch("First", &[])["id"].clone();
    client.post(&format!("/agents/{}/stop", id.as_str().unwrap()), &json!({}));
    let first = client.until(&id, "stopped");
    client.fault(&json!({ "operation": FOLLOW_UP, "fault": "stale_finished", "seconds": 1000 }));
    client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &prompt());
    assert_eq!(client.agent(&id), first);
    client.control("PUT", "/clock", &json!({ "advance": 1001 }));
    assert!(client.until(&id, "running")["updatedAt"].as_str() > first["updatedAt"].as_str());
}

#[test]
fn fast_turn_is_never_seen_active() {
    let client = Client::start(ENDLESS);
    let file = client.upload("a.txt", b"The door is green.");
    let launch = client.fault(&json!({ "operation": LAUNCH, "fault": "fast_turn" }));
    let launched = client.launch("Which colour is the door?", &[file]);
    assert_eq!(launched["status"], "waiting");
    let first = client.agent(&launched["id"]);
    assert_eq!(first["status"], "finished");
    assert_eq!(first["artifacts"].as_array().unwrap().len(), 2);
    client.struck(&launch, 1, 1);

    let follow_up = client.fault(&json!({ "operation": FOLLOW_UP, "fault": "fast_turn" }));
    let followed = client.post(&format!("/agents/{}/followup", first["id"].as_str().unwrap()), &prompt());
    assert_eq!((followed.status, followed.data()), (202, first.clone()));
    let second = client.agent(&first["id"]);
    assert_eq!(second["status"], "finished");
    assert!(second["updatedAt"].as_str() > first["updatedAt"].as_str());
    assert_eq!(client.messages(&first["id"]).len(), 4);
    client.struck(&follow_up, 1, 1);
}

#[test]
fn conversation_lag_delays_what_the_turn_adds() {
    let client = Client::start(INSTANT);
    let fault = client.fault(&json!({ "operation": LAUNCH, "fault": "conversation_lag", "seconds": 1000 }));
    let id = client.launch("First", &[])["id"].clone();
    assert_eq!(client.messages(&id), Vec::<Value>::new());
    client.until(&id, "finished");
    client.control("PUT", "/clock", &json!({ "advance": 1001 }));
    while client.messages(&id).len() < 2 {}
    client.struck(&fault, 1, 1);

    client.fault(&json!({ "operation": FOLLOW_UP, "fault": "conversation_lag", "seconds": 1000 }));
    client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &prompt());
    while client.ledger()["agents"][0]["turns"][1]["answer"].is_null() {}
    assert_eq!(client.messages(&id).len(), 2);
}

#[test]
fn a_turn_fault_on_a_refused_request_hits_and_does_not_complete() {
    let client = Client::start(INSTANT);
    let fault = client.fault(&json!({ "operation": LAUNCH, "fault": "fast_turn" }));
    client.post("/agents", &json!({})).refused(400, "bad_request");
    client.struck(&fault, 1, 0);
}

#[test]
fn faults_queue_per_operation_and_can_be_cleared() {
    let client = Client::start(INSTANT);
    client.fault(&json!({ "operation": LAUNCH, "fault": "status", "status": 500 }));
    client.fault(&json!({ "operation": LAUNCH, "fault": "status", "status": 501, "times": 2 }));
    client.fault(&json!({ "operation": "GET /agents", "fault": "status", "status": 502 }));
    let statuses: Vec<u16> = (0..3).map(|_| try_launch(&client).unwrap().status).collect();
    assert_eq!(statuses, [500, 501, 501]);
    assert_eq!(client.control("DELETE", "/faults", &Value::Null).status, 200);
    assert_eq!(client.get("/agents").status, 200);
}

#[test]
fn unknown_faults_name_the_allowed_ones() {
    let client = Client::start(INSTANT);
    for (body, member, hint) in [
        (json!({ "operation": "POST /agent", "fault": "reset" }), "operation", "POST /agents/{id}/stop"),
        (json!({ "operation": LAUNCH, "fault": "explode" }), "fault", "lose_response"),
        (json!({ "operation": LAUNCH }), "fault", "fault"),
        (json!({ "operation": LAUNCH, "fault": "reset", "at": "noon" }), "fault", "before_commit"),
        (json!({ "operation": LAUNCH, "fault": "lose_response", "seconds": 1 }), "fault", "seconds"),
        (json!({ "operation": LAUNCH, "fault": "stale_finished", "seconds": 1 }), "operation", FOLLOW_UP),
        (json!({ "operation": LAUNCH, "fault": "conversation_lag", "seconds": -1 }), "fault", "number"),
        (json!({ "operation": LAUNCH, "fault": "status", "status": 99 }), "status", "status"),
        (json!({ "operation": LAUNCH, "fault": "reset", "times": 0 }), "times", "1"),
    ] {
        let issues = client.control("POST", "/faults", &body).refused(400, "bad_request");
        assert_eq!(issues[0]["path"], json!([member]), "{body}");
        assert!(issues[0]["message"].as_str().unwrap().contains(hint), "{issues:?}");
    }
    client.control("GET", "/faults/f99", &Value::Null).refused(404, "not_found");
}
