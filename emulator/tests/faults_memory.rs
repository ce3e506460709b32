//! What is huge is made up while it is sent. A file of its own: what is measured is the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::Read;

use common::{Client, INSTANT, peak_kib};
use serde_json::json;

/// Reads an answer and forgets it. How many bytes there were.
fn swallow(client: &Client) -> u64 {
    let mut stream = client.open("GET", "/agents", None);
    let (mut piece, mut size) = (vec![0; 64 << 10], 0);
    loop {
        match stream.read(&mut piece).unwrap() {
            0 => return size,
            read => size += read as u64,
        }
    }
}

#[test]
fn what_is_huge_costs_the_emulator_nothing() {
    let client = Client::start(INSTANT);
    client.get("/agents");
    let before = peak_kib();
    for (mut fault, least) in [
        (json!({ "fault": "huge_json", "size": 256 << 20 }), 255 << 20),
        (json!({ "fault": "huge_json", "size": 256 << 20, "form": "text" }), 255 << 20),
        (json!({ "fault": "header_bomb", "count": 1, "size": 128 << 20 }), 127 << 20),
        (json!({ "fault": "bomb", "size": 8_u64 << 30 }), 1 << 20),
    ] {
        fault["operation"] = json!("GET /agents");
        let id = client.fault(&fault);
        assert!(swallow(&client) > least, "{fault}");
        client.struck(&id, 1, 1);
        let after = peak_kib();
        assert!(after.saturating_sub(before) < 16 << 10, "{fault}: {before} KiB, {after} KiB");
    }
}
