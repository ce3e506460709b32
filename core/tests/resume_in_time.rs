//! Asking again, stopping and attaching in virtual time, with a server of exact words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, Seen, agent, client, count, launch, reply};
use nomkit::{FollowUpOptions, Nomic, ResumeOptions, StopOptions, WaitOptions};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

const ROWS: &str = r#"{"data":{"messages":[{"type":"user","text":"Look"},{"type":"assistant","text":"Seen"}]}}"#;

fn ask(text: &str) -> ResumeOptions {
    ResumeOptions::default().prompt(text)
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_a_short_turn_of_another_is_over_with_it() {
    for refusals in [1, 3, 1000] {
        let (nomic, seen) = client(move |call, made, _| match call {
            "POST /agents/a/followup" if made < refusals => reply(409, r#"{"error":"The agent is active"}"#),
            "POST /agents/a/followup" => reply(202, agent("running", "")),
            "GET /agents/a" => reply(200, agent("finished", "")),
            _ => reply(200, ROWS),
        });
        let resumed = nomic.agents().resume("a", ask("Again").interrupt(true), vec![]).await;
        let asked = count(&seen, "POST /agents/a/followup");
        match refusals {
            // What is refused for ever for another reason is no longer asked.
            1000 => assert_eq!((resumed.unwrap_err().code.as_str(), asked), ("conflict", 4)),
            _ => assert_eq!((resumed.unwrap().turn(), asked), (2, refusals + 1)),
        }
        assert_eq!(count(&seen, "POST /agents/a/stop"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_to_be_no_more_is_launched_afresh() {
    let (nomic, seen) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "").replace(r#""id":"a""#, r#""id":"b""#)),
        _ => reply(410, r#"{"error":"The agent was deleted"}"#),
    });
    assert_eq!(nomic.agents().resume("a", ask("Again"), vec![]).await.unwrap_err().code, "gone");
    let run = nomic.agents().resume("a", ask("Again").if_missing("launch"), vec![]).await.unwrap();
    assert_eq!((run.id(), run.turn(), count(&seen, "POST /agents")), ("b", 1, 1));
}

#[tokio::test(start_paused = true)]
async fn stopping_takes_no_longer_than_it_was_given() {
    // A new agent that is never found; an answer without an agent, and then silence.
    for stopped in [404, 202] {
        let (nomic, _) = client(move |call, _, _| match call {
            "POST /agents" => reply(201, agent("running", "")),
            "POST /agents/a/stop" => reply(stopped, "{}"),
            _ => Reply { after: 1e6, ..reply(200, agent("running", "")) },
        });
        let run = launch(&nomic).await.unwrap();
        let began = Instant::now();
        run.stop(StopOptions::default().timeout(2.0)).await.unwrap_err();
        assert!(began.elapsed() <= Duration::from_secs(3), "{stopped}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_follow_up_is_explained_within_its_time() {
    let (nomic, _) = client(|call, made, _| match call {
        "POST /agents" => reply(201, agent("finished", "")),
        "POST /agents/a/followup" => reply(409, r#"{"error":"The agent is active"}"#),
        "GET /agents/a" if made > 0 => Reply { after: 1e6, ..reply(200, agent("running", "")) },
        "GET /agents/a" => reply(200, agent("finished", "")),
        _ => reply(200, ROWS),
    });
    let (run, began) = (launch(&nomic).await.unwrap(), Instant::now());
    let error = run.follow_up(FollowUpOptions::default().prompt("Again").timeout(10.0), vec![]).await.unwrap_err();
    assert_eq!(error.code, "conflict");
    assert!(began.elapsed() <= Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_attaches_while_another_asks_gets_the_latest_turn() {
    let (nomic, _) = client(|call, made, _| match call {
        "POST /agents" => reply(201, agent("finished", "")),
        "POST /agents/a/followup" if made == 0 => reply(202, agent("finished", "")),
        "POST /agents/a/followup" => Reply { after: 30.0, ..reply(202, agent("finished", "")) },
        "GET /agents/a" => reply(200, agent("finished", "")),
        // What was asked since does not show yet.
        _ => reply(200, ROWS),
    });
    let run = launch(&nomic).await.unwrap();
    let options = |text: &str| FollowUpOptions::default().prompt(text);
    assert_eq!(run.follow_up(options("Two"), vec![]).await.unwrap().turn(), 2);
    let third = run.follow_up(options("Three"), vec![]);
    let attached = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        nomic.agents().attach("a").await.unwrap().turn()
    };
    let (third, attached) = tokio::join!(third, attached);
    assert_eq!((attached, third.unwrap().turn()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_names_more_turns_than_there_can_be_is_refused() {
    let (nomic, seen) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("finished", "")),
        _ => reply(200, agent("finished", "")),
    });
    let token = launch(&nomic).await.unwrap().token();
    for users in [usize::MAX, 1 << 20] {
        let forged = token.replacen(".1.0.", &format!(".1.{users}."), 1);
        assert_ne!(forged, token);
        assert_eq!(nomic.agents().attach(&forged).await.unwrap_err().code, "invalid_input");
    }
    assert_eq!(count(&seen, "GET /agents/a"), 0);
}

/// An agent that works until it is stopped; asked again, it is done in a second.
fn stoppable() -> (Nomic, Seen) {
    // When it was stopped, and asked again.
    let marks = Arc::new(Mutex::new([None::<Instant>; 2]));
    let (nomic, seen) = client(move |call, _, _| {
        let mut marks = marks.lock().unwrap();
        let changed = |status: &str, at: u64| reply(200, agent(status, "").replace("00:00Z", &format!("00:{at:02}Z")));
        match (call, *marks) {
            ("POST /agents", _) => changed("running", 0),
            ("POST /agents/a/stop", _) => {
                marks[0] = Some(Instant::now());
                changed("stopped", 10)
            }
            ("POST /agents/a/followup", _) => {
                marks[1] = Some(Instant::now());
                changed("running", 11)
            }
            ("GET /agents/a", [None, _]) => changed("running", 1),
            ("GET /agents/a", [_, None]) => changed("stopped", 10),
            ("GET /agents/a", [_, Some(at)]) if at.elapsed().as_secs() < 1 => changed("running", 11),
            ("GET /agents/a", _) => changed("finished", 12),
            (_, [_, asked]) => {
                let rows = [("user", "Look"), ("assistant", "I have begun"), ("user", "Again"), ("assistant", "Seen")];
                let rows = rows.iter().take(if asked.is_some() { 4 } else { 2 });
                let rows = rows.map(|(role, text)| json!({"type": role, "text": text})).collect::<Vec<_>>();
                reply(200, json!({"data": {"messages": rows}}).to_string())
            }
        }
    });
    (nomic, seen)
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_that_is_stopped_for_the_next_one_is_told_so() {
    for by_hand in [false, true] {
        let (nomic, seen) = stoppable();
        let run = launch(&nomic).await.unwrap();
        let again = async {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            if by_hand {
                run.stop(StopOptions::default()).await.unwrap();
                run.follow_up(FollowUpOptions::default().prompt("Again"), vec![]).await.unwrap()
            } else {
                nomic.agents().resume("a", ask("Again").interrupt(true), vec![]).await.unwrap()
            }
        };
        let (first, again) = tokio::join!(run.wait(WaitOptions::default(), None), again);
        assert_eq!(first.unwrap_err().code, "run_stopped", "by hand: {by_hand}");
        assert_eq!((again.turn(), count(&seen, "POST /agents/a/stop")), (2, 1));
        assert_eq!(again.wait(WaitOptions::default(), None).await.unwrap().text, "Seen");
        assert_eq!(run.wait(WaitOptions::default(), None).await.unwrap_err().code, "run_stopped");
    }
}
