//! The life of agents.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::{Client, ENDLESS, INSTANT};
use nomkit_emulator::Timing;
use serde_json::{Value, json};

fn types(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["type"].as_str().unwrap()).collect()
}

fn stop(client: &Client, id: &Value) -> common::Answer {
    client.post(&format!("/agents/{}/stop", id.as_str().unwrap()), &json!({}))
}

#[test]
fn a_turn_waits_runs_and_finishes() {
    let step = Duration::from_secs(1000);
    let client = Client::start(Timing { waiting: step, running: step, stopping: step });
    let launched = client.launch("Hello", &[]);
    assert_eq!(launched["status"], "waiting");
    assert_eq!(launched["createdAt"], launched["updatedAt"]);
    let advance = |seconds: u32| client.control("PUT", "/clock", &json!({ "advance": seconds }));
    let mut seen = vec![client.agent(&launched["id"])];
    advance(1500);
    seen.push(client.agent(&launched["id"]));
    advance(1000);
    seen.push(client.until(&launched["id"], "finished"));
    let statuses: Vec<&str> = seen.iter().map(|agent| agent["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["waiting", "running", "finished"]);
    assert!(seen.is_sorted_by_key(|agent| agent["updatedAt"].as_str().unwrap().to_owned()));
    assert_eq!(seen[1]["artifacts"], json!([]));
}

#[test]
fn an_answer_quotes_the_files() {
    let client = Client::start(INSTANT);
    let file = client.upload("door.txt", b"The fire door of room 12 is blocked by a pallet.");
    let id = client.launch("Which fire door is blocked?", std::slice::from_ref(&file))["id"].clone();
    let agent = client.until(&id, "finished");
    assert_eq!(agent["files"], json!([{ "id": file, "name": "door.txt", "mimeType": "text/plain" }]));
    let messages = client.messages(&id);
    assert_eq!(types(&messages), ["user", "assistant"]);
    let answer = messages[1]["text"].as_str().unwrap();
    assert!(answer.contains("room 12") && answer.contains("[door.txt, p. 1]"), "{answer}");
    assert_eq!(client.ledger()["agents"][0]["turns"][0]["answer"], answer);

    let artifacts = agent["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.iter().map(|artifact| &artifact["type"]).collect::<Vec<_>>(), ["markdown", "table"]);
    let content = |index: usize| {
        let artifact = artifacts[index]["id"].as_str().unwrap();
        let content = client.get(&format!("/agents/{}/artifacts/{artifact}", id.as_str().unwrap())).data();
        for member in ["id", "name", "type"] {
            assert_eq!(content[member], artifacts[index][member]);
        }
        content
    };
    assert!(content(0)["content"].as_str().is_some_and(|report| report.contains("room 12")));
    let table = content(1);
    assert!(table["columns"].is_array() && table["rows"].is_array(), "{table}");

    let other = client.launch("Hello", &[])["id"].clone();
    let artifact = artifacts[0]["id"].as_str().unwrap();
    client.get(&format!("/agents/{}/artifacts/{artifact}", other.as_str().unwrap())).refused(404, "not_found");
}

#[test]
fn a_folder_stands_for_its_files() {
    let client = Client::start(INSTANT);
    let upload = |path: &str, text: &str| {
        let parts: [(&str, Option<&str>, &[u8]); 2] =
            [("path", None, path.as_bytes()), ("file", Some("x"), text.as_bytes())];
        client.try_upload(&parts).unwrap().json()
    };
    let folder = upload("site/a.txt", "Alpha door")["parentId"].clone();
    upload("site/deep/b.txt", "Beta door");
    upload("site2/c.txt", "Gamma door");
    let id = client.launch("Which door?", &[folder.as_str().unwrap().to_owned()])["id"].clone();
    let agent = client.until(&id, "finished");
    assert_eq!(agent["files"][0]["name"], "site");
    let answer = client.messages(&id)[1]["text"].as_str().unwrap().to_owned();
    assert!(answer.contains("Alpha") && answer.contains("Beta") && !answer.contains("Gamma"), "{answer}");
}

#[test]
fn a_follow_up_is_a_new_turn_of_the_same_agent() {
    let client = Client::start(INSTANT);
    let id = client.launch("First", &[])["id"].clone();
    let first = client.until(&id, "finished");
    let followed =
        client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &json!({ "prompt": { "text": "Second" } }));
    assert_eq!(followed.status, 202);
    while client.messages(&id).len() < 4 {}
    let second = client.agent(&id);
    assert_eq!(second["status"], "finished");
    assert_eq!(second["createdAt"], first["createdAt"]);
    assert!(second["updatedAt"].as_str() > first["updatedAt"].as_str());
    assert_eq!(types(&client.messages(&id)), ["user", "assistant", "user", "assistant"]);
    let names: Vec<&str> =
        second["artifacts"].as_array().unwrap().iter().map(|artifact| artifact["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["report.md", "passages", "report-2.md", "passages-2"]);
}

#[test]
fn a_stop_takes_its_time() {
    let timing = Timing { stopping: Duration::from_secs(1000), ..ENDLESS };
    let client = Client::start(timing);
    let id = client.launch("Hello", &[])["id"].clone();
    let answer = stop(&client, &id);
    assert_eq!((answer.status, answer.data()["status"].clone()), (202, json!("running")));
    assert_eq!(client.agent(&id)["status"], "running");
    client.control("PUT", "/clock", &json!({ "advance": 1001 }));
    client.until(&id, "stopped");
    assert_eq!(types(&client.messages(&id)), ["user"]);
    let again = stop(&client, &id);
    assert_eq!((again.status, again.data()["status"].clone()), (202, json!("stopped")));
    let followed =
        client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &json!({ "prompt": { "text": "Go on" } }));
    assert_eq!(followed.status, 202);
}

#[test]
fn the_end_of_a_turn_can_win_over_a_stop() {
    let timing =
        Timing { waiting: Duration::ZERO, running: Duration::from_millis(200), stopping: Duration::from_secs(1000) };
    let client = Client::start(timing);
    let id = client.launch("Hello", &[])["id"].clone();
    assert_eq!(stop(&client, &id).status, 202);
    client.until(&id, "finished");
    assert_eq!(types(&client.messages(&id)), ["user", "assistant"]);
}

#[test]
fn timing_counts_for_later_turns() {
    let client = Client::start(ENDLESS);
    let endless = client.launch("Hello", &[])["id"].clone();
    let body = json!({ "waiting": 0, "running": 0, "stopping": 0 });
    assert_eq!(client.control("PUT", "/timing", &body).status, 200);
    let short = client.launch("Hello", &[])["id"].clone();
    client.until(&short, "finished");
    assert_eq!(client.agent(&endless)["status"], "running");
}

#[test]
fn unreadable_documents_are_named() {
    let client = Client::start(INSTANT);
    let bad = client.upload("broken.pdf", b"%PDF-1.7 nothing follows");
    let good = client.upload("door.txt", b"The door is green.");

    let id = client.launch("Which colour?", std::slice::from_ref(&bad))["id"].clone();
    client.until(&id, "failed");
    let messages = client.messages(&id);
    assert_eq!(types(&messages), ["user", "error"]);
    assert!(messages[1]["text"].as_str().unwrap().contains("broken.pdf"), "{messages:?}");

    let id = client.launch("Which colour?", &[bad, good])["id"].clone();
    client.until(&id, "finished");
    let messages = client.messages(&id);
    assert_eq!(types(&messages), ["user", "tool", "assistant"]);
    assert!(messages[1]["text"].as_str().unwrap().contains("broken.pdf"), "{messages:?}");
    assert!(messages[2]["text"].as_str().unwrap().contains("green"), "{messages:?}");
}

#[test]
fn without_documents_the_answer_says_so() {
    let client = Client::start(INSTANT);
    let image = json!({ "media_type": "image/png", "data": "iVBORw0KGgo=" });
    let body = json!({ "prompt": { "text": "Is the zebra crossing safe?", "images": [image] } });
    let id = client.post("/agents", &body).data()["id"].clone();
    client.until(&id, "finished");
    let messages = client.messages(&id);
    assert_eq!(types(&messages), ["user", "assistant"]);
    assert!(messages[1]["text"].as_str().unwrap().contains("Is the zebra crossing safe?"), "{messages:?}");
}
