//! A deleted agent is gone for its users and known to the ledger.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Answer, Client, ENDLESS, INSTANT};
use serde_json::{Value, json};
use tempfile::TempDir;

fn delete(client: &Client, id: &Value) -> Answer {
    client.try_api("DELETE", &format!("/agents/{}", id.as_str().unwrap()), None).unwrap()
}

#[test]
fn it_is_gone() {
    let client = Client::start(INSTANT);
    let file = client.upload("door.txt", b"The door is green.");
    let kept = client.launch("Hello", &[])["id"].clone();
    let id = client.launch("Which colour is the door?", &[file])["id"].clone();
    let agent = client.until(&id, "finished");
    let answer = delete(&client, &id);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    assert_eq!(client.newest()["processed"], true);

    let path = format!("/agents/{}", id.as_str().unwrap());
    client.get(&path).refused(404, "not_found");
    client.get(&format!("{path}/conversation")).refused(404, "not_found");
    for artifact in agent["artifacts"].as_array().unwrap() {
        client.get(&format!("{path}/artifacts/{}", artifact["id"].as_str().unwrap())).refused(404, "not_found");
    }
    client.post(&format!("{path}/stop"), &json!({})).refused(404, "not_found");
    client.post(&format!("{path}/followup"), &json!({ "prompt": { "text": "More" } })).refused(404, "not_found");
    delete(&client, &id).refused(404, "not_found");
    let listed = client.get("/agents").data();
    assert_eq!(listed.as_array().unwrap().iter().map(|agent| &agent["id"]).collect::<Vec<_>>(), [&kept]);

    let known = client.ledger()["agents"].clone();
    assert_eq!(known[0]["deleted"], false);
    assert_eq!((&known[1]["id"], &known[1]["deleted"], &known[1]["status"]), (&id, &json!(true), &json!("finished")));
    assert!(known[1]["turns"][0]["answer"].as_str().unwrap().contains("green"));
}

#[test]
fn an_active_agent_stays() {
    let client = Client::start(ENDLESS);
    let id = client.launch("Hello", &[])["id"].clone();
    delete(&client, &id).refused(409, "conflict");
    assert_eq!(client.agent(&id)["status"], "running");
    client.post(&format!("/agents/{}/stop", id.as_str().unwrap()), &json!({})).data();
    client.until(&id, "stopped");
    assert_eq!(delete(&client, &id).status, 204);
}

#[test]
fn what_was_never_there_is_not_found() {
    let client = Client::start(INSTANT);
    delete(&client, &json!("019abc12-3456-7890-abcd-ef1234567890")).refused(404, "not_found");
    delete(&client, &json!("x")).refused(404, "not_found");
}

#[test]
fn it_stays_gone_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let options = nomkit_emulator::Options { data: Some(folder.path().into()), timing: INSTANT, ..Default::default() };
    let client = Client::with(options.clone());
    let id = client.launch("Hello", &[])["id"].clone();
    client.until(&id, "finished");
    assert_eq!(delete(&client, &id).status, 204);
    drop(client);
    let client = Client::with(options);
    client.get(&format!("/agents/{}", id.as_str().unwrap())).refused(404, "not_found");
    assert_eq!(client.ledger()["agents"][0]["deleted"], true);
}
