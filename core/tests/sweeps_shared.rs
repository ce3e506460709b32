//! Sweeps over real sockets: waits of many threads and runtimes share them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{options, prompt, within};
use nomkit::{AgentRun, Nomic};
use nomkit_emulator::{Emulator, Options, Rates, Timing};
use serde_json::{Value, json};
use std::time::Duration;

/// An emulator without limits, whose agents work for so many seconds.
struct World {
    emulator: Emulator,
    nomic: Nomic,
}

impl World {
    fn new(running: f64) -> Self {
        Self::with(running, 60.0)
    }

    /// A client whose requests take so many seconds at most.
    fn with(running: f64, timeout: f64) -> Self {
        let timing = Timing { waiting: Duration::ZERO, running: Duration::from_secs_f64(running), ..Timing::default() };
        let emulator = Emulator::start(Options { timing, rates: Rates::off(), ..Options::default() }).unwrap();
        let nomic = Nomic::new(options(&emulator).timeout(timeout)).unwrap();
        Self { emulator, nomic }
    }

    fn launch(&self, count: usize) -> Vec<AgentRun> {
        let launch = || self.nomic.drive(self.nomic.agents().launch(prompt("Look"), vec![], None), || false);
        (0..count).map(|_| launch().unwrap()).collect()
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/_emulator/{path}", self.emulator.url());
        let request =
            http::Request::builder().method(method).uri(url).header("x-emulator-token", self.emulator.token());
        let mut answer = ureq::run(request.body(body.to_string()).unwrap()).unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_default()
    }

    fn requests(&self, operation: &str) -> usize {
        let ledger = self.control("GET", "ledger", &json!(null));
        ledger["requests"].as_array().unwrap().iter().filter(|request| request["operation"] == operation).count()
    }
}

#[test]
fn three_hundred_waits_of_one_call() {
    let world = World::new(4.0);
    let runs = world.launch(300);
    let outcomes = world.nomic.drive(world.nomic.wait_all(&runs, within(120.0), None), || false).unwrap();
    assert!(outcomes.iter().zip(&runs).all(|(outcome, run)| outcome.run.id() == run.id() && outcome.result.is_ok()));
    // One each is needed to be sure; looking at each twice would take 600.
    assert!((300..450).contains(&world.requests("GET /agents/{id}")), "{}", world.requests("GET /agents/{id}"));
    assert!((3..60).contains(&world.requests("GET /agents")), "{}", world.requests("GET /agents"));
}

#[test]
fn forty_threads_and_a_runtime_share_one_sweep() {
    let world = World::new(4.0);
    let runs = world.launch(60);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // Twenty wait in a runtime of several threads, forty in a thread each; both with the same client.
    let tasks = runs[40..].iter().cloned().map(|run| runtime.spawn(async move { run.wait(within(120.0), None).await }));
    let tasks = tasks.collect::<Vec<_>>();
    std::thread::scope(|threads| {
        for run in &runs[..40] {
            threads.spawn(|| world.nomic.drive(run.wait(within(120.0), None), || false).unwrap());
        }
    });
    runtime.block_on(async {
        for task in tasks {
            assert!(!task.await.unwrap().unwrap().text.is_empty());
        }
    });
    assert!((60..90).contains(&world.requests("GET /agents/{id}")), "{}", world.requests("GET /agents/{id}"));
    assert!((1..30).contains(&world.requests("GET /agents")), "{}", world.requests("GET /agents"));
}

#[test]
fn a_page_that_stalls_costs_nobody_his_answer() {
    let world = World::with(1.0, 2.0);
    let runs = world.launch(20);
    world.control("POST", "faults", &json!({"operation": "GET /agents", "fault": "stall", "times": 1}));
    let outcomes = world.nomic.drive(world.nomic.wait_all(&runs, within(60.0), None), || false).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert!(world.requests("GET /agents") >= 2);
}

#[test]
fn who_is_interrupted_in_mid_sweep_leaves_it_to_the_others() {
    let world = World::with(3.0, 6.0);
    let runs = world.launch(12);
    // The first page does not come. Six of those who wait for it go; the one who reads it is among them, or not.
    world.control("POST", "faults", &json!({"operation": "GET /agents", "fault": "stall", "times": 1}));
    let stalled = || world.requests("GET /agents") > 0;
    std::thread::scope(|threads| {
        for run in &runs[..6] {
            threads.spawn(|| {
                let mut since = None;
                let given_up = world.nomic.drive(run.wait(within(60.0), None), || {
                    since = since.or_else(|| stalled().then(std::time::Instant::now));
                    since.is_some_and(|since| since.elapsed() > Duration::from_millis(200))
                });
                assert!(given_up.is_err());
            });
        }
        for run in &runs[6..] {
            threads
                .spawn(|| assert!(!world.nomic.drive(run.wait(within(60.0), None), || false).unwrap().text.is_empty()));
        }
    });
}
