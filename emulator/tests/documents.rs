//! Documents are read page by page, and those that cannot be are refused for the right reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nomkit_emulator::documents::{Document, Extractor, Limits, Unreadable, Worker};

fn child() -> Extractor {
    Extractor::new(Worker::Program(env!("CARGO_BIN_EXE_nomkit-document-worker").into(), Vec::new()))
}

fn both() -> [Extractor; 2] {
    [child(), Extractor::new(Worker::InProcess)]
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/inspection-report.pdf")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// What comes of a file with this name and content.
async fn read(extractor: &Extractor, name: &str, content: &[u8]) -> Result<Document, Unreadable> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    extractor.extract(file.path(), name, "").await
}

async fn text(name: &str, content: &[u8]) -> String {
    read(&child(), name, content).await.unwrap().pages[0].text.clone()
}

/// A PDF of one page, whose content is a form that draws the next one ten times, and so on; the last draws `leaf`.
fn fan(leaf: &str) -> Vec<u8> {
    let resources = |next: usize| format!("/Resources<</Font<</F 4 0 R>>/XObject<</X {next} 0 R>>>>");
    let stream = |head: &str, body: &str| format!("<<{head}/Length {}>>\nstream\n{body}\nendstream", body.len());
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R{}>>", resources(6)),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
        stream("", "/X Do"),
    ];
    for level in 0..12 {
        let body = if level < 11 { "/X Do ".repeat(10) } else { leaf.to_owned() };
        let head = format!("/Type/XObject/Subtype/Form/BBox[0 0 600 800]{}", resources(7 + level));
        objects.push(stream(&head, &body));
    }
    let mut pdf = "%PDF-1.7\n".to_owned();
    let mut places = String::new();
    for (object, number) in objects.iter().zip(1..) {
        places += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (size, table) = (objects.len() + 1, pdf.len());
    pdf += &format!("xref\n0 {size}\n0000000000 65535 f \n{places}trailer\n<</Size {size}/Root 1 0 R>>\n");
    pdf += &format!("startxref\n{table}\n%%EOF\n");
    pdf.into_bytes()
}

