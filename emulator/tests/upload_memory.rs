//! A large upload costs little memory. A file of its own: what is measured is the whole process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};

use common::{Client, FORM, INSTANT, peak_kib};

const PIECE: usize = 1 << 20;
const PIECES: usize = 200;

#[test]
fn two_hundred_megabytes_take_a_few() {
    let client = Client::start(INSTANT);
    client.upload("warm.bin", &[0; PIECE]);
    let piece = vec![7; PIECE];
    let before = peak_kib();

    let start = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.bin\"\r\n\r\n";
    let end = b"\r\n--edge--\r\n";
    let mut stream = client.connect();
    let head = format!(
        "POST /api/v0/files/upload HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {FORM}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        client.host(),
        client.key,
        start.len() + PIECE * PIECES + end.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(start).unwrap();
    for _ in 0..PIECES {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(end).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    let grown = peak_kib() - before;
    assert!(grown < 16 << 10, "{grown} KiB");
    assert_eq!(client.ledger()["files"][1]["size"], PIECE * PIECES);
}
