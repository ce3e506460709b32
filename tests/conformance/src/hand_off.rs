//! A run launched in one language is awaited and followed up in every other, by its token.

use crate::{
    column::Column,
    driver::{Absent, Driver, Reply},
    secrecy::Canaries,
    stage::Stage,
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

const FIRST: &str = "Review for egress issues";
const NEXT: &str = "Now a punch list";
/// What the document makes of each prompt.
const ANSWERS: [&str; 2] = ["egress route on level 2", "Punch list"];

/// What became of each pair of languages: launched in the one, taken over in the other.
#[derive(Default)]
pub(crate) struct HandOff {
    languages: Vec<String>,
    personas: usize,
    /// In how many personas a pair came to the end.
    arrived: BTreeMap<(String, String), usize>,
    failures: BTreeMap<(String, String), String>,
    /// Why a language took no part.
    missing: BTreeMap<String, String>,
    /// What no pair is to blame for.
    problems: Vec<String>,
}

/// One run on its way through two languages.
struct Baton {
    from: String,
    to: String,
    /// What the one language was told of its turn, and what the other.
    launched: Value,
    taken: Value,
    first: Value,
    next: Value,
}

type Drivers = BTreeMap<String, Driver>;

/// One call for each run, in one of its languages; the languages go on beside each other.
struct Leg {
    by: fn(&Baton) -> &str,
    run: fn(&mut Driver, &mut Baton) -> Result<(), String>,
}

const LEGS: [Leg; 6] = [
    Leg { by: |baton| &baton.from, run: launch },
    Leg { by: |baton| &baton.to, run: take_over },
    Leg { by: |baton| &baton.to, run: await_first },
    Leg { by: |baton| &baton.to, run: follow_up },
    Leg { by: |baton| &baton.to, run: await_next },
    Leg { by: |baton| &baton.from, run: take_back },
];

/// Plays all pairs in each persona, with one driver a language: the first of its columns.
pub(crate) fn play(columns: &[Column], personas: &[String], root: &Path) -> HandOff {
    let mut hand_off = HandOff { personas: personas.len(), ..HandOff::default() };
    let mut chosen: Vec<(String, &Column)> = Vec::new();
    for column in columns {
        let language = column.name.split('-').next().unwrap_or_default();
        if !hand_off.languages.iter().any(|known| known == language) {
            hand_off.languages.push(language.to_owned());
            chosen.push((language.to_owned(), column));
        }
    }
    for persona in personas {
        if let Err(problem) = hand_off.persona(&chosen, persona, root) {
            hand_off.problems.push(format!("{persona}: {problem}"));
        }
    }
    hand_off
}

impl HandOff {
    fn persona(&mut self, chosen: &[(String, &Column)], persona: &str, root: &Path) -> Result<(), String> {
        let stage = Stage::unlimited(persona)?;
        // Runs are at work when they are handed over.
        stage.control("timing", &json!({ "waiting": 0.5, "running": 4 }))?;
        let mut canaries = Canaries::default();
        canaries.add(stage.api_key(), persona);
        let mut drivers = Drivers::new();
        for (language, column) in chosen {
            match Driver::start(&column.command) {
                Ok(driver) => drop(drivers.insert(language.clone(), driver)),
                Err(Absent::Unavailable(reason)) => drop(self.missing.insert(language.clone(), reason)),
                Err(Absent::Broken(problem)) => return Err(format!("{language}: {problem}")),
            }
        }
        let facts = stage.facts();
        for (language, driver) in &mut drivers {
            let client = json!({ "base_url": facts.get("url"), "api_key": facts.get("api_key"), "pace": false });
            ask(driver, "client.new", client).map_err(|problem| format!("{language}: {problem}"))?;
        }
        let mut batons = Vec::new();
        for from in drivers.keys() {
            let pair = |to: &String| Baton {
                from: from.clone(),
                to: to.clone(),
                launched: json!({ "report": root.join("tests/scenarios/files/site-inspection.md") }),
                taken: Value::Null,
                first: Value::Null,
                next: Value::Null,
            };
            batons.extend(drivers.keys().map(pair));
        }
        for leg in LEGS {
            let (done, failed) = run(&leg, &mut drivers, batons);
            failed.iter().for_each(|(baton, problem)| self.failed(baton, &format!("{persona}: {problem}")));
            batons = done;
        }
        for baton in batons {
            *self.arrived.entry((baton.from, baton.to)).or_default() += 1;
        }
        let (pairs, seen) = (drivers.len() * drivers.len(), asked(&stage.ledger()?));
        if seen != [pairs; 2] {
            self.problems
                .push(format!("{persona}: {pairs} pairs, but the server saw {seen:?} launches and follow-ups"));
        }
        for (language, driver) in drivers {
            let output = driver.output.clone();
            driver.close().map_err(|problem| format!("{language}: {problem}"))?;
            if output.all().iter().any(|written| !canaries.found_in(written).is_empty()) {
                self.problems.push(format!("{persona}: the driver of {language} wrote the API key"));
            }
        }
        Ok(())
    }

    fn failed(&mut self, baton: &Baton, problem: &str) {
        self.failures.entry((baton.from.clone(), baton.to.clone())).or_insert_with(|| problem.to_owned());
    }

    pub(crate) fn is_good(&self) -> bool {
        self.problems.is_empty() && self.languages.iter().all(|from| self.count(from, "✓") == self.languages.len())
    }

    /// How often a pair was green, and of how many.
    pub(crate) fn score(&self) -> (usize, usize) {
        let pairs = self.languages.len() * self.languages.len();
        let green = self.languages.iter().map(|from| self.count(from, "✓"));
        (green.sum(), pairs)
    }

    fn mark(&self, from: &str, to: &str) -> &'static str {
        let pair = (from.to_owned(), to.to_owned());
        match self.missing.contains_key(from) || self.missing.contains_key(to) {
            _ if self.failures.contains_key(&pair) => "✗",
            true => "–",
            false if self.arrived.get(&pair) == Some(&self.personas) => "✓",
            false => "✗",
        }
    }

    fn count(&self, from: &str, mark: &str) -> usize {
        self.languages.iter().filter(|to| self.mark(from, to) == mark).count()
    }

    /// Launched in a row's language, taken over in a column's; below it why a pair is not green.
    pub(crate) fn table(&self) -> String {
        let line = |first: &str, cells: &[&str]| {
            let cells = cells.iter().map(|cell| format!("{cell:8}")).collect::<String>();
            format!("{first:10}{cells}").trim_end().to_owned()
        };
        let languages = self.languages.iter().map(String::as_str).collect::<Vec<_>>();
        let mut lines = vec![line("hand-off", &languages)];
        lines.extend(languages.iter().map(|from| {
            let marks = languages.iter().map(|to| self.mark(from, to)).collect::<Vec<_>>();
            line(from, &marks)
        }));
        let failures = self.failures.iter().map(|((from, to), problem)| format!("\n✗ {from} to {to}: {problem}"));
        let missing = self.missing.iter().map(|(language, reason)| format!("\n– {language}: {reason}"));
        let problems = self.problems.iter().map(|problem| format!("\n✗ {problem}"));
        lines.extend(failures.chain(missing).chain(problems));
        lines.join("\n")
    }

    /// The suite as the project's report has it: a column for each language that launches.
    pub(crate) fn suite(&self) -> Value {
        let columns = self.languages.iter().map(|from| {
            let failures = self.failures.iter().filter(|((launched, _), _)| launched == from);
            let reasons = failures.map(|((_, to), problem)| format!("to {to}: {problem}"));
            let lacking = self.missing.iter().map(|(language, reason)| format!("{language}: {reason}"));
            // What no pair is to blame for is counted once.
            let own = if self.languages.first() == Some(from) { self.problems.as_slice() } else { &[] };
            let reasons: BTreeSet<_> = reasons.chain(lacking).chain(own.iter().cloned()).collect();
            let column = json!({
                "passed": self.count(from, "✓"),
                "failed": self.count(from, "✗") + own.len(),
                "skipped": self.count(from, "–"),
                "reasons": reasons,
            });
            (from.clone(), column)
        });
        json!({ "name": "hand-off", "columns": columns.collect::<Map<_, _>>() })
    }
}

