//! The C rows of docs/faults.md, in memory and in virtual time: what a server says, and what the caller gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    raw::Raw,
    scripted::{Reply, Seen, agent, client, count, launch, list, reply, with},
};
use futures_util::{StreamExt, stream};
use nomkit::{Error, FollowUpOptions, LaunchOptions, Nomic, SearchOptions, Source, UploadOptions, WaitOptions};
use serde_json::{Value, json};
use std::{net::TcpListener, time::Duration};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn c07_a_503_is_a_missing_service_only_in_the_platforms_own_words() {
    let own = r#"{"error":"Not configured"}"#;
    for (body, code, tries) in [(own, "not_configured", 2), ("", "server", 4), ("{}", "server", 4)] {
        let (nomic, seen) = client(move |_, _, _| reply(503, body));
        assert_eq!(nomic.agents().get("a").await.unwrap_err().code, code);
        assert_eq!(count(&seen, "GET /agents/a"), tries);
    }
}

/// Every call that is one request; its name there, and whether it worked.
async fn each(nomic: &Nomic, seen: &Seen) -> Vec<(&'static str, Result<(), Error>)> {
    let run = nomic.agents().attach("a").await;
    seen.lock().unwrap().clear();
    let (agents, files) = (nomic.agents(), nomic.files());
    let follow_up = async { run?.follow_up(FollowUpOptions::default().prompt("And?"), vec![]).await.map(drop) };
    vec![
        ("POST /agents/a/followup", follow_up.await),
        ("POST /agents", later(launch(nomic)).await.map(drop)),
        ("GET /agents", later(list(nomic)).await.map(drop)),
        ("GET /agents/b", later(agents.get("b")).await.map(drop)),
        ("GET /agents/c/conversation", later(agents.conversation("c")).await.map(drop)),
        ("GET /agents/d/artifacts/x", later(agents.artifact("d", "x")).await.map(drop)),
        ("POST /agents/e/stop", later(agents.stop("e")).await.map(drop)),
        ("DELETE /agents/f", later(agents.delete("f")).await.map(drop)),
        (
            "GET /files/search",
            later(async { files.search(SearchOptions::default().query("q"))?.next().await }).await.map(drop),
        ),
        (
            "POST /files/upload",
            later(files.upload(Source::bytes("text", "a.txt"), UploadOptions::default(), None)).await.map(drop),
        ),
    ]
}

/// A key that was refused is asked with again after half a minute.
async fn later<T>(call: impl Future<Output = T>) -> T {
    tokio::time::sleep(Duration::from_secs(31)).await;
    call.await
}

const ROWS: &str = r#"{"data":{"messages":[{"type":"user","text":"Look"},{"type":"assistant","text":"Seen"}]}}"#;

