//! Answers quote the documents, cite file and page, and say plainly what is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::Path;
use std::time::{Duration, Instant};

use nomkit_emulator::answers::{Answer, answer};
use nomkit_emulator::documents::{Document, Extractor, Page, Unit, Unreadable, Worker};

type Source = (String, Result<Document, Unreadable>);

fn source(name: &str, pages: &[&str]) -> Source {
    let pages =
        (1..).zip(pages).map(|(number, text)| Page { number, text: (*text).to_owned(), ..Page::default() }).collect();
    (name.to_owned(), Ok(Document { pages, unit: Unit::Page }))
}

async fn sample() -> Vec<Source> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/inspection-report.pdf");
    let document = Extractor::new(Worker::InProcess).extract(&file, "inspection-report.pdf", "").await;
    vec![("inspection-report.pdf".to_owned(), Ok(document.unwrap()))]
}

fn bullets(answer: &Answer) -> Vec<&str> {
    answer.text.lines().filter(|line| line.starts_with("- ")).collect()
}

#[tokio::test]
async fn questions_about_the_sample_are_answered_from_the_right_page() {
    let sample = sample().await;
    for (question, words, page) in [
        ("Summarize the egress issues", "two means of egress", 3),
        ("How wide are the stairs?", "Stair A is 1.2 metres wide", 4),
        ("Which fire doors need work?", "Work needed: Replace the closer", 5),
        ("What about the roof drainage?", "The outlet must be cleared now", 6),
    ] {
        let answer = answer(question, 1, &sample);
        let quote = answer.text.lines().find(|line| line.contains(words)).expect(&answer.text);
        assert!(quote.ends_with(&format!("” [inspection-report.pdf, p. {page}]")), "{quote}");
    }
}

#[tokio::test]
async fn a_quotation_is_whole_sentences_of_the_document_without_running_headers() {
    let sample = sample().await;
    let answer = answer("Is the corridor wide enough for egress?", 1, &sample);
    assert!(!answer.text.contains("Quillfeather"), "{}", answer.text);
    assert!(!answer.text.contains("Report QSP-0417"), "{}", answer.text);
    let pages = &sample[0].1.as_ref().unwrap().pages;
    let all: String =
        pages.iter().map(|page| page.text.split_whitespace().collect::<Vec<_>>().join(" ") + " ").collect();
    for row in answer.rows.iter().filter(|row| !row["finding"].as_str().unwrap().contains("; ")) {
        let finding = row["finding"].as_str().unwrap();
        assert!(all.contains(finding), "{finding}");
    }
}

#[tokio::test]
async fn a_punch_list_has_a_cited_bullet_for_each_thing_to_do() {
    let answer = answer("Now turn that into a punch list", 2, &sample().await);
    let bullets = bullets(&answer);
    assert!(answer.text.starts_with("Punch list from inspection-report.pdf:\n\n- "), "{}", answer.text);
    assert!(bullets.len() > 15, "{bullets:#?}");
    assert!(bullets.iter().all(|bullet| bullet.contains(" [inspection-report.pdf, p. ")), "{bullets:#?}");
    for words in ["The loose nosings must be refixed", "FD-03", "leaf guards should be fitted"] {
        assert!(bullets.iter().any(|bullet| bullet.contains(words)), "{words}");
    }
    assert!(!answer.text.contains("FD-01"), "a door that passed is no work");
    assert!(answer.report.starts_with("# Punch list\n"), "{}", answer.report);
}

#[tokio::test]
async fn a_bullet_that_points_back_takes_what_it_points_to() {
    let answer = answer("checklist for the corridor", 1, &sample().await);
    let bullet = bullets(&answer).into_iter().find(|bullet| bullet.contains("These must be removed")).unwrap();
    assert!(bullet.contains("two filing cabinets and a photocopier"), "{bullet}");
}

#[tokio::test]
async fn words_that_only_name_the_document_do_not_narrow_its_summary() {
    let documents = sample().await;
    let whole = answer("Please summarize this document.", 1, &documents).text;
    for question in ["Summarize the inspection report", "Give me a summary of the uploaded inspection report."] {
        assert_eq!(answer(question, 1, &documents).text, whole, "{question}");
    }
    assert_ne!(answer("Summarize the fire doors in the inspection report", 1, &documents).text, whole);
}

#[tokio::test]
async fn a_summary_is_spread_over_the_pages() {
    let answer = answer("Please summarize this document.", 1, &sample().await);
    let pages: std::collections::BTreeSet<u64> = answer.rows.iter().map(|row| row["page"].as_u64().unwrap()).collect();
    assert!(pages.len() >= 5, "{}", answer.text);
    assert!(answer.text.contains("is in fair condition"), "{}", answer.text);
}

