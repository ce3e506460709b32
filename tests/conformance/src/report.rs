//! What people and programs read in the end.

use crate::{
    column::{Outcome, Verdict},
    scenario::Act,
};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// The table, and below it why a cell is not green.
pub(crate) fn table(acts: &[Act], outcomes: &[Outcome]) -> String {
    let first = acts.iter().map(|act| act.name().len()).max().unwrap_or_default().max(8);
    let width = |outcome: &Outcome| outcome.name.len().max(8);
    let mut text = format!("{:first$}", "scenario");
    for outcome in outcomes {
        line(&mut text, &outcome.name, width(outcome));
    }
    for (row, act) in acts.iter().enumerate() {
        let _ = write!(text, "\n{:first$}", act.name());
        for outcome in outcomes {
            let cell = match outcome.verdicts.get(row) {
                Some(Verdict::Passed { seconds, .. }) => format!("✓ {seconds:.1} s"),
                Some(Verdict::Failed(_)) => "✗".to_owned(),
                Some(Verdict::Skipped(_)) | None => "–".to_owned(),
            };
            line(&mut text, &cell, width(outcome));
        }
    }
    let mut text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    for (mark, place, reason) in reasons(acts, outcomes) {
        let _ = write!(text, "\n\n{mark} {place}: {}", reason.replace('\n', "\n  "));
    }
    text
}

fn line(text: &mut String, cell: &str, width: usize) {
    let _ = write!(text, "  {cell:width$}");
}

/// Each cell that is not green; columns that lack a driver are told once.
fn reasons(acts: &[Act], outcomes: &[Outcome]) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    for outcome in outcomes {
        let mut told = Vec::new();
        for (act, verdict) in acts.iter().zip(&outcome.verdicts) {
            let place = format!("{}, {}", act.name(), outcome.name);
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
pub(crate) fn suite(acts: &[Act], outcomes: &[Outcome]) -> Value {
    let columns = outcomes.iter().map(|outcome| {
        let mut reasons: Vec<String> = acts
            .iter()
            .zip(&outcome.verdicts)
            .filter_map(|(act, verdict)| match verdict {
                Verdict::Passed { .. } => None,
                Verdict::Failed(reason) | Verdict::Skipped(reason) => Some(format!("{}: {reason}", act.name())),
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
    json!({ "name": "conformance", "columns": columns.collect::<Map<_, _>>() })
}
