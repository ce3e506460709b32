//! Many waits at once: one look at the list instead of one at each agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::fleet::Fleet;
use futures_util::{StreamExt, stream::FuturesUnordered};
use nomkit::{AgentRun, AgentStatus, Error, RunResult, WaitOptions};
use std::{pin::pin, time::Duration};
use tokio::time::{Instant, advance, sleep, timeout};

fn within(seconds: f64) -> WaitOptions {
    WaitOptions::default().timeout(seconds)
}

async fn wait(runs: &[AgentRun], seconds: f64) -> Vec<Result<RunResult, Error>> {
    let waits = runs.iter().map(|run| run.wait(within(seconds), None));
    futures_util::future::join_all(waits).await
}

fn right(run: &AgentRun, result: &Result<RunResult, Error>) {
    assert_eq!(result.as_ref().unwrap().text, format!("Answer of {}", run.id()));
}

#[tokio::test(start_paused = true)]
async fn many_waits_read_lists_and_few_do_not() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, (0..300).map(|n| 500.0 + f64::from(n % 7))).await;
    let results = wait(&runs, 1800.0).await;
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    // Each end is confirmed once; nothing else is asked of an agent.
    assert_eq!((fleet.count("agent"), fleet.count("conversation")), (300, 300));
    assert!(fleet.count("list") < 3 * 35, "{}", fleet.count("list"));

    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [500.0; 4]).await;
    wait(&runs, 1800.0).await.iter().zip(&runs).for_each(|(result, run)| right(run, result));
    assert_eq!(fleet.count("list"), 0);
}

