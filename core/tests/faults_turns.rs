//! F and C27 rows that need a server of exact words: turns that are told apart, and waited for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, agent, client, count, reply};
use nomkit::{AgentRun, Error, FollowUpOptions, LaunchOptions, Nomic, StopOptions, WaitOptions};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

async fn launch(nomic: &Nomic) -> AgentRun {
    nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None).await.unwrap()
}

async fn ask_again(run: &AgentRun, text: &str) -> Result<AgentRun, Error> {
    run.follow_up(FollowUpOptions::default().prompt(text), vec![]).await
}

fn rows(rows: &[(&str, &str)]) -> String {
    let rows = rows.iter().map(|(role, text)| json!({"type": role, "text": text})).collect::<Vec<_>>();
    json!({"data": {"messages": rows}}).to_string()
}

#[tokio::test(start_paused = true)]
async fn f03_rows_that_lag_are_waited_for_and_an_answer_that_never_comes_is_stale() {
    for (lag, text) in [(20, Some("Seen")), (3600, None)] {
        let began = Instant::now();
        let (nomic, _) = client(move |call, _, _| match call {
            "POST /agents" => reply(201, agent("waiting", "")),
            "GET /agents/a" => reply(200, agent("finished", "")),
            _ if began.elapsed().as_secs() < lag => reply(200, rows(&[("user", "Look")])),
            _ => reply(200, rows(&[("user", "Look"), ("assistant", "Seen")])),
        });
        let result = launch(&nomic).await.wait(WaitOptions::default(), None).await;
        match text {
            Some(text) => assert_eq!(result.unwrap().text, text),
            None => {
                assert_eq!(result.unwrap_err().code, "stale_turn");
                assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
            }
        }
    }
}

/// An agent that two people ask: what was asked, each answered at once with its own words.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<String>>>);

impl Shared {
    fn client(&self, between: Option<&'static str>) -> Nomic {
        let asked = self.0.clone();
        client(move |call, _, request| {
            let mut asked = asked.lock().unwrap();
            let changed = agent("finished", "").replace("2026-01-01", &format!("2026-01-{:02}", 1 + asked.len()));
            match call {
                "POST /agents" | "POST /agents/a/followup" => {
                    // Somebody else was quicker.
                    asked.extend(between.filter(|_| call.ends_with("followup")).map(str::to_owned));
                    let nomkit::http::transport::Request { payload, .. } = request;
                    let text = format!("{payload:?}");
                    let text = text.split("\\\"text\\\":\\\"").nth(1).unwrap().split("\\\"").next().unwrap();
                    asked.push(text.to_owned());
                    reply(202, changed.replace("finished", "running"))
                }
                "GET /agents/a" => reply(200, changed),
                _ => {
                    let answers = asked.iter().map(|text| format!("Answer to {text}")).collect::<Vec<_>>();
                    let all = asked.iter().zip(&answers);
                    let all = all.flat_map(|(q, a)| [("user", q.as_str()), ("assistant", a.as_str())]);
                    reply(200, rows(&all.collect::<Vec<_>>()))
                }
            }
        })
        .0
    }
}

#[tokio::test(start_paused = true)]
async fn f05_two_clients_never_get_each_others_answer() {
    // One after the other: each its own.
    let shared = Shared::default();
    let (one, two) = (shared.client(None), shared.client(None));
    let first = launch(&one).await;
    let mine = ask_again(&first, "Mine").await.unwrap();
    let theirs = ask_again(&two.agents().attach(first.id()).await.unwrap(), "Theirs").await.unwrap();
    for (run, text) in [(first, "Answer to Look"), (mine, "Answer to Mine"), (theirs, "Answer to Theirs")] {
        assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, text);
    }
    // Between one's baseline and one's request.
    let nomic = Shared::default().client(Some("Theirs"));
    let run = ask_again(&launch(&nomic).await, "Mine").await.unwrap();
    match run.wait(WaitOptions::default(), None).await {
        Ok(result) => assert_eq!(result.text, "Answer to Mine"),
        Err(error) => assert_eq!(error.code, "stale_turn", "{error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn f07_a_finish_that_wins_the_race_against_a_stop_is_told_as_it_is() {
    let began = Instant::now();
    let (nomic, seen) = client(move |call, _, _| match call {
        "POST /agents" => reply(201, agent("running", "")),
        "POST /agents/a/stop" => reply(202, agent("running", "")),
        "GET /agents/a" => reply(200, agent(if began.elapsed().as_secs() < 5 { "running" } else { "finished" }, "")),
        _ => reply(200, rows(&[("user", "Look"), ("assistant", "Seen")])),
    });
    let run = launch(&nomic).await;
    let stopped = run.stop(StopOptions::default().wait(true)).await.unwrap();
    assert_eq!((stopped.status.as_str(), count(&seen, "POST /agents/a/stop")), ("finished", 1));
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
}

#[tokio::test(start_paused = true)]
async fn f08_only_the_agents_own_words_after_the_question_are_the_answer() {
    let (nomic, _) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        "GET /agents/a" => reply(200, agent("finished", "")),
        _ => reply(
            200,
            rows(&[
                ("system", "Be kind"),
                ("user", "Look"),
                ("tool", "raw output"),
                ("assistant", "First part"),
                ("thought", "hmm"),
                ("assistant", "  "),
                ("assistant", "Second part"),
                ("tool", "more output"),
                ("error", "A tool failed"),
            ]),
        ),
    });
    let result = launch(&nomic).await.wait(WaitOptions::default(), None).await.unwrap();
    assert_eq!(result.text, "First part\n\nSecond part");
}

