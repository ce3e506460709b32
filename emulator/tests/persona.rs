//! The two ways in which the platform words its answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Client, ENDLESS, INSTANT};
use nomkit_emulator::{Options, Persona, Timing};
use serde_json::{Value, json};

fn drifted(timing: Timing) -> Client {
    Client::with(Options { timing, persona: Persona::Drifted, ..Options::default() })
}

fn prompt() -> Value {
    json!({ "prompt": { "text": "Which door?" } })
}

fn path(id: &Value, rest: &str) -> String {
    format!("/agents/{}{rest}", id.as_str().unwrap())
}

fn launch(client: &Client) -> Value {
    let answer = client.post("/agents", &prompt());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.data()["id"].clone()
}

fn until(client: &Client, id: &Value, status: &str) -> Value {
    client.until(id, status)
}

/// Whether unknown members are there.
fn grown(value: &Value) -> bool {
    value["revision"] == 7 && value["links"].is_object()
}

#[test]
fn agents_are_worded_otherwise() {
    let client = drifted(INSTANT);
    let answer = client.try_upload(&[("file", Some("door.txt"), b"The door is green.")]).unwrap();
    assert_eq!(answer.status, 200);
    assert!(grown(&answer.json()), "{answer:?}");
    assert_eq!(answer.json()["fileType"], "DOCUMENT");

    let launched =
        client.post("/agents", &json!({ "prompt": { "text": "Which door?" }, "fileIds": [answer.json()["id"]] }));
    assert_eq!((launched.status, &launched.data()["status"]), (200, &json!("WAITING")));
    assert!(grown(&launched.json()) && grown(&launched.data()));
    assert!(!launched.headers.contains("x-ratelimit"), "{}", launched.headers);
    let id = launched.data()["id"].clone();
    let agent = until(&client, &id, "FINISHED");
    assert_eq!(agent["files"].as_array().unwrap().len(), 1);
    let artifacts = agent["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 2);
    assert!(artifacts.iter().all(|artifact| artifact.as_object().unwrap().keys().eq(["id"])), "{agent}");

    let conversation = client.get(&path(&id, "/conversation"));
    let conversation = conversation.json();
    assert_eq!(conversation.get("data"), None);
    let messages = conversation["messages"].as_array().unwrap();
    assert_eq!(messages.iter().map(|message| &message["role"]).collect::<Vec<_>>(), ["user", "assistant"]);
    assert_eq!(messages[0]["content"], json!([{ "type": "text", "text": "Which door?" }]));
    assert!(messages.iter().all(|message| grown(message) && message.get("type").is_none()));

    let artifact = client.get(&path(&id, &format!("/artifacts/{}", artifacts[0]["id"].as_str().unwrap()))).json();
    assert_eq!(
        (&artifact["id"], &artifact["type"], artifact.get("data")),
        (&artifacts[0]["id"], &json!("markdown"), None)
    );
    assert!(artifact["content"].is_string() && grown(&artifact));

    let followed = client.post(&path(&id, "/followup"), &prompt());
    assert_eq!(followed.status, 200);
    assert_eq!(followed.data()["id"], id);
}

#[test]
fn lists_have_a_count_and_end_without_a_cursor() {
    let client = drifted(INSTANT);
    for _ in 0..5 {
        launch(&client);
    }
    let first = client.get("/agents?limit=3").json();
    assert_eq!((first["data"].as_array().unwrap().len(), &first["totalCount"]), (3, &json!(5)));
    assert!(first["data"].as_array().unwrap().iter().all(|agent| grown(agent) && agent.get("files").is_none()));
    let last = client.get(&format!("/agents?limit=3&cursor={}", first["nextCursor"].as_str().unwrap())).json();
    assert_eq!((last["data"].as_array().unwrap().len(), &last["totalCount"]), (2, &json!(5)));
    assert_eq!(last.get("nextCursor"), None);

    client.try_upload(&[("file", Some("door.txt"), b"a")]).unwrap();
    let files = client.get("/files/search?query=door").json();
    assert_eq!((&files["totalCount"], files.get("nextCursor")), (&json!(1), None));
    assert_eq!(client.get("/files/search?query=window").json()["totalCount"], 0);
    assert!(client.get("/workflows").json()["totalCount"].as_u64().unwrap() >= 3);
}

#[test]
fn errors_are_a_text_alone() {
    let mut client = drifted(ENDLESS);
    let bare = |answer: &common::Answer| answer.json().as_object().unwrap().keys().eq(["error"]);
    let invalid = client.post("/agents", &json!({}));
    assert_eq!((invalid.status, bare(&invalid)), (422, true), "{invalid:?}");
    let id = launch(&client);
    let active = client.post(&path(&id, "/followup"), &prompt());
    assert_eq!((active.status, bare(&active)), (400, true), "{active:?}");
    let missing = client.get("/agents/019abc12-3456-7890-abcd-ef1234567890");
    assert_eq!((missing.status, bare(&missing)), (404, true), "{missing:?}");
    client.control("PUT", "/spend", &json!({ "limit": 0 }));
    let spent = client.post("/agents", &prompt());
    assert_eq!((spent.status, spent.json()), (429, json!({ "error": "Spend limit reached" })));
    client.key = "npk_wrong".to_owned();
    let unknown = client.get("/agents");
    assert_eq!((unknown.status, bare(&unknown)), (401, true), "{unknown:?}");
}

#[test]
fn a_refusal_by_rate_still_says_when_to_come_again() {
    let client = drifted(INSTANT);
    client.control("PUT", "/rates", &json!({ "enabled": true, "heavy": 1, "burst": 1 }));
    launch(&client);
    let refused = client.post("/agents", &prompt());
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains("\r\nretry-after: ") && !refused.headers.contains("x-ratelimit"));
}

