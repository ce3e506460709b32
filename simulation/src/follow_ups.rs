//! Follow-ups while the platform still shows the turn before: whose answer the caller gets.

use std::time::Duration;

use nomkit::{AgentRun, ErrorKind, FollowUpOptions, LaunchOptions, Result, WaitOptions};
use nomkit_emulator::{Options, Rates};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::launches::Who;
use crate::naive::Naive;
use crate::points::arm;
use crate::shards::{self, Tell, each, pieces};
use crate::world::{World, broken, timing};

/// How many follow-ups one world sees, and one agent.
const PIECE: u32 = 500;
const TURNS: u32 = 5;
/// The longest that the platform shows the turn before, that a turn takes, and that the conversation lags, in seconds.
const STALE: f64 = 30.0;
const TURN: f64 = 5.0;
const LAG: f64 = 3.0;
/// Seconds that a caller waits, and after which it hangs whatever it was told.
const WAIT: f64 = 120.0;
const HANG: Duration = Duration::from_secs(300);

/// What became of follow-ups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FollowedUp {
    /// How many follow-ups there were.
    pub trials: u64,
    /// In how many of them the platform truly showed the turn before for a while.
    pub struck: u64,
    /// The caller got the answer to what it asked.
    pub right: u64,
    /// The caller got the answer of another turn.
    pub stale: u64,
    /// The caller was told nothing within 300 s.
    pub hung: u64,
    /// The caller was told that its answer did not come.
    pub raised: u64,
    /// Seconds from when the answer could be read to when the caller had it, added up.
    pub waited: f64,
    /// Requests, follow-ups included.
    pub requests: u64,
}

impl FollowedUp {
    fn add(&mut self, other: &Self) {
        let Self { trials, struck, right, stale, hung, raised, waited, requests } = other;
        self.trials += trials;
        self.struck += struck;
        self.right += right;
        self.stale += stale;
        self.hung += hung;
        self.raised += raised;
        self.waited += waited;
        self.requests += requests;
    }
}

/// Plays so many follow-ups.
pub fn prove(seed: u64, trials: u32, who: Who, tell: Tell<'_>) -> FollowedUp {
    let proof = format!("follow-ups/{who:?}");
    let work: Vec<(u32, u64)> = pieces(trials, PIECE)
        .into_iter()
        .enumerate()
        .map(|(piece, count)| (count, shards::seed(seed, &proof, piece)))
        .collect();
    let mut all = FollowedUp::default();
    for done in each(&format!("follow-ups, {who}"), &work, tell, |(count, seed)| piece(*seed, *count, who)) {
        all.add(&done);
    }
    all
}

fn piece(seed: u64, count: u32, who: Who) -> FollowedUp {
    let options = Options { rates: Rates::off(), ..Options::default() };
    World::play(seed, options, async |world| {
        let mut all = FollowedUp { trials: count.into(), ..FollowedUp::default() };
        let (mut asked, mut agent) = (0, None);
        for number in 0..count {
            let current = match agent.take() {
                Some(current) if number % TURNS > 0 => current,
                _ => begin(world).await.unwrap_or_else(|error| broken(&error)),
            };
            let before = world.wire.sent().len();
            agent = ask(world, who, current, number, &mut all).await;
            asked += world.wire.sent().len() - before;
        }
        all.requests = asked as u64;
        all
    })
}

/// An agent whose first turn is over.
async fn begin(world: &World) -> Result<AgentRun> {
    world.emulator.set_timing(timing(0.2, 1.0));
    let run = world.nomic().agents().launch(LaunchOptions::default().prompt("Read the report"), vec![], None).await?;
    run.wait(WaitOptions::default(), None).await?;
    Ok(run)
}

/// One follow-up; the agent can be asked again if its answer came.
async fn ask(world: &World, who: Who, run: AgentRun, number: u32, all: &mut FollowedUp) -> Option<AgentRun> {
    let turn = fastrand::f64() * TURN;
    let (stale, lag) = (fastrand::f64() * STALE, fastrand::f64() * LAG);
    world.emulator.set_timing(timing(0.0, turn));
    let fault = json!({
        "operation": "POST /agents/{id}/followup", "fault": "stale_finished", "seconds": stale, "conversation_lag": lag,
    });
    let fault = arm(&world.emulator, fault);
    let prompt = format!("And what of door {number}?");
    let began = Instant::now();
    let told = match who {
        Who::Nomkit => timeout(HANG, follow_up(&run, &prompt)).await,
        Who::Naive => {
            let naive = Naive::new(world);
            timeout(HANG, async { Ok(naive.ask_again(run.id(), &prompt).await.map(|text| (text, run.clone()))) }).await
        }
    };
    all.struck += u64::from(world.emulator.struck(&fault).completed > 0);
    let mut next = None;
    match told {
        Ok(Ok(Some((text, run)))) if text.contains(&prompt) => {
            all.right += 1;
            all.waited += began.elapsed().as_secs_f64() - turn.max(stale).max(turn + lag);
            next = Some(run);
        }
        Ok(Ok(Some(_))) => all.stale += 1,
        Ok(Ok(None) | Err(_)) => all.raised += 1,
        Err(_) => all.hung += 1,
    }
    world.emulator.clear_faults();
    // What the platform still shows of this turn is nothing that the next one should meet.
    sleep(Duration::from_secs_f64(STALE + TURN + LAG)).await;
    next
}

async fn follow_up(run: &AgentRun, prompt: &str) -> Result<Option<(String, AgentRun)>> {
    let next = run.follow_up(FollowUpOptions::default().prompt(prompt), vec![]).await?;
    match next.wait(WaitOptions::default().timeout(WAIT), None).await {
        Ok(result) => Ok(Some((result.text, next))),
        Err(error) if error.kind() == ErrorKind::WaitTimeout => Ok(None),
        Err(error) => Err(error),
    }
}
