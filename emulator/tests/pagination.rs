//! Lists, page by page.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use common::{Client, ENDLESS, INSTANT};
use serde_json::{Value, json};

/// All items of a list, and how many each page had.
fn pages(client: &Client, path: &str) -> (Vec<Value>, Vec<usize>) {
    let (mut items, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{cursor}")).json();
        let data = page["data"].as_array().unwrap();
        sizes.push(data.len());
        items.extend(data.iter().cloned());
        match &page["nextCursor"] {
            Value::Null => return (items, sizes),
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
}

#[test]
fn agents_come_newest_first() {
    let client = Client::start(INSTANT);
    let mut ids: Vec<Value> = (0..25).map(|n| client.launch(&n.to_string(), &[])["id"].clone()).collect();
    ids.reverse();
    let (agents, sizes) = pages(&client, "/agents?limit=10");
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(agents.iter().map(|agent| agent["id"].clone()).collect::<Vec<_>>(), ids);
    assert_eq!(agents[0].get("files"), None);
    assert_eq!(pages(&client, "/agents?").1, [20, 5]);
    assert_eq!(pages(&client, "/agents?limit=5").1, [5; 5]);
    assert_eq!(pages(&client, "/agents?workflowId=null").1, [20, 5]);
    let id = ids[0].as_str().unwrap();
    assert_eq!(pages(&client, &format!("/agents?workflowId={id}")).1, [0]);
}

#[test]
fn agents_can_be_chosen_by_status() {
    let client = Client::start(ENDLESS);
    let stopped = client.launch("Stop", &[])["id"].clone();
    client.post(&format!("/agents/{}/stop", stopped.as_str().unwrap()), &json!({}));
    let running = client.launch("Run", &[])["id"].clone();
    for (status, ids) in [("stopped", vec![&stopped]), ("running", vec![&running]), ("finished", vec![])] {
        let (agents, _) = pages(&client, &format!("/agents?status={status}"));
        assert_eq!(agents.iter().map(|agent| &agent["id"]).collect::<Vec<_>>(), ids, "{status}");
    }
}

#[test]
fn files_come_by_name_then_by_id() {
    let client = Client::start(INSTANT);
    for _ in 0..4 {
        for name in ["b.txt", "Ünlü Plan.TXT", "a.txt"] {
            client.upload(name, b"x");
        }
    }
    let (files, sizes) = pages(&client, "/files/search?query=.TxT&limit=5");
    assert_eq!(sizes, [5, 5, 2]);
    let keys: Vec<(&str, &str)> =
        files.iter().map(|file| (file["name"].as_str().unwrap(), file["id"].as_str().unwrap())).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert_eq!(pages(&client, "/files/search?query=%C3%BCNL%C3%9C").1, [4]);
    assert_eq!(pages(&client, "/files/search?query=%25").1, [0]);
    assert_eq!(pages(&client, "/files/search?query=txt&integrationId=x").1, [0]);
    assert_eq!(files.last().unwrap()["path"], "%C3%9Cnl%C3%BC%20Plan.TXT");
}
