//! A day at the limit: agents and readers that always want more than the platform allows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nomkit::{AgentRun, FollowUpOptions, LaunchOptions, Nomic, Result, WaitOptions, WorkflowListOptions};
use nomkit_emulator::{Options, Rates};
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use crate::launches::Who;
use crate::naive::Naive;
use crate::shards::Tell;
use crate::world::{World, timing};

/// How many read all the time, beside those that launch and wait.
const READERS: u32 = 20;
/// Seconds that a turn takes: many more turns begin than may.
const TURN: f64 = 600.0;
/// Seconds that a caller waits for a turn.
const WAIT: f64 = 4.0 * 3600.0;

/// What was made of the budget.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Paced {
    /// How many agents were at work, or waited to be asked again.
    pub agents: u32,
    /// Virtual hours.
    pub hours: f64,
    /// Requests that the platform took in tier Heavy, and which share of its limit they are.
    pub heavy: u64,
    /// The share.
    pub heavy_share: f64,
    /// The same in tier Standard.
    pub standard: u64,
    /// The share.
    pub standard_share: f64,
    /// Requests that were refused for their rate.
    pub refused: u64,
    /// Turns that were waited for to their end.
    pub turns: u64,
    /// Calls that ended with an error.
    pub failed: u64,
}

#[derive(Clone)]
struct Caller {
    world: Arc<World>,
    nomic: Nomic,
    counts: Arc<Mutex<(u64, u64)>>,
}

/// Keeps so many agents busy for so many virtual hours.
pub fn prove(seed: u64, agents: u32, hours: f64, who: Who, tell: Tell<'_>) -> Paced {
    let rates = Rates::default();
    World::play(seed, Options { rates, timing: timing(1.0, TURN), ..Options::default() }, async |world| {
        let caller = Caller { world: world.clone(), nomic: world.nomic(), counts: Arc::default() };
        for number in 0..agents {
            match who {
                Who::Nomkit => drop(tokio::spawn(caller.clone().ask(number))),
                Who::Naive => drop(tokio::spawn(caller.clone().ask_naively(number))),
            }
        }
        for _ in 0..if who == Who::Nomkit { READERS } else { 0 } {
            tokio::spawn(caller.clone().read());
        }
        for tenth in 1..=10 {
            sleep(Duration::from_secs_f64(hours * 360.0)).await;
            tell(&format!("at the limit, {who}: {tenth}0 % done"));
        }
        let (mut heavy, mut standard, mut refused) = (0, 0, 0);
        for ((operation, status), count) in world.emulator.answers() {
            match status {
                429 => refused += count,
                _ if operation.starts_with("POST") => heavy += count,
                _ => standard += count,
            }
        }
        let share = |taken: u64, limit: u32| taken as f64 / (f64::from(limit) * hours * 60.0);
        let (turns, failed) = *caller.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Paced {
            agents,
            hours,
            heavy,
            heavy_share: share(heavy, rates.heavy),
            standard,
            standard_share: share(standard, rates.standard),
            refused,
            turns,
            failed,
        }
    })
}

impl Caller {
    /// Launches an agent and asks it again as soon as it has answered, for ever.
    async fn ask(self, number: u32) {
        let mut run: Option<AgentRun> = None;
        loop {
            match self.next(run.as_ref(), number).await {
                Ok(next) => {
                    self.count(true);
                    run = Some(next);
                }
                Err(_) => {
                    self.count(false);
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn next(&self, run: Option<&AgentRun>, number: u32) -> Result<AgentRun> {
        let prompt = format!("What is wrong with door {number}?");
        let next = match run {
            None => self.nomic.agents().launch(LaunchOptions::default().prompt(prompt), vec![], None).await?,
            Some(run) => run.follow_up(FollowUpOptions::default().prompt(prompt), vec![]).await?,
        };
        next.wait(WaitOptions::default().timeout(WAIT), None).await?;
        Ok(next)
    }

    async fn read(self) {
        loop {
            if self.look().await.is_err() {
                self.count(false);
                sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn look(&self) -> Result<()> {
        self.nomic.workflows().list(WorkflowListOptions::default())?.next_page().await.map(drop)
    }

    async fn ask_naively(self, number: u32) {
        let naive = Naive::new(&self.world);
        let body = json!({ "prompt": { "text": format!("What is wrong with door {number}?") } });
        loop {
            let agent = naive.launch(&body).await;
            match agent {
                Some(agent) => self.count(naive.wait(&agent).await.is_some()),
                None => self.count(false),
            }
        }
    }

    fn count(&self, well: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if well { counts.0 += 1 } else { counts.1 += 1 }
    }
}
