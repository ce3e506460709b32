//! Requests wait for the platform's limits here: what it sees, what callers are told, and what ends the waiting.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use common::scripted::{Reply, agent, client, client_with, count, launched, reply};
use futures_util::{FutureExt, future::join_all};
use nomkit::{
    ClientOptions, Error, LaunchOptions, ListOptions, Nomic, OnProgress, Progress, Source, UploadOptions, WaitOptions,
};
use nomkit_emulator::{Emulator, Options, Rates};
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

type Times = Arc<Mutex<Vec<(String, f64)>>>;

/// A platform that counts as the documents say: each tier paced evenly, with so many at once.
struct Platform {
    began: Instant,
    burst: Option<f64>,
    /// Whether its answers say how its client stands.
    tells: bool,
    free: Mutex<[f64; 2]>,
    refused: AtomicUsize,
    /// What was sent, and when.
    times: Times,
}

impl Platform {
    fn new(burst: Option<f64>, tells: bool) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            burst,
            tells,
            free: Mutex::default(),
            refused: AtomicUsize::new(0),
            times: Times::default(),
        })
    }

    fn answer(&self, call: &str) -> Reply {
        let now = self.began.elapsed().as_secs_f64();
        self.times.lock().unwrap().push((call.to_owned(), now));
        let heavy = ["POST /agents", "POST /files/upload"].contains(&call) || call.ends_with("followup");
        let limit = if heavy { 30.0 } else { 300.0 };
        let (interval, burst) = (60.0 / limit, self.burst.unwrap_or(limit));
        let mut free = self.free.lock().unwrap();
        let next = free[usize::from(heavy)].max(now);
        let early = next - now - interval * (burst - 1.0);
        let mut headers = Vec::new();
        let mut left = 0.0;
        if early <= 1e-6 {
            free[usize::from(heavy)] = next + interval;
            left = burst - (next + interval - now) / interval;
        } else {
            self.refused.fetch_add(1, SeqCst);
            headers.push(("retry-after", early.ceil().to_string()));
        }
        if self.tells {
            headers.push(("x-ratelimit-limit", limit.to_string()));
            headers.push(("x-ratelimit-remaining", ((left + 1e-6).max(0.0) as u32).to_string()));
        }
        let body = match call {
            _ if early > 1e-6 => (429, r#"{"error":"Too many requests"}"#.to_owned()),
            "POST /agents" => launched(),
            "GET /agents" => (200, r#"{"data":[],"nextCursor":null}"#.to_owned()),
            _ => (200, agent("running", "")),
        };
        Reply { after: 0.05, headers, ..reply(body.0, body.1) }
    }

    fn times(&self, call: &str) -> Vec<f64> {
        self.times.lock().unwrap().iter().filter(|(made, _)| made == call).map(|(_, at)| *at).collect()
    }
}

fn paced(platform: &Arc<Platform>) -> Nomic {
    let platform = platform.clone();
    client(move |call, _, _| platform.answer(call)).0
}

/// The same, with a minute's launches made already.
async fn busy(platform: &Arc<Platform>) -> Nomic {
    let nomic = paced(platform);
    join_all((0..30).map(|_| launch(&nomic, None))).await;
    nomic
}

async fn launch(nomic: &Nomic, timeout: Option<f64>) -> Result<(), Error> {
    let options = LaunchOptions { timeout, ..LaunchOptions::default().prompt("Look") };
    nomic.agents().launch(options, vec![], None).await.map(drop)
}

fn most_within(times: &[f64], span: f64) -> usize {
    (0..times.len()).map(|from| times[from..].partition_point(|at| *at < times[from] + span)).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn p4_whoever_is_alone_with_a_key_is_never_refused_and_uses_what_there_is() {
    for (burst, tells) in [(None, true), (None, false), (Some(1.0), true), (Some(7.0), true)] {
        let platform = Platform::new(burst, tells);
        let nomic = paced(&platform);
        let began = Instant::now();
        let all = join_all((0..150).map(|_| launch(&nomic, None))).await;
        assert!(all.iter().all(Result::is_ok), "{burst:?} {tells}");
        let times = platform.times("POST /agents");
        assert_eq!(times.len(), 150, "a refusal makes one more: {burst:?} {tells}");
        assert!(most_within(&times, 60.0) <= 30);
        // All but the first minute's worth at 95 % of the pace or more.
        let seconds = began.elapsed().as_secs_f64();
        assert!(150.0 / (seconds / 60.0 + 1.0) >= 0.95 * 30.0 * 150.0 / 180.0, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn p4_a_thousand_callers_use_what_there_is_and_are_never_refused() {
    let platform = Platform::new(None, true);
    let nomic = paced(&platform);
    let (began, span) = (Instant::now(), Duration::from_secs(1200));
    let callers = (0..1000).map(|_| async {
        let mut longest = Duration::ZERO;
        while began.elapsed() < span {
            let asked = Instant::now();
            nomic.agents().get("a").await.unwrap();
            longest = longest.max(asked.elapsed());
        }
        longest
    });
    let longest = join_all(callers).await.into_iter().max().unwrap();
    let times = platform.times("GET /agents/a");
    let within = times.partition_point(|at| *at < 1200.0);
    assert_eq!(platform.refused.load(SeqCst), 0);
    assert!(within >= 300 * 20 * 95 / 100 && most_within(&times, 60.0) <= 300, "{within}");
    // A thousand at 300 a minute wait for 200 seconds each, and none for much longer.
    assert!(longest < Duration::from_secs(270), "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_once_waits_behind_one_round_of_those_who_ask_much() {
    let platform = Platform::new(None, true);
    let nomic = paced(&platform);
    let polls = join_all((0..900).map(|_| async { nomic.agents().get("a").await.unwrap() }));
    let one = async {
        sleep(Duration::from_secs(30)).await;
        nomic.agents().list(ListOptions::default()).unwrap().next().await.unwrap();
    };
    let ((), took) = tokio::join!(async { drop(polls.await) }, async {
        one.await;
        platform.began.elapsed().as_secs_f64()
    });
    // The window is full until 61 s; then it is the second to go.
    assert!((60.0..64.0).contains(&took), "{took}");
    assert_eq!(platform.times("GET /agents/a").len(), 900);
}

#[tokio::test(start_paused = true)]
async fn the_queue_counts_against_no_timeout_but_the_callers_own() {
    let platform = Platform::new(None, true);
    let nomic = {
        let platform = platform.clone();
        client_with(ClientOptions::default().timeout(2.0), move |call, _, _| platform.answer(call)).0
    };
    // The last go after three minutes: later than a launch may take, and than a request may.
    let all = join_all((0..120).map(|_| launch(&nomic, None))).await;
    assert!(all.iter().all(Result::is_ok));
    let began = Instant::now();
    let error = launch(&nomic, Some(10.0)).await.unwrap_err();
    let outcome = error.outcome.as_ref().map(|outcome| outcome.as_str().to_owned());
    assert_eq!((error.code.as_str(), outcome.as_deref(), error.attempts), ("rate_limit", Some("not_sent"), 0));
    assert_eq!(error.detail("maybe_spend"), Some(&false.into()));
    assert!(error.detail("retry_after").unwrap().as_f64().unwrap() > 10.0);
    assert!(error.message.contains("Nothing was sent") && error.message.contains("tier heavy"), "{error}");
    assert_eq!(began.elapsed(), Duration::ZERO, "it could not have been its turn in time");
    assert_eq!(platform.times("POST /agents").len(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_the_queue_ends_it_in_time_and_frees_the_place() {
    let platform = Platform::new(None, true);
    let nomic = busy(&platform).await;
    // There will be room for some before that, but not for all.
    let began = Instant::now();
    let all = join_all((0..90).map(|_| launch(&nomic, Some(80.0)))).await;
    assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 30);
    assert!(all.iter().filter_map(|result| result.as_ref().err()).all(|error| error.code == "rate_limit"));
    assert!(began.elapsed() <= Duration::from_secs(80), "{:?}", began.elapsed());
    let sent = platform.times("POST /agents").len();
    sleep(Duration::from_secs(70)).await;
    launch(&nomic, Some(10.0)).await.unwrap();
    assert_eq!((sent, platform.times("POST /agents").len()), (60, 61));
}

fn listener() -> (OnProgress, Arc<Mutex<Vec<Progress>>>) {
    let told = Arc::new(Mutex::new(Vec::<Progress>::new()));
    let kept = told.clone();
    (Arc::new(move |progress| kept.lock().unwrap().push(progress)), told)
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_how_long_it_will_take() {
    let platform = Platform::new(None, true);
    let nomic = busy(&platform).await;
    let (progress, told) = listener();
    let first = launch(&nomic, None);
    let agents = nomic.agents();
    let launched = agents.launch(LaunchOptions::default().prompt("Look"), vec![], Some(progress.clone()));
    let began = Instant::now();
    tokio::join!(async { first.await.unwrap() }, async { drop(launched.await.unwrap()) });
    let took = began.elapsed().as_secs_f64();
    let heard = std::mem::take(&mut *told.lock().unwrap());
    assert!(
        heard.len() as f64 >= took - 2.0 && heard.iter().all(|progress| progress.phase == "throttled"),
        "{heard:?}"
    );
    for progress in &heard {
        let end = progress.done + progress.eta.unwrap();
        assert!((end - took).abs() < 3.0, "{took}: {progress:?}");
    }
    // An upload hears it before a byte is read.
    join_all((0..28).map(|_| launch(&nomic, None))).await;
    let source = Source::bytes("text", "a.txt");
    let _ =
        timeout(Duration::from_secs(2), nomic.files().upload(source, UploadOptions::default(), Some(progress))).await;
    let heard = told.lock().unwrap();
    assert!(!heard.is_empty() && heard.iter().all(|progress| progress.phase == "throttled"), "{heard:?}");
    assert_eq!(platform.times("POST /files/upload").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_queue_holds_nobody_up() {
    let platform = Platform::new(None, true);
    let nomic = busy(&platform).await;
    // They leave at every moment of their waiting, the first in line among them.
    let began = Instant::now();
    let leaving = join_all((0..200).map(|at| timeout(Duration::from_millis(at * 250), launch(&nomic, None))));
    let (left, stayed) = tokio::join!(leaving, launch(&nomic, None));
    stayed.unwrap();
    assert!(left.iter().all(Result::is_err), "none had its turn within a minute");
    assert!(began.elapsed() < Duration::from_secs(64), "{:?}", began.elapsed());
    assert_eq!(platform.times("POST /agents").len(), 31);
}

#[tokio::test(start_paused = true)]
async fn a_future_that_nobody_drives_is_passed_over() {
    let platform = Platform::new(None, true);
    let nomic = busy(&platform).await;
    let mut asleep = Box::pin(launch(&nomic, None));
    assert!(asleep.as_mut().now_or_never().is_none());
    launch(&nomic, None).await.unwrap();
    assert!(platform.began.elapsed() < Duration::from_secs(80), "{:?}", platform.began.elapsed());
    asleep.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_never_left_this_machine_takes_no_place() {
    use nomkit::{ErrorKind, http::transport::Failure};
    let down = Arc::new(AtomicBool::new(true));
    let (nomic, seen) = {
        let down = down.clone();
        client_with(ClientOptions::default().retries(0u32), move |_, _, _| match down.load(SeqCst) {
            true => common::scripted::lost(Failure::not_sent(ErrorKind::Connect, "No connection")),
            false => reply(201, agent("waiting", "")),
        })
    };
    for _ in 0..200 {
        assert_eq!(launch(&nomic, None).await.unwrap_err().code, "connect");
    }
    down.store(false, SeqCst);
    let began = Instant::now();
    for _ in 0..30 {
        launch(&nomic, None).await.unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(count(&seen, "POST /agents"), 230);
}

#[tokio::test(start_paused = true)]
async fn pace_can_be_turned_off() {
    let platform = Platform::new(None, false);
    let nomic = {
        let platform = platform.clone();
        client_with(ClientOptions::default().pace(false), move |call, _, _| platform.answer(call)).0
    };
    let all = join_all((0..40).map(|_| launch(&nomic, None))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!(platform.times("POST /agents").len() > 40, "ten were refused");
}

#[tokio::test(start_paused = true)]
async fn a_wait_outlives_the_queue_and_ends_with_its_own_deadline() {
    let platform = Platform::new(None, true);
    let nomic = paced(&platform);
    let options = || LaunchOptions::default().prompt("Look");
    let run = nomic.agents().launch(options(), vec![], None).await.unwrap();
    let busy = join_all((0..700).map(|_| async { nomic.agents().get("b").await }));
    let (progress, told) = listener();
    let began = Instant::now();
    let wait = run.wait(WaitOptions::default().timeout(100.0), Some(progress));
    let ((error, took), _) = tokio::join!(async { (wait.await.unwrap_err(), began.elapsed()) }, busy);
    assert_eq!(error.code, "wait_timeout");
    assert!((100..102).contains(&took.as_secs()), "{took:?}");
    // It was told of the queue while one of its looks stood there.
    let told = told.lock().unwrap();
    let queued = told.iter().filter(|progress| progress.phase == "throttled").collect::<Vec<_>>();
    assert!(!queued.is_empty() && queued.iter().all(|progress| progress.eta.is_some()), "{told:?}");
}

/// The ledger's requests of an operation: when they came, in seconds, and with which status.
fn requests(emulator: &Emulator, operation: &str) -> Vec<(f64, u64)> {
    let url = format!("{}/_emulator/ledger", emulator.url());
    let mut answer = ureq::get(url).header("x-emulator-token", emulator.token()).call().unwrap();
    let ledger: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let rows = ledger["requests"].as_array().unwrap().iter().filter(|row| row["operation"] == operation);
    rows.map(|row| {
        let at = row["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        (at.as_microsecond() as f64 / 1e6, row["status"].as_u64().unwrap())
    })
    .collect()
}

#[test]
fn blocking_and_async_callers_of_two_clients_share_one_gate() {
    // 120 a minute, 20 at once: one each half second.
    let rates = Rates { standard: 120, burst: Some(20), ..Rates::default() };
    let emulator = Emulator::start(Options { rates, ..Options::default() }).unwrap();
    let options = || ClientOptions::default().base_url(emulator.url()).api_key(emulator.api_key());
    let blocking = nomkit::blocking::Nomic::new(options()).unwrap();
    let list = || ListOptions::default();
    // The first answer tells the limit.
    assert!(blocking.agents().list(list()).unwrap().next().is_none());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..6).for_each(|_| assert!(blocking.agents().list(list()).unwrap().next().is_none())));
        }
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let nomic = Nomic::new(options()).unwrap();
                let lists = join_all((0..6).map(|_| async { nomic.agents().list(list()).unwrap().next().await }));
                assert!(lists.await.iter().all(|next| matches!(next, Ok(None))));
            });
        });
    });
    let seen = requests(&emulator, "GET /agents");
    assert_eq!(seen.len(), 25);
    assert!(seen.iter().all(|(_, status)| *status == 200), "{seen:?}");
    // Eight go at once, while more than a tenth is left; the others are spaced.
    let span = seen[24].0 - seen[0].0;
    assert!(span >= 2.0, "{span}");
}
