//! The rows of docs/faults.md about time, in memory and in virtual time: silence, pauses that a server asks for, outages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::scripted::{Reply, agent, client, client_with, count, launch, lost, reply, with};
use futures_util::{StreamExt, stream};
use nomkit::{ClientOptions, ErrorKind, WaitOptions, http::transport::Failure};
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

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
    // What became of it is looked for until the time to settle is over.
    assert_eq!((count(&seen, "POST /agents"), began.elapsed().as_secs()), (1, 90));
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
