//! What a refusal stops beside the request that it refused: the tier after a 429, the key after a 401.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::scripted::{Reply, agent, client, client_with, count, launch, reply};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use nomkit::{ClientOptions, Error, Nomic, http::transport::Request};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep};

async fn look(nomic: &Nomic) -> Result<(), Error> {
    nomic.agents().get("a").await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn p5_after_a_refusal_nobody_sends_in_that_tier_until_it_is_over() {
    let began = Instant::now();
    let times = Arc::new(Mutex::new(Vec::<(String, f64)>::new()));
    let seen = times.clone();
    let (nomic, _) = client(move |call, _, _| {
        let now = began.elapsed().as_secs_f64();
        seen.lock().unwrap().push((call.to_owned(), now));
        match call {
            "POST /agents" if (5.0..12.0).contains(&now) => {
                let left = (12.0 - now).ceil();
                Reply { headers: vec![("retry-after", left.to_string())], ..reply(429, r#"{"error":"Slow"}"#) }
            }
            "POST /agents" => reply(201, agent("waiting", "")),
            _ => reply(200, agent("running", "")),
        }
    });
    launch(&nomic).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let many = join_all((0..50).map(|at| {
        let nomic = &nomic;
        async move {
            sleep(Duration::from_millis(100 * at)).await;
            launch(nomic).await
        }
    }));
    let others = async {
        sleep(Duration::from_secs(1)).await;
        nomic.agents().get("a").await.unwrap();
        began.elapsed().as_secs_f64()
    };
    let (all, other) = tokio::join!(many, others);
    assert!(all.iter().all(Result::is_ok));
    let sent =
        times.lock().unwrap().iter().filter(|(call, _)| call == "POST /agents").map(|(_, at)| *at).collect::<Vec<_>>();
    // One was refused, at 5 s; the next comes when its time is over.
    assert_eq!(sent.iter().filter(|at| (5.0..12.0).contains(*at)).count(), 1, "{sent:?}");
    assert_eq!(sent.len(), 52);
    // The other tier goes on.
    assert!(other < 6.1, "{other}");
}

#[tokio::test(start_paused = true)]
async fn c04_a_refusal_for_longer_than_anybody_waits_is_told_at_once_to_all() {
    let began = Instant::now();
    let (nomic, _) = client(|call, _, _| match call {
        "POST /agents" => {
            Reply { headers: vec![("retry-after", "99999999".to_owned())], ..reply(429, r#"{"error":"Slow"}"#) }
        }
        _ => reply(200, agent("running", "")),
    });
    for _ in 0..3 {
        assert_eq!(launch(&nomic).await.unwrap_err().code, "rate_limit");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_no_time_is_tried_three_times_and_spending_at_once() {
    for (body, tries, code) in [
        (r#"{"error":"Too many requests"}"#, 3, "rate_limit"),
        (r#"{"error":"Spend limit reached","code":"spend_limit_reached"}"#, 1, "spend_limit"),
    ] {
        let (nomic, seen) = client(move |_, _, _| reply(429, body));
        let error = launch(&nomic).await.unwrap_err();
        assert_eq!((error.code.as_str(), count(&seen, "POST /agents")), (code, tries));
        // Nobody else is stopped by a refusal that may be about money.
        let began = Instant::now();
        assert_eq!(launch(&nomic).await.unwrap_err().attempts, tries as u32);
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn c09_a_refused_key_is_not_asked_with_again_by_what_waits() {
    for pace in [true, false] {
        let (began, jobs) = (Instant::now(), 10_000);
        let revoked = |now: f64| (10.0..200.0).contains(&now);
        let (nomic, seen) = client_with(ClientOptions::default().pace(pace), move |_, _, _: &Request| {
            match revoked(began.elapsed().as_secs_f64()) {
                true => Reply { after: 0.1, ..reply(401, r#"{"error":"Invalid API key"}"#) },
                false => Reply { after: 0.1, ..reply(200, agent("running", "")) },
            }
        });
        nomic.agents().get("a").await.unwrap();
        sleep(Duration::from_secs(11)).await;
        // Eight at a time, as programs do.
        let mut left = (0..jobs).map(|_| look(&nomic));
        let mut working = left.by_ref().take(8).collect::<FuturesUnordered<_>>();
        let mut unsent = 0;
        while let Some(result) = working.next().await {
            let error = result.unwrap_err();
            assert_eq!(error.code, "unauthorized");
            unsent += usize::from(error.outcome.as_ref().is_some_and(|outcome| outcome.as_str() == "not_sent"));
            working.extend(left.next());
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        let refused = count(&seen, "GET /agents/a") - 1;
        assert!((1..=8).contains(&refused), "{refused}");
        assert_eq!(unsent, jobs - refused);
        // Half a minute later one asks, and when the key works again, all go again.
        sleep(Duration::from_secs(31)).await;
        let many = join_all((0..20).map(|_| look(&nomic))).await;
        assert!(many.iter().all(Result::is_err));
        assert_eq!(count(&seen, "GET /agents/a"), refused + 2);
        sleep(Duration::from_secs(200)).await;
        nomic.agents().get("a").await.unwrap();
        assert!(join_all((0..20).map(|_| look(&nomic))).await.iter().all(Result::is_ok));
    }
}

#[tokio::test(start_paused = true)]
async fn c09_what_stands_in_line_when_the_key_is_refused_never_goes() {
    let began = Instant::now();
    let (nomic, seen) = client(move |_, _, _| match began.elapsed().as_secs() {
        0..60 => reply(201, agent("waiting", "")),
        _ => reply(401, r#"{"error":"Invalid API key"}"#),
    });
    let all = join_all((0..500).map(|_| launch(&nomic))).await;
    let failed = all.iter().filter(|result| result.is_err()).count();
    assert_eq!(failed, 470);
    // At 61 s the window gave way to as many as were not answered yet.
    assert!((31..=60).contains(&count(&seen, "POST /agents")), "{}", count(&seen, "POST /agents"));
    assert!(began.elapsed() < Duration::from_secs(70));
}
