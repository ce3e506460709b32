//! What a run's own timeline holds, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{agent, client, client_with, launch, launched, lost, reply, with};
use nomkit::{ClientOptions, ErrorKind, http::transport::Failure};

const ROWS: &str = r#"{"data":{"messages":[{"type":"user","text":"Look"}]}}"#;

#[tokio::test(start_paused = true)]
async fn a_timeline_keeps_its_beginning_however_often_its_agent_is_looked_at() {
    // The answer to the launch is lost; the list shows its agent. Later one look fails at first.
    let listed = r#"{"data":[{"id":"a","status":"running","createdAt":"2026-01-01T00:00:01Z"}],"nextCursor":null}"#;
    let unpaced = ClientOptions::default().pace(false);
    let (nomic, _) = client_with(unpaced, move |call, made, _| match call {
        "POST /agents" => lost(Failure::after_send(ErrorKind::Transport, "The connection was reset")),
        "GET /agents" => with("date", "Thu, 01 Jan 2026 00:00:02 GMT", reply(200, listed)),
        "GET /agents/a/conversation" => reply(200, ROWS),
        "GET /agents/a" if made == 6000 => reply(502, ""),
        _ => reply(200, agent(if made < 9000 { "running" } else { "finished" }, "")),
    });
    let run = launch(&nomic).await.unwrap();
    let beginning = run.explain().lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert!(run.recovered() && beginning.len() >= 4, "{}", run.explain());
    for _ in 0..10_000 {
        run.refresh().await.unwrap();
    }
    let told = run.explain();
    assert_eq!(told.lines().skip(1).take(beginning.len()).collect::<Vec<_>>(), beginning, "{told}");
    // A round that comes again counts as one, so what happened between the looks is there as well.
    assert!(told.lines().count() < beginning.len() + 30, "{told}");
    for part in ["the agent is running ×", "failed: server (HTTP 502)", "the agent is finished ×"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeline_holds_whatever_its_run_asks_for() {
    let artifact = r#"{"data":{"id":"t","name":"Table","type":"table"}}"#;
    let (nomic, _) = client(move |call, made, _| match (call, made) {
        ("POST /agents", _) => reply(201, launched().1),
        ("GET /agents/a", 0) => reply(502, ""),
        ("GET /agents/a/conversation", _) => reply(200, ROWS),
        ("GET /agents/a/artifacts/t", _) => reply(200, artifact),
        _ => reply(200, agent("finished", "")),
    });
    let run = launch(&nomic).await.unwrap();
    run.conversation().await.unwrap();
    run.artifact("t").await.unwrap();
    let told = run.explain();
    assert!(told.contains("agents.conversation") && told.contains("agents.artifact"), "{told}");

    let events = nomic.listen();
    for (target, parts) in [
        ("a".to_owned(), vec!["agents.get", "failed: server (HTTP 502)", "is sent again", "agents.conversation"]),
        (run.token(), vec!["agents.get", "answered 200"]),
    ] {
        let told = nomic.agents().attach(&target).await.unwrap().explain();
        assert!(parts.iter().all(|part| told.contains(part)), "{target}: {told}");
    }
    assert!(events.drain().iter().all(|event| event.agent_id.as_deref() == Some("a")));
}