/// Those that ran it, and those that did not, each with the reason.
fn run(leg: &Leg, drivers: &mut Drivers, batons: Vec<Baton>) -> (Vec<Baton>, Vec<(Baton, String)>) {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let mut lanes: BTreeMap<String, Vec<Baton>> = BTreeMap::new();
    for baton in batons {
        lanes.entry((leg.by)(&baton).to_owned()).or_default().push(baton);
    }
    std::thread::scope(|scope| {
        let lanes = drivers.iter_mut().filter_map(|(language, driver)| {
            let lane = lanes.remove(language)?;
            Some(scope.spawn(move || {
                lane.into_iter().map(|mut baton| ((leg.run)(driver, &mut baton), baton)).collect::<Vec<_>>()
            }))
        });
        for lane in lanes.collect::<Vec<_>>() {
            for (result, baton) in lane.join().unwrap_or_default() {
                match result {
                    Ok(()) => done.push(baton),
                    Err(problem) => failed.push((baton, problem)),
                }
            }
        }
    });
    (done, failed)
}

fn launch(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    let files = [field(&baton.launched, "report")];
    baton.launched = ask(driver, "agents.launch", json!({ "prompt": FIRST, "files": files }))?;
    Ok(())
}

fn take_over(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    let token = field(&baton.launched, "token");
    baton.taken = ask(driver, "agents.attach", json!({ "target": token }))?;
    for name in ["id", "turn", "token", "url"] {
        same(name, &field(&baton.launched, name), &field(&baton.taken, name))?;
    }
    match ["waiting", "running"].iter().any(|word| field(&baton.taken, "status") == **word) {
        true => Ok(()),
        false => Err("the run was over before it was handed on".to_owned()),
    }
}

