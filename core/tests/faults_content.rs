//! The C rows of docs/faults.md, in memory and in virtual time: what a server says, and what the caller gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{
    raw::Raw,
    scripted::{Reply, Seen, agent, client, client_with, count, lost, reply},
};
use futures_util::{StreamExt, stream};
use nomkit::{
    ClientOptions, Error, ErrorKind, FollowUpOptions, LaunchOptions, ListOptions, Nomic, SearchOptions, Source,
    UploadOptions, WaitOptions, http::transport::Failure,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{net::TcpListener, time::Duration};
use tokio::time::Instant;

async fn launch(nomic: &Nomic) -> Result<nomkit::AgentRun, Error> {
    nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None).await
}

async fn list(nomic: &Nomic) -> Result<Vec<String>, Error> {
    let mut pager = nomic.agents().list(ListOptions::default()).unwrap();
    Ok(pager.first(10_000).await?.into_iter().map(|agent| agent.id).collect())
}

fn with(header: &'static str, value: impl Into<String>, reply: Reply) -> Reply {
    Reply { headers: vec![(header, value.into())], ..reply }
}

fn slow_down() -> Reply {
    reply(429, r#"{"error":"Slow down","code":"rate_limited"}"#)
}

/// How long one GET takes that meets `first`, and then an answer.
async fn seconds_after(first: impl Fn() -> Reply + Send + Sync + 'static) -> f64 {
    let (nomic, _) = client(move |_, made, _| if made == 0 { first() } else { reply(200, agent("running", "")) });
    let began = Instant::now();
    nomic.agents().get("a").await.unwrap();
    began.elapsed().as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn n01_a_refused_connection_is_tried_again_even_for_a_launch() {
    let refused = || lost(Failure::not_sent(ErrorKind::Connect, "Refused"));
    let (nomic, seen) = client(move |_, made, _| if made < 3 { refused() } else { reply(201, agent("waiting", "")) });
    assert_eq!(launch(&nomic).await.unwrap().id(), "a");
    assert_eq!(count(&seen, "POST /agents"), 4);
    let (nomic, seen) = client(move |_, _, _| refused());
    let error = launch(&nomic).await.unwrap_err();
    assert_eq!((error.code.as_str(), count(&seen, "POST /agents")), ("connect", 4));
}

#[tokio::test(start_paused = true)]
async fn n14_a_server_that_is_silent_is_given_up() {
    let silent = || Reply { after: 1e6, ..reply(200, "") };
    assert!((60.0..62.0).contains(&seconds_after(silent).await));
    let (nomic, seen) = client(move |_, _, _| silent());
    let began = Instant::now();
    assert_eq!(launch(&nomic).await.unwrap_err().code, "outcome_unknown");
    assert_eq!((count(&seen, "POST /agents"), began.elapsed().as_secs()), (1, 60));
}

#[tokio::test(start_paused = true)]
async fn n15_an_answer_that_stops_is_given_up() {
    let stalled = || {
        let first = stream::iter([Ok(bytes::Bytes::from_static(b"{\"data\":"))]);
        Reply { stream: Some(first.chain(stream::pending()).boxed()), ..reply(200, "") }
    };
    assert!((30.0..32.0).contains(&seconds_after(stalled).await));
    let (nomic, seen) = client(move |_, _, _| stalled());
    assert_eq!(launch(&nomic).await.unwrap_err().code, "outcome_unknown");
    assert_eq!(count(&seen, "POST /agents"), 1);
}

#[tokio::test(start_paused = true)]
async fn n16_a_drip_is_given_up_and_a_slow_line_is_not() {
    let pour = |piece: usize| {
        let total = 400_000 / piece;
        let pieces = stream::unfold(0, move |at| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let text = if at == total { agent("running", "") } else { " ".repeat(piece) };
            (at <= total).then(|| (Ok(bytes::Bytes::from(text)), at + 1))
        });
        Reply { stream: Some(pieces.boxed()), ..reply(200, "") }
    };
    let patient = || ClientOptions::default().timeout(36_000.0).retries(0u32);
    let (nomic, _) = client_with(patient(), move |_, _, _| pour(1));
    let began = Instant::now();
    assert_eq!(nomic.agents().get("a").await.unwrap_err().code, "request_timeout");
    assert!(began.elapsed() < Duration::from_secs(35), "{:?}", began.elapsed());
    let (nomic, _) = client_with(patient(), move |_, _, _| pour(2000));
    assert_eq!(nomic.agents().get("a").await.unwrap().id, "a");
}

#[tokio::test(start_paused = true)]
async fn n28_a_clock_that_jumps_brings_no_burst_of_polls() {
    let (nomic, seen) =
        client(|call, _, _| reply(if call == "POST /agents" { 201 } else { 200 }, agent("running", "")));
    let run = launch(&nomic).await.unwrap();
    let mut updates = run.updates(WaitOptions::default().endless(true)).unwrap();
    tokio::select! {
        _ = async { while updates.next().await.is_ok() {} } => panic!("it runs on"),
        () = async {
            tokio::time::sleep(Duration::from_secs(300)).await;
            let before = count(&seen, "GET /agents/a");
            tokio::time::advance(Duration::from_secs(8 * 3600)).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert!(count(&seen, "GET /agents/a") - before <= 1);
        } => {}
    }
}

#[tokio::test(start_paused = true)]
async fn c02_a_date_is_held_against_the_servers_clock() {
    for (now, until) in [
        ("Sun, 22 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 2026 10:00:07 GMT"),
        ("Mon, 01 Jan 2001 10:00:00 GMT", "Mon, 01 Jan 2001 10:00:07 GMT"),
        ("Tue, 01 Jan 2097 10:00:00 GMT", "Tue, 01 Jan 2097 10:00:07 GMT"),
    ] {
        let limited =
            move || Reply { headers: vec![("date", now.into()), ("retry-after", until.into())], ..slow_down() };
        assert!((7.0..8.5).contains(&seconds_after(limited).await), "{now}");
    }
    // C22: without the server's clock a date says nothing.
    let limited = || with("retry-after", "Tue, 01 Jan 2097 10:00:07 GMT", slow_down());
    assert!((0.5..1.0).contains(&seconds_after(limited).await));
}

#[tokio::test(start_paused = true)]
async fn c03_a_limit_without_a_time_is_asked_three_times() {
    let (nomic, seen) = client(|_, _, _| slow_down());
    let error = launch(&nomic).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("maybe_spend")), ("rate_limit", Some(&true.into())));
    assert_eq!(count(&seen, "POST /agents"), 3);
}

