//! Launches that are struck: how many agents there are, and what the caller was told.

use std::collections::HashMap;
use std::time::Duration;

use nomkit::{AgentRun, Attachments, ErrorKind, LaunchOptions, Nomic, Result, Source};
use nomkit_emulator::{Options, Rates};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::naive::Naive;
use crate::points::{POINTS, Point};
use crate::shards::{self, Tell, each, pieces};
use crate::world::{World, broken, timing};

/// How many launches one world sees.
const PIECE: u32 = 50;

/// The emulator's workflow that takes a prompt, and the one with slots.
const PROMPTED: &str = "01900000-0000-7000-8000-000000000001";
const SLOTTED: &str = "01900000-0000-7000-8000-000000000002";
const SLOT: &str = "report";

/// What is launched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    #[default]
    Prompt,
    Workflow,
    Slots,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Prompt, Kind::Workflow, Kind::Slots];

/// Who launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// This client.
    Nomkit,
    /// What is commonly written.
    Naive,
}

impl std::fmt::Display for Who {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Nomkit => "nomkit",
            Self::Naive => "a naive client",
        })
    }
}

/// What became of launches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Launched {
    /// How many launches there were.
    pub trials: u64,
    /// In how many of them the fault truly happened.
    pub struck: u64,
    /// How many agents there are.
    pub agents: u64,
    /// The caller has a run, as if nothing had happened.
    pub given: u64,
    /// The caller has a run that was found again.
    pub recovered: u64,
    /// The caller was told that nobody knows.
    pub unknown: u64,
    /// The caller was told that nothing was launched, and nothing was.
    pub refused: u64,
    /// There is more than one agent for one launch.
    pub doubled: u64,
    /// There is an agent, and the caller was told that there is none.
    pub lost: u64,
    /// The caller has a run that is not of this launch.
    pub wrong: u64,
}

impl Launched {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { trials, struck, agents, given, recovered, unknown, refused, doubled, lost, wrong } = other;
        self.trials += trials;
        self.struck += struck;
        self.agents += agents;
        self.given += given;
        self.recovered += recovered;
        self.unknown += unknown;
        self.refused += refused;
        self.doubled += doubled;
        self.lost += lost;
        self.wrong += wrong;
    }

    /// Compares what callers were told with what there is.
    pub(crate) fn judge(told: &Told, agents: &[String]) -> Self {
        let mut row = Self { trials: 1, agents: agents.len() as u64, ..Self::default() };
        row.doubled = (agents.len() > 1).into();
        match told {
            Told::Run { id, recovered } => {
                row.wrong = (!agents.contains(id)).into();
                if *recovered { row.recovered = 1 } else { row.given = 1 }
            }
            Told::Unknown => row.unknown = 1,
            Told::Nothing if agents.is_empty() => row.refused = 1,
            Told::Nothing => row.lost = 1,
        }
        row
    }
}

/// What a caller was told.
pub(crate) enum Told {
    Run { id: String, recovered: bool },
    Unknown,
    Nothing,
}