#[tokio::test(start_paused = true)]
async fn c27_a_status_that_flaps_ends_a_turn_once_and_with_its_answer() {
    let statuses = ["running", "waiting", "running", "finished", "running", "awaiting_tool", "finished"];
    let (nomic, _) = client(move |call, made, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        "GET /agents/a" => reply(200, agent(statuses[made.min(6)], "")),
        // At the first `finished` nothing has been said yet.
        _ if made == 0 => reply(200, rows(&[("user", "Look")])),
        _ => reply(200, rows(&[("user", "Look"), ("assistant", "Seen")])),
    });
    let run = launch(&nomic).await;
    let mut updates = run.updates(WaitOptions::default()).unwrap();
    let mut seen = Vec::new();
    while let Some(agent) = updates.next().await.unwrap() {
        seen.push(agent.status.to_string());
    }
    assert_eq!(seen, ["running", "waiting", "running", "awaiting_tool", "finished"]);
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
}

#[tokio::test(start_paused = true)]
async fn what_another_look_shows_late_takes_nothing_from_a_result() {
    let artifacts = r#","artifacts":[{"id":"t","name":"Table","kind":"table"}]"#;
    for listening in [false, true] {
        let (nomic, _) = client(move |call, made, _| match call {
            "POST /agents" => reply(201, agent("running", "")),
            // It was made before the turn ended, and arrives after that was seen.
            "GET /agents/a" if made == 0 => Reply { after: 4.0, ..reply(200, agent("running", "")) },
            "GET /agents/a" => reply(200, agent("finished", artifacts)),
            "GET /agents/a/artifacts/t" => reply(200, r#"{"data":{"id":"t","name":"Table","kind":"table"}}"#),
            _ => Reply { after: 6.0, ..reply(200, rows(&[("user", "Look"), ("assistant", "Seen")])) },
        });
        let run = launch(&nomic).await;
        let waited = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if listening {
                let mut updates = run.updates(WaitOptions::default()).unwrap();
                return updates.next().await.unwrap().unwrap();
            }
            let result = run.wait(WaitOptions::default(), None).await.unwrap();
            assert_eq!(result.artifacts.len(), 1);
            result.agent
        };
        let (agent, late) = tokio::join!(waited, run.refresh());
        assert_eq!((late.unwrap().status.as_str(), agent.status.as_str()), ("running", "finished"));
        assert_eq!(agent.artifacts.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn updates_that_are_asked_for_again_and_again_go_on() {
    let began = Instant::now();
    let (nomic, _) = client(move |call, _, _| match call {
        "POST /agents" => reply(201, agent("running", "")),
        "GET /agents/a" => reply(200, agent(if began.elapsed().as_secs() < 20 { "running" } else { "finished" }, "")),
        _ => reply(200, rows(&[("user", "Look"), ("assistant", "Seen")])),
    });
    let mut updates = launch(&nomic).await.updates(WaitOptions::default().timeout(60.0)).unwrap();
    let mut seen = Vec::new();
    // Whoever draws a clock each second leaves the call each second.
    loop {
        match tokio::time::timeout(Duration::from_secs(1), updates.next()).await {
            Ok(Ok(Some(agent))) => seen.push(agent.status.to_string()),
            Ok(ended) => break assert!(ended.unwrap().is_none()),
            Err(_) => assert!(began.elapsed() < Duration::from_secs(60), "{seen:?}"),
        }
    }
    assert_eq!(seen, ["running", "finished"]);
}

#[tokio::test(start_paused = true)]
async fn c27_a_copy_of_the_platform_that_lags_behind_ends_no_turn() {
    // The turn before began at 3 and was stopped at 5; this one began at 7.
    let shown = [("stopped", 5), ("running", 3), ("stopped", 5), ("running", 7), ("stopped", 5), ("finished", 9)];
    let (nomic, _) = client(move |call, made, _| {
        let (status, at) = shown[made.min(5)];
        match call {
            "POST /agents" => reply(201, agent("running", "")),
            "POST /agents/a/followup" => reply(202, agent("running", "")),
            "GET /agents/a" => reply(200, agent(status, "").replace("00:00:00", &format!("00:00:0{at}"))),
            _ if made == 0 => reply(200, rows(&[("user", "Look")])),
            _ => reply(200, rows(&[("user", "Look"), ("user", "Again"), ("assistant", "Seen")])),
        }
    });
    let run = ask_again(&launch(&nomic).await, "Again").await.unwrap();
    assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
}