#[tokio::test]
async fn what_is_not_there_is_said_plainly() {
    let answer = answer("Is there asbestos?", 1, &sample().await);
    assert!(answer.text.starts_with("Nothing about “asbestos” was found in inspection-report.pdf."), "{}", answer.text);
    assert!(answer.text.contains("“2 Egress” [inspection-report.pdf, p. 3]"), "{}", answer.text);
    assert!(answer.rows.is_empty());
}

#[tokio::test]
async fn the_report_and_the_table_have_their_parts() {
    let mut sources = sample().await;
    sources.push(("scan.pdf".to_owned(), Err(Unreadable::NoText)));
    let answer = answer("Which fire doors need work?", 1, &sources);
    assert!(answer.report.starts_with("# Findings: Which fire doors need work?\n"), "{}", answer.report);
    assert!(answer.report.contains("**Question:** Which fire doors need work?"));
    assert!(answer.report.contains("[inspection-report.pdf, p. 5]"));
    assert!(answer.report.contains("- inspection-report.pdf: 7 pages\n- scan.pdf: not read, no text found"));
    assert!(answer.text.contains("Could not read scan.pdf: no text found"));
    let ids: Vec<&str> = answer.columns.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["no", "finding", "file", "page", "score"]);
    for (row, number) in answer.rows.iter().zip(1..) {
        assert_eq!(row["no"], number);
        assert_eq!(row["file"], "inspection-report.pdf");
        assert!(row["score"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn several_documents_are_cited_by_name() {
    let sources = [
        source("a.txt", &["The pump leaks at its flange."]),
        source("b.txt", &["Nothing.", "The pump must be replaced."]),
    ];
    let answer = answer("What about the pump?", 1, &sources);
    assert!(answer.text.contains("“The pump leaks at its flange.” [a.txt, p. 1]"), "{}", answer.text);
    assert!(answer.text.contains("“The pump must be replaced.” [b.txt, p. 2]"), "{}", answer.text);
}

#[test]
fn words_cut_at_line_ends_become_whole() {
    let page = "The inspec-\ntion of self-closing doors found a self-\nclosing door that is fire-\nresisting. It is fire-resisting.";
    let answer = answer("inspection", 1, &[source("a.txt", &[page])]);
    let whole = "The inspection of self-closing doors found a self-closing door that is fire-resisting.";
    assert!(answer.text.contains(whole), "{}", answer.text);
}

#[test]
fn a_sentence_goes_on_over_a_page_break() {
    let pages = ["The valve in the basement must be", "replaced before winter."];
    let answer = answer("valve", 1, &[source("a.txt", &pages)]);
    assert!(
        answer.text.contains("“The valve in the basement must be replaced before winter.” [a.txt, p. 1]"),
        "{}",
        answer.text
    );
}

#[test]
fn hostile_questions_are_only_words() {
    let sources = [source("a.txt", &["The pump leaks."])];
    for question in [
        "\" OR 1",
        "pump\" NEAR(x",
        "text:pump*",
        "NOT pump",
        "^pump -leak",
        "{a b}:c",
        "\0",
        "'; DROP TABLE passages; --",
        "🦀",
        "ǅ ß ﬃ",
        "",
    ] {
        let answer = answer(question, 1, &sources);
        assert!(!answer.text.contains("could not be searched"), "{question}: {}", answer.text);
    }
    assert!(answer("pump\" OR \"x", 1, &sources).text.contains("The pump leaks."));
    let long = "pump ".repeat(100_000) + &"ß".repeat(100_000);
    assert!(answer(&long, 1, &sources).report.len() < 2_000);
}

#[test]
fn documents_cannot_write_marks_into_the_report() {
    let sources =
        [source("x](y) <b>.txt", &["The pump <script>alert(1)</script> ![x](http://example.com) `leaks` *now*."])];
    let answer = answer("pump", 1, &sources);
    assert!(answer.report.contains(r"\<script>"), "{}", answer.report);
    assert!(answer.report.contains(r"!\[x\](http"), "{}", answer.report);
    assert!(answer.report.contains(r"[x\](y) \<b>.txt, p. 1]"), "{}", answer.report);
}

#[test]
fn megabytes_are_fast_whatever_they_look_like() {
    let cases = [
        ("The pump in room é№漢 leaks and must be repaired. ".repeat(200_000), "pump repair"),
        ("The pump in room é№漢 leaks and must be repaired. ".repeat(50_000), "punch list"),
        ("é".repeat(1_500_000), "summarize"),
        ("word\n".repeat(600_000), "word"),
        ("a. ".repeat(1_000_000), "punch list"),
        ("A   B   C\n".repeat(200_000), "a b c"),
        ("x-\n".repeat(1_000_000), "x"),
    ];
    for (text, question) in cases {
        let start: String = text.chars().take(20).collect();
        let sources = [source("big.txt", &[&text])];
        let started = Instant::now();
        let answer = answer(question, 1, &sources);
        assert!(answer.text.len() < 50_000);
        println!("{start:?}, {question}: {:?}", started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(60), "{start:?}, {question}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn the_same_input_gives_the_same_answer() {
    let sample = sample().await;
    for question in ["fire doors", "punch list", "summarize"] {
        assert_eq!(answer(question, 1, &sample), answer(question, 1, &sample));
    }
}

#[test]
fn without_documents_the_answer_says_what_to_do() {
    assert!(answer("pump", 1, &[]).text.contains("Attach at least one"));
    let sources = [("a.pdf".to_owned(), Err(Unreadable::Encrypted))];
    let answer = answer("pump", 1, &sources);
    assert!(answer.text.contains("None of the documents could be read"), "{}", answer.text);
    assert!(answer.text.contains("Could not read a.pdf: the document is encrypted"), "{}", answer.text);
}

async fn fixture(name: &str) -> Vec<Source> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let document = Extractor::new(Worker::InProcess).extract(&file, name, "").await;
    vec![(name.to_owned(), Ok(document.unwrap()))]
}

#[tokio::test]
async fn places_without_pages_are_cited_by_heading_sheet_and_row() {
    for (name, question, quote) in [
        (
            "site-specification.docx",
            "How are the roofs drained?",
            "“Each roof shall drain to at least two outlets. Outlets must be fitted with leaf guards.” \
             [site-specification.docx, “Roof drainage”, ¶ 4]",
        ),
        (
            "site-specification.docx",
            "What fire class has the insulation?",
            "“Item: Insulation; Fire class: A1.” [site-specification.docx, “Materials”, ¶ 13]",
        ),
        (
            "door-schedule.xlsx",
            "Is a frame corroded?",
            "“Door: FD-04; Location: Bin store; Rating: FD60; Inspected: 2026-03-04 09:30; Defect: Frame corroded at the \
             foot.” [door-schedule.xlsx, sheet “Doors”, row 8]",
        ),
        (
            "door-schedule.xlsx",
            "Which doors are on stair A?",
            "Defect: Smoke seal missing at the head.” [door-schedule.xlsx, sheet “Doors”, rows 4–5]",
        ),
        (
            "door-schedule.xlsx",
            "joinery budget",
            "“Trade: Joinery; Quarter 1: 12500; Quarter 2: 0.3.” [door-schedule.xlsx, sheet “Budget”, row 2]",
        ),
        (
            "minutes.html",
            "When are the bricks delivered?",
            "“Date: 9 April; Load: Bricks; Supplier: Orme & Sons.” [minutes.html, “Scaffold”, ¶ 10]",
        ),
        (
            "issues.csv",
            "What is wrong in the yard?",
            "“Issue: 3; Place: Yard; Note: Gate hinge broken; Cost: 45.” [issues.csv, row 5]",
        ),
    ] {
        let answer = answer(question, 1, &fixture(name).await);
        assert!(answer.text.contains(quote), "{question}: {}", answer.text);
        let ids: Vec<&str> = answer.columns.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["no", "finding", "file", "page", "place", "score"]);
        assert!(answer.rows[0]["page"].is_null());
        assert!(quote.contains(answer.rows[0]["place"].as_str().unwrap()), "{:?}", answer.rows[0]);
    }
    let answer = answer("punch list", 1, &fixture("door-schedule.xlsx").await);
    assert_eq!(bullets(&answer).len(), 3, "{}", answer.text);
    assert!(answer.report.contains("- door-schedule.xlsx: 2 sheets, 10 rows"), "{}", answer.report);
}

#[tokio::test]
async fn a_column_alone_is_no_match() {
    let answer = answer("What is the cost of the chimney?", 1, &fixture("issues.csv").await);
    assert!(answer.text.starts_with("Nothing about “cost”, “chimney” was found in issues.csv."), "{}", answer.text);
}

#[tokio::test]
async fn what_has_the_words_comes_before_what_its_heading_has() {
    let answer = answer("What about the scaffold?", 1, &fixture("minutes.html").await);
    assert!(answer.rows[0]["finding"].as_str().unwrap().starts_with("The scaffold at block B"), "{}", answer.text);
}
