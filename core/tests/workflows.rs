//! Workflows: found, launched with files in their slots; and agents deleted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::{World, prompt, scripted};
use nomkit::{Attachments, FollowUpOptions, Image, LaunchOptions, Source, WorkflowListOptions};
use serde_json::json;

fn workflow(id: &str) -> LaunchOptions {
    LaunchOptions::default().workflow_id(id)
}

fn inputs(slots: &[(&str, Vec<Source>)]) -> Attachments {
    let inputs = slots.iter().map(|(name, sources)| ((*name).to_owned(), sources.clone())).collect();
    Attachments { inputs, ..Attachments::default() }
}

fn files() -> Vec<Source> {
    vec![Source::bytes("The door of stair 3 shall be replaced.", "report.txt")]
}

#[test]
fn they_are_listed_with_what_they_ask_for() {
    let world = World::new();
    let list = || world.nomic.workflows().list(WorkflowListOptions::default().page_size(1u32)).unwrap();
    let all = list().collect::<Result<Vec<_>, _>>().unwrap();
    assert!(all.len() >= 3);
    let slots = all.iter().flat_map(|workflow| &workflow.requested_files).collect::<Vec<_>>();
    assert!(slots.iter().any(|slot| !slot.optional && !slot.multiple));
    assert!(slots.iter().any(|slot| slot.optional && slot.multiple));
    assert!(all.iter().any(|workflow| workflow.requested_files.is_empty()));
    let none = WorkflowListOptions::default().project_id("019abc12-3456-7890-abcd-ef1234567890");
    assert_eq!(world.nomic.workflows().list(none).unwrap().count(), 0);
    for wrong in [WorkflowListOptions::default().page_size(101u32), WorkflowListOptions::default().project_id("a/b")] {
        assert_eq!(world.nomic.workflows().list(wrong).err().unwrap().code, "invalid_input");
    }
}

#[test]
fn a_workflow_with_slots_takes_files_and_answers_and_can_be_asked_again() {
    let world = World::new();
    let all = world.nomic.workflows().list(Default::default()).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let found = all.iter().find(|workflow| workflow.requested_files.iter().any(|slot| !slot.optional)).unwrap();
    let slot = found.requested_files.iter().find(|slot| !slot.optional).unwrap();
    let attachments = inputs(&[(&slot.name, files())]);
    let run = world.nomic.agents().launch(workflow(&found.id), attachments, None).unwrap();
    assert_eq!(run.agent().workflow_id.as_deref(), Some(found.id.as_str()));
    let result = run.wait(common::within(60.0), None).unwrap();
    assert!(result.text.contains("stair 3"), "{}", result.text);
    let second = run.follow_up(FollowUpOptions::default().prompt("Which door?"), vec![]).unwrap();
    assert_eq!(second.turn(), 2);
    let answer = second.wait(common::within(60.0), None).unwrap();
    assert_ne!(answer.text, result.text);
    let agent = world.ledger()["agents"][0].clone();
    assert_eq!(agent["inputs"][&slot.name].as_array().unwrap().len(), 1, "{agent}");
}

#[test]
fn a_workflow_without_slots_takes_a_prompt_and_images() {
    let world = World::new();
    let all = world.nomic.workflows().list(Default::default()).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let found = all.iter().find(|workflow| workflow.requested_files.is_empty()).unwrap();
    let images = vec![Image::bytes(&b"GIF89a"[..])];
    let attachments = Attachments { images, ..Attachments::default() };
    let options = workflow(&found.id).prompt("The door of stair 3 shall be replaced.");
    let run = world.nomic.agents().launch(options, attachments, None).unwrap();
    run.wait(common::within(60.0), None).unwrap();
    assert_eq!(world.ledger()["agents"][0]["turns"][0]["images"].as_array().unwrap().len(), 1);
}

#[test]
fn i02_what_does_not_go_together_is_said_before_anything_is_sent() {
    let world = World::new();
    let image = || vec![Image::bytes(&b"GIF89a"[..])];
    let none = Attachments::default;
    let slotted = || inputs(&[("report", files())]);
    let cases = [
        (LaunchOptions::default(), none(), "prompt"),
        (prompt(" \n"), none(), "prompt"),
        (workflow("w").prompt(""), none(), "prompt"),
        (workflow("w"), files().into(), "files"),
        (workflow("w").file_ids(vec!["f".to_owned()]), none(), "files"),
        (prompt("Look"), slotted(), "inputs"),
        (workflow("w").prompt("Look"), slotted(), "prompt"),
        (workflow("w"), Attachments { images: image(), ..slotted() }, "images"),
        (workflow("w"), Attachments { images: image(), ..none() }, "images"),
        (workflow("w"), inputs(&[("report", vec![])]), "inputs"),
        (workflow("w"), inputs(&[("report", vec![Source::File("../x".to_owned())])]), "inputs"),
        (workflow("../w"), none(), "workflow_id"),
        (workflow("w").project_id("a b"), none(), "project_id"),
    ];
    for (options, attachments, argument) in cases {
        let error = world.nomic.agents().launch(options, attachments, None).err().unwrap();
        assert_eq!(error.detail("argument"), Some(&argument.into()), "{error}");
    }
    // A wrong file in any slot is found before the others are sent.
    let slots = inputs(&[("a", files()), ("b", vec![Source::path("/does/not/exist.pdf")])]);
    assert_eq!(world.nomic.agents().launch(workflow("w"), slots, None).err().unwrap().code, "io");
    assert_eq!(world.ledger()["requests"].as_array().unwrap().len(), 0);
}

