//! All scenarios through one driver.

use crate::{
    cell,
    driver::{Absent, Driver, Output},
    scenario::Act,
    secrecy::Canaries,
};
use std::{collections::BTreeSet, path::Path, sync::Arc, time::Instant};

/// A driver's name, and how it is started.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
}

/// How a scenario ended.
pub(crate) enum Verdict {
    Passed { seconds: f64, paid: usize },
    Failed(String),
    Skipped(String),
}

/// How a column ended.
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// In the order of the acts.
    pub(crate) verdicts: Vec<Verdict>,
    /// What no scenario is to blame for.
    pub(crate) problems: Vec<String>,
}

impl Outcome {
    pub(crate) fn count(&self, counted: impl Fn(&Verdict) -> bool) -> usize {
        self.verdicts.iter().filter(|verdict| counted(verdict)).count()
    }

    /// How many launches, follow-ups and uploads there were.
    pub(crate) fn paid(&self) -> usize {
        let paid = |verdict: &Verdict| if let Verdict::Passed { paid, .. } = verdict { *paid } else { 0 };
        self.verdicts.iter().map(paid).sum()
    }

    /// The operations that no passed scenario has called.
    pub(crate) fn unproved<'o>(&self, acts: &[Act], operations: &'o [String]) -> Vec<&'o str> {
        let passed = acts.iter().zip(&self.verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Passed { .. }));
        let proved: BTreeSet<_> = passed.flat_map(|(act, _)| act.scenario.operations()).collect();
        operations.iter().map(String::as_str).filter(|operation| !proved.contains(operation)).collect()
    }
}

/// The outcomes of one column in each persona, as one, in the order of all acts.
pub(crate) fn merge(outcomes: Vec<Outcome>, acts: &[Act], personas: &[String]) -> Outcome {
    let name = outcomes.first().map(|outcome| outcome.name.clone()).unwrap_or_default();
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    for (persona, outcome) in personas.iter().zip(outcomes) {
        problems.extend(outcome.problems);
        parts.push((persona, outcome.verdicts.into_iter()));
    }
    let next =
        |act: &Act| parts.iter_mut().find(|(persona, _)| *persona == act.persona).and_then(|(_, own)| own.next());
    let verdicts = acts.iter().map(next).map(|verdict| verdict.unwrap_or_else(|| Verdict::Failed("not played".into())));
    Outcome { name, verdicts: verdicts.collect(), problems }
}

/// Plays the scenarios; the driver lives as long as it works.
pub(crate) fn play(column: &Column, acts: &[Act], root: &Path) -> Outcome {
    let mut canaries = Canaries::default();
    let mut outputs: Vec<Arc<Output>> = Vec::new();
    let mut problems = Vec::new();
    let mut living: Option<Driver> = None;
    let mut missing: Option<String> = None;
    let mut verdicts = Vec::new();
    for act in acts {
        if living.is_none() && missing.is_none() {
            match Driver::start(&column.command) {
                Ok(driver) => {
                    outputs.push(driver.output.clone());
                    living = Some(driver);
                }
                Err(Absent::Unavailable(reason)) => missing = Some(reason),
                Err(Absent::Broken(problem)) => {
                    verdicts.push(Verdict::Failed(problem));
                    continue;
                }
            }
        }
        let Some(driver) = &mut living else {
            verdicts.push(Verdict::Skipped(missing.clone().unwrap_or_default()));
            continue;
        };
        let lacking =
            act.scenario.operations().find_map(|operation| Some((operation, driver.unsupported.get(operation)?)));
        if let Some((operation, reason)) = lacking {
            let reason = reason.as_str().unwrap_or("no reason given");
            verdicts.push(Verdict::Skipped(format!("no {operation}: {reason}")));
            continue;
        }
        let started = Instant::now();
        verdicts.push(match cell::play(act, driver, &mut canaries, root) {
            Ok(paid) => Verdict::Passed { seconds: started.elapsed().as_secs_f64(), paid },
            Err(failure) => {
                if failure.driver_is_lost {
                    living = None;
                }
                Verdict::Failed(failure.text)
            }
        });
    }
    if let Some(Err(problem)) = living.map(Driver::close) {
        problems.push(problem);
    }
    let outputs: Vec<_> = outputs.iter().flat_map(|output| output.all()).collect();
    let leaks: BTreeSet<_> = outputs.iter().flat_map(|output| canaries.found_in(output)).collect();
    for leaked in leaks {
        let told = format!("the driver wrote an API key that it was given in {leaked}");
        match acts.iter().zip(&mut verdicts).find(|(act, _)| act.name() == leaked) {
            Some((_, verdict)) => *verdict = Verdict::Failed(told),
            None => problems.push(told),
        }
    }
    Outcome { name: column.name.clone(), verdicts, problems }
}