fn await_first(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    baton.first = ask(driver, "run.wait", json!({ "run": field(&baton.taken, "$run") }))?;
    answered(&baton.first, 1)
}

fn follow_up(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    let asked = json!({ "run": field(&baton.taken, "$run"), "prompt": NEXT });
    baton.taken = ask(driver, "run.follow_up", asked)?;
    same("id", &field(&baton.launched, "id"), &field(&baton.taken, "id"))
}

fn await_next(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    baton.next = ask(driver, "run.wait", json!({ "run": field(&baton.taken, "$run") }))?;
    answered(&baton.next, 2)?;
    match baton.next.get("text") == baton.first.get("text") {
        true => Err("the next turn has the first one's text".to_owned()),
        false => Ok(()),
    }
}

/// The next turn once more, by its token, where the agent was launched.
fn take_back(driver: &mut Driver, baton: &mut Baton) -> Result<(), String> {
    let back = ask(driver, "agents.attach", json!({ "target": field(&baton.taken, "token") }))?;
    let back = ask(driver, "run.wait", json!({ "run": field(&back, "$run") }))?;
    for name in ["turn", "text"] {
        same(name, &field(&baton.next, name), &field(&back, name))?;
    }
    Ok(())
}

fn answered(result: &Value, turn: usize) -> Result<(), String> {
    same("turn", &json!(turn), &field(result, "turn"))?;
    let (text, expected) = (field(result, "text"), ANSWERS.get(turn - 1).copied().unwrap_or_default());
    match text.as_str().is_some_and(|text| text.contains(expected)) {
        true => Ok(()),
        false => Err(format!("turn {turn} should say `{expected}`; it says {text}")),
    }
}

fn ask(driver: &mut Driver, operation: &str, args: Value) -> Result<Value, String> {
    match driver.call(operation, &args) {
        Ok(Reply::Ok(value)) => Ok(value),
        Ok(Reply::Error(error)) => Err(format!("{operation}: {error}")),
        Err(problem) => Err(format!("{operation}: {problem}")),
    }
}

fn field(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_default()
}

fn same(name: &str, expected: &Value, got: &Value) -> Result<(), String> {
    match expected == got && !got.is_null() {
        true => Ok(()),
        false => Err(format!("`{name}` was {expected} in the one language and is {got} in the other")),
    }
}

/// How many launches and follow-ups the server saw.
fn asked(ledger: &Value) -> [usize; 2] {
    let rows = ledger.get("requests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ["POST /agents", "POST /agents/{id}/followup"].map(|operation| {
        rows.iter().filter(|row| row.get("operation").and_then(Value::as_str) == Some(operation)).count()
    })
}