/// Plays so many launches of each kind at each point; the results are in the order of the points.
pub fn prove(seed: u64, trials: u32, who: Who, tell: Tell<'_>) -> Vec<(&'static str, Launched)> {
    let name = format!("launches, {who}");
    let mut work = Vec::new();
    for point in &POINTS {
        for kind in KINDS {
            let proof = format!("launches/{}/{kind:?}/{who:?}", point.name);
            let all = pieces(trials, PIECE).into_iter().enumerate();
            work.extend(all.map(|(piece, count)| (point, kind, count, shards::seed(seed, &proof, piece))));
        }
    }
    let done = each(&name, &work, tell, |(point, kind, count, seed)| piece(*seed, point, *kind, *count, who));
    let mut rows: Vec<(&'static str, Launched)> =
        POINTS.iter().map(|point| (point.name, Launched::default())).collect();
    for ((point, ..), launched) in work.iter().zip(&done) {
        rows.iter_mut().filter(|(name, _)| *name == point.name).for_each(|(_, row)| row.add(launched));
    }
    rows
}

fn piece(seed: u64, point: &Point, kind: Kind, count: u32, who: Who) -> Launched {
    let options = Options { rates: Rates::off(), timing: timing(0.5, 2.0), ..Options::default() };
    World::play(seed, options, async |world| {
        let (mut jobs, mut struck) = (Vec::new(), 0);
        for number in 0..count {
            let job = Job::new(world, kind, number);
            let armed = point.arm(&world.emulator);
            let told = job.launch(world, who).await;
            jobs.push((job, told));
            sleep(Duration::from_millis(fastrand::u64(1..5_000))).await;
            struck += u64::from(armed.struck(&world.emulator));
            world.emulator.clear_faults();
        }
        let truth = truth(world);
        let mut all = Launched { struck, ..Launched::default() };
        for (job, told) in &jobs {
            all.add(&Launched::judge(told, truth.get(&job.mark).map_or(&[], Vec::as_slice)));
        }
        all
    })
}

/// Something to launch, which no other is the same as.
pub(crate) struct Job {
    pub(crate) kind: Kind,
    /// What its agents are known by: their prompt, or their file.
    pub(crate) mark: String,
}

impl Job {
    pub(crate) fn new(world: &World, kind: Kind, number: u32) -> Self {
        let mark = match kind {
            Kind::Slots => {
                world.emulator.add_file(&format!("report-{number}.txt")).unwrap_or_else(|error| broken(&error))
            }
            Kind::Prompt | Kind::Workflow => format!("What is wrong with door {number}?"),
        };
        Self { kind, mark }
    }

    async fn launch(&self, world: &World, who: Who) -> Told {
        match who {
            Who::Nomkit => match self.launch_well(&world.nomic()).await {
                Ok(run) => Told::Run { id: run.id().to_owned(), recovered: run.recovered() },
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Told::Unknown,
                Err(_) => Told::Nothing,
            },
            Who::Naive => match Naive::new(world).launch(&self.body()).await {
                Some(id) => Told::Run { id, recovered: false },
                None => Told::Nothing,
            },
        }
    }

    /// Launches it by this client.
    pub(crate) async fn launch_well(&self, nomic: &Nomic) -> Result<AgentRun> {
        let mut launch = LaunchOptions::default();
        let mut attachments = Attachments::default();
        match self.kind {
            Kind::Prompt => launch = launch.prompt(&self.mark),
            Kind::Workflow => launch = launch.prompt(&self.mark).workflow_id(PROMPTED),
            Kind::Slots => {
                launch = launch.workflow_id(SLOTTED);
                attachments.inputs.insert(SLOT.to_owned(), vec![Source::File(self.mark.clone())]);
            }
        }
        nomic.agents().launch(launch, attachments, None).await
    }

    fn body(&self) -> Value {
        match self.kind {
            Kind::Prompt => json!({ "prompt": { "text": self.mark } }),
            Kind::Workflow => json!({ "prompt": { "text": self.mark }, "workflowId": PROMPTED }),
            Kind::Slots => json!({ "workflowId": SLOTTED, "inputs": { SLOT: [self.mark] } }),
        }
    }
}

/// The ids of all agents by the mark of their job.
pub(crate) fn truth(world: &World) -> HashMap<String, Vec<String>> {
    let mut truth: HashMap<String, Vec<String>> = HashMap::new();
    for agent in world.emulator.agents().unwrap_or_else(|error| broken(&error)) {
        let text = |pointer| agent.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let mark = text("/turns/0/prompt").or_else(|| text("/file_ids/0"));
        if let (Some(mark), Some(id)) = (mark, text("/id")) {
            truth.entry(mark).or_default().push(id);
        }
    }
    truth
}
