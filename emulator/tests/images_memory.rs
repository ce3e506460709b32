//! Large images cost little more memory than one of them. A file of its own: what is measured is the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};

use common::{Client, INSTANT, peak_kib};

/// The beginning of a PNG in base64, and how many zeros follow it, three in every four letters.
const START: &str = "iVBORw0KGgoA";
const GROUPS: usize = 2 << 20;

#[test]
fn four_images_cost_less_than_two_of_them() {
    let client = Client::start(INSTANT);
    client.launch("Hello", &[]);
    let letters = "AAAA".repeat(GROUPS);
    let before = peak_kib();

    let open = "{\"prompt\":{\"text\":\"a\",\"images\":[";
    let (image, end, close) = ("{\"media_type\":\"image/png\",\"data\":\"", "\"}", "]}}");
    let one = image.len() + START.len() + letters.len() + end.len();
    let mut stream = client.connect();
    let head = format!(
        "POST /api/v0/agents HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        client.host(),
        client.key,
        open.len() + 4 * one + 3 + close.len()
    );
    for text in [&head, open] {
        stream.write_all(text.as_bytes()).unwrap();
    }
    for part in 0..4 {
        for text in [if part > 0 { "," } else { "" }, image, START, &letters, end] {
            stream.write_all(text.as_bytes()).unwrap();
        }
    }
    stream.write_all(close.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    let grown = peak_kib() - before;
    assert!(grown < 2 * one as u64 / 1024, "{grown} KiB for images of {} KiB", one / 1024);
    println!("{grown} KiB for images of {} KiB", one / 1024);
    let images = client.ledger()["agents"][1]["turns"][0]["images"].clone();
    assert_eq!(images.as_array().unwrap().len(), 4);
    assert_eq!(images[3]["size"], 9 + 3 * GROUPS);
}
