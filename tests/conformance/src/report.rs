//! What people and programs read in the end.

use crate::{
    column::{Outcome, Verdict},
    scenario::Scenario,
};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The table, and below it why a cell is not green.
pub(crate) fn table(scenarios: &[Scenario], outcomes: &[Outcome]) -> String {
    let first = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or_default().max(8);
    let width = |outcome: &Outcome| outcome.name.len().max(8);
    let mut text = format!("{:first$}", "scenario");
    for outcome in outcomes {
        line(&mut text, &outcome.name, width(outcome));
    }
    for (row, scenario) in scenarios.iter().enumerate() {
        let _ = write!(text, "\n{:first$}", scenario.name);
        for outcome in outcomes {
            let cell = match outcome.verdicts.get(row) {
                Some(Verdict::Passed { seconds }) => format!("✓ {seconds:.1} s"),
                Some(Verdict::Failed(_)) => "✗".to_owned(),
                Some(Verdict::Skipped(_)) | None => "–".to_owned(),
            };
            line(&mut text, &cell, width(outcome));
        }
    }
    let mut text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    for (mark, place, reason) in reasons(scenarios, outcomes) {
        let _ = write!(text, "\n\n{mark} {place}: {}", reason.replace('\n', "\n  "));
    }
    text
}

fn line(text: &mut String, cell: &str, width: usize) {
    let _ = write!(text, "  {cell:width$}");
}

/// Each cell that is not green; columns that lack a driver are told once.
fn reasons(scenarios: &[Scenario], outcomes: &[Outcome]) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    for outcome in outcomes {
        let mut told = Vec::new();
        for (scenario, verdict) in scenarios.iter().zip(&outcome.verdicts) {
            let place = format!("{}, {}", scenario.name, outcome.name);
            match verdict {
                Verdict::Passed { .. } => {}
                Verdict::Failed(reason) => all.push(("✗", place, reason.clone())),
                Verdict::Skipped(reason) if told.contains(&reason) => {}
                Verdict::Skipped(reason) => {
                    told.push(reason);
                    all.push(("–", outcome.name.clone(), reason.clone()));
                }
            }
        }
        all.extend(outcome.problems.iter().map(|problem| ("✗", outcome.name.clone(), problem.clone())));
    }
    all
}

/// The suite as the project's report has it.
pub(crate) fn suite(scenarios: &[Scenario], outcomes: &[Outcome]) -> Value {
    let columns = outcomes.iter().map(|outcome| {
        let mut reasons: Vec<String> = scenarios
            .iter()
            .zip(&outcome.verdicts)
            .filter_map(|(scenario, verdict)| match verdict {
                Verdict::Passed { .. } => None,
                Verdict::Failed(reason) | Verdict::Skipped(reason) => Some(format!("{}: {reason}", scenario.name)),
            })
            .collect();
        reasons.extend(outcome.problems.iter().cloned());
        let column = json!({
            "passed": outcome.count(|verdict| matches!(verdict, Verdict::Passed { .. })),
            "failed": outcome.count(|verdict| matches!(verdict, Verdict::Failed(_))) + outcome.problems.len(),
            "skipped": outcome.count(|verdict| matches!(verdict, Verdict::Skipped(_))),
            "reasons": reasons,
        });
        (outcome.name.clone(), column)
    });
    json!({ "suites": [{ "name": "conformance", "columns": columns.collect::<Map<_, _>>() }] })
}
