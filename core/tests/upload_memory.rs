//! Large bodies cost little memory. A file of its own: what is measured is the whole process, its emulator included.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{prompt, wire::Wire};
use nomkit::{Attachments, Image, MAX_FILE_SIZE, MAX_IMAGE_SIZE, Source, UploadOptions, blocking::Nomic};
use nomkit_emulator::{Emulator, Options};
use std::{fs::File, io::Read, io::Write, path::Path};

/// How much more an upload may take than the process had before.
const MOST: u64 = 16 << 10;

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn grown(what: &str, act: impl FnOnce()) {
    let before = peak_kib();
    act();
    // The kernel counts in batches: its peak may fall a little.
    let grown = peak_kib().saturating_sub(before);
    eprintln!("{what}: {grown} KiB");
    assert!(grown < MOST, "{what}: {grown} KiB");
}

fn sized(folder: &Path, name: &str, start: &[u8], size: u64) -> std::path::PathBuf {
    let path = folder.join(name);
    let mut file = File::create(&path).unwrap();
    file.write_all(start).unwrap();
    file.set_len(size).unwrap();
    path
}

#[test]
fn u05_u11_the_largest_uploads_take_a_few_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { discard_uploads: true, hash_uploads: false, ..Options::default() };
    let emulator = Emulator::start(options).unwrap();
    let files = Nomic::new(common::options(&emulator)).unwrap().files();
    let upload = |source: Source| files.upload(source, UploadOptions::default(), None).unwrap();
    upload(Source::path(sized(folder.path(), "warm.bin", b"", 1 << 20)));

    let large = sized(folder.path(), "large.bin", b"", MAX_FILE_SIZE);
    grown("a file of 500 MB", || drop(upload(Source::path(large))));
    let zeros = |size: u64| std::io::repeat(0).take(size);
    grown("a stream of 500 MB", || drop(upload(Source::reader(zeros(MAX_FILE_SIZE), "s.bin", Some(MAX_FILE_SIZE)))));
    grown("a stream of unknown size", || drop(upload(Source::reader(zeros(200 << 20), "u.bin", None))));

    let png = b"\x89PNG\r\n\x1a\n";
    let images = ["a", "b", "c", "d"].map(|name| Image::path(sized(folder.path(), name, png, MAX_IMAGE_SIZE)));
    let wire = Wire::sink(&[("201 Created", r#"{"data":{"id":"a","status":"waiting"}}"#)]);
    grown("4 images of 20 MB", || {
        let images = Attachments { images: images.into(), ..Attachments::default() };
        wire.client().agents().launch(prompt("Look"), images, None).unwrap();
        assert!(wire.received()[0].size > 4 * 20 * 1024 * 1024 / 3 * 4);
    });
}
