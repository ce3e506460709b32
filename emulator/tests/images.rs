//! Images come with prompts: checked, counted, never kept.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{Client, INSTANT};
use nomkit_emulator::Options;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0rest";
const WEBP: &[u8] = b"RIFF\x04\0\0\0WEBPrest";
const GIF: &[u8] = b"GIF89arest";

fn image(kind: &str, content: &[u8]) -> Value {
    json!({ "media_type": kind, "data": BASE64_STANDARD.encode(content) })
}

fn prompt(images: &[Value]) -> Value {
    json!({ "prompt": { "text": "What is on the photo?", "images": images } })
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_ledger_tells_what_came_and_the_answer_that_nobody_looked() {
    let client = Client::start(INSTANT);
    let all = [image("image/png", PNG), image("image/jpeg", JPEG), image("image/webp", WEBP), image("image/gif", GIF)];
    let id = client.post("/agents", &prompt(&all)).data()["id"].clone();
    client.until(&id, "finished");
    let text = client.messages(&id).last().unwrap()["text"].as_str().unwrap().to_owned();
    let said = "The images of the prompt (image/png, 12 bytes; image/jpeg, 8 bytes; image/webp, 16 bytes; image/gif, \
                10 bytes) were received but not looked at: the emulator does not read images.";
    assert!(text.ends_with(said), "{text}");

    let path = format!("/agents/{}/followup", id.as_str().unwrap());
    client.post(&path, &prompt(&all[..1])).data();
    client.until(&id, "finished");
    let text = client.messages(&id).last().unwrap()["text"].as_str().unwrap().to_owned();
    assert!(text.ends_with("1 image of the prompt (image/png, 12 bytes) was received but not looked at: the emulator does not read images."), "{text}");
    let turns = client.ledger()["agents"][0]["turns"].clone();
    assert_eq!(turns[0]["images"].as_array().unwrap().len(), 4);
    let png = json!({ "media_type": "image/png", "size": PNG.len(), "sha256": sha256(PNG) });
    assert_eq!(turns[0]["images"][0], png);
    assert_eq!(turns[1]["images"], json!([png]));
}

#[test]
fn each_rule_is_checked() {
    let client = Client::start(INSTANT);
    let png = image("image/png", PNG);
    let at = |member: &str| json!([["prompt", "images", 1, member]]);
    for (second, issues) in [
        (json!({ "media_type": "image/png", "data": "" }), at("data")),
        (json!({ "media_type": "image/png", "data": "aGVsbG8=" }), at("data")),
        (json!({ "media_type": "image/png", "data": "iVBORw0KGgo" }), at("data")),
        (
            json!({ "media_type": "image/png", "data": format!("data:image/png;base64,{}", BASE64_STANDARD.encode(PNG)) }),
            at("data"),
        ),
        (json!({ "media_type": "image/png", "data": BASE64_STANDARD.encode(PNG).replace('G', "-") }), at("data")),
        (json!({ "media_type": "image/png", "data": 0 }), at("data")),
        (json!({ "media_type": "image/png", "data": [0] }), at("data")),
        (json!({ "media_type": "image/png", "data": { "data": "iVBORw0KGgo=" } }), at("data")),
        (json!({ "media_type": "image/png" }), at("data")),
        (image("image/jpeg", PNG), at("media_type")),
        (
            image("image/bmp", b"BMrest"),
            json!([["prompt", "images", 1, "media_type"], ["prompt", "images", 1, "data"]]),
        ),
        (image("IMAGE/PNG", PNG), at("media_type")),
        (json!({ "mediaType": "image/png", "data": png["data"] }), at("media_type")),
        (json!("x"), json!([["prompt", "images", 1, "media_type"], ["prompt", "images", 1, "data"]])),
    ] {
        let found = client.post("/agents", &prompt(&[png.clone(), second.clone()])).refused(400, "bad_request");
        let paths: Vec<Value> = found.iter().map(|issue| issue["path"].clone()).collect();
        assert_eq!(json!(paths), issues, "{second}");
    }
    let issues = client.post("/agents", &prompt(&vec![png; 5])).refused(400, "bad_request");
    assert_eq!(issues[0]["path"], json!(["prompt", "images"]));
    assert_eq!(client.ledger()["agents"], json!([]));
}

#[test]
fn twenty_megabytes_are_the_most() {
    let client = Client::start(INSTANT);
    let sized = |size: usize| {
        let mut content = PNG.to_vec();
        content.resize(size, 7);
        content
    };
    let largest = sized(20 << 20);
    let id = client.post("/agents", &prompt(&[image("image/png", &largest)])).data()["id"].clone();
    let kept = client.ledger()["agents"][0]["turns"][0]["images"][0].clone();
    assert_eq!((&kept["size"], &kept["sha256"]), (&json!(20 << 20), &json!(sha256(&largest))));
    client.until(&id, "finished");
    let issues = client.post("/agents", &prompt(&[image("image/png", &sized((20 << 20) + 1))]));
    assert_eq!(issues.refused(400, "bad_request")[0]["path"], json!(["prompt", "images", 0, "data"]));
}

#[test]
fn data_may_be_written_with_escapes_and_in_any_order() {
    let client = Client::start(INSTANT);
    let data = BASE64_STANDARD.encode([JPEG, &[0xff; 30]].concat());
    assert!(data.contains('/'));
    let data = data.replace('/', "\\/");
    let body = format!(r#"{{"prompt":{{"images":[{{"data":"{data}","media_type":"image\/jpeg"}}],"text":"a"}}}}"#);
    let headers = format!("\r\nAuthorization: Bearer {}\r\nContent-Type: application/json", client.key);
    let answer = client.try_send("POST", "/api/v0/agents", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(client.ledger()["agents"][0]["turns"][0]["images"][0]["size"], 38);
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let client = Client::with(Options { json_limit: 1000, timing: INSTANT, ..Options::default() });
    client.post("/agents", &json!({ "prompt": { "text": "a".repeat(1000) } })).refused(413, "payload_too_large");
    assert_eq!(client.post("/agents", &json!({ "prompt": { "text": "a".repeat(900) } })).status, 201);
}
