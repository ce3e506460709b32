//! Several callers of one client, and faults of all kinds at any time: equal launches in flight, lists that lag, commits
//! that come late, answers that are lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nomkit::{ErrorKind, FollowUpOptions, Nomic, WaitOptions};
use nomkit_emulator::{Options, Rates};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::launches::{Job, KINDS, Kind, truth};
use crate::points::arm;
use crate::shards::{self, Tell, each, pieces};
use crate::world::{World, timing};

/// How many jobs one world sees, and how many callers do them.
const PIECE: u32 = 200;
const CALLERS: u32 = 8;
/// Among so many prompts, workflows and files: some launches in flight are equal.
const JOBS: u32 = 12;
/// After this time a caller that was told nothing hangs.
const HANG: Duration = Duration::from_secs(1800);
/// When every late commit has come and every lag is over.
const OVER: Duration = Duration::from_secs(120);

/// What became of jobs: each a launch, a wait, a follow-up and a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survived {
    /// How many jobs there were.
    pub trials: u64,
    /// How many faults truly happened meanwhile.
    pub struck: u64,
    /// How many agents there are.
    pub agents: u64,
    /// Callers that have a run, as if nothing had happened.
    pub given: u64,
    /// Callers that have a run that was found again.
    pub recovered: u64,
    /// Callers that were told that nobody knows.
    pub unknown: u64,
    /// Agents beyond one for each launch.
    pub doubled: u64,
    /// Agents that nobody was told of.
    pub lost: u64,
    /// Runs that two callers have, or that are not of their launch.
    pub wrong: u64,
    /// Answers that were right.
    pub answers: u64,
    /// Answers to another question.
    pub stale: u64,
    /// Calls that told nothing within half an hour.
    pub hung: u64,
    /// Waits and follow-ups that ended with an error.
    pub raised: u64,
}

impl Survived {
    fn add(&mut self, other: &Self) {
        let Self {
            trials,
            struck,
            agents,
            given,
            recovered,
            unknown,
            doubled,
            lost,
            wrong,
            answers,
            stale,
            hung,
            raised,
        } = other;
        self.trials += trials;
        self.struck += struck;
        self.agents += agents;
        self.given += given;
        self.recovered += recovered;
        self.unknown += unknown;
        self.doubled += doubled;
        self.lost += lost;
        self.wrong += wrong;
        self.answers += answers;
        self.stale += stale;
        self.hung += hung;
        self.raised += raised;
    }
}

/// What callers of one world were told.
#[derive(Default)]
struct Told {
    all: Survived,
    /// By what was launched: how often, the ids that callers have, and how many of them know nothing.
    launched: BTreeMap<String, (u64, Vec<String>, u64)>,
}

#[derive(Clone)]
struct Caller {
    nomic: Nomic,
    files: Arc<Vec<String>>,
    told: Arc<Mutex<Told>>,
}

/// Plays so many jobs.
pub fn prove(seed: u64, trials: u32, tell: Tell<'_>) -> Survived {
    let work: Vec<(u32, u64)> = pieces(trials, PIECE)
        .into_iter()
        .enumerate()
        .map(|(piece, count)| (count, shards::seed(seed, "chaos", piece)))
        .collect();
    let mut all = Survived::default();
    for done in each("faults at random", &work, tell, |(count, seed)| piece(*seed, *count)) {
        all.add(&done);
    }
    all
}

fn piece(seed: u64, count: u32) -> Survived {
    let options = Options { rates: Rates::off(), timing: timing(0.5, 4.0), ..Options::default() };
    World::play(seed, options, async |world| {
        let files = (0..JOBS).filter_map(|number| world.emulator.add_file(&format!("report-{number}.txt")).ok());
        let files = Arc::new(files.collect());
        let caller = Caller { nomic: world.nomic(), files, told: Arc::default() };
        let trouble = tokio::spawn(trouble(world.clone()));
        let callers = (0..CALLERS).map(|number| {
            let share = (number..count).step_by(CALLERS as usize);
            tokio::spawn(caller.clone().work(share.collect()))
        });
        for working in callers.collect::<Vec<_>>() {
            drop(working.await);
        }
        trouble.abort();
        sleep(OVER).await;
        let told = std::mem::take(&mut *caller.told());
        judge(world, told, count)
    })
}

/// Compares what callers were told with what there is.
fn judge(world: &World, told: Told, count: u32) -> Survived {
    let mut all = told.all;
    all.trials = count.into();
    all.struck = world.emulator.struck_in_all();
    let truth = truth(world);
    for (mark, (launched, ids, unknown)) in told.launched {
        let agents = truth.get(&mark).map_or(&[][..], Vec::as_slice);
        let (there, distinct) = (agents.len() as u64, ids.iter().collect::<BTreeSet<_>>());
        let known = distinct.iter().filter(|id| agents.contains(**id)).count() as u64;
        all.agents += there;
        all.doubled += there.saturating_sub(launched);
        all.lost += there.saturating_sub(known + unknown);
        all.wrong += ids.len() as u64 - known;
    }
    all
}

