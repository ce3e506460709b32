//! What is refused, and how.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Client, ENDLESS, INSTANT};
use serde_json::{Value, json};

const SOMEONE: &str = "019abc12-3456-7890-abcd-ef1234567890";

fn paths(issues: &[Value]) -> Vec<Value> {
    issues.iter().map(|issue| issue["path"].clone()).collect()
}

#[test]
fn launches() {
    let client = Client::start(INSTANT);
    let prompt = json!({ "text": "Hello" });
    let image = json!({ "media_type": "image/png", "data": "iVBORw0KGgo=" });
    for (body, issues) in [
        (json!({}), json!([["prompt"]])),
        (json!({ "prompt": null }), json!([["prompt"]])),
        (json!({ "prompt": "Hello" }), json!([["prompt"]])),
        (json!({ "prompt": {} }), json!([["prompt", "text"]])),
        (json!({ "prompt": { "text": " \n" } }), json!([["prompt", "text"]])),
        (json!({ "prompt": { "text": 1 } }), json!([["prompt", "text"]])),
        (json!({ "prompt": prompt, "fileIds": "x" }), json!([["fileIds"]])),
        (json!({ "prompt": prompt, "fileIds": [SOMEONE, "x", 1] }), json!([["fileIds", 1], ["fileIds", 2]])),
        (json!({ "prompt": prompt, "fileIds": [SOMEONE] }), json!([["fileIds", 0]])),
        (json!({ "prompt": prompt, "projectId": "x", "workflowId": 7 }), json!([["workflowId"], ["projectId"]])),
        (json!({ "workflowId": SOMEONE, "fileIds": [] }), json!([["fileIds"]])),
        (json!({ "prompt": prompt, "inputs": { "a": [] } }), json!([["inputs"]])),
        (json!({ "workflowId": SOMEONE, "inputs": { "a": ["x"] } }), json!([["inputs", "a", 0]])),
        (json!({ "prompt": { "text": "a", "images": {} } }), json!([["prompt", "images"]])),
        (
            json!({ "prompt": { "text": "a", "images": [image, image, image, image, image] } }),
            json!([["prompt", "images"]]),
        ),
        (
            json!({ "prompt": { "text": "a", "images": [image, { "media_type": "image/bmp", "data": "data:x" }] } }),
            json!([["prompt", "images", 1, "media_type"], ["prompt", "images", 1, "data"]]),
        ),
        (json!([]), json!([[]])),
    ] {
        let found = client.post("/agents", &body).refused(400, "bad_request");
        assert_eq!(json!(paths(&found)), issues, "{body}");
        assert_eq!(client.newest()["processed"], false);
    }
    client.post("/agents", &json!({ "workflowId": SOMEONE })).refused(404, "not_found");
    let key = format!("\r\nAuthorization: Bearer {}", client.key);
    let text = client.try_send("POST", "/api/v0/agents", &format!("{key}\r\nContent-Type: text/plain"), b"{}");
    text.unwrap().refused(400, "bad_request");
    let broken = client.try_send("POST", "/api/v0/agents", &format!("{key}\r\nContent-Type: application/json"), b"{");
    broken.unwrap().refused(400, "bad_request");
    assert_eq!(client.ledger()["agents"], json!([]));

    let body = json!({ "prompt": { "text": "a", "images": [image], "more": 1 }, "projectId": SOMEONE, "more": {} });
    assert_eq!(client.post("/agents", &body).data()["projectId"], SOMEONE);
}

#[test]
fn follow_ups() {
    let client = Client::start(INSTANT);
    let id = client.launch("Hello", &[])["id"].clone();
    client.until(&id, "finished");
    let path = format!("/agents/{}/followup", id.as_str().unwrap());
    for (body, issues) in [
        (json!({}), json!([["prompt"]])),
        (json!({ "prompt": { "text": "" } }), json!([["prompt", "text"]])),
        (json!({ "prompt": { "text": "More" }, "fileIds": [] }), json!([["fileIds"]])),
    ] {
        assert_eq!(json!(paths(&client.post(&path, &body).refused(400, "bad_request"))), issues, "{body}");
    }
    assert_eq!(client.messages(&id).len(), 2);
}

#[test]
fn follow_ups_on_an_active_agent() {
    let client = Client::start(ENDLESS);
    let id = client.launch("Hello", &[])["id"].clone();
    let body = json!({ "prompt": { "text": "More" } });
    client.post(&format!("/agents/{}/followup", id.as_str().unwrap()), &body).refused(409, "conflict");
    assert_eq!(client.messages(&id).len(), 1);
}

#[test]
fn ids_that_name_nothing() {
    let client = Client::start(INSTANT);
    let id = client.launch("Hello", &[])["id"].clone();
    let id = id.as_str().unwrap();
    for agent in [SOMEONE, "x", "..%2Fagents", "019abc12345678900abcdef1234567890abc"] {
        client.get(&format!("/agents/{agent}")).refused(404, "not_found");
        client.get(&format!("/agents/{agent}/conversation")).refused(404, "not_found");
        client.get(&format!("/agents/{agent}/artifacts/{SOMEONE}")).refused(404, "not_found");
        client.get(&format!("/agents/{id}/artifacts/{agent}")).refused(404, "not_found");
        client.post(&format!("/agents/{agent}/stop"), &json!({})).refused(404, "not_found");
        client.post(&format!("/agents/{agent}/followup"), &json!({})).refused(404, "not_found");
    }
    client.get("/nothing").refused(404, "not_found");
    assert_eq!(client.newest()["operation"], Value::Null);
    client.try_api("DELETE", "/files/search", None).unwrap().refused(405, "method_not_allowed");
}

#[test]
fn lists() {
    let client = Client::start(INSTANT);
    for (path, member) in [
        ("/agents?limit=0", "limit"),
        ("/agents?limit=101", "limit"),
        ("/agents?limit=ten", "limit"),
        ("/agents?cursor=x", "cursor"),
        ("/agents?status=done", "status"),
        ("/agents?workflowId=x", "workflowId"),
        ("/files/search", "query"),
        ("/files/search?query=", "query"),
        ("/files/search?query=a&limit=51", "limit"),
        ("/files/search?query=a&limit=-1", "limit"),
        ("/files/search?query=a&cursor=bnVsbA", "cursor"),
    ] {
        let issues = client.get(path).refused(400, "bad_request");
        assert_eq!(paths(&issues), [json!([member])], "{path}");
    }
}
