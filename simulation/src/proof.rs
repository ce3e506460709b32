//! All proofs together: how many trials, what came out, and whether that is what is promised.

use std::thread;

use serde::Serialize;

use crate::chaos::{self, Survived};
use crate::follow_ups::{self, FollowedUp};
use crate::launches::{self, Launched, Who};
use crate::pace::{self, Paced};
use crate::shards::Tell;
use crate::table::{Table, bound, count, share};
use crate::waits::{self, Waited};

/// How large the proofs are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trials {
    /// Launches of each of three kinds at each of twelve points.
    pub launches: u32,
    /// Jobs of several callers, with faults at random.
    pub chaos: u32,
    /// Follow-ups.
    pub follow_ups: u32,
    /// Virtual hours at the limit.
    pub hours: f64,
    /// Agents that are busy meanwhile.
    pub agents: u32,
    /// Waits at once.
    pub waits: u32,
    /// Virtual minutes in which they are watched.
    pub minutes: f64,
}

impl Trials {
    /// What a release is held against.
    pub const FULL: Self = Self {
        launches: 10_000,
        chaos: 20_000,
        follow_ups: 100_000,
        hours: 24.0,
        agents: 1_000,
        waits: 5_000,
        minutes: 60.0,
    };

    /// So large a part of that, but always as many waits and agents.
    pub fn part(part: f64) -> Self {
        let some = |number: u32| (f64::from(number) * part).ceil().max(1.0) as u32;
        let Self { launches, chaos, follow_ups, hours, agents, waits, minutes } = Self::FULL;
        Self {
            launches: some(launches),
            chaos: some(chaos),
            follow_ups: some(follow_ups),
            hours: (hours * part).max(0.1),
            agents,
            waits,
            minutes: (minutes * part).max(1.0),
        }
    }
}

/// The naive client has a tenth of the trials: its failures are not rare.
const NAIVE: u32 = 10;
/// Virtual hours, and minutes, for which the naive client is let loose at the limit.
const NAIVE_HOURS: f64 = 1.0 / 60.0;
const NAIVE_MINUTES: f64 = 0.2;
/// What is promised of the budget, of the requests in any minute and of seconds.
const SHARE: f64 = 0.95;
const STANDARD: u64 = 240;
const LAG: f64 = 35.0;

/// A launch's row of the table: where it was struck, what this client made of it, and how often a naive one doubled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Where, and by what.
    pub name: &'static str,
    /// This client.
    pub nomkit: Launched,
    /// The naive one.
    pub naive: Launched,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// The same gives the same.
    pub seed: u64,
    /// How large the proofs were.
    pub trials: Trials,
    /// Launches, struck at each point.
    pub launches: Vec<Point>,
    /// Jobs, with faults at random.
    pub chaos: Survived,
    /// Follow-ups of this client, and of the naive one.
    pub follow_ups: [FollowedUp; 2],
    /// The same at the limit.
    pub pace: [Paced; 2],
    /// The same while they wait.
    pub waits: [Waited; 2],
}

impl Proof {
    /// Plays all of it, and tells how far it has come. One seed gives one result, however many processors there are.
    pub fn play(seed: u64, trials: Trials, tell: Tell<'_>) -> Self {
        let Trials { hours, agents, waits, minutes, .. } = trials;
        let few = |number: u32| number.div_ceil(NAIVE);
        // Each of these two is one world, so one processor's work: they go first, at once.
        let (pace, waits) = thread::scope(|scope| {
            let pace = scope.spawn(|| {
                let naive = pace::prove(seed, agents, NAIVE_HOURS, Who::Naive, tell);
                [pace::prove(seed, agents, hours, Who::Nomkit, tell), naive]
            });
            let waits = scope.spawn(|| {
                let naive = waits::prove(seed, waits, NAIVE_MINUTES, Who::Naive, tell);
                [waits::prove(seed, waits, minutes, Who::Nomkit, tell), naive]
            });
            (joined(pace), joined(waits))
        });
        let well = launches::prove(seed, trials.launches, Who::Nomkit, tell);
        let naively = launches::prove(seed, few(trials.launches), Who::Naive, tell);
        let launches = well.into_iter().zip(naively);
        Self {
            seed,
            trials,
            launches: launches.map(|((name, nomkit), (_, naive))| Point { name, nomkit, naive }).collect(),
            chaos: chaos::prove(seed, trials.chaos, tell),
            follow_ups: [
                follow_ups::prove(seed, trials.follow_ups, Who::Nomkit, tell),
                follow_ups::prove(seed, few(trials.follow_ups), Who::Naive, tell),
            ],
            pace,
            waits,
        }
    }

