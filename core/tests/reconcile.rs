//! Paid requests whose answers are lost: what they did is found, and none is sent twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::World;
use nomkit::{Attachments, Error, File, LaunchOptions, Source, UploadOptions, blocking::AgentRun};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The three kinds of launches.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Prompt,
    Workflow,
    Slots,
}

const KINDS: [Kind; 3] = [Kind::Prompt, Kind::Workflow, Kind::Slots];

fn launch_within(world: &World, kind: Kind, timeout: f64) -> Result<AgentRun, Error> {
    let slots = json!([{"name": "plans", "description": "Plans", "optional": false, "multiple": true}]);
    let workflow = |slots: Value| {
        world.control("POST", "workflows", json!({"name": "Review", "requestedFiles": slots}))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let options = LaunchOptions::default().timeout(timeout);
    let (options, attachments) = match kind {
        Kind::Prompt => (options.prompt("Look"), Attachments::from(vec![Source::bytes(b"a".as_slice(), "a.txt")])),
        Kind::Workflow => (options.prompt("Look").workflow_id(workflow(json!([]))), Attachments::default()),
        Kind::Slots => {
            let inputs = BTreeMap::from([("plans".to_owned(), vec![Source::bytes(b"a".as_slice(), "a.txt")])]);
            (options.workflow_id(workflow(slots)), Attachments { inputs, ..Attachments::default() })
        }
    };
    world.nomic.agents().launch(options, attachments, None)
}

/// What happens to the one launch, and whether the server has an agent of it.
fn points() -> Vec<(&'static str, &'static str, Value, bool)> {
    let gateway =
        |after_commit: bool| json!({"status": 502, "body": "<html>Bad gateway</html>", "after_commit": after_commit});
    vec![
        ("n05", "reset", json!({"at": "after_head"}), false),
        ("n06", "close", json!({"at": "after_head"}), false),
        ("n07", "reset", json!({"at": "mid_body", "bytes": 10}), false),
        ("n07", "reset", json!({"at": "before_commit"}), false),
        ("n08", "lose_response", json!({}), true),
        ("n08", "close", json!({"at": "after_commit"}), true),
        ("n09", "reset", json!({"at": "after_commit"}), true),
        ("n10", "truncate", json!({"bytes": 17}), true),
        ("n10", "truncate", json!({"bytes": 17, "reset": true}), true),
        ("n11", "wrong_length", json!({"delta": 93}), true),
        ("c06", "status", gateway(true), true),
        ("c06", "status", gateway(false), false),
        ("c11", "body", json!({"text": ""}), true),
        ("c14", "mutate", json!({"pointer": "/data/id", "remove": true}), true),
    ]
}

#[test]
fn l01_a_launch_whose_answer_is_lost_is_found_or_reported_and_never_sent_twice() {
    let kind = |kind: Kind| {
        for (row, fault, parameters, made) in points() {
            let world = World::new();
            world.fault("POST /agents", fault, 1, parameters.clone());
            // What cannot be found is looked for as long as there is time.
            let launched = launch_within(&world, kind, if made { 60.0 } else { 1.0 });
            let case = format!("{row} {fault} {parameters} {kind:?}");
            match &launched {
                Ok(run) => {
                    assert!(made && run.recovered(), "{case}");
                    assert_eq!(world.ledger()["agents"][0]["id"], run.id(), "{case}");
                    let attached = world.nomic.agents().attach(&run.token()).unwrap();
                    assert!(!attached.wait(common::within(60.0), None).unwrap().text.is_empty(), "{case}");
                }
                Err(error) => {
                    assert!(!made, "{case}: {error}");
                    assert_eq!(error.code, "outcome_unknown", "{case}: {error}");
                    assert_eq!(error.detail("candidates"), Some(&json!([])), "{case}");
                    assert!(error.message.contains("agents.list"), "{error}");
                }
            }
            assert_eq!((world.requests("POST /agents"), world.agents()), (1, usize::from(made)), "{case}");
        }
    };
    std::thread::scope(|scope| KINDS.map(|one| scope.spawn(move || kind(one))).map(|done| done.join().unwrap()));
}

fn upload(world: &World, content: &'static str) -> Result<File, Error> {
    let source = Source::bytes(content.as_bytes(), "plan.txt");
    world.nomic.files().upload(source, UploadOptions::default().path("alpha/plan.txt").timeout(60.0), None)
}

#[test]
fn u07_an_upload_with_a_path_is_found_among_others_of_that_path() {
    let world = World::new();
    let before = upload(&world, "An older plan").unwrap();
    world.fault("POST /files/upload", "lose_response", 1, json!({}));
    let file = upload(&world, "The plan").unwrap();
    assert!(file.recovered && !before.recovered && file.id != before.id);
    assert_eq!((file.size, file.version_id, file.name.as_str()), (None, None, "plan.txt"));
    assert_eq!((world.requests("POST /files/upload"), world.files()), (2, 2));
    // It can be worked with.
    let run = world.nomic.agents().launch(common::prompt("Look").file_ids(vec![file.id]), vec![], None).unwrap();
    assert!(!run.wait(common::within(60.0), None).unwrap().text.is_empty());
}

#[test]
fn u07_an_upload_on_its_way_keeps_its_file() {
    let world = World::new();
    world.fault("POST /files/upload", "lose_response", 1, json!({}));
    let files = std::thread::scope(|scope| {
        let uploads = ["One plan", "Another plan"].map(|content| scope.spawn(|| upload(&world, content)));
        uploads.map(|upload| upload.join().unwrap().unwrap())
    });
    assert_eq!(files.iter().filter(|file| file.recovered).count(), 1);
    assert_ne!(files[0].id, files[1].id);
    assert_eq!((world.requests("POST /files/upload"), world.files()), (2, 2));
}

#[test]
fn u07_an_upload_that_was_not_processed_is_reported() {
    let world = World::new();
    world.fault("POST /files/upload", "reset", 1, json!({"at": "before_commit"}));
    let source = Source::bytes(b"The plan".as_slice(), "plan.txt");
    let options = UploadOptions::default().path("alpha/plan.txt").timeout(2.0);
    let error = world.nomic.files().upload(source, options, None).unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("candidates")), ("outcome_unknown", Some(&json!([]))));
    assert!(error.message.contains("files.search"), "{error}");
    assert_eq!((world.requests("POST /files/upload"), world.files()), (1, 0));
}
