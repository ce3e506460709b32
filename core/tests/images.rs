//! Images beside a prompt: what is refused here, and what arrives.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{
    World, prompt, scripted,
    wire::{Wire, relay},
};
use nomkit::{Attachments, Error, FollowUpOptions, Image, LaunchOptions, MAX_IMAGE_SIZE, Source, blocking::Nomic};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0rest";
const GIF: &[u8] = b"GIF89arest";
const WEBP: &[u8] = b"RIFF\0\0\0\0WEBPrest";

/// A PNG of this size, by its first bytes.
fn png(size: usize) -> Vec<u8> {
    let rest = (PNG.len()..size).map(|i| (i % 251) as u8);
    PNG.iter().copied().chain(rest).collect()
}

fn with(images: Vec<Image>) -> Attachments {
    Attachments { images, ..Attachments::default() }
}

fn written(folder: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn i01_what_cannot_be_sent_is_said_before_anything_is_sent() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.png");
    std::fs::write(&large, PNG).unwrap();
    std::fs::File::options().write(true).open(&large).unwrap().set_len(MAX_IMAGE_SIZE + 1).unwrap();
    let fifo = folder.path().join("pipe.png");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let one = || Image::bytes(PNG);
    let cases = [
        (vec![one(), one(), one(), one(), one()], "invalid_input", "has 5; a prompt takes 4 at most"),
        (vec![one(), Image::bytes(&b"%PDF-1.7"[..])], "invalid_input", "`images[1]` is none of image/jpeg"),
        (vec![Image::bytes(&b""[..])], "invalid_input", "`images[0]` is empty"),
        (vec![Image::bytes(&b"data:image/png;base64,iVBO"[..])], "invalid_input", "`data:` URL"),
        (vec![Image::typed(JPEG, "image/png")], "invalid_input", "is image/jpeg by its content, not `image/png`"),
        (vec![Image::typed(PNG, "image/tiff")], "invalid_input", "not `image/tiff`"),
        (
            vec![one(), one(), Image::bytes(png(20 * 1024 * 1024 + 1))],
            "invalid_input",
            "`images[2]` has 20971521 bytes",
        ),
        (vec![Image::path(large)], "invalid_input", "20 MB (20971520 bytes) at most"),
        (vec![Image::path(written(&folder, "empty.png", b""))], "invalid_input", "is empty"),
        (vec![Image::path(fifo)], "invalid_input", "not a regular file"),
        (vec![Image::path(folder.path())], "invalid_input", "is a directory"),
        (vec![Image::path(folder.path().join("missing.png"))], "io", "does not exist"),
    ];
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(common::within(60.0), None).unwrap();
    let before = world.ledger()["requests"].as_array().unwrap().len();
    for (images, code, words) in cases {
        let errors: [Error; 2] = [
            world.nomic.agents().launch(prompt("Look"), with(images.clone()), None).unwrap_err(),
            run.follow_up(FollowUpOptions::default().prompt("And?"), images).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code, code, "{error}");
            assert!(error.message.contains(words), "{error}");
            assert!(code == "io" || error.detail("argument") == Some(&"images".into()), "{error:?}");
        }
    }
    // A file that is wrong is found although the images are right, and the other way round.
    let both =
        Attachments { files: vec![Source::bytes("x", "a.txt")], images: vec![Image::bytes("x")], ..with(vec![]) };
    assert_eq!(world.nomic.agents().launch(prompt("Look"), both, None).unwrap_err().code, "invalid_input");
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), before);
}

#[test]
fn what_arrives_is_what_was_given() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    // Around the edges of a block of base64, and every remainder of three.
    let sizes = [196_607, 196_608, 196_609, 500_000];
    for from_disk in [true, false] {
        let images = sizes.iter().map(|size| match from_disk {
            true => Image::path(written(&folder, &format!("{size}.png"), &png(*size))),
            false => Image::typed(png(*size), "Image/PNG"),
        });
        world.nomic.agents().launch(prompt("Say \"}}\" \u{1f600}"), with(images.collect()), None).unwrap();
    }
    let ledger = world.ledger();
    for agent in ledger["agents"].as_array().unwrap() {
        let turn = &agent["turns"][0];
        assert_eq!(turn["prompt"], "Say \"}}\" \u{1f600}");
        let wanted = |size: &usize| json!({"media_type": "image/png", "size": size, "sha256": sha256(&png(*size))});
        assert_eq!(turn["images"], sizes.iter().map(wanted).collect::<serde_json::Value>());
    }
    assert_eq!(world.agents(), 2);
}

