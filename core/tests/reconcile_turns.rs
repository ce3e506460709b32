//! Follow-ups whose answers are lost, and several callers of one agent, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, client, count, reply};
use nomkit::{AgentRun, Error, FollowUpOptions, LaunchOptions, Nomic, ResumeOptions, RunResult, WaitOptions};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// One agent that anybody may ask, and that takes some seconds to answer.
#[derive(Clone)]
struct Shared {
    began: Instant,
    takes: f64,
    /// How much later the conversation shows a question.
    lag: f64,
    asked: Arc<Mutex<Vec<(String, f64)>>>,
}

/// What becomes of a follow-up.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Sound,
    /// Accepted after so many seconds, and not answered.
    Lost(f64),
    /// Somebody else's question comes first, and this one is never heard.
    Outrun,
    /// The same, but it is accepted behind the other's.
    Second,
}

impl Shared {
    fn new(takes: f64) -> Self {
        Self { began: Instant::now(), takes, lag: 0.0, asked: Arc::default() }
    }

    fn client(&self, fates: Vec<Fate>) -> (Nomic, Arc<Mutex<Vec<String>>>) {
        let shared = self.clone();
        client(move |call, made, request| {
            let now = shared.began.elapsed().as_secs_f64();
            let mut asked = shared.asked.lock().unwrap();
            let seen = asked.iter().filter(|(_, at)| *at <= now).cloned().collect::<Vec<_>>();
            let ends = seen.last().map_or(0.0, |(_, at)| at + shared.takes);
            let status = if now < ends { "running" } else { "finished" };
            let time = |at: f64| jiff::Timestamp::from_millisecond((1000.0 * at) as i64).unwrap().to_string();
            let agent = json!({"data": {"id": "a", "status": status, "updatedAt": time(ends.min(now))}}).to_string();
            match call {
                "POST /agents" | "POST /agents/a/followup" => {
                    if now < ends {
                        return reply(409, r#"{"error":"The agent is active"}"#);
                    }
                    let body = format!("{:?}", request.payload);
                    let text = body.split("\\\"text\\\":\\\"").nth(1).unwrap().split("\\\"").next().unwrap().to_owned();
                    let fate = if call == "POST /agents" { Fate::Sound } else { fates[made] };
                    if matches!(fate, Fate::Outrun | Fate::Second) {
                        asked.push(("Theirs".to_owned(), now));
                    }
                    match fate {
                        Fate::Sound => asked.push((text, now)),
                        Fate::Lost(after) => asked.push((text, now + after)),
                        Fate::Second => asked.push((text, now + shared.takes)),
                        Fate::Outrun => {}
                    }
                    match fate {
                        Fate::Sound => reply(202, agent),
                        _ => Reply { after: 0.1, ..reply(202, "") },
                    }
                }
                "GET /agents/a" => reply(200, agent),
                "GET /agents/a/conversation" => {
                    let shown = seen.iter().filter(|(_, at)| at + shared.lag <= now).enumerate();
                    let rows = shown.flat_map(|(turn, (text, at))| {
                        let id = format!("answer {}", turn + 1);
                        let answer = json!({"id": id, "type": "assistant", "text": format!("Answer to {text}")});
                        let answer = Some(answer).filter(|_| now >= at + shared.takes);
                        let question = json!({"type": "user", "text": text, "createdAt": time(*at)});
                        [Some(question), answer].into_iter().flatten()
                    });
                    reply(200, json!({"data": {"messages": rows.collect::<Vec<_>>()}}).to_string())
                }
                _ => panic!("{call}"),
            }
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(text, _)| text.clone()).collect()
    }
}

async fn launched(nomic: &Nomic) -> AgentRun {
    let run = nomic.agents().launch(LaunchOptions::default().prompt("Look"), vec![], None).await.unwrap();
    run.wait(WaitOptions::default(), None).await.unwrap();
    run
}

async fn ask(run: &AgentRun, text: &str) -> Result<AgentRun, Error> {
    run.follow_up(FollowUpOptions::default().prompt(text), vec![]).await
}

async fn answer(run: &AgentRun) -> String {
    run.wait(WaitOptions::default(), None).await.unwrap().text
}

const ASKED_ONCE: (&str, usize) = ("POST /agents/a/followup", 1);

#[tokio::test(start_paused = true)]
async fn f04_a_lost_follow_up_is_found_however_late_and_asked_once() {
    for (takes, late) in [(0.0, 0.0), (5.0, 0.0), (0.0, 20.0), (5.0, 20.0)] {
        let shared = Shared::new(takes);
        let (nomic, seen) = shared.client(vec![Fate::Lost(late)]);
        let second = ask(&launched(&nomic).await, "And now?").await.unwrap();
        assert_eq!((second.turn(), second.recovered()), (2, true));
        assert_eq!(answer(&second).await, "Answer to And now?");
        let attached = nomic.agents().attach(&second.token()).await.unwrap();
        assert_eq!(answer(&attached).await, "Answer to And now?");
        assert_eq!((count(&seen, ASKED_ONCE.0), shared.asked().len()), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn f04_one_that_does_not_appear_is_reported() {
    let shared = Shared::new(1.0);
    let (nomic, seen) = shared.client(vec![Fate::Lost(3600.0)]);
    let run = launched(&nomic).await;
    let began = Instant::now();
    let error = ask(&run, "And now?").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("candidates")), ("outcome_unknown", Some(&json!([]))));
    assert!(error.message.contains("run.conversation()"), "{error}");
    assert!((28.0..32.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    assert_eq!(count(&seen, ASKED_ONCE.0), 1);
}

#[tokio::test(start_paused = true)]
async fn f05_somebody_elses_question_in_the_place_of_a_lost_one_is_stale() {
    for fate in [Fate::Outrun, Fate::Second] {
        let (nomic, seen) = Shared::new(1.0).client(vec![fate]);
        let error = ask(&launched(&nomic).await, "Mine").await.unwrap_err();
        assert_eq!(error.code, "stale_turn", "{error}");
        assert!(error.detail("token").is_some() && error.message.contains("Somebody else"), "{error}");
        assert_eq!(count(&seen, ASKED_ONCE.0), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn f05_the_same_question_of_another_process_that_shows_late_is_not_taken_for_ones_own() {
    for fate in [Fate::Sound, Fate::Lost(0.0), Fate::Lost(3600.0)] {
        let shared = Shared { lag: 12.0, ..Shared::new(8.0) };
        let (one, two) = (shared.client(vec![Fate::Sound]).0, shared.client(vec![fate]).0);
        let run = launched(&one).await;
        sleep(Duration::from_secs(20)).await;
        let theirs = ask(&run, "And now?").await.unwrap();
        // It is answered by now, and not to be seen.
        sleep(Duration::from_secs(9)).await;
        let again = ResumeOptions { prompt: "And now?".to_owned(), ..ResumeOptions::default() };
        let mine = two.agents().resume("a", again, vec![]).await;
        let said = |result: RunResult| result.messages.last().unwrap().id.clone().unwrap();
        assert_eq!(said(theirs.wait(WaitOptions::default(), None).await.unwrap()), "answer 2");
        match mine {
            Ok(mine) => {
                assert!(fate != Fate::Lost(3600.0) && mine.recovered() == (fate != Fate::Sound));
                assert_eq!(said(mine.wait(WaitOptions::default(), None).await.unwrap()), "answer 3");
                let attached = two.agents().attach(&mine.token()).await.unwrap();
                assert_eq!(said(attached.wait(WaitOptions::default(), None).await.unwrap()), "answer 3");
            }
            Err(error) => assert!(fate == Fate::Lost(3600.0) && error.code == "outcome_unknown", "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f05_callers_of_one_process_take_turns() {
    // An agent that is done at once accepts all of them: each gets its own turn and its own answer.
    let shared = Shared::new(0.0);
    let (nomic, _) = shared.client(vec![Fate::Sound, Fate::Lost(1.0), Fate::Sound, Fate::Lost(0.0)]);
    let run = launched(&nomic).await;
    let texts = ["One", "Two", "Three", "Four"];
    let runs = futures_util::future::join_all(texts.iter().map(|text| ask(&run, text))).await;
    let mut turns = Vec::new();
    for (text, run) in texts.iter().zip(runs) {
        let run = run.unwrap();
        assert_eq!(answer(&run).await, format!("Answer to {text}"));
        turns.push(run.turn());
    }
    turns.sort_unstable();
    assert_eq!(turns, [2, 3, 4, 5]);
    // One at work accepts the first alone.
    let (nomic, _) = Shared::new(10.0).client(vec![Fate::Sound; 2]);
    let run = launched(&nomic).await;
    let (first, second) = tokio::join!(ask(&run, "One"), ask(&run, "Two"));
    assert_eq!(answer(&first.unwrap()).await, "Answer to One");
    assert_eq!(second.unwrap_err().code, "conflict");
}

#[tokio::test(start_paused = true)]
async fn f05_two_processes_that_resume_one_agent_each_get_their_own_or_a_clear_no() {
    let resume = |text: &str| ResumeOptions { prompt: text.to_owned(), ..ResumeOptions::default() };
    for takes in [0.0, 5.0] {
        let shared = Shared::new(takes);
        let (one, two) = (shared.client(vec![Fate::Lost(0.0)]).0, shared.client(vec![Fate::Sound; 2]).0);
        let run = launched(&one).await;
        let (agents, others) = (one.agents(), two.agents());
        let mine = agents.resume(run.id(), resume("Mine"), vec![]);
        let theirs = others.resume(run.id(), resume("Theirs"), vec![]);
        let (mine, theirs) = tokio::join!(mine, theirs);
        for (result, text) in [(mine, "Answer to Mine"), (theirs, "Answer to Theirs")] {
            let waited = match result {
                Ok(run) => run.wait(WaitOptions::default(), None).await.map(|result| result.text),
                Err(error) => Err(error),
            };
            match waited {
                Ok(answer) => assert_eq!(answer, text),
                Err(error) => assert!(["stale_turn", "conflict"].contains(&error.code.as_str()), "{error}"),
            }
        }
    }
}
