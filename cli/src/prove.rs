//! `nomkit prove`

use crate::{complain, output, progress::Bar};
use clap::Args;
use nomkit_simulation::{Proof, Trials};
use std::{path::PathBuf, process::ExitCode, time::Instant};

/// What part of the full proofs fits into a second, with two processors and some to spare.
const PART: f64 = 0.16 / 60.0;

/// Prove what is promised, in virtual time: launches, follow-ups, pace and waits, beside a naive client.
#[derive(Args)]
#[command(after_help = "Nothing is sent anywhere: the client and the emulator share this process. One seed gives the \
    same figures again, on every machine. The exit code is 1 if a promise does not hold.")]
pub(crate) struct Prove {
    /// What chance begins with.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// About how long it may take, some 15 s at least; it says how many trials there are.
    #[arg(long, default_value_t = 60.0, value_parser = seconds, conflicts_with_all = ["full", "trials"])]
    seconds: f64,
    /// All trials that a release is held against.
    #[arg(long, conflicts_with = "trials")]
    full: bool,
    /// How many follow-ups there are; of all else accordingly.
    #[arg(long)]
    trials: Option<u32>,
    /// Markdown instead of text.
    #[arg(long)]
    markdown: bool,
    /// A file to write the figures to, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Prove {
    pub(crate) fn run(self) -> ExitCode {
        let part = match self.trials {
            Some(trials) => f64::from(trials) / f64::from(Trials::FULL.follow_ups),
            None => (self.seconds * PART).min(1.0),
        };
        let trials = if self.full { Trials::FULL } else { Trials::part(part) };
        let began = Instant::now();
        let bar = Bar::new(!self.full);
        let proof = Proof::play(self.seed, trials, &|what| {
            if self.full {
                complain(&format!("{:>5.0} s  {what}", began.elapsed().as_secs_f64()));
            } else {
                bar.wait(what);
            }
        });
        bar.clear();
        let seconds = began.elapsed().as_secs_f64();
        let text = if self.markdown { proof.markdown() } else { proof.text() };
        if output::text(text.trim_end()).is_err() {
            return ExitCode::FAILURE;
        }
        if let Some(path) = self.json
            && let Err(error) = std::fs::write(&path, proof.json())
        {
            complain(&format!("{}: {error}", path.display()));
            return ExitCode::from(2);
        }
        let broken = proof.broken();
        broken.iter().for_each(|what| complain(&format!("Not as promised: {what}.")));
        complain(&format!("Seed {}, {seconds:.0} s.", self.seed));
        if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (1.0..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds, 1 to 86400".to_owned())
}
