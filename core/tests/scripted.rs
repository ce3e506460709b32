//! Answers and delays that no emulator plays, over a transport in memory and in virtual time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, agent, client, count, reply};
use nomkit::{
    Error, FollowUpOptions, LaunchOptions, Nomic, Source, UploadOptions, WaitOptions, http::transport::Request,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

async fn launch(nomic: &Nomic, timeout: Option<f64>) -> Result<nomkit::AgentRun, Error> {
    let options = LaunchOptions { timeout, ..LaunchOptions::default().prompt("Look") };
    nomic.agents().launch(options, vec![], None).await
}

#[tokio::test(start_paused = true)]
async fn a_paid_request_is_not_sent_when_its_answer_could_not_be_awaited() {
    // The reads before a follow-up use its time up.
    let (nomic, seen) = client(|call, _, _| match call {
        "GET /agents/a/conversation" => reply(200, r#"{"data":{"messages":[]}}"#),
        "GET /agents/a" => Reply { after: 3.0, ..reply(200, agent("finished", "")) },
        _ => reply(201, agent("waiting", "")),
    });
    let run = launch(&nomic, None).await.unwrap();
    let follow_up = FollowUpOptions::default().prompt("And now?").timeout(5.0);
    let error = run.follow_up(follow_up, vec![]).await.unwrap_err();
    assert_eq!((error.code.as_str(), count(&seen, "POST /agents/a/followup")), ("request_timeout", 0));
    assert_eq!(error.outcome.as_ref().map(|outcome| outcome.as_str()), Some("not_sent"));

    // A rate limit leaves a moment, which is not enough.
    let limited = |_: &str, _: usize, _: &Request| Reply {
        headers: vec![("retry-after", "1".into())],
        ..reply(429, r#"{"error":"Slow down"}"#)
    };
    let (nomic, seen) = client(limited);
    assert_eq!(launch(&nomic, Some(1.3)).await.unwrap_err().code, "rate_limit");
    assert_eq!(count(&seen, "POST /agents"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_does_not_send_what_waits_to_be_sent_again() {
    let (nomic, seen) =
        client(|_, _, _| Reply { headers: vec![("retry-after", "5".into())], ..reply(429, r#"{"error":"Slow"}"#) });
    let (result, ()) = tokio::join!(launch(&nomic, None), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        nomic.close();
    });
    assert_eq!((result.unwrap_err().code.as_str(), count(&seen, "POST /agents")), ("closed", 1));
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_never_got_a_connection_is_known_not_to_have_happened() {
    let (nomic, _) = client(|_, _, _| reply(0, ""));
    let error = launch(&nomic, Some(30.0)).await.unwrap_err();
    assert_eq!(error.code, "request_timeout");
    assert_eq!(error.outcome.as_ref().map(|outcome| outcome.as_str()), Some("not_sent"));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_wait_is_found_before_a_launch_is_paid_for() {
    let (nomic, seen) = client(|_, _, _| reply(201, agent("waiting", "")));
    for timeout in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
        let wait = WaitOptions::default().timeout(timeout);
        let error = nomic.ask(LaunchOptions::default().prompt("Look"), vec![], wait, None).await.unwrap_err();
        assert_eq!(error.code, "invalid_input");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn fields_that_drift_do_not_lose_a_launch() {
    for drift in [
        r#","files":["019abc"]"#,
        r#","artifacts":{}"#,
        r#","createdAt":17"#,
        r#","createdAt":"""#,
        r#","workflowId":5"#,
        r#","artifacts":[{"name":"no id"}],"projectId":{}"#,
    ] {
        let (nomic, _) = client(move |_, _, _| reply(201, agent("waiting", drift)));
        assert_eq!(launch(&nomic, None).await.unwrap().id(), "a", "{drift}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_artifact_that_cannot_be_read_does_not_lose_the_answer() {
    let (nomic, _) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        "GET /agents/a" => reply(200, agent("finished", r#","artifacts":[{"id":"gone"},{"id":"../x"},{"id":"ok"}]"#)),
        "GET /agents/a/artifacts/gone" => reply(404, r#"{"error":"No such artifact"}"#),
        "GET /agents/a/artifacts/ok" => reply(200, r#"{"data":{"id":"ok","type":"markdown","content":"text"}}"#),
        _ => reply(200, r#"{"data":{"messages":[{"type":"user","text":"Look"},{"type":"assistant","text":"Seen"}]}}"#),
    });
    let result = launch(&nomic, None).await.unwrap().wait(WaitOptions::default(), None).await.unwrap();
    let errors = result.artifacts.iter().map(|artifact| artifact.error.is_some()).collect::<Vec<_>>();
    assert_eq!((result.text.as_str(), errors), ("Seen", vec![true, true, false]));
}

#[tokio::test(start_paused = true)]
async fn reading_artifacts_counts_against_the_wait() {
    let (nomic, _) = client(|call, _, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        "GET /agents/a" => reply(200, agent("finished", r#","artifacts":[{"id":"b"},{"id":"c"},{"id":"d"}]"#)),
        "GET /agents/a/conversation" => {
            reply(200, r#"{"data":{"messages":[{"type":"user","text":"Look"},{"type":"assistant","text":"Seen"}]}}"#)
        }
        _ => Reply { after: 25.0, ..reply(200, r#"{"data":{"id":"b"}}"#) },
    });
    let run = launch(&nomic, None).await.unwrap();
    let started = tokio::time::Instant::now();
    let result = run.wait(WaitOptions::default().timeout(10.0), None).await.unwrap();
    assert_eq!((result.text.as_str(), result.artifacts.len()), ("Seen", 3));
    assert!(started.elapsed().as_secs_f64() < 13.0, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_wait_obeys_a_long_rate_limit_and_says_why_it_saw_nothing() {
    let looks = Arc::new(Mutex::new(Vec::new()));
    let (began, seen) = (tokio::time::Instant::now(), looks.clone());
    let (nomic, _) = client(move |call, made, _| match call {
        "POST /agents" => reply(201, agent("waiting", "")),
        _ => {
            seen.lock().unwrap().push(began.elapsed().as_secs_f64());
            match made {
                0 => Reply { headers: vec![("retry-after", "200".into())], ..reply(429, r#"{"error":"Slow down"}"#) },
                _ => reply(502, ""),
            }
        }
    });
    let run = launch(&nomic, None).await.unwrap();
    let error = run.wait(WaitOptions::default().timeout(150.0), None).await.unwrap_err();
    assert_eq!(error.code, "wait_timeout");
    assert!(error.message.contains("Nothing could be seen"), "{error}");
    // Not even at the deadline.
    assert_eq!(looks.lock().unwrap().len(), 1);
    assert!(began.elapsed() < Duration::from_secs(152), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_key_is_taken_out_of_whatever_a_server_echoes() {
    let echo = |_: &str, _: usize, request: &Request| {
        let key = request.headers["authorization"].to_str().unwrap().to_owned();
        let headers = vec![("x-request-id", key.clone())];
        Reply {
            headers,
            ..reply(400, format!(r#"{{"error":"{key}","code":"{key}","issues":[{{"message":"{key}"}}]}}"#))
        }
    };
    let (nomic, _) = client(echo);
    let error = launch(&nomic, None).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_another_agent_and_a_file_of_another_size_are_refused() {
    let (nomic, _) = client(|call, _, _| match call {
        "POST /files/upload" => reply(201, r#"{"id":"f","name":"a.txt","size":1}"#),
        _ => reply(200, agent("running", "")),
    });
    assert_eq!(nomic.agents().get("b").await.unwrap_err().code, "protocol");
    let files = nomic.files();
    let error = files.upload(Source::bytes("text", "a.txt"), UploadOptions::default(), None).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.detail("file_id")), ("integrity", Some(&"f".into())));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_the_same_in_capital_letters() {
    let (nomic, _) = client(|_, _, _| reply(200, r#"{"data":{"id":"019abc-d","status":"running"}}"#));
    assert_eq!(nomic.agents().get("019ABC-D").await.unwrap().id, "019abc-d");
    assert_eq!(nomic.agents().stop("019ABC-D").await.unwrap().id, "019abc-d");
}

#[tokio::test(start_paused = true)]
async fn another_persons_answer_is_not_given_through_a_token() {
    let (nomic, _) = client(|call, made, _| match call {
        "POST /agents" | "POST /agents/a/followup" => reply(201, agent("waiting", "")),
        "GET /agents/a" => reply(200, agent("finished", "").replace("2026", if made == 0 { "2026" } else { "2027" })),
        _ if made == 0 => reply(200, r#"{"data":{"messages":[{"type":"user","text":"Look"}]}}"#),
        _ => reply(
            200,
            r#"{"data":{"messages":[{"type":"user","text":"Look"},{"type":"user","text":"B's question"},
                {"type":"assistant","text":"answer for B"}]}}"#,
        ),
    });
    let run = launch(&nomic, None).await.unwrap();
    let second = run.follow_up(FollowUpOptions::default().prompt("question"), vec![]).await.unwrap();
    assert_eq!(second.wait(WaitOptions::default(), None).await.unwrap_err().code, "stale_turn");
    let attached = nomic.agents().attach(&second.token()).await.unwrap();
    assert_eq!(attached.wait(WaitOptions::default(), None).await.unwrap_err().code, "stale_turn");
}
