//! The documents' own curl commands, run as they are written: only the host, the key and the example ids are replaced.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

mod common;

use std::fs;
use std::process::Command;

use common::{Client, INSTANT};
use serde_json::{Value, json};
use tempfile::TempDir;

const HOST: &str = "https://<your-domain>.nomic.ai";
const AGENT: &str = "019abc12-3456-7890-abcd-ef1234567890";
const FILE: &str = "019abc12-3456-7890-abcd-ef1234567892";

/// Runs a command of the documents with `sh` and gives status and body.
fn run(client: &Client, folder: &TempDir, command: &str, ids: &[(&str, &str)]) -> (u16, Value) {
    let mut command = command.replace(HOST, client.emulator.url());
    for (example, real) in ids {
        assert!(command.contains(example), "{command}");
        command = command.replace(example, real);
    }
    // Options from outside leave the command as it is written.
    fs::write(folder.path().join(".curlrc"), "silent\nshow-error\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n")
        .unwrap();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&command).current_dir(folder.path());
    let output = shell.env("CURL_HOME", folder.path()).env("NOMIC_API_KEY", &client.key).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// Checks that `actual` has the members of `example`, with values of their types. `null` in the example stands for text
/// that may be missing; an empty array says nothing about its items.
#[track_caller]
fn same_shape(actual: &Value, example: &Value) {
    match (actual, example) {
        (Value::Object(actual), Value::Object(example)) => {
            let (mut has, mut wants): (Vec<_>, Vec<_>) = (actual.keys().collect(), example.keys().collect());
            has.sort();
            wants.sort();
            assert_eq!(has, wants);
            for (member, value) in example {
                same_shape(&actual[member], value);
            }
        }
        (Value::Array(actual), Value::Array(example)) => {
            for item in actual {
                if let Some(example) = example.first() {
                    same_shape(item, example);
                }
            }
        }
        (Value::String(_) | Value::Null, Value::Null) | (Value::Number(_), Value::Number(_)) => {}
        (Value::String(actual), Value::String(example)) => {
            let uuid = |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
            let time = |text: &str| text.len() == 24 && text.contains('T') && text.ends_with('Z');
            assert_eq!((uuid(actual), time(actual)), (uuid(example), time(example)), "{actual} for {example}");
        }
        _ => panic!("{actual} for {example}"),
    }
}

fn agent() -> Value {
    json!({
        "data": {
            "id": AGENT, "status": "waiting", "workflowId": null, "projectId": null, "artifacts": [], "files": [],
            "createdAt": "2026-04-25T12:00:00.000Z", "updatedAt": "2026-04-25T12:00:00.000Z",
        }
    })
}

#[test]
fn search_for_files() {
    let (client, folder) = (Client::start(INSTANT), TempDir::new().unwrap());
    let path: &[u8] = b"Project Alpha/reports/quarterly.pdf";
    client.try_upload(&[("path", None, path), ("file", Some("x"), b"%PDF-")]).unwrap();
    let command = r#"curl "https://<your-domain>.nomic.ai/api/v0/files/search?query=quarterly&limit=10" \
-H "Authorization: Bearer $NOMIC_API_KEY""#;
    let (status, body) = run(&client, &folder, command, &[]);
    assert_eq!(status, 200);
    let example = json!({
        "data": [{
            "id": AGENT, "name": "quarterly.pdf", "mimeType": "application/pdf", "parentId": null,
            "path": "Project%20Alpha/reports/quarterly.pdf",
        }],
        "nextCursor": null,
    });
    same_shape(&body, &example);
    for member in ["name", "mimeType", "path"] {
        assert_eq!(body["data"][0][member], example["data"][0][member]);
    }
}

#[test]
fn upload_a_file() {
    let (client, folder) = (Client::start(INSTANT), TempDir::new().unwrap());
    fs::create_dir(folder.path().join("drawings")).unwrap();
    fs::write(folder.path().join("drawings/floor-plan.pdf"), b"%PDF-1.7 plan").unwrap();
    let command = r#"curl -X POST "https://<your-domain>.nomic.ai/api/v0/files/upload" \
-H "Authorization: Bearer $NOMIC_API_KEY" \
-F "file=@drawings/floor-plan.pdf" \
-F "path=project-alpha/drawings/floor-plan.pdf""#;
    let (status, body) = run(&client, &folder, command, &[]);
    assert_eq!(status, 201);
    let example = json!({
        "id": AGENT, "name": "floor-plan.pdf", "mimeType": "application/pdf", "size": 13, "fileType": "DOCUMENT",
        "parentId": null, "fileVersionId": AGENT, "createdAt": "2026-04-05T12:00:00.000Z",
    });
    same_shape(&body, &example);
    for member in ["name", "mimeType", "size", "fileType"] {
        assert_eq!(body[member], example[member]);
    }
    assert_eq!(client.ledger()["files"][0]["path"], "project-alpha/drawings/floor-plan.pdf");
}

#[test]
fn launch_get_and_follow_up() {
    let (client, folder) = (Client::start(INSTANT), TempDir::new().unwrap());
    let file = client.upload("inspection.txt", b"The handrail of stair B is loose.");

    let command = r#"curl -X POST "https://<your-domain>.nomic.ai/api/v0/agents" \
-H "Authorization: Bearer $NOMIC_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"prompt": { "text": "Summarize the uploaded inspection report." },
"fileIds": ["019abc12-3456-7890-abcd-ef1234567892"]
}'"#;
    let (status, launched) = run(&client, &folder, command, &[(FILE, &file)]);
    assert_eq!(status, 201);
    same_shape(&launched, &agent());
    assert_eq!(launched["data"]["status"], "waiting");
    let id = launched["data"]["id"].clone();
    client.until(&id, "finished");

    let command = r#"curl "https://<your-domain>.nomic.ai/api/v0/agents/019abc12-3456-7890-abcd-ef1234567890" \
-H "Authorization: Bearer $NOMIC_API_KEY""#;
    let (status, got) = run(&client, &folder, command, &[(AGENT, id.as_str().unwrap())]);
    assert_eq!(status, 200);
    same_shape(&got, &agent());
    assert_eq!(got["data"]["files"][0]["id"], file.as_str());

    let command = r#"curl -X POST "https://<your-domain>.nomic.ai/api/v0/agents/019abc12-3456-7890-abcd-ef1234567890/followup" \
-H "Authorization: Bearer $NOMIC_API_KEY" \
-H "Content-Type: application/json" \
-d '{
"prompt": { "text": "Now turn that summary into a punch list." }
}'"#;
    let (status, followed) = run(&client, &folder, command, &[(AGENT, id.as_str().unwrap())]);
    assert_eq!(status, 202);
    same_shape(&followed, &agent());
    assert_eq!(client.ledger()["agents"][0]["turns"][1]["prompt"], "Now turn that summary into a punch list.");
}