/// Queues a fault every now and then, for ever.
async fn trouble(world: Arc<World>) {
    loop {
        arm(&world.emulator, any());
        if fastrand::u8(..10) == 0 {
            world.emulator.refuse(1);
        }
        sleep(Duration::from_millis(fastrand::u64(100..3_000))).await;
    }
}

/// Any fault, on any operation that it makes sense on.
fn any() -> Value {
    const LAUNCH: &str = "POST /agents";
    const FOLLOW_UP: &str = "POST /agents/{id}/followup";
    const READS: [&str; 3] = ["GET /agents", "GET /agents/{id}", "GET /agents/{id}/conversation"];
    let operation = match fastrand::u8(..10) {
        0..4 => LAUNCH,
        4..6 => FOLLOW_UP,
        _ => one(&READS),
    };
    let (seconds, late) = (fastrand::f64() * 10.0, fastrand::f64() * 20.0);
    let point = one(&["after_head", "before_commit", "after_commit"]);
    let all = match (operation, fastrand::u8(..12)) {
        (LAUNCH, 0) => return json!({ "operation": operation, "fault": "lag", "seconds": seconds }),
        (LAUNCH | FOLLOW_UP, 1) => return json!({ "operation": operation, "fault": "commit_delay", "seconds": late }),
        (LAUNCH | FOLLOW_UP, 2) => return json!({ "operation": operation, "fault": "fast_turn" }),
        (LAUNCH, 3) => return json!({ "operation": operation, "fault": "conversation_lag", "seconds": seconds / 4.0 }),
        (FOLLOW_UP, 3..6) => {
            let lag = seconds / 4.0;
            return json!({
                "operation": operation, "fault": "stale_finished", "seconds": seconds * 2.0, "conversation_lag": lag
            });
        }
        (_, 4) => json!({ "fault": "status", "status": 502 }),
        (_, 5) => json!({ "fault": "status", "status": 502, "after_commit": true }),
        (_, 6) => {
            json!({ "fault": "status", "status": 429, "headers": { "retry-after": "3" }, "body": { "error": "Slow down" } })
        }
        (_, 7) => json!({ "fault": "stall" }),
        (_, 8) => json!({ "fault": "truncate", "bytes": fastrand::u8(..90) }),
        (_, 9) => json!({ "fault": "body", "text": "" }),
        (_, 10) => json!({ "fault": "close", "at": point }),
        _ => json!({ "fault": "reset", "at": point }),
    };
    let mut all = all;
    if let Some(all) = all.as_object_mut() {
        all.insert("operation".to_owned(), json!(operation));
    }
    all
}

/// Any of these, of which there are some.
fn one<T: Copy + Default>(all: &[T]) -> T {
    all.get(fastrand::usize(..all.len())).copied().unwrap_or_default()
}

impl Caller {
    async fn work(self, numbers: Vec<u32>) {
        for number in numbers {
            let kind = one(&KINDS);
            let which = fastrand::usize(..JOBS as usize);
            let job = match kind {
                Kind::Slots => Job { kind, mark: self.files.get(which).cloned().unwrap_or_default() },
                // An agent without a workflow and one with it are not equal.
                Kind::Prompt | Kind::Workflow => Job { kind, mark: format!("{kind:?}: what of door {which}?") },
            };
            if timeout(HANG, self.play(&job, number)).await.is_err() {
                self.told().all.hung += 1;
            }
            sleep(Duration::from_millis(fastrand::u64(..2_000))).await;
        }
    }

    async fn play(&self, job: &Job, number: u32) {
        let launched = job.launch_well(&self.nomic).await;
        let run = {
            let mut told = self.told();
            let row = told.launched.entry(job.mark.clone()).or_default();
            row.0 += 1;
            match &launched {
                Ok(run) => row.1.push(run.id().to_owned()),
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => row.2 += 1,
                Err(_) => {}
            }
            match launched {
                Ok(run) => {
                    if run.recovered() {
                        told.all.recovered += 1
                    } else {
                        told.all.given += 1
                    }
                    run
                }
                Err(error) => {
                    told.all.unknown += u64::from(error.kind() == ErrorKind::OutcomeUnknown);
                    return;
                }
            }
        };
        let wait = || WaitOptions::default().timeout(300.0);
        let first = if job.kind == Kind::Slots { "nothing but files" } else { &job.mark };
        self.answered(run.wait(wait(), None).await, first);
        let prompt = format!("And what of job {number}?");
        match run.follow_up(FollowUpOptions::default().prompt(&prompt), vec![]).await {
            Ok(next) => self.answered(next.wait(wait(), None).await, &prompt),
            Err(_) => self.told().all.raised += 1,
        }
    }

    fn answered(&self, answer: nomkit::Result<nomkit::RunResult>, asked: &str) {
        let mut told = self.told();
        match answer {
            Ok(result) if result.text.contains(asked) => told.all.answers += 1,
            Ok(_) => told.all.stale += 1,
            Err(_) => told.all.raised += 1,
        }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