#[tokio::test(start_paused = true)]
async fn f09_a_thousand_waits_share_the_rate_budget() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, (0..1_000).map(|n| 120.0 + f64::from(n) * 0.5)).await;
    fleet.be(|manner| manner.limited = true);
    let results = wait(&runs, 1800.0).await;
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    // More ends in a minute than the answers of can be read in it.
    let most = fleet.busiest_minute(&["list", "agent", "conversation"]);
    assert!(most <= 300, "{most}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_tool_is_seen_to_wait() {
    let (fleet, nomic) = Fleet::new();
    let mut runs = fleet.launch_all(&nomic, [300.0; 20]).await;
    runs.push(fleet.launch(&nomic, 300.0, "awaiting_tool").await);
    let waiting = wait(&runs, 1800.0);
    let look = async {
        sleep(Duration::from_secs(100)).await;
        runs[20].status().to_string()
    };
    let (results, status) = tokio::join!(waiting, look);
    assert_eq!(status, "awaiting_tool");
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    assert_eq!(fleet.count("agent"), 21);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_deleted_meanwhile_fails_its_own_wait_alone() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [300.0; 20]).await;
    let delete = async {
        sleep(Duration::from_secs(100)).await;
        fleet.delete(runs[7].id());
    };
    let (results, ()) = tokio::join!(wait(&runs, 1800.0), delete);
    for (at, (run, result)) in runs.iter().zip(&results).enumerate() {
        match at {
            7 => assert_eq!(result.as_ref().unwrap_err().code, "not_found"),
            _ => right(run, result),
        }
    }
    assert_eq!(fleet.count("agent"), 20);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_behind_delays_and_never_deceives() {
    for lag in [20.0, 100_000.0] {
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, [100.0; 20]).await;
        fleet.be(|manner| manner.lag = if lag > 1000.0 { fleet.now() } else { lag });
        if lag > 1000.0 {
            // It stands still from here on.
            fleet.be(|manner| {
                manner.page = Some(|page| {
                    for agent in page["data"].as_array_mut().unwrap() {
                        agent["status"] = "running".into();
                        agent["updatedAt"] = agent["createdAt"].clone();
                    }
                });
                manner.lag = 0.0;
            });
        }
        let began = Instant::now();
        let results = wait(&runs, 300.0).await;
        runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
        let most = if lag > 1000.0 { 302 } else { 160 };
        assert!(began.elapsed() < Duration::from_secs(most), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_given_up_or_forgotten_is_replaced() {
    for forgotten in [false, true] {
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, [300.0; 500]).await;
        fleet.be(|manner| manner.round_trip = 1.0);
        // One of the first is due before all others, and leads. The others' agents are on the last pages.
        let (mut others, mut first) = (Box::pin(wait(&runs[..250], 900.0)), Box::pin(wait(&runs[250..], 900.0)));
        assert!(timeout(Duration::from_millis(700), &mut first).await.is_err());
        while fleet.count("list") < 2 {
            let both = async {
                tokio::select! { _ = &mut first => (), _ = &mut others => () }
            };
            assert!(timeout(Duration::from_millis(50), both).await.is_err());
        }
        if !forgotten {
            first = Box::pin(wait(&runs[250..], 900.0));
        }
        let results = others.await;
        runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
        let cursors = fleet.asked().into_iter().filter(|asked| asked.what == "list").map(|asked| asked.id);
        let mut cursors = cursors.take(6).collect::<Vec<_>>();
        // The page that the leader was reading is read again, and none before it.
        assert_eq!(cursors.iter().filter(|cursor| cursor.is_empty()).count(), 1, "{cursors:?}");
        cursors.dedup();
        assert_eq!(cursors.len(), 5, "{cursors:?}");
        runs[250..].iter().zip(&first.await).for_each(|(run, result)| right(run, result));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_never_comes_holds_nobody_for_long() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [35.0; 300]).await;
    fleet.be(|manner| manner.lost_pages = 2);
    let began = Instant::now();
    let results = wait(&runs, 600.0).await;
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    assert!(began.elapsed() < Duration::from_secs(80), "{:?}", began.elapsed());
    assert!(fleet.count("agent") < 330, "{}", fleet.count("agent"));
}

#[tokio::test(start_paused = true)]
async fn lists_that_fail_are_done_without() {
    for status in [500, 403, 501, 0] {
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, [300.0; 20]).await;
        fleet.be(|manner| manner.lists_fail = Some(status));
        let began = Instant::now();
        let results = wait(&runs, 1800.0).await;
        runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
        assert!(began.elapsed() < Duration::from_secs(345), "{status} {:?}", began.elapsed());
        // A try, and its retries, at 0, 1, and 3 minutes.
        assert!(fleet.count("list") <= 3 * 4, "{status} {}", fleet.count("list"));
    }
    // Pages in circles, and rows that cannot be read.
    for page in [
        (|page| page["nextCursor"] = "17".into()) as fn(&mut serde_json::Value),
        |page| page["data"][3] = serde_json::json!({"id": 7}),
        |page| page["data"] = serde_json::json!({}),
    ] {
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, [300.0; 20]).await;
        fleet.be(|manner| manner.page = Some(page));
        let results = wait(&runs, 1800.0).await;
        runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
        assert!(fleet.count("list") < 40, "{}", fleet.count("list"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_borne_by_all_and_answered_by_no_storm() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [300.0; 300]).await;
    let outage = async {
        sleep(Duration::from_secs(60)).await;
        fleet.be(|manner| manner.all_fail = Some(502));
        sleep(Duration::from_secs(120)).await;
        fleet.be(|manner| manner.all_fail = None);
    };
    let (results, ()) = tokio::join!(wait(&runs, 1800.0), outage);
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    let during = fleet.asked().into_iter().filter(|asked| (75.0..195.0).contains(&asked.at)).count();
    assert!(during < 240, "{during}");
}

#[tokio::test(start_paused = true)]
async fn n28_waking_up_after_hours_is_no_burst() {
    for count in [4, 300] {
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, vec![100_000.0; count]).await;
        let options = WaitOptions { endless: true, ..WaitOptions::default() };
        let waits = runs.iter().map(|run| run.wait(options.clone(), None)).collect::<FuturesUnordered<_>>();
        let mut waits = pin!(waits.collect::<Vec<_>>());
        assert!(timeout(Duration::from_secs(100), &mut waits).await.is_err());
        let before = fleet.asked().len();
        advance(Duration::from_secs(8 * 3600)).await;
        assert!(timeout(Duration::from_secs(5), &mut waits).await.is_err());
        let asked = fleet.asked().split_off(before);
        // One look at each, or four pages that show them all.
        assert!(asked.len() <= 4, "{} requests for {count}", asked.len());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_new_among_many_asks_little() {
    let (fleet, nomic) = Fleet::new();
    let many = fleet.launch_all(&nomic, (0..2_000).map(|_| 900.0)).await;
    let launches = async {
        sleep(Duration::from_secs(120)).await;
        let (before, mut waits) = (fleet.count("agent"), FuturesUnordered::new());
        for _ in 0..90 {
            let run = fleet.launch(&nomic, 600.0, "running").await;
            waits.push(async move { run.wait(within(1800.0), None).await.map(|_| run) });
            let _ = timeout(Duration::from_secs(2), waits.next()).await;
        }
        // Each would look four times in its first half minute.
        let asked = fleet.count("agent") - before;
        while let Some(waited) = waits.next().await {
            waited.unwrap();
        }
        asked
    };
    let (results, asked) = tokio::join!(wait(&many, 3600.0), launches);
    many.iter().zip(&results).for_each(|(run, result)| right(run, result));
    assert!(asked <= 10 + 90, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_everybody_has_left_holds_nobody_up() {
    let (fleet, nomic) = Fleet::new();
    let many = fleet.launch_all(&nomic, [3600.0; 600]).await;
    let left = async {
        sleep(Duration::from_secs(120)).await;
        let pages = fleet.count("list");
        while fleet.count("list") == pages {
            sleep(Duration::from_millis(10)).await;
        }
    };
    futures_util::future::select(pin!(wait(&many, 3600.0)), pin!(left)).await;
    let began = Instant::now();
    let fresh = fleet.launch_all(&nomic, [5.0; 50]).await;
    let results = wait(&fresh, 1800.0).await;
    fresh.iter().zip(&results).for_each(|(run, result)| right(run, result));
    assert!(began.elapsed() <= Duration::from_secs(40), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn waits_that_no_page_shows_cost_little_more_than_without() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [400.0; 40]).await;
    fleet.strangers(20_000);
    let results = wait(&runs, 1800.0).await;
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
    // They are sought twice, a quarter and a page each; then nobody tries any more.
    assert!(fleet.count("list") <= 2 * 11, "{}", fleet.count("list"));
    assert!(fleet.count("agent") < 40 * 20, "{}", fleet.count("agent"));
}

#[tokio::test(start_paused = true)]
async fn one_agent_may_be_waited_for_many_times() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [300.0; 3]).await;
    let runs = (0..30).map(|n| runs[n % 3].clone()).collect::<Vec<_>>();
    wait(&runs, 1800.0).await.iter().zip(&runs).for_each(|(result, run)| right(run, result));
    assert!(fleet.count("list") > 5 && fleet.count("agent") == 30, "{}", fleet.count("agent"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_an_end_does_not_rely_on_lists_for_ever() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [500.0; 20]).await;
    fleet.be(|manner| {
        // It stands still.
        manner.page = Some(|page| {
            for agent in page["data"].as_array_mut().unwrap() {
                agent["status"] = "running".into();
                agent["updatedAt"] = agent["createdAt"].clone();
            }
        });
    });
    let options = WaitOptions { endless: true, ..WaitOptions::default() };
    let results = nomic.wait_all(&runs, options, None).await.unwrap();
    results.iter().for_each(|outcome| right(&outcome.run, &outcome.result));
    assert!(fleet.now() < 3.1 * 3600.0);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_runs_behind_its_agents_does_not_undo_what_was_seen() {
    // The first look at the agent itself shows its end; its answer comes later, and the list even later.
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [60.0; 20]).await;
    let seen = async {
        sleep(Duration::from_secs(59)).await;
        fleet.be(|manner| (manner.lag, manner.rows_lag) = (50.0, 20.0));
        sleep(Duration::from_secs(2)).await;
        for run in &runs {
            assert_eq!(run.refresh().await.unwrap().status, AgentStatus::Finished);
        }
        let mut statuses = Vec::new();
        for _ in 0..60 {
            sleep(Duration::from_secs(1)).await;
            statuses.extend(runs.iter().map(AgentRun::status));
        }
        statuses
    };
    let (results, statuses) = tokio::join!(wait(&runs, 600.0), seen);
    assert!(statuses.iter().all(|status| *status == AgentStatus::Finished));
    runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
}

#[tokio::test(start_paused = true)]
async fn f01_no_list_gives_an_older_turns_answer() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut random = move |most: f64| random.f64() * most;
        let (fleet, nomic) = Fleet::new();
        let runs = fleet.launch_all(&nomic, [30.0; 12]).await;
        wait(&runs, 600.0).await.iter().zip(&runs).for_each(|(result, run)| right(run, result));
        fleet.be(|manner| (manner.lag, manner.stale) = (random(40.0), random(25.0)));
        let mut again = Vec::new();
        for run in &runs {
            again.push(fleet.ask_again(run, random(60.0)).await);
        }
        let results = wait(&again, 600.0).await;
        for (run, result) in again.iter().zip(&results) {
            assert_eq!(result.as_ref().unwrap().text, format!("Answer of {} to turn 2", run.id()), "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_lists_leave_out_is_kept() {
    let (fleet, nomic) = Fleet::new();
    let runs = fleet.launch_all(&nomic, [300.0; 20]).await;
    let look = async {
        runs[3].refresh().await.unwrap();
        sleep(Duration::from_secs(100)).await;
        assert!(fleet.count("list") > 0 && fleet.count("agent") == 1);
        assert_eq!(runs[3].agent().files[0].id, "f1");
    };
    tokio::join!(wait(&runs, 1800.0), look);
}

/// The figures of docs/decisions/023-polling.md: `cargo test -p nomkit --test sweeps measured -- --nocapture`.
#[tokio::test(start_paused = true)]
async fn measured_with_thousands_of_waits() {
    for (count, shortest, longest) in [(5_000, 600.0, 7_800.0), (1_000, 300.0, 2_100.0), (100, 60.0, 1_800.0)] {
        let (fleet, nomic) = Fleet::new();
        let mut runs = Vec::new();
        for n in 0..count {
            let works = shortest + (longest - shortest) * f64::from((n * 7919) % count) / f64::from(count);
            let status = if n % 20 == 0 { "awaiting_tool" } else { "running" };
            runs.push(fleet.launch(&nomic, works, status).await);
        }
        fleet.be(|manner| manner.limited = true);
        let began = fleet.now();
        let results = wait(&runs, 20_000.0).await;
        runs.iter().zip(&results).for_each(|(run, result)| right(run, result));
        let lasted = (fleet.now() - began) / 60.0;
        let polls =
            fleet.asked().into_iter().filter(|asked| matches!(asked.what, "list" | "agent")).collect::<Vec<_>>();
        let mut lags = polls.iter().filter(|asked| asked.what == "agent").map(|asked| (asked.id.clone(), asked.at));
        let mut seen = std::collections::HashMap::new();
        for (id, at) in lags.by_ref() {
            let ends = fleet.member(&id).ends;
            if at >= ends {
                seen.entry(id).or_insert(at - ends);
            }
        }
        let mut lags = seen.into_values().collect::<Vec<_>>();
        lags.sort_by(f64::total_cmp);
        let at = |share: f64| lags[((lags.len() - 1) as f64 * share) as usize];
        println!(
            "{count} waits, {lasted:.0} min: {} pages, {} GETs, {} conversations; {} looks, {:.4} requests each; \
             busiest minute {} polls, {} in all; lag p50 {:.1} p95 {:.1} most {:.1} s",
            fleet.count("list"),
            fleet.count("agent"),
            fleet.count("conversation"),
            fleet.looks(),
            polls.len() as f64 / fleet.looks() as f64,
            fleet.busiest_minute(&["list", "agent"]),
            fleet.busiest_minute(&["list", "agent", "conversation"]),
            at(0.5),
            at(0.95),
            at(1.0)
        );
        assert!(fleet.busiest_minute(&["list", "agent", "conversation"]) <= 240 && at(0.95) <= 35.0);
    }
}
