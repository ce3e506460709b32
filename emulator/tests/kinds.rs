//! Every kind of document is uploaded, read in a child process, and answered from with its place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::path::Path;

use common::{Client, INSTANT};
use nomkit_emulator::{Options, documents::Worker};

#[test]
fn each_is_cited() {
    let worker = Worker::Program(env!("CARGO_BIN_EXE_nomkit-document-worker").into(), Vec::new());
    let client = Client::with(Options { timing: INSTANT, worker, ..Options::default() });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, question, cited) in [
        ("owner-locked.pdf", "How many means of egress are there?", "[owner-locked.pdf, p. 1]"),
        ("site-specification.docx", "Where do leaf guards go?", "[site-specification.docx, “Roof drainage”, ¶ 4]"),
        ("door-schedule.xlsx", "Which closer does not latch?", "[door-schedule.xlsx, sheet “Doors”, row 6]"),
        ("minutes.html", "Is the scaffold incomplete?", "[minutes.html, “Scaffold”, ¶ 5]"),
        ("issues.csv", "Which gutter is blocked?", "[issues.csv, row 3]"),
    ] {
        let file = client.upload(name, &std::fs::read(folder.join(name)).unwrap());
        let id = client.launch(question, &[file])["id"].clone();
        client.until(&id, "finished");
        let text = client.messages(&id).last().unwrap()["text"].as_str().unwrap().to_owned();
        assert!(text.contains(cited), "{question}: {text}");
    }
}
