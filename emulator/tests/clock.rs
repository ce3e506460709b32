//! The emulator's clock: what follows it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Client, ENDLESS, INSTANT};
use serde_json::{Value, json};

fn set(client: &Client, body: &Value) -> Value {
    let answer = client.control("PUT", "/clock", body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn now(client: &Client) -> String {
    client.control("GET", "/clock", &Value::Null).json()["now"].as_str().unwrap().to_owned()
}

#[test]
fn it_is_put_to_a_time_and_goes_on() {
    let client = Client::start(INSTANT);
    let before = now(&client);
    set(&client, &json!({ "now": "2031-02-03T04:05:06Z" }));
    let first = now(&client);
    assert!(first.starts_with("2031-02-03T04:0"), "{first}");
    while now(&client) <= first {}
    let launched = client.launch("Hello", &[]);
    assert!(launched["createdAt"].as_str().unwrap().starts_with("2031-02-03T04:0"), "{launched}");
    assert!(client.newest()["at"].as_str().unwrap().starts_with("2031-02-03"));
    let date = client.get("/agents").headers;
    assert!(date.contains("date: mon, 03 feb 2031 04:0"), "{date}");
    assert_eq!(date.matches("\r\ndate: ").count(), 1);

    client.control("POST", "/reset", &json!({}));
    let after = now(&client);
    assert!(before < after && after < first, "{before} {after}");
}

#[test]
fn it_is_moved() {
    let client = Client::start(INSTANT);
    assert_eq!(set(&client, &json!({ "offset": -86400 }))["offset"], -86400.0);
    assert_eq!(set(&client, &json!({ "advance": 600.5 }))["offset"], -85799.5);
    for (body, member) in [
        (json!({}), "now"),
        (json!({ "now": "noon" }), "now"),
        (json!({ "advance": "1" }), "advance"),
        (json!({ "advance": 1e300 }), "advance"),
        (json!({ "offset": 1e12 }), "offset"),
        (json!({ "later": 1 }), "later"),
        (json!({ "advance": 1, "offset": 1 }), "now"),
    ] {
        let issues = client.control("PUT", "/clock", &body).refused(400, "bad_request");
        assert_eq!(issues[0]["path"], json!([member]), "{body}");
    }
}

#[test]
fn a_clock_that_is_put_back_does_not_hold_up_a_follow_up() {
    let client = Client::start(INSTANT);
    let id = client.launch("Hello", &[])["id"].clone();
    let first = client.until(&id, "finished");
    set(&client, &json!({ "advance": -86400 }));
    let again =
        client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &json!({ "prompt": { "text": "Go" } }));
    assert_eq!(again.status, 202, "{again:?}");
    let second = client.until(&id, "finished");
    assert!(second["updatedAt"].as_str() < first["updatedAt"].as_str());
    let rows = client.messages(&id);
    let texts: Vec<&str> = rows.iter().map(|row| row["text"].as_str().unwrap()).collect();
    assert_eq!((texts.len(), texts[0], texts[2]), (4, "Hello", "Go"));
}

#[test]
fn an_advance_ends_the_turns_that_are_due() {
    let client = Client::start(ENDLESS);
    let id = client.launch("Hello", &[])["id"].clone();
    while client.ledger()["agents"][0]["status"] != "running" {}
    let launched = client.agent(&id)["updatedAt"].clone();
    set(&client, &json!({ "advance": (1 << 20) + 1 }));
    let agent = client.until(&id, "finished");
    assert!(agent["updatedAt"].as_str() > launched.as_str());
    assert_eq!(client.messages(&id).len(), 2);
}