#[tokio::test(start_paused = true)]
async fn c04_an_odd_retry_after_is_a_normal_pause_and_a_huge_one_is_reported_at_once() {
    for odd in ["0", "-5", "1e9", "NaN", "7, 8", "7s", "", "soon", "0.000"] {
        let seconds = seconds_after(move || with("retry-after", odd, slow_down())).await;
        assert!((0.5..=0.6).contains(&seconds), "{odd}: {seconds}");
    }
    let two = || Reply { headers: vec![("retry-after", "7".into()), ("retry-after", "8".into())], ..slow_down() };
    assert!((0.5..=0.6).contains(&seconds_after(two).await));
    let (nomic, seen) = client(|_, _, _| with("retry-after", "99999999999999999999", slow_down()));
    let began = Instant::now();
    let error = nomic.agents().get("a").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("retry_after")), ("rate_limit", Some(&31_536_000.0.into())));
    assert_eq!((count(&seen, "GET /agents/a"), began.elapsed().as_secs()), (1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn c04_any_header_is_survived(value in "[0-9A-Za-z ,.:;+eE-]{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT".to_owned());
            let (nomic, seen) = client(move |_, made, _| match made {
                0 => Reply { headers: vec![date.clone(), ("retry-after", value.clone())], ..slow_down() },
                _ => reply(200, agent("running", "")),
            });
            let began = Instant::now();
            match nomic.agents().get("a").await {
                Ok(_) => assert!((0.5..400.0).contains(&began.elapsed().as_secs_f64())),
                Err(error) => assert_eq!((error.code.as_str(), count(&seen, "GET /agents/a")), ("rate_limit", 1)),
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn c05_an_outage_is_not_answered_by_a_storm() {
    for outage in [|| reply(503, "<html>busy</html>"), slow_down] {
        let (nomic, seen) = client(move |_, _, _| outage());
        for _ in 0..1000 {
            assert!(nomic.agents().get("a").await.is_err());
        }
        assert!(count(&seen, "GET /agents/a") <= 1035, "{}", count(&seen, "GET /agents/a"));
    }
}

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
        ("POST /agents", launch(nomic).await.map(drop)),
        ("GET /agents", list(nomic).await.map(drop)),
        ("GET /agents/b", agents.get("b").await.map(drop)),
        ("GET /agents/c/conversation", agents.conversation("c").await.map(drop)),
        ("GET /agents/d/artifacts/x", agents.artifact("d", "x").await.map(drop)),
        ("POST /agents/e/stop", agents.stop("e").await.map(drop)),
        ("DELETE /agents/f", agents.delete("f").await.map(drop)),
        ("GET /files/search", files.search(SearchOptions::default().query("q")).unwrap().next().await.map(drop)),
        (
            "POST /files/upload",
            files.upload(Source::bytes("text", "a.txt"), UploadOptions::default(), None).await.map(drop),
        ),
    ]
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

/// The pages of a list, by their cursors; gives the agents' ids or the error, and the queries.
async fn pages(cursors: impl Fn(usize) -> Value + Send + Sync + 'static) -> (Result<Vec<String>, Error>, Vec<String>) {
    let queries = Seen::default();
    let log = queries.clone();
    let (nomic, _) = client(move |_, made, request| {
        assert_eq!((request.url.host_str(), request.url.path()), (Some("acme.example"), "/api/v0/agents"));
        log.lock().unwrap().push(request.url.query().unwrap_or_default().to_owned());
        let mut page = json!({"data": [{"id": format!("a{made}"), "status": "running"}]});
        match cursors(made) {
            Value::Bool(_) => {}
            cursor => page["nextCursor"] = cursor,
        }
        reply(200, page.to_string())
    });
    let result = list(&nomic).await;
    let queries = queries.lock().unwrap().clone();
    (result, queries)
}

#[tokio::test(start_paused = true)]
async fn c18_a_cursor_is_a_query_value_and_nothing_else() {
    for end in [json!(""), Value::Null, Value::Bool(false)] {
        let (result, queries) = pages(move |page| if page == 0 { json!("next") } else { end.clone() }).await;
        assert_eq!((result.unwrap().len(), queries.len()), (2, 2));
    }
    for (circle, made) in [(vec!["same"], 2), (vec!["A", "B", "A"], 3)] {
        let (result, queries) = pages(move |page| json!(circle[page % circle.len()])).await;
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), error.detail("reason")), ("protocol", Some(&"pagination_loop".into())));
        assert_eq!(queries.len(), made);
    }
    let (result, queries) = pages(|_| json!("x".repeat(1 << 20))).await;
    assert_eq!((result.unwrap_err().code.as_str(), queries.len()), ("protocol", 1));
    for hostile in ["http://169.254.169.254/latest", "&limit=1", "a&cursor=b#c", "../api-keys", "a\r\nx: y", "%00", "é"]
    {
        let (result, queries) = pages(move |page| if page == 0 { json!(hostile) } else { Value::Null }).await;
        assert_eq!(result.unwrap().len(), 2);
        let read = url::form_urlencoded::parse(queries[1].as_bytes()).into_owned().collect::<Vec<_>>();
        assert_eq!(read, [("cursor".to_owned(), hostile.to_owned())]);
        assert!(queries[1].matches(['&', '#', ' ', '\r']).count() == 0, "{}", queries[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn c19_an_item_that_moved_between_pages_comes_once() {
    let (nomic, _) = client(|_, made, _| {
        let page = |ids: [&str; 2], next: Value| {
            let data = ids.map(|id| json!({"id": id, "status": "running"}));
            json!({"data": data, "nextCursor": next}).to_string()
        };
        reply(200, if made == 0 { page(["c", "b"], json!("1")) } else { page(["b", "a"], Value::Null) })
    });
    assert_eq!(list(&nomic).await.unwrap(), ["c", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn c20_an_empty_page_with_a_cursor_is_not_the_end() {
    let page = |made: usize, last: usize| match made {
        _ if made < last => json!({"data": [], "nextCursor": made.to_string()}),
        _ => json!({"data": [{"id": "a", "status": "running"}]}),
    };
    let (nomic, _) = client(move |_, made, _| reply(200, page(made, 50).to_string()));
    assert_eq!(list(&nomic).await.unwrap(), ["a"]);
    let (nomic, seen) = client(move |_, made, _| reply(200, page(made, usize::MAX).to_string()));
    assert_eq!(list(&nomic).await.unwrap_err().code, "protocol");
    assert!(count(&seen, "GET /agents") <= 100);
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
