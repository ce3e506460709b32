//! `ask`, `launch`, `wait`, `follow-up`.

use crate::world::{World, file, report};
use serde_json::json;
use std::{io::Write, process::Stdio};

const PROMPT: &str = "What is wrong with the fire doors?";

#[test]
fn a_question_about_a_document_is_answered_with_its_pages() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let made = made.to_str().unwrap();
    let answers = world.out(&["ask", PROMPT, &report(), "--follow-up", "Now a punch list", "--artifacts", made]);
    assert!(answers.matches("[inspection-report.pdf, p. ").count() > 3, "{answers}");
    assert_eq!(std::fs::read_dir(made).unwrap().count(), 4);
    assert_eq!(world.requests("POST /agents").len(), 1);
}

#[test]
fn every_kind_of_document_is_cited_by_its_place() {
    let world = World::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../emulator/tests/fixtures");
    for (name, question, cited) in [
        ("site-specification.docx", "Where do leaf guards go?", "[site-specification.docx, “Roof drainage”, ¶ 4]"),
        ("door-schedule.xlsx", "Which closer does not latch?", "[door-schedule.xlsx, sheet “Doors”, row 6]"),
        ("minutes.html", "Is the scaffold incomplete?", "[minutes.html, “Scaffold”, ¶ 5]"),
        ("issues.csv", "Which gutter is blocked?", "[issues.csv, row 3]"),
    ] {
        let answer = world.out(&["ask", question, &format!("{folder}/{name}")]);
        assert!(answer.contains(cited), "{answer}");
    }
}

#[test]
fn an_answer_as_json_is_one_line_and_names_what_was_written() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().to_str().unwrap();
    let answers = world.json(&["ask", PROMPT, &report(), "--follow-up", "A list", "--artifacts", made]);
    let turns = answers.iter().map(|answer| (answer["turn"].as_u64(), answer["agent"]["status"].as_str()));
    assert_eq!(turns.collect::<Vec<_>>(), [(Some(1), Some("finished")), (Some(2), Some("finished"))]);
    let written = answers[0]["written"].as_array().unwrap();
    assert!(written.len() == 2 && written.iter().all(|path| std::fs::metadata(path.as_str().unwrap()).is_ok()));
    // Each answer carries what goes on from it.
    let again = world.json(&["wait", answers[1]["token"].as_str().unwrap()]);
    assert_eq!(again[0]["text"], answers[1]["text"]);
}

#[test]
fn a_launch_returns_at_once_with_a_token_that_another_process_waits_by() {
    let world = World::busy();
    let token = world.out(&["launch", PROMPT, &report()]);
    let token = token.trim();
    assert!(token.starts_with("nk1.") && !token.contains(char::is_whitespace), "{token}");
    world.control("PUT", "timing", json!({"running": 0.05}));
    let second = World::new();
    let elsewhere = second.run(&["wait", token]);
    assert_eq!(elsewhere.code, Some(2), "{}", elsewhere.err);
    assert!(elsewhere.err.contains("another instance"), "{}", elsewhere.err);

    let launched = &world.json(&["launch", PROMPT, &report()])[0];
    assert_eq!((launched["turn"].as_u64(), launched["status"].as_str()), (Some(1), Some("waiting")));
    assert!(world.out(&["wait", launched["token"].as_str().unwrap()]).contains("[inspection-report.pdf, p. "));
    assert!(world.out(&["wait", launched["agentId"].as_str().unwrap()]).contains("[inspection-report.pdf, p. "));
}

#[test]
fn a_follow_up_waits_for_the_new_answer_or_gives_its_token() {
    let world = World::new();
    let token = world.out(&["launch", PROMPT, &report()]);
    let first = world.out(&["wait", token.trim()]);
    let second = world.out(&["follow-up", token.trim(), "Now a punch list"]);
    assert!(second.contains("[inspection-report.pdf, p. ") && second != first, "{second}");
    let third = &world.json(&["follow-up", token.trim(), "Summarize it", "--no-wait"])[0];
    assert_eq!(third["turn"], 3);
    assert_eq!(world.json(&["wait", third["token"].as_str().unwrap()])[0]["turn"], 3);
    // The first turn's token still names the first turn.
    assert_eq!(world.out(&["wait", token.trim()]), first);
    assert_eq!(world.requests("POST /agents/{id}/followup").len(), 2);
}

#[test]
fn a_prompt_comes_from_standard_input_and_no_other_text_names_a_file() {
    let world = World::new();
    let mut child = world.command(&["launch", "-", &report()]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all("List the fire doors\n— all of them".as_bytes()).unwrap();
    assert_eq!(world.ended(child.wait_with_output().unwrap()).code, Some(0));
    let folder = tempfile::tempdir().unwrap();
    let literal = format!("@{}", file(&folder, "secret.txt", b"a secret"));
    world.out(&["launch", &literal]);
    let asked = world.ledger();
    let prompts = asked["agents"].as_array().unwrap().iter().map(|agent| agent["turns"][0]["prompt"].as_str().unwrap());
    let prompts = prompts.collect::<Vec<_>>();
    assert_eq!(prompts, ["List the fire doors\n— all of them", literal.as_str()]);
}

#[test]
fn files_of_the_platform_are_named_by_their_id_alone() {
    let world = World::new();
    let id = world.json(&["upload", &report()])[0]["file"]["id"].as_str().unwrap().to_owned();
    assert!(world.out(&["ask", PROMPT, "--file-id", &id]).contains("[inspection-report.pdf, p. "));
    let taken_for_a_path = world.run(&["ask", PROMPT, &id]);
    assert_eq!(taken_for_a_path.code, Some(2));
    assert!(taken_for_a_path.err.contains("does not exist"), "{}", taken_for_a_path.err);
}

#[test]
fn a_workflow_takes_files_by_its_slots() {
    let world = World::new();
    let slot = |name: &str, multiple: bool| json!({"name": name, "description": name, "multiple": multiple});
    let made = world.control(
        "POST",
        "workflows",
        json!({"name": "Check", "description": "Checks", "requestedFiles": [slot("plans", true), slot("code", false)]}),
    );
    let workflow = made["id"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plan = format!("plans={}", file(&folder, "plan.md", b"# Plan\n\nThe door is too narrow."));
    let code = world.json(&["upload", &report()])[0]["file"]["id"].as_str().unwrap().to_owned();
    let code = format!("code={code}");
    let launch = ["launch", "--workflow", workflow, "--input", &plan, "--input-id", &code];
    let token = world.out(&launch);
    assert!(!world.out(&["wait", token.trim()]).is_empty());
    let agent = &world.ledger()["agents"][0];
    assert_eq!(agent["file_ids"].as_array().unwrap().len(), 2, "{agent}");
    assert_eq!(world.json(&["agents", "--workflow", workflow]).len(), 1);
    for wrong in [
        &["launch", "Look", &report(), "--workflow", workflow][..],
        &["launch", "--input", &plan],
        &["launch", "--workflow", workflow, "--input", "plans"],
    ] {
        assert_eq!(world.run(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn images_go_with_a_prompt() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let image = file(&folder, "site.png", b"\x89PNG\r\n\x1a\n and some pixels");
    let token = world.out(&["launch", "What is this?", "--image", &image]);
    world.out(&["wait", token.trim()]);
    world.out(&["follow-up", token.trim(), "And this?", "--image", &image]);
    let text = file(&folder, "site.jpg", b"no image");
    let ended = world.run(&["launch", "What is this?", "--image", &text]);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert_eq!(world.requests("POST /agents").len(), 1);
}