    /// What is not as promised; nothing, if all is.
    pub fn broken(&self) -> Vec<String> {
        let launched = self.launched(|point| &point.nomkit);
        let (chaos, [asked, _], [paced, _], [waited, _]) = (&self.chaos, &self.follow_ups, &self.pace, &self.waits);
        // In a handful of jobs it is chance whether any is struck.
        let few = if chaos.trials < 100 { 0 } else { chaos.trials - chaos.struck.min(chaos.trials) };
        let none = [
            ("launches were doubled", launched.doubled + chaos.doubled),
            ("agents were lost", launched.lost + chaos.lost),
            ("runs were those of another launch", launched.wrong + chaos.wrong),
            ("launches were not struck", launched.trials - launched.struck.min(launched.trials)),
            ("answers were those of another turn", asked.stale + chaos.stale),
            ("calls hung", asked.hung + chaos.hung),
            ("follow-ups were not struck", asked.trials - asked.struck.min(asked.trials)),
            ("faults at random were too few", few),
            ("requests were refused for their rate", paced.refused + waited.refused),
            ("calls failed at the limit", paced.failed),
            ("waits failed", waited.failed),
        ];
        let none = none.into_iter().filter(|(_, number)| *number > 0);
        let mut broken: Vec<String> = none.map(|(what, number)| format!("{} {what}", count(number))).collect();
        for (tier, share) in [("Heavy", paced.heavy_share), ("Standard", paced.standard_share)] {
            if share.is_nan() || share < SHARE {
                broken.push(format!("{:.1} % of the budget of tier {tier} was used, not 95 %", share * 100.0));
            }
        }
        if waited.standard_most > STANDARD {
            let Waited { waits, standard_most, .. } = waited;
            broken.push(format!("{waits} waits asked {standard_most} times in the worst minute, not {STANDARD}"));
        }
        let [_, late, _] = waited.lag;
        if late.is_nan() || late > LAG {
            broken.push(format!("an end was seen after {late:.1} s at the 95th percentile, not {LAG}"));
        }
        broken
    }

    fn launched(&self, of: impl Fn(&Point) -> &Launched) -> Launched {
        let mut all = Launched::default();
        self.launches.iter().for_each(|point| all.add(of(point)));
        all
    }