#[test]
fn what_was_uploaded_for_a_slot_rides_on_the_error() {
    let world = World::new();
    let unknown = "019abc12-3456-7890-abcd-ef1234567890";
    let error = world.nomic.agents().launch(workflow(unknown), inputs(&[("report", files())]), None).err().unwrap();
    assert_eq!((error.code.as_str(), error.uploaded.len()), ("not_found", 1));
    assert_eq!(error.uploaded[0].name, "report.txt");
}

#[tokio::test]
async fn a_launch_says_only_what_it_was_given() {
    let (nomic, seen) = scripted::over(|_, _| scripted::launched());
    let agents = nomic.agents();
    let launch = |options, attachments| agents.launch(options, attachments, None);
    let there = |id: &str| Source::File(id.to_owned());
    launch(prompt("Look"), Attachments::from(vec![there("b"), there("c")])).await.unwrap();
    launch(workflow("w"), inputs(&[("x", vec![there("a")]), ("y", vec![there("b"), there("c")])])).await.unwrap();
    launch(workflow("w"), Attachments::default()).await.unwrap();
    launch(prompt("Look").file_ids(vec!["a".to_owned()]), vec![there("b")].into()).await.unwrap();
    assert_eq!(seen.json(0), json!({"fileIds": ["b", "c"], "prompt": {"text": "Look"}}));
    assert_eq!(seen.json(1), json!({"workflowId": "w", "inputs": {"x": ["a"], "y": ["b", "c"]}}));
    assert_eq!(seen.json(2), json!({"workflowId": "w"}));
    assert_eq!(seen.json(3), json!({"fileIds": ["a", "b"], "prompt": {"text": "Look"}}));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_nobody_prompted_can_be_asked_again() {
    // No user row of its own: the first is the follow-up's.
    let (nomic, _) = scripted::over(|call, made| {
        let row = |role: &str, text: &str| json!({"type": role, "text": text});
        let mut rows = vec![row("assistant", "the punch list")];
        let agent = |at: &str| json!({"data": {"id": "a", "status": "finished", "updatedAt": at}});
        match call {
            "POST /agents/a/followup" => (202, agent("2026-01-01T00:00:01Z").to_string()),
            "POST /agents" => scripted::launched(),
            "GET /agents/a" if made < 2 => (200, agent("2026-01-01T00:00:00Z").to_string()),
            "GET /agents/a" => (200, agent("2026-01-01T00:00:02Z").to_string()),
            _ => {
                if made >= 2 {
                    rows.extend([row("user", "And now?"), row("assistant", "nothing more")]);
                }
                (200, json!({"data": {"messages": rows}}).to_string())
            }
        }
    });
    let launch = inputs(&[("report", vec![Source::File("f".to_owned())])]);
    let run = nomic.agents().launch(workflow("w"), launch, None).await.unwrap();
    assert_eq!(run.wait(common::within(60.0), None).await.unwrap().text, "the punch list");
    let second = run.follow_up(FollowUpOptions::default().prompt("And now?"), vec![]).await.unwrap();
    assert_eq!(second.turn(), 2);
    assert_eq!(second.wait(common::within(60.0), None).await.unwrap().text, "nothing more");
}

#[test]
fn a_deleted_agent_is_gone() {
    let world = World::new();
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(common::within(60.0), None).unwrap();
    world.nomic.agents().delete(run.id()).unwrap();
    assert_eq!(world.nomic.agents().get(run.id()).unwrap_err().code, "not_found");
    assert_eq!(world.nomic.agents().delete(run.id()).unwrap_err().code, "not_found");
    assert_eq!(world.nomic.agents().delete("../x").unwrap_err().code, "invalid_input");
    // The first attempt deleted it, but nobody heard of that.
    let run = world.nomic.agents().launch(prompt("Look"), vec![], None).unwrap();
    run.wait(common::within(60.0), None).unwrap();
    world.fault("DELETE /agents/{id}", "lose_response", 1, json!({}));
    world.nomic.agents().delete(run.id()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_read_tolerantly_and_a_404_counts_only_after_a_loss() {
    let gone = || (404, r#"{"error":"Not found"}"#.to_owned());
    let answers: [(u16, &str); 5] =
        [(204, ""), (200, ""), (200, "{}"), (202, r#"{"data":{"id":"a","status":"finished"}}"#), (200, "null")];
    for (status, body) in answers {
        let (nomic, seen) = scripted::over(move |_, _| (status, body.to_owned()));
        nomic.agents().delete("a").await.unwrap();
        assert_eq!(seen.calls(), ["DELETE /agents/a"]);
    }
    let lost = [(502, "<html>"), (503, "busy"), (200, "<html>")];
    for (status, body) in lost {
        let (nomic, _) = scripted::over(move |_, made| if made == 0 { (status, body.to_owned()) } else { gone() });
        nomic.agents().delete("a").await.unwrap();
    }
    // Nothing can have deleted it before.
    for status in [0, 429] {
        let limited = move || (status, r#"{"error":"Slow down"}"#.to_owned());
        let (nomic, seen) = scripted::over(move |_, made| if made == 0 { limited() } else { gone() });
        let error = nomic.agents().delete("a").await.unwrap_err();
        assert_eq!((error.code.as_str(), seen.calls().len()), ("not_found", 2), "{status}");
    }
}