#[test]
fn stops_and_deletions_say_little() {
    let client = drifted(ENDLESS);
    let id = launch(&client);
    let stopped = client.post(&path(&id, "/stop"), &json!({}));
    assert_eq!((stopped.status, &stopped.json()["id"], stopped.json().get("data")), (200, &id, None));
    until(&client, &id, "STOPPED");
    let again = client.post(&path(&id, "/stop"), &json!({}));
    assert_eq!((again.status, again.body.as_str()), (200, ""));
    let deleted = client.try_api("DELETE", &path(&id, ""), None).unwrap();
    assert_eq!((deleted.status, &deleted.json()["deleted"]), (200, &json!(true)));
    assert_eq!(client.get(&path(&id, "")).status, 404);
}

#[test]
fn a_turn_waits_for_a_tool_in_the_midst_of_its_work() {
    let running = Duration::from_secs(3000);
    let client = drifted(Timing { waiting: Duration::from_secs(1000), running, stopping: Duration::ZERO });
    let id = launch(&client);
    let mut seen = Vec::new();
    for advance in [0, 1001, 1000, 1000, 1000] {
        client.control("PUT", "/clock", &json!({ "advance": advance }));
        if advance == 1000 && seen.len() == 4 {
            until(&client, &id, "FINISHED");
        }
        seen.push((client.agent(&id)["status"].clone(), client.agent(&id)["updatedAt"].clone()));
    }
    let statuses: Vec<_> = seen.iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, ["WAITING", "RUNNING", "AWAITING_TOOL", "RUNNING", "FINISHED"]);
    assert!(seen.is_sorted_by(|a, b| a.1.as_str() < b.1.as_str()), "{seen:?}");
    // A list that is asked for that status has it, whatever its case.
    let other = launch(&client);
    client.control("PUT", "/clock", &json!({ "advance": 2001 }));
    assert_eq!(client.get("/agents?status=awaiting_tool").data()[0]["id"], other);
    assert_eq!(client.get("/agents?status=running").data(), json!([]));
}

#[test]
fn a_reset_puts_it_back() {
    let client = Client::start(INSTANT);
    assert_eq!(client.control("GET", "/persona", &Value::Null).json()["persona"], "plain");
    assert_eq!(client.control("PUT", "/persona", &json!({ "persona": "drifted" })).json()["persona"], "drifted");
    launch(&client);
    client.control("POST", "/reset", &json!({}));
    assert_eq!(client.post("/agents", &prompt()).status, 201);
    client.control("PUT", "/persona", &json!({ "persona": "loud" })).refused(400, "bad_request");
}
