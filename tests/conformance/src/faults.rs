//! The catalogue of faults, as a page: what may go wrong, what is promised, and what proves it.

use crate::{
    column::{Outcome, Verdict},
    scenario::{Act, Scenario},
};
use regex::Regex;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// Where the tests are whose names begin with a row of the catalogue, such as `n19_…` or `c11_c12_…`.
const TESTS: [&str; 4] = ["core/src", "core/tests", "emulator/tests", "python/tests"];

/// `tests/faults.json`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    families: Vec<Family>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    letter: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row: String,
    fault: String,
    promise: String,
    /// Why nothing proves it yet.
    later: Option<String>,
}

impl Catalogue {
    /// Reads it; a scenario must not prove what nobody promised.
    pub(crate) fn load(path: &Path, scenarios: &[Scenario]) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        let catalogue: Self = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        for scenario in scenarios {
            if let Some(row) = scenario.proves.iter().find(|proved| !catalogue.rows.iter().any(|r| &r.row == *proved)) {
                return Err(failed(&format!("there is no row {row}, which {} proves", scenario.name)));
            }
        }
        Ok(catalogue)
    }

    /// The page. A row that nothing proves, though it should be, is an error.
    pub(crate) fn page(&self, acts: &[Act], outcomes: &[Outcome], root: &Path) -> Result<String, String> {
        let tests = tests(root)?;
        let mut page = format!(
            "# Faults\n\nWhat may go wrong, what is promised then, and what proves it. Written by `make faults` from \
             `tests/faults.json`, the scenarios and the tests; `make test` fails if it is stale.\n\nA scenario is played \
             in {} columns ({}), each against both personas of the emulator; a column counts as green if all scenarios \
             of the row are. Tests are found by their names, which begin with the row.\n",
            outcomes.len(),
            outcomes.iter().map(|outcome| outcome.name.as_str()).collect::<Vec<_>>().join(", "),
        );
        let mut unproved = Vec::new();
        for family in &self.families {
            let _ = write!(page, "\n## {}\n\n| | fault | promise | scenarios | columns green | tests |\n", family.name);
            page.push_str("|---|---|---|---|---|---|\n");
            for row in self.rows.iter().filter(|row| row.row.starts_with(&family.letter)) {
                let none = Vec::new();
                let tests = tests.get(&row.row).unwrap_or(&none);
                let (scenarios, green) = proof(&row.row, acts, outcomes);
                if scenarios.is_empty() && tests.is_empty() && row.later.is_none() {
                    unproved.push(row.row.as_str());
                }
                let later = row.later.as_ref().map(|later| format!(" Not yet: {later}.")).unwrap_or_default();
                let columns = match scenarios.is_empty() {
                    true => String::new(),
                    false => format!("{green} of {}", outcomes.len()),
                };
                let _ = writeln!(
                    page,
                    "| {} | {} | {}{later} | {} | {columns} | {} |",
                    row.row,
                    row.fault,
                    row.promise,
                    scenarios.join(", "),
                    tests.iter().map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", "),
                );
            }
        }
        match unproved.as_slice() {
            [] => Ok(page),
            rows => Err(format!("nothing proves {}", rows.join(", "))),
        }
    }
}

/// The scenarios that prove a row, and in how many columns all of them are green.
fn proof(row: &str, acts: &[Act], outcomes: &[Outcome]) -> (Vec<String>, usize) {
    let proves = |act: &Act| act.scenario.proves.iter().any(|proved| proved == row);
    let mut names: Vec<_> = acts.iter().filter(|act| proves(act)).map(|act| act.scenario.name.clone()).collect();
    names.dedup();
    let green = |outcome: &&Outcome| {
        let mut cells = acts.iter().zip(&outcome.verdicts).filter(|(act, _)| proves(act));
        cells.all(|(_, verdict)| matches!(verdict, Verdict::Passed { .. }))
    };
    (names, outcomes.iter().filter(green).count())
}

/// The names of the tests that begin with a row, by row.
fn tests(root: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let name = Regex::new(r"(?m)^\s*(?:async )?(?:fn|def) ((?:test_)?((?:[a-z][0-9]+_)+)\w+)")
        .map_err(|error| error.to_string())?;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders: Vec<_> = TESTS.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
                let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                for test in name.captures_iter(&text) {
                    for row in test[2].split_terminator('_') {
                        let (letter, number) = row.split_at(1);
                        let row = format!("{}{}", letter.to_uppercase(), number.trim_start_matches('0'));
                        found.entry(row).or_default().push(test[1].to_owned());
                    }
                }
            }
        }
    }
    found.values_mut().for_each(|tests| tests.sort());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{root, scenario};

    fn kit() -> (Vec<Scenario>, Catalogue) {
        let folder = root().join("tests/scenarios");
        let (scenarios, _) = scenario::load(&folder, &folder).unwrap();
        let catalogue = Catalogue::load(&root().join("tests/faults.json"), &scenarios).unwrap();
        (scenarios, catalogue)
    }

    fn outcome(name: &str, verdicts: Vec<Verdict>) -> Outcome {
        Outcome { name: name.to_owned(), verdicts, problems: Vec::new() }
    }

    #[test]
    fn a_column_is_green_when_all_of_a_rows_cells_are() {
        let (scenarios, _) = kit();
        let scenario = scenarios.iter().find(|scenario| scenario.proves.iter().any(|row| row == "L1")).unwrap();
        let acts = ["plain", "drifted"].map(|persona| Act { scenario, persona });
        let passed = || Verdict::Passed { seconds: 1.0, paid: 0 };
        let outcomes =
            [outcome("good", vec![passed(), passed()]), outcome("bad", vec![passed(), Verdict::Failed(String::new())])];
        assert_eq!(proof("L1", &acts, &outcomes), (vec![scenario.name.clone()], 1));
        assert_eq!(proof("N99", &acts, &outcomes).0, Vec::<String>::new());
    }

    #[test]
    fn rows_belong_to_a_family_and_stand_once() {
        let (_, catalogue) = kit();
        let mut rows: Vec<_> = catalogue.rows.iter().map(|row| row.row.as_str()).collect();
        assert!(rows.iter().all(|row| catalogue.families.iter().any(|family| row.starts_with(&family.letter))));
        rows.sort_unstable();
        let all = rows.len();
        rows.dedup();
        assert_eq!(rows.len(), all);
    }
}