#[test]
fn a_follow_up_takes_images_too() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(common::within(60.0), None).unwrap();
    let images = vec![Image::bytes(JPEG), Image::bytes(GIF), Image::bytes(WEBP)];
    let second = run.follow_up(FollowUpOptions::default().prompt("And this?"), images).unwrap();
    second.wait(common::within(60.0), None).unwrap();
    let images = world.ledger()["agents"][0]["turns"][1]["images"].clone();
    let types = images.as_array().unwrap().iter().map(|image| image["media_type"].as_str().unwrap());
    assert_eq!(types.collect::<Vec<_>>(), ["image/jpeg", "image/gif", "image/webp"]);
}

#[tokio::test]
async fn the_body_is_plain_json() {
    let (nomic, seen) = scripted::over(|_, _| scripted::launched());
    let options = LaunchOptions::default().prompt("Look").workflow_id("w").project_id("p");
    nomic.agents().launch(options, with(vec![Image::bytes(PNG), Image::bytes(GIF)]), None).await.unwrap();
    let data = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
    let images = json!([
        {"media_type": "image/png", "data": data(PNG)},
        {"media_type": "image/gif", "data": data(GIF)},
    ]);
    assert_eq!(
        seen.json(0),
        json!({"workflowId": "w", "projectId": "p", "prompt": {"text": "Look", "images": images}})
    );
}

#[test]
fn a_rate_limit_sends_the_same_images_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, "a.png", &png(1_000_000));
    let wire = Wire::new(&[
        ("429 Too Many Requests\r\nretry-after: 1", r#"{"error":"Slow down"}"#),
        ("201 Created", r#"{"data":{"id":"a","status":"waiting"}}"#),
    ]);
    let images = with(vec![Image::path(path), Image::bytes(png(70_000))]);
    wire.client().agents().launch(prompt("Look"), images, None).unwrap();
    let [first, second] = wire.received().try_into().unwrap_or_else(|_| panic!());
    assert!(first.whole && second.whole && first.body == second.body);
    assert!(first.head.to_ascii_lowercase().contains("content-type: application/json"), "{}", first.head);
}

#[test]
fn an_image_that_changes_on_the_way_launches_nothing() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, "a.png", &png(19 << 20));
    let changing = path.clone();
    let relay = relay(world.emulator.url(), 1 << 20, move || std::fs::write(changing, PNG).unwrap());
    let nomic = Nomic::new(common::options(&world.emulator).base_url(relay.url.clone())).unwrap();
    let error = nomic.agents().launch(prompt("Look"), with(vec![Image::path(path)]), None).unwrap_err();
    assert_eq!((error.code.as_str(), error.attempts), ("source_changed", 1), "{error}");
    relay.end();
    assert_eq!((world.requests("POST /agents"), world.agents()), (1, 0));
}

#[test]
fn an_image_that_changed_between_two_attempts_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(&folder, "a.png", &png(1_000));
    let changing = path.clone();
    let answers = &[
        ("429 Too Many Requests\r\nretry-after: 1", r#"{"error":"Slow down"}"#),
        ("201 Created", r#"{"data":{"id":"a","status":"waiting"}}"#),
    ];
    let wire = Wire::pausing(answers, true, move |at| {
        if at == 0 {
            std::fs::write(&changing, png(2_000)).unwrap();
        }
    });
    let images = with(vec![Image::path(path), Image::bytes(png(1 << 20))]);
    let error = wire.client().agents().launch(prompt("Look"), images, None).unwrap_err();
    assert_eq!(error.code, "source_changed", "{error}");
    assert!(wire.received().iter().any(|request| !request.whole));
}