    /// As text for a terminal.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.summary().text(), self.struck().text())
    }

    /// As JSON, with what is not as promised; no time of this machine is in it.
    pub fn json(&self) -> String {
        let mut all = serde_json::json!(self);
        if let Some(all) = all.as_object_mut() {
            all.insert("broken".to_owned(), serde_json::json!(self.broken()));
        }
        format!("{all:#}\n")
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        format!("{}\n{}", self.summary().markdown(), self.struck().markdown())
    }

    fn summary(&self) -> Table {
        let title = format!("What is promised, and what came out with seed {}", self.seed);
        let mut table = Table::new(title, &["", "trials", "struck", "nomkit", "95 % sure", "naive client"]);
        let (well, naive) = (self.launched(|point| &point.nomkit), self.launched(|point| &point.naive));
        let (chaos, [asked, asked_naively]) = (&self.chaos, &self.follow_ups);
        let mut zero = |what: &str, trials: u64, struck: u64, bad: u64, naive: String| {
            let cells =
                [what.to_owned(), count(trials), count(struck), count(bad), bound(bad, struck.min(trials)), naive];
            table.row(cells);
        };
        zero("launches doubled", well.trials, well.struck, well.doubled, share(naive.doubled, naive.trials));
        zero(
            "launches lost",
            well.trials,
            well.struck,
            well.lost + well.wrong,
            share(naive.lost + naive.wrong, naive.trials),
        );
        zero("… doubled, faults at random", chaos.trials, chaos.struck, chaos.doubled, String::new());
        zero("… lost, faults at random", chaos.trials, chaos.struck, chaos.lost + chaos.wrong, String::new());
        let stale = share(asked_naively.stale, asked_naively.trials);
        zero("follow-ups with an older answer", asked.trials, asked.struck, asked.stale, stale);
        let hung = share(asked_naively.hung, asked_naively.trials);
        zero("follow-ups that hang", asked.trials, asked.struck, asked.hung, hung);
        let ([paced, paced_naively], [waited, waited_naively]) = (&self.pace, &self.waits);
        let requests = paced.heavy + paced.standard;
        let refused =
            share(paced_naively.refused, paced_naively.refused + paced_naively.heavy + paced_naively.standard);
        zero("requests refused for their rate", requests, requests, paced.refused, refused);
        let mut figure = |what: &str, trials: String, nomkit: String, naive: String| {
            table.row([what.to_owned(), trials, String::new(), nomkit, String::new(), naive]);
        };
        for (tier, share) in [("Heavy", paced.heavy_share), ("Standard", paced.standard_share)] {
            let what = format!("share of the budget used, {tier}");
            figure(&what, format!("{:.1} h", paced.hours), format!("{:.1} %", share * 100.0), String::new());
        }
        let all = format!("{} waits", count(waited.waits.into()));
        let minute = |waited: &Waited| count(waited.standard.round() as u64);
        figure("requests a minute while waiting", all.clone(), minute(waited), minute(waited_naively));
        figure("… in the worst 60 s", all.clone(), count(waited.standard_most), String::new());
        figure("… for each look of a wait", all, format!("{:.3}", waited.for_each_look), "1 or more".to_owned());
        let [median, late, latest] = waited.lag;
        let ended = format!("{} ends", count(waited.ended));
        figure("an end is seen after, median", ended.clone(), format!("{median:.1} s"), String::new());
        figure("… 95th percentile", ended.clone(), format!("{late:.1} s"), String::new());
        figure("… latest", ended, format!("{latest:.1} s"), String::new());
        table
    }

    fn struck(&self) -> Table {
        let head = [
            "launches struck by",
            "trials",
            "struck",
            "agents",
            "run given",
            "recovered",
            "unknown",
            "refused",
            "doubled",
            "lost",
            "naive: doubled",
        ];
        let mut table = Table::new("Launches, point by point", &head);
        let mut row = |name: &str, it: &Launched, naive: String| {
            let Launched { trials, struck, agents, given, recovered, unknown, refused, doubled, lost, wrong } = *it;
            let counts = [trials, struck, agents, given, recovered, unknown, refused, doubled, lost + wrong].map(count);
            table.row([name.to_owned()].into_iter().chain(counts).chain([naive]));
        };
        for Point { name, nomkit, naive } in &self.launches {
            row(name, nomkit, share(naive.doubled, naive.trials));
        }
        let Survived { trials, struck, agents, given, recovered, unknown, doubled, lost, wrong, .. } = self.chaos;
        let refused = trials - (given + recovered + unknown).min(trials);
        let all = Launched { trials, struck, agents, given, recovered, unknown, refused, doubled, lost, wrong };
        row("any of them, and others, at random", &all, String::new());
        table
    }
}

/// What a thread gives; its panic is this one's.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