#[tokio::test(start_paused = true)]
async fn c08_a_refusal_stands_at_every_endpoint_and_cannot_move_a_cursor() {
    let said = "No\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\r\n\u{202e}dne";
    for (status, code) in [
        (400, "bad_request"),
        (401, "unauthorized"),
        (402, "billing"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (410, "gone"),
        (413, "too_large"),
        (418, "bad_request"),
        (422, "bad_request"),
        (501, "feature_unavailable"),
    ] {
        let body = json!({"error": said.to_owned() + &"é".repeat(2000), "code": said}).to_string();
        let (nomic, seen) = client(move |call, _, _| match call {
            "GET /agents/a" => reply(200, agent("finished", "")),
            "GET /agents/a/conversation" => reply(200, ROWS),
            _ => reply(status, body.clone()),
        });
        for (call, result) in each(&nomic, &seen).await {
            let error = result.unwrap_err();
            assert_eq!((error.code.as_str(), error.status, count(&seen, call)), (code, Some(status), 1), "{call}");
            let text = format!("{} {:?}", error.message, error.server_code);
            assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{call}: {text:?}");
            assert!(error.message.len() < 800, "{}", error.message.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c10_an_html_error_has_the_class_of_its_status() {
    let html = "<!DOCTYPE html><html><body><h1>\u{1b}[31mForbidden</h1></body></html>";
    for (status, code) in [(403, "forbidden"), (404, "not_found"), (413, "too_large"), (502, "server"), (504, "server")]
    {
        let (nomic, _) = client(move |_, _, _| with("content-type", "text/html", reply(status, html)));
        let error = nomic.agents().get("a").await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (code, Some(status)));
        assert!(error.message.contains("Forbidden") && !error.message.contains('\u{1b}'), "{error}");
    }
    // A compressed error page is not read, and its status still counts.
    let (nomic, _) = client(|_, _, _| with("content-encoding", "br", reply(403, "\u{1}\u{2}")));
    assert_eq!(nomic.agents().get("a").await.unwrap_err().code, "forbidden");
}

#[tokio::test(start_paused = true)]
async fn c11_c12_what_is_no_answer_is_asked_once_more_and_never_by_a_paid_request() {
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    for body in [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "\u{feff}{\"data\":{\"id\":\"a\",\"status\":\"running\"}}".to_owned(),
        "{\"data\":{\"id\":\"a\",\"status\":\"running\"}}\0".to_owned(),
        "{\"data\":{\"id\":\"a\0\",\"status\":\"running\"}}".to_owned(),
        r#"{"data":{"id":"a","status":"running","n":1e400}}"#.to_owned(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!(r#"{{"data":{{"id":"a","status":"running","x":{}}}}}"#, deep("[", "]")),
        "<html>It works!</html>".to_owned(),
    ] {
        for status in [200, 201, 202] {
            let sent = body.clone();
            let (nomic, seen) = client(move |_, _, _| reply(status, sent.clone()));
            let error = nomic.agents().get("a").await.unwrap_err();
            let shown = body.get(..60).unwrap_or(&body);
            assert_eq!((error.code.as_str(), count(&seen, "GET /agents/a")), ("protocol", 2), "{shown}");
            assert!(error.message.starts_with("agents.get: "), "{error}");
            assert_eq!(launch(&nomic).await.unwrap_err().code, "outcome_unknown", "{shown}");
            assert_eq!(count(&seen, "POST /agents"), 1);
        }
    }
    // Text that is not UTF-8.
    let broken = || {
        let bytes = bytes::Bytes::from_static(b"{\"data\":{\"id\":\"a\",\"status\":\"\xff\xfe\"}}");
        Reply { stream: Some(stream::iter([Ok(bytes)]).boxed()), ..reply(200, "") }
    };
    let (nomic, _) = client(move |_, _, _| broken());
    assert_eq!(nomic.agents().get("a").await.unwrap_err().code, "protocol");
    // Keys that come twice: the last one counts, as nearly everywhere.
    let (nomic, _) = client(|_, _, _| reply(200, r#"{"data":{"id":"b","id":"a","status":"x","status":"running"}}"#));
    assert_eq!(nomic.agents().get("a").await.unwrap().status.as_str(), "running");
}

#[tokio::test(start_paused = true)]
async fn c13_a_status_of_tomorrow_is_waited_out() {
    let (nomic, _) = client(|call, made, _| match (call, made) {
        ("POST /agents", _) => reply(201, agent("queued_v2", "")),
        ("GET /agents/a", 0..3) => reply(200, agent("queued_v2", "")),
        ("GET /agents/a", _) => reply(200, agent("FINISHED", "")),
        _ => reply(200, ROWS),
    });
    let run = launch(&nomic).await.unwrap();
    assert!(run.status().is_active() && run.status().as_str() == "queued_v2");
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
}

/// One whole answer of each kind.
fn whole(call: &str) -> Value {
    let agent = json!({"id": "a", "status": "finished", "workflowId": null, "projectId": "p", "createdAt":
        "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "files": [{"id": "f", "name": "n", "mimeType": "t"}],
        "artifacts": [{"id": "x", "name": "n", "type": "markdown", "createdAt": "2026-01-01T00:00:00Z"}]});
    let hit = json!({"id": "f", "name": "n", "mimeType": "t", "parentId": null, "path": "a%20b/n"});
    match call {
        "GET /agents" => json!({"data": [agent], "nextCursor": null, "totalCount": 1}),
        "GET /files/search" => json!({"data": [hit], "nextCursor": null}),
        "POST /files/upload" => json!({"id": "f", "name": "a.txt", "mimeType": "t", "size": 4, "fileType": "DOCUMENT",
            "parentId": null, "fileVersionId": "v", "createdAt": "2026-01-01T00:00:00Z"}),
        _ if call.ends_with("/conversation") => json!({"data": {"messages": [
            {"id": "1", "type": "user", "text": "Look", "createdAt": "2026-01-01T00:00:00Z"},
            {"id": "2", "type": "assistant", "text": "Seen", "createdAt": "2026-01-01T00:00:00Z"}]}}),
        _ if call.contains("/artifacts/") => json!({"data": {"id": "x", "name": "n", "type": "table",
            "columns": [{"id": "c", "name": "C"}], "rows": [{"c": 1}]}}),
        _ => {
            let id = call.split('/').nth(2).unwrap_or("a");
            let mut agent = agent;
            agent["id"] = id.into();
            json!({"data": agent})
        }
    }
}

/// Every place of a value, as JSON pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        all.push(format!("{at}/{key}"));
        places(value, &format!("{at}/{key}"), all);
    }
}

/// The value without, or with something else at, one place.
fn changed(whole: &Value, place: &str, to: Option<Value>) -> Value {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let mut value = whole.clone();
    match (value.pointer_mut(parent).unwrap(), to) {
        (Value::Object(map), None) => drop(map.remove(key)),
        (Value::Array(items), None) => drop(items.remove(key.parse().unwrap())),
        (parent, Some(to)) => *parent.pointer_mut(&format!("/{key}")).unwrap() = to,
        _ => panic!("{place} is no place"),
    }
    value
}

#[tokio::test(start_paused = true)]
async fn c14_c15_a_field_that_is_missing_or_drifts_is_borne_or_named() {
    // What the client cannot do without: the field, and where.
    let needed = |call: &str, place: &str| match place {
        "/data" => !call.ends_with("/stop") && !call.starts_with("DELETE"),
        "/data/id" => !call.ends_with("/stop") && !call.starts_with("DELETE"),
        "/data/status" => !call.contains("/artifacts/") && !call.ends_with("/stop") && !call.starts_with("DELETE"),
        "/data/messages" | "/data/0/id" | "/data/columns/0/id" => true,
        "/data/0/status" => call == "GET /agents",
        "/id" => call == "POST /files/upload",
        _ => false,
    };
    for call in [
        "POST /agents",
        "POST /agents/a/followup",
        "GET /agents",
        "GET /agents/b",
        "GET /agents/c/conversation",
        "GET /agents/d/artifacts/x",
        "POST /agents/e/stop",
        "GET /files/search",
        "POST /files/upload",
    ] {
        let base = whole(call);
        let mut all = Vec::new();
        places(&base, "", &mut all);
        for place in all {
            for to in
                [None, Some(Value::Null), Some(json!(7)), Some(json!("x")), Some(json!([])), Some(json!({"k": 1}))]
            {
                let (answer, target) = (changed(&base, &place, to.clone()).to_string(), call);
                let (nomic, seen) = client(move |call, _, _| {
                    reply(200, if call == target { answer.clone() } else { whole(call).to_string() })
                });
                let paid = call.starts_with("POST") && !call.ends_with("/stop");
                let result = each(&nomic, &seen).await.into_iter().find(|(made, _)| *made == call).unwrap().1;
                let Err(error) = result else {
                    assert!(to.is_some() || !needed(call, &place), "{call} lacks {place}");
                    continue;
                };
                let expected = if paid { "outcome_unknown" } else { "protocol" };
                let integrity = place == "/size" && error.code == "integrity";
                assert!(error.code == expected || integrity, "{call} {place} {to:?}: {error}");
                if to.is_none() {
                    assert!(needed(call, &place), "{call} can do without {place}: {error}");
                    let field = place.rsplit('/').next().unwrap();
                    let named = place == "/data" || error.message.contains(&format!("`{field}`"));
                    assert!(named && error.message.contains('.'), "{call} {place}: {error}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c15_what_is_new_is_kept_and_null_lists_are_empty() {
    let (nomic, _) =
        client(|_, _, _| reply(200, agent("running", r#","artifacts":null,"files":null,"mood":"good","data":[1]"#)));
    let agent = nomic.agents().get("a").await.unwrap();
    assert_eq!((agent.artifacts.len(), agent.extra["mood"].as_str()), (0, Some("good")));
    let (nomic, _) = client(|_, _, _| reply(200, r#"{"data":null,"nextCursor":"","totalCount":"many","more":1}"#));
    assert_eq!(list(&nomic).await.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn c21_a_servers_clock_that_is_off_changes_nothing() {
    for date in ["Mon, 23 Nov 1970 10:00:00 GMT", "Tue, 01 Jan 2097 10:00:00 GMT", "yesterday", ""] {
        let (nomic, _) = client(move |call, _, _| {
            let body = match call {
                "GET /agents/a/conversation" => ROWS.to_owned(),
                _ => agent("finished", ""),
            };
            with("date", date, reply(200, body))
        });
        let result = launch(&nomic).await.unwrap().wait(WaitOptions::default().timeout(60.0), None).await;
        assert_eq!(result.unwrap().text, "Seen", "{date}");
    }
}

#[test]
fn c23_a_redirect_is_followed_nowhere() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let other = format!("http://{}/api/v0/agents", elsewhere.local_addr().unwrap());
    for place in [other.as_str(), "/api/v0/agents", "//127.0.0.1/x", "file:///etc/passwd", "javascript:alert(1)", ""] {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let head = format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
            let server = Raw::new(move |peer| while peer.request().is_some() && peer.send(&head) {});
            let nomic = nomkit::blocking::Nomic::new(server.options()).unwrap();
            let launch = nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None);
            for error in [launch.unwrap_err(), nomic.agents().get("a").unwrap_err()] {
                assert_eq!((error.code.as_str(), error.detail("reason")), ("protocol", Some(&"redirect".into())));
                assert_eq!(error.status, Some(status));
            }
            assert_eq!(server.seen().len(), 2);
        }
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test(start_paused = true)]
async fn c24_json_is_read_whatever_its_type_says() {
    for kind in ["text/html", "text/plain; charset=latin1", "application/octet-stream", ""] {
        let (nomic, _) = client(move |_, _, _| with("content-type", kind, reply(200, agent("running", ""))));
        assert_eq!(nomic.agents().get("a").await.unwrap().id, "a");
    }
}

#[tokio::test(start_paused = true)]
async fn c25_ones_own_new_agent_is_looked_for_while_the_platform_does_not_find_it() {
    let began = Instant::now();
    let (nomic, seen) = client(move |call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        _ if began.elapsed() < Duration::from_secs(8) => reply(404, r#"{"error":"Agent not found"}"#),
        "GET /agents/a" => reply(200, agent("finished", "")),
        _ => reply(200, ROWS),
    });
    let run = launch(&nomic).await.unwrap();
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
    assert_eq!(count(&seen, "POST /agents"), 1);
    // C26: what is gone for good is said to be gone, and nothing is launched in its place.
    let (nomic, seen) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        _ => reply(404, r#"{"error":"Agent not found"}"#),
    });
    let run = launch(&nomic).await.unwrap();
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap_err().code, "not_found");
    assert_eq!(count(&seen, "POST /agents"), 1);
}

#[tokio::test(start_paused = true)]
async fn every_success_and_every_envelope_is_taken() {
    let text = |call: &str, bare: bool| {
        let mut body = whole(call);
        if bare && body["data"].is_object() {
            body = body["data"].take();
        }
        body.to_string().replace("\"finished\"", "\"FINISHED\"").replace("\"type\":\"user\"", "\"role\":\"user\"")
    };
    for (status, bare) in [(200, false), (201, true), (202, true), (203, false), (206, true), (226, false)] {
        let (nomic, seen) = client(move |call, _, _| reply(status, text(call, bare)));
        for (call, result) in each(&nomic, &seen).await {
            assert!(result.is_ok(), "{status} {call}: {}", result.unwrap_err());
        }
    }
    // Whoever has nothing to say about a stop or a deletion may say nothing.
    let (nomic, seen) = client(|call, _, _| match call {
        "POST /agents/a/stop" | "DELETE /agents/a" => reply(204, ""),
        _ => reply(200, agent("stopped", "")),
    });
    assert_eq!(nomic.agents().stop("a").await.unwrap().status.as_str(), "stopped");
    nomic.agents().delete("a").await.unwrap();
    assert_eq!((count(&seen, "POST /agents/a/stop"), count(&seen, "DELETE /agents/a")), (1, 1));
}
