//! `wait_all` and `as_completed`: what becomes of many runs, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{child::resident, fleet::Fleet};
use nomkit::{AgentRun, OnProgress, RunOutcome, WaitOptions};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, timeout};

fn within(seconds: f64) -> WaitOptions {
    WaitOptions::default().timeout(seconds)
}

fn ids(outcomes: &[RunOutcome]) -> Vec<&str> {
    outcomes.iter().map(|outcome| outcome.run.id()).collect()
}

#[tokio::test(start_paused = true)]
async fn outcomes_come_in_order_and_none_spoils_another() {
    let (fleet, nomic) = Fleet::new();
    // The first ends last, the second is gone, the third does not end in time; the first is named twice.
    let mut runs = fleet.launch_all(&nomic, [90.0, 1.0, 500.0, 10.0, 50.0]).await;
    fleet.delete(runs[1].id());
    runs.push(runs[0].clone());
    let began = Instant::now();
    let outcomes = nomic.wait_all(&runs, within(120.0), None).await.unwrap();
    assert_eq!(ids(&outcomes), runs.iter().map(AgentRun::id).collect::<Vec<_>>());
    for (at, outcome) in outcomes.iter().enumerate() {
        match (at, &outcome.result) {
            (1, Err(error)) => assert_eq!(error.code, "not_found"),
            (2, Err(error)) => {
                assert_eq!(error.code, "wait_timeout");
                assert_eq!(error.detail("token").unwrap(), &runs[2].token());
            }
            (_, Ok(result)) => assert_eq!(result.text, format!("Answer of {}", outcome.run.id())),
            (_, result) => panic!("{at}: {result:?}"),
        }
    }
    assert!((119.0..123.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn progress_counts_those_that_are_over() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [10.0, 20.0, 30.0, 1000.0]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener: OnProgress = {
        let told = told.clone();
        Arc::new(move |progress| told.lock().unwrap().push((progress.phase, progress.done, progress.total)))
    };
    nomic.wait_all(&runs, within(100.0), Some(listener)).await.unwrap();
    let expected = (0..=4).map(|done| ("waiting".to_owned(), f64::from(done), Some(4.0))).collect::<Vec<_>>();
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_said_before_anything_is_asked() {
    let (fleet, nomic) = Fleet::new();
    let (strange_fleet, stranger) = Fleet::new();
    let mut runs = fleet.launch_all(&nomic, [10.0; 3]).await;
    runs.push(strange_fleet.launch(&stranger, 10.0, "running").await);
    let (here, there) = (fleet.asked().len(), strange_fleet.asked().len());
    let refused = nomic.wait_all(&runs, within(10.0), None).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.detail("argument").unwrap()), ("invalid_input", &"runs".into()));
    assert_eq!(nomic.as_completed(&runs, within(10.0)).err().unwrap().code, "invalid_input");
    for wrong in [within(-1.0), within(f64::NAN), WaitOptions { endless: true, ..within(1.0) }] {
        assert_eq!(nomic.wait_all(&runs[..3], wrong, None).await.unwrap_err().code, "invalid_input");
    }
    assert_eq!((fleet.asked().len(), strange_fleet.asked().len()), (here, there));

    assert!(nomic.wait_all(&[], within(10.0), None).await.unwrap().is_empty());
    assert!(nomic.as_completed(&[], within(10.0)).unwrap().next().await.is_none());
    // A clone of the client is the same client.
    assert_eq!(nomic.clone().wait_all(&runs[..3], within(100.0), None).await.unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn they_are_given_as_they_end() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [400.0, 1.0, 100.0, 5_000.0, 30.0]).await;
    let mut completed = nomic.as_completed(&runs, within(600.0)).unwrap();
    let mut given = Vec::new();
    while let Some(outcome) = completed.next().await {
        given.push((outcome.run.id().to_owned(), outcome.result.map_err(|error| error.code.clone()).is_ok()));
    }
    let expected = [(1, true), (4, true), (2, true), (0, true), (3, false)];
    assert_eq!(given, expected.map(|(at, ok)| (runs[at].id().to_owned(), ok)));
    assert!(completed.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_after_it_was_given_up() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [1_000.0; 50]).await;
    assert!(timeout(Duration::from_secs(100), nomic.wait_all(&runs, within(600.0), None)).await.is_err());
    let mut completed = nomic.as_completed(&runs, within(600.0)).unwrap();
    assert!(timeout(Duration::from_secs(100), completed.next()).await.is_err());
    drop(completed);
    let before = fleet.asked().len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(fleet.asked().len(), before);
    // Nobody is left behind whom the next sweep would look for.
    let runs = fleet.launch_all(&nomic, [100.0; 4]).await;
    nomic.wait_all(&runs, within(600.0), None).await.unwrap();
    assert_eq!(fleet.asked().split_off(before).iter().filter(|asked| asked.what == "list").count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_many_is_no_burst_of_looks_beyond_it() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [1_000.0; 200]).await;
    let began = Instant::now();
    let outcomes = nomic.wait_all(&runs, within(300.0), None).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.result.as_ref().is_err_and(|error| error.code == "wait_timeout")));
    assert!(began.elapsed() < Duration::from_secs(302));
    // One last look at each, and none else but by lists.
    assert!(fleet.count("agent") <= 200 && fleet.count("conversation") == 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_runs_take_little_memory() {
    const MANY: usize = 10_000;
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, (0..MANY).map(|n| 60.0 + (n % 90) as f64)).await;
    let mut waiting = Box::pin(nomic.wait_all(&runs, within(3600.0), None));
    let before = resident();
    assert!(timeout(Duration::from_millis(100), &mut waiting).await.is_err());
    let each = resident().saturating_sub(before) / MANY;
    eprintln!("{each} bytes a wait");
    assert!(each < 6 * 1024, "{each} bytes a wait");
    let outcomes = waiting.await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert_eq!(ids(&outcomes).into_iter().collect::<HashSet<_>>().len(), MANY);
    assert!(fleet.count("agent") <= MANY + MANY / 50, "{}", fleet.count("agent"));
}