#[tokio::test]
async fn the_samples_pages_have_their_numbers_and_whole_words() {
    for extractor in both() {
        let document = extractor.extract(&sample(), "inspection-report.pdf", "application/pdf").await.unwrap();
        let numbers: Vec<u32> = document.pages.iter().map(|page| page.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        for page in &document.pages {
            assert!(page.text.contains(&format!("Page {} of 7", page.number)), "{}", page.text);
        }
        let told = [
            "Summary",
            "two days of rain",
            "two means of egress",
            "terrazzo treads",
            "FD-07",
            "six outlets",
            "Tobias Wren",
        ];
        for (page, words) in document.pages.iter().zip(told) {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn paragraphs_are_apart_and_the_cells_of_a_row_together() {
    let document = child().extract(&sample(), "inspection-report.pdf", "").await.unwrap();
    assert!(document.pages[2].text.contains("\n\n2 Egress\n\nEach floor has"), "{}", document.pages[2].text);
    let row = "FD-03   Stair A, level 2   Smoke seal missing at head   Replace the seal   B\n";
    assert!(document.pages[4].text.contains(row), "{}", document.pages[4].text);
}

#[tokio::test]
async fn plain_text_has_a_page_for_each_form_feed() {
    let document = read(&child(), "notes.txt", b"One.\n\nTwo.\x0cThree.\n").await.unwrap();
    let texts: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
    assert_eq!(texts, ["One.\n\nTwo.", "Three."]);
    assert_eq!(document.pages[1].number, 2);
}

#[tokio::test]
async fn text_in_other_encodings_is_read() {
    assert_eq!(text("a.txt", "Größe".as_bytes()).await, "Größe");
    assert_eq!(text("a.txt", b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe").await, "Größe");
    assert_eq!(text("a.txt", b"\xff\xfeG\0r\0").await, "Gr");
    assert_eq!(text("a.txt", b"Gr\xf6\xdfe").await, "Größe");
}

#[tokio::test]
async fn markdown_loses_its_marks() {
    let source = "# Roof *drainage*\n\nThe `outlet` must be\n[cleared](https://example.com).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n";
    let expected = "Roof drainage\n\nThe outlet must be cleared.\n\n• one\n\n• two\n\na   b\n1   2";
    assert_eq!(text("report.md", source.as_bytes()).await, expected);
}

#[tokio::test]
async fn the_content_tells_a_pdf_and_the_media_type_what_has_no_ending() {
    let content = std::fs::read(fixture("owner-locked.pdf")).unwrap();
    assert!(text("report", &content).await.contains("Egress"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# Title").unwrap();
    let document = child().extract(file.path(), "report", "text/markdown; charset=utf-8").await.unwrap();
    assert_eq!(document.pages[0].text, "Title");
}

#[tokio::test]
async fn a_document_that_anyone_may_open_is_read_although_it_is_encrypted() {
    for extractor in both() {
        let document = extractor.extract(&fixture("owner-locked.pdf"), "a.pdf", "").await.unwrap();
        assert!(document.pages[0].text.contains("two means of egress"));
    }
}

#[tokio::test]
async fn each_reason_is_told() {
    for extractor in both() {
        let encrypted = extractor.extract(&fixture("encrypted.pdf"), "a.pdf", "").await;
        assert_eq!(encrypted, Err(Unreadable::Encrypted));
        let image = extractor.extract(&fixture("image-only.pdf"), "a.pdf", "").await.unwrap_err();
        assert_eq!(image, Unreadable::NoText);
        assert!(image.to_string().starts_with("no text found"), "{image}");
        let truncated = extractor.extract(&fixture("truncated.pdf"), "a.pdf", "").await;
        assert!(matches!(truncated, Err(Unreadable::Broken(_))), "{truncated:?}");
        assert_eq!(read(&extractor, "a.pdf", b"").await, Err(Unreadable::Empty));
        assert_eq!(read(&extractor, "a.txt", b" \n").await, Err(Unreadable::Empty));
        let noise = read(&extractor, "a.pdf", b"\x00\x01\x02").await;
        assert!(matches!(noise, Err(Unreadable::Broken(_))), "{noise:?}");
        let binary = read(&extractor, "a.txt", b"PK\x00\x01").await;
        assert!(matches!(binary, Err(Unreadable::Broken(_))), "{binary:?}");
        let image = read(&extractor, "photo.jpeg", b"\xff\xd8\xff\x00").await;
        assert_eq!(image, Err(Unreadable::Unsupported("a .jpeg file".to_owned())));
        let absent = extractor.extract(Path::new("/nowhere/a.pdf"), "a.pdf", "").await;
        assert!(matches!(absent, Err(Unreadable::Broken(_))), "{absent:?}");
    }
}

#[tokio::test]
async fn a_document_that_takes_too_long_is_stopped() {
    let limits = Limits { wall: Duration::from_millis(300), ..Limits::default() };
    let started = Instant::now();
    for extractor in both() {
        // The looping thread of an embedded reader ends with the test.
        let outcome = read(&extractor.with_limits(limits), "fan.pdf", &fan("")).await;
        assert_eq!(outcome, Err(Unreadable::TimedOut));
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reader_that_is_stopped_is_gone() {
    let note = tempfile::NamedTempFile::new().unwrap();
    let script = format!("echo $$ > '{}'; exec sleep 600", note.path().display());
    let reader = Extractor::new(Worker::Program("/bin/sh".into(), vec!["-c".to_owned(), script]));
    for wall in [500, 5_000, 30_000] {
        let limits = Limits { wall: Duration::from_millis(wall), ..Limits::default() };
        assert_eq!(read(&reader.clone().with_limits(limits), "a.txt", b"text").await, Err(Unreadable::TimedOut));
        let process = std::fs::read_to_string(note.path()).unwrap();
        // A loaded machine may not have come to the script by then.
        if !process.trim().is_empty() {
            assert!(!Path::new("/proc").join(process.trim()).exists(), "killed and reaped");
            return;
        }
    }
    panic!("the script never began");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_document_that_takes_too_much_memory_is_stopped() {
    let limits = Limits { memory: 200 << 20, ..Limits::default() };
    for megabytes in [60, 140] {
        let text = "A line of text.\n".repeat(megabytes << 16);
        let outcome = read(&child().with_limits(limits), "big.txt", text.as_bytes()).await;
        assert_eq!(outcome, Err(Unreadable::TooMuchMemory), "{megabytes} MB");
    }
}

#[tokio::test]
async fn a_page_that_never_ends_is_stopped() {
    let leaf = format!("BT /F 12 Tf 50 700 Td ({}) Tj ET", "word ".repeat(200));
    let limits = Limits { text: 5_000, ..Limits::default() };
    for extractor in both() {
        let outcome = read(&extractor.with_limits(limits), "fan.pdf", &fan(&leaf)).await;
        assert_eq!(outcome, Err(Unreadable::TooMuchMemory));
    }
}

#[tokio::test]
async fn files_and_texts_beyond_the_limit_are_refused() {
    for extractor in both() {
        let small = extractor.clone().with_limits(Limits { file: 10, ..Limits::default() });
        assert_eq!(read(&small, "a.txt", b"0123456789a").await, Err(Unreadable::TooMuchMemory));
        assert!(read(&small, "a.txt", b"0123456789").await.is_ok());
        let terse = extractor.with_limits(Limits { text: 10, ..Limits::default() });
        assert_eq!(read(&terse, "a.txt", b"0123456789a").await, Err(Unreadable::TooMuchMemory));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_that_misbehaves_is_survived() {
    let with = |program: &str, arguments: &[&str]| {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Extractor::new(Worker::Program(program.into(), arguments))
    };
    let outcome = read(&with("/bin/sh", &["-c", "yes"]), "a.txt", b"text").await;
    assert_eq!(outcome, Err(Unreadable::TooMuchMemory), "endless output");
    let outcome = read(&with("/bin/sh", &["-c", "exit 3"]), "a.txt", b"text").await;
    assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
    let outcome = read(&with("/bin/sh", &["-c", "kill -SEGV $$"]), "a.txt", b"text").await;
    assert_eq!(outcome, Err(Unreadable::Broken("its reader died of signal 11".to_owned())));
    let script = "echo memory allocation of 9 bytes failed >&2; head -c 1000000 /dev/zero >&2; exit 1";
    let outcome = read(&with("/bin/sh", &["-c", script]), "a.txt", b"text").await;
    assert_eq!(outcome, Err(Unreadable::TooMuchMemory), "a long complaint");
    let outcome = read(&with("/bin/sh", &["-c", "echo nonsense"]), "a.txt", b"text").await;
    assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
    let outcome = read(&with("/nowhere/reader", &[]), "a.txt", b"text").await;
    assert!(matches!(outcome, Err(Unreadable::Broken(_))), "{outcome:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_sees_nothing_of_the_environment() {
    let print = vec![
        "-c".to_owned(),
        "printf '{\"Ok\":{\"pages\":[{\"number\":1,\"text\":\"%s\"}]}}' \"$CARGO_MANIFEST_DIR\"".to_owned(),
    ];
    let document = read(&Extractor::new(Worker::Program("/bin/sh".into(), print)), "a.txt", b"text").await.unwrap();
    assert_eq!(document.pages[0].text, "");
}
