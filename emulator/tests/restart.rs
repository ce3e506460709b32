//! A data folder brings everything over a restart.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{Client, ENDLESS};
use nomkit_emulator::{Emulator, Options, Timing};
use serde_json::json;
use tempfile::TempDir;

fn start(folder: &Path, timing: Timing) -> Client {
    Client::with(Options { data: Some(folder.to_owned()), timing, ..Options::default() })
}

#[test]
fn everything_is_still_there() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let client = start(&data, ENDLESS);
    let (key, token) = (client.key.clone(), client.emulator.token().to_owned());
    let narrow = client.control("POST", "/keys", &json!({ "scopes": ["developer:files"] })).json()["api_key"].clone();
    let file = client.upload("door.txt", b"The door is green.");
    let stopped = client.launch("Stop", &[])["id"].clone();
    client.post(&format!("/agents/{}/stop", stopped.as_str().unwrap()), &json!({}));
    let stopped = client.until(&stopped, "stopped");
    let running = client.launch("Run", &[])["id"].clone();
    let body = json!({ "waiting": 0, "running": 0.1, "stopping": 0 });
    client.control("PUT", "/timing", &body);
    let late = client.launch("Which colour is the door?", std::slice::from_ref(&file))["id"].clone();
    let launched = Instant::now();
    drop(client);

    // Its time passes while no server is there.
    while launched.elapsed() < Duration::from_millis(150) {
        std::thread::yield_now();
    }
    let mut client = start(&data, ENDLESS);
    assert_eq!((&client.key, client.emulator.token()), (&key, token.as_str()));
    assert_eq!(client.agent(&stopped["id"]), stopped);
    assert_eq!(client.agent(&running)["status"], "running");
    client.until(&late, "finished");
    assert!(client.messages(&late)[1]["text"].as_str().unwrap().contains("green"));
    let hits = client.get("/files/search?query=door").data();
    assert_eq!(hits[0]["id"], file.as_str());
    let again = client.launch("And now?", &[file])["id"].clone();
    assert_eq!(client.ledger()["agents"].as_array().unwrap().len(), 4);
    assert_eq!(client.agent(&again)["status"], "running");

    client.key = narrow.as_str().unwrap().to_owned();
    assert_eq!(client.get("/files/search?query=x").status, 200);
    client.get("/agents").refused(403, "forbidden");
}

#[cfg(unix)]
#[test]
fn the_folder_is_private_and_keeps_no_key_but_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let client = start(&data, ENDLESS);
    let extra = client.control("POST", "/keys", &json!({ "scopes": ["developer"] })).json()["api_key"].clone();
    let key = client.key.clone();
    client.upload("a.txt", b"a");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("files")), 0o700);
    assert_eq!(mode(&data.join("credentials.json")), 0o600);
    drop(client);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        let Ok(content) = std::fs::read(&path) else { continue };
        let content = String::from_utf8_lossy(&content);
        assert!(!content.contains(extra.as_str().unwrap()), "{}", path.display());
        assert_eq!(content.contains(&key), path.ends_with("credentials.json"), "{}", path.display());
    }
}

#[test]
fn a_folder_serves_one_emulator_at_a_time() {
    let folder = TempDir::new().unwrap();
    let first = start(folder.path(), ENDLESS);
    let options = Options { data: Some(folder.path().to_owned()), ..Options::default() };
    let refused = Emulator::start(options.clone()).unwrap_err().to_string();
    assert!(refused.contains("another emulator"), "{refused}");
    drop(first);
    Emulator::start(options).unwrap();
}
