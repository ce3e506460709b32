//! Thousands of waits at once: what they ask of the platform, and how soon they see an end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nomkit::{AgentRun, LaunchOptions, Nomic, Result, WaitOptions};
use nomkit_emulator::{Options, Rates};
use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use crate::launches::Who;
use crate::naive::Naive;
use crate::points::arm;
use crate::shards::Tell;
use crate::wire::Sent;
use crate::world::{World, broken, timing};

/// Seconds between two ends: at most 30 a minute.
const APART: f64 = 2.0;
/// The look that each wait would take by itself: one in so many seconds.
const LOOK: f64 = 30.0;
/// One agent in so many waits for a tool for a third of its work: 4.8 % of all at any time.
const TOOLS: usize = 7;
/// Seconds until what began the simulation is over.
const SETTLED: f64 = 600.0;
/// Longer than any simulation, in seconds.
const LONG: f64 = 1e6;

/// What waits cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Waited {
    /// How many waits there were at any time.
    pub waits: u32,
    /// For how many virtual minutes they were watched.
    pub minutes: f64,
    /// How many ended in that time.
    pub ended: u64,
    /// Requests of tier Standard, in the mean minute.
    pub standard: f64,
    /// The most of them in any 60 s.
    pub standard_most: u64,
    /// The same for each look that a wait would take by itself every 30 s.
    pub for_each_look: f64,
    /// Seconds from an agent's end to when the caller had its answer: median, 95th percentile, longest.
    pub lag: [f64; 3],
    /// How many requests were refused for their rate.
    pub refused: u64,
    /// How many waits ended with an error.
    pub failed: u64,
}

#[derive(Default)]
struct Ends {
    lags: Vec<f64>,
    failed: u64,
}

/// Who waits, and where ends are noted.
#[derive(Clone)]
struct Caller {
    world: Arc<World>,
    nomic: Nomic,
    who: Who,
    ends: Arc<Mutex<Ends>>,
}

/// Watches so many waits for so many virtual minutes.
pub fn prove(seed: u64, waits: u32, minutes: f64, who: Who, tell: Tell<'_>) -> Waited {
    World::play(seed, Options { rates: Rates::off(), ..Options::default() }, async |world| {
        let caller = Caller { world: world.clone(), nomic: world.nomic(), who, ends: Arc::default() };
        let runs = begin(&caller, waits).await.unwrap_or_else(|error| broken(&error));
        // From now on one ends every two seconds, and another one begins for it.
        world.emulator.set_rates(Rates::default());
        world.emulator.set_timing(timing(1.0, APART * f64::from(waits)));
        for run in runs {
            tokio::spawn(caller.clone().go_on(run));
        }
        let settled = if who == Who::Nomkit { SETTLED } else { 0.0 };
        sleep(Duration::from_secs_f64(settled)).await;
        let before = world.emulator.answers();
        let (from, span) = (world.wire.elapsed(), minutes * 60.0);
        *caller.ends() = Ends::default();
        for tenth in 1..=10 {
            sleep(Duration::from_secs_f64(span / 10.0)).await;
            tell(&format!("many waits, {who}: {tenth}0 % done"));
        }
        let mut ends = std::mem::take(&mut *caller.ends());
        let sent = world.wire.sent().since(from);
        let refused = |answers: &std::collections::BTreeMap<(&str, u16), u64>| -> u64 {
            answers.iter().filter(|((_, status), _)| *status == 429).map(|(_, count)| count).sum()
        };
        ends.lags.sort_by(f64::total_cmp);
        Waited {
            waits,
            minutes,
            ended: ends.lags.len() as u64,
            standard: sent.standard.len() as f64 / minutes,
            standard_most: Sent::most(&sent.standard, 60_000),
            for_each_look: sent.standard.len() as f64 / (f64::from(waits) * span / LOOK),
            lag: [0.5, 0.95, 1.0].map(|share| quantile(&ends.lags, share)),
            refused: refused(&world.emulator.answers()) - refused(&before),
            failed: ends.failed,
        }
    })
}

/// Agents of which one ends every two seconds from some time on, in no order.
async fn begin(caller: &Caller, waits: u32) -> Result<Vec<AgentRun>> {
    let world = &caller.world;
    let start = world.emulator.now();
    // None has ended by the time that all are launched.
    let first = f64::from(waits) * 0.3;
    let mut ends: Vec<u32> = (0..waits).collect();
    fastrand::shuffle(&mut ends);
    let mut runs = Vec::new();
    for (number, end) in ends.into_iter().enumerate() {
        let at = first + APART * f64::from(end);
        let passed = (world.emulator.now() - start) as f64 / 1000.0;
        world.emulator.set_timing(timing(1.0, (at - passed - 1.0).max(0.0)));
        if number % TOOLS == 0 {
            arm(&world.emulator, json!({ "operation": "POST /agents", "fault": "awaiting_tool" }));
        }
        runs.push(caller.launch().await?);
    }
    let passed = (world.emulator.now() - start) as f64 / 1000.0;
    sleep(Duration::from_secs_f64((first - passed).max(0.0))).await;
    Ok(runs)
}

impl Caller {
    async fn launch(&self) -> Result<AgentRun> {
        self.nomic.agents().launch(LaunchOptions::default().prompt("Read the report"), vec![], None).await
    }

    /// Waits for a run, then launches the next, for ever.
    async fn go_on(self, mut run: AgentRun) {
        loop {
            let ended = match self.who {
                Who::Nomkit => self.wait(&run).await,
                Who::Naive => self.wait_naively(run.id()).await,
            };
            match ended {
                Some(ended) => self.ends().lags.push((self.world.emulator.now() - ended) as f64 / 1000.0),
                None => self.ends().failed += 1,
            }
            if fastrand::usize(..TOOLS) == 0 {
                arm(&self.world.emulator, json!({ "operation": "POST /agents", "fault": "awaiting_tool" }));
            }
            run = match self.launch().await {
                Ok(run) => run,
                Err(error) => broken(&error),
            };
        }
    }

    /// When the agent ended, in milliseconds since 1970.
    async fn wait(&self, run: &AgentRun) -> Option<i64> {
        let result = run.wait(WaitOptions::default().timeout(LONG), None).await.ok()?;
        Some(result.agent.updated_at?.as_microsecond() / 1000)
    }

    async fn wait_naively(&self, id: &str) -> Option<i64> {
        Naive::new(&self.world).wait(id).await?;
        let agent = self.nomic.agents().get(id).await.ok()?;
        Some(agent.updated_at?.as_microsecond() / 1000)
    }

    fn ends(&self) -> std::sync::MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value below which so large a share of sorted values lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
}
