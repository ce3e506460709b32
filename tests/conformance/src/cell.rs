//! One scenario through one driver.

use crate::{
    driver::{Driver, Reply},
    names::Names,
    paid::Paid,
    pattern::{self, Mismatch},
    props::Props,
    scenario::{Act, Call, Ledger, Step},
    secrecy::Canaries,
    stage::Stage,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, time::Instant};

/// A scenario's failure.
pub(crate) struct Failure {
    pub(crate) text: String,
    /// Whether the driver is of no more use.
    pub(crate) driver_is_lost: bool,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, driver_is_lost: false }
    }
}

/// Plays a scenario, and gives how many requests cost something; what fails says where, and what the emulator saw.
pub(crate) fn play(act: &Act, driver: &mut Driver, canaries: &mut Canaries, root: &Path) -> Result<usize, Failure> {
    let mut stage = Stage::start(act.persona)?;
    canaries.add(stage.api_key(), &act.name());
    let played = Play { act, driver, canaries, root, stage: &mut stage, paid: Paid::default(), sent: 0 }.run();
    played.map_err(|failure| Failure { text: format!("{}\n{}", failure.text, requests(&stage)), ..failure })
}

struct Play<'a> {
    act: &'a Act<'a>,
    driver: &'a mut Driver,
    canaries: &'a mut Canaries,
    root: &'a Path,
    stage: &'a mut Stage,
    paid: Paid,
    /// How many requests cost something, of those that were judged.
    sent: usize,
}

impl Play<'_> {
    fn run(mut self) -> Result<usize, Failure> {
        let scenario = self.act.scenario;
        let mut names = Names::new().map_err(|error| error.to_string())?;
        let props = Props::new()?;
        for (name, path) in props.lay_out(scenario, self.root)? {
            names.keep(&name, json!(path));
        }
        names.keep("emulator", self.stage.facts());
        if let Some(timing) = &scenario.timing {
            self.stage.control("timing", timing)?;
        }
        let args = [("base_url", "${emulator.url}"), ("api_key", "${emulator.api_key}")];
        let args = args.map(|(name, value)| (name.to_owned(), json!(value))).into();
        let first = Call { call: "client.new".to_owned(), args, keep: None, expect: Default::default() };
        self.call(&first, &mut names)?;
        for (step, number) in scenario.steps.iter().zip(1..) {
            self.step(step, &mut names).map_err(|failure| {
                let place = format!("step {number} of {}", scenario.steps.len());
                Failure { text: format!("{place}, {}", failure.text), ..failure }
            })?;
        }
        self.stage.check_faults()?;
        check_ledger(&scenario.ledger, &self.check_paid()?)?;
        Ok(self.sent)
    }

    /// Judges what was paid for since the last time, and gives the ledger.
    fn check_paid(&mut self) -> Result<Value, String> {
        let ledger = self.stage.ledger()?;
        self.sent += self.paid.check(&ledger)?;
        Ok(ledger)
    }

    fn step(&mut self, step: &Step, names: &mut Names) -> Result<(), Failure> {
        match step {
            Step::Call(call) => self.call(call, names)?,
            Step::Fault { fault } => self.stage.fault(fault)?,
            Step::Control(controls) => {
                controls.iter().try_for_each(|(name, value)| self.stage.control(name, value))?;
            }
            Step::Workflow { workflow, keep } => names.keep(keep, self.stage.workflow(workflow)?),
            Step::Key { key, keep } => {
                let key = self.stage.key(key)?;
                self.canaries.add(&key, &self.act.name());
                names.keep(keep, key.into());
            }
            Step::Reset { .. } => {
                self.check_paid()?;
                self.stage.reset()?;
                self.stage.control("persona", &json!({ "persona": self.act.persona }))?;
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, names: &mut Names) -> Result<(), Failure> {
        let failed = |text: String| format!("{}: {text}", call.call);
        let mut args = serde_json::Map::new();
        for (name, value) in &call.args {
            args.insert(name.clone(), names.resolve(value).map_err(failed)?);
        }
        if call.call == "client.new" {
            // One process plays hundreds of scenarios: only one about it waits for the platform's limits.
            args.entry("pace").or_insert(json!(false));
        }
        let started = Instant::now();
        let args = Value::Object(args);
        let reply = self.driver.call(&call.call, &args);
        let seconds = started.elapsed().as_secs_f64();
        let reply = reply.map_err(|text| Failure { text: failed(text), driver_is_lost: true })?;
        self.paid.note(&call.call, &args, &reply, &self.stage.ledger()?);
        let expect = &call.expect;
        let checked = match (&reply, &expect.ok, &expect.error) {
            (Reply::Ok(value), ok, None) => {
                let pattern = names.resolve(ok.as_ref().unwrap_or(&json!({ "$all": [] }))).map_err(failed)?;
                pattern::check(&pattern, Some(value), "ok")
            }
            (Reply::Error(error), None, Some(pattern)) => {
                pattern::check(&names.resolve(pattern).map_err(failed)?, Some(error), "error")
            }
            (Reply::Error(error), ok, None) => {
                let expected = ok.clone().unwrap_or_else(|| json!("no error"));
                Err(Box::new(Mismatch { place: "ok".to_owned(), expected, got: Some(json!({ "error": error })) }))
            }
            (Reply::Ok(value), _, Some(error)) => {
                let got = Some(json!({ "ok": value }));
                Err(Box::new(Mismatch { place: "error".to_owned(), expected: error.clone(), got }))
            }
            // The schema does not let both be expected.
            (Reply::Error(_), Some(_), Some(_)) => Ok(()),
        };
        let (Reply::Ok(value) | Reply::Error(value)) = reply;
        checked.map_err(|mismatch| failed(describe(&mismatch, Some(&value))))?;
        if let Some(pattern) = &expect.seconds {
            let checked = pattern::check(pattern, Some(&json!(seconds)), "seconds");
            checked.map_err(|mismatch| failed(describe(&mismatch, None)))?;
        }
        if let Some(name) = &call.keep {
            names.keep(name, value);
        }
        Ok(())
    }
}

fn describe(mismatch: &Mismatch, whole: Option<&Value>) -> String {
    let Mismatch { place, expected, got } = mismatch;
    let mut text = format!("`{place}` is not what it should be\n  expected {}", shortened(&expected.to_string()));
    let got = got.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
    text.push_str(&format!("\n  got      {}", shortened(&got)));
    if let Some(whole) = whole.map(Value::to_string).filter(|whole| *whole != got && place.contains('.')) {
        text.push_str(&format!("\n  in       {}", shortened(&whole)));
    }
    text
}

/// More than this of a value hides what matters.
const SHOWN: usize = 1200;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} … ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
        None => text.to_owned(),
    }
}

fn check_ledger(expected: &Ledger, ledger: &Value) -> Result<(), String> {
    let rows = |name: &str| ledger.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of = |row: &Value, operation: &str| row.get("operation").and_then(Value::as_str) == Some(operation);
    let processed = |row: &Value| row.get("processed") == Some(&json!(true));
    let turns = rows("agents").iter().map(|agent| agent.get("turns").and_then(Value::as_array).map_or(0, Vec::len));
    let count = |counts: &BTreeMap<String, Value>, only_processed: bool| {
        let counted = counts.keys().map(|operation| {
            let matching =
                rows("requests").iter().filter(|row| of(row, operation) && (!only_processed || processed(row)));
            (operation.clone(), json!(matching.count()))
        });
        Value::Object(counted.collect())
    };
    let facts = [
        ("total", expected.total.clone(), json!(rows("requests").len())),
        ("requests", Some(json!(expected.requests)), count(&expected.requests, false)),
        ("processed", Some(json!(expected.processed)), count(&expected.processed, true)),
        ("agents", expected.agents.clone(), json!(rows("agents").len())),
        ("turns", expected.turns.clone(), json!(turns.collect::<Vec<_>>())),
        ("files", expected.files.clone(), json!(rows("files").len())),
    ];
    for (name, pattern, fact) in facts {
        let Some(pattern) = pattern else { continue };
        let checked = pattern::check(&pattern, Some(&fact), &format!("ledger.{name}"));
        checked.map_err(|mismatch| describe(&mismatch, Some(&fact)))?;
    }
    Ok(())
}

/// What the emulator saw, one line a request.
fn requests(stage: &Stage) -> String {
    let ledger = match stage.ledger() {
        Ok(ledger) => ledger,
        Err(error) => return format!("there is no ledger: {error}"),
    };
    let mut text = "the emulator's ledger:".to_owned();
    let rows = ledger.get("requests").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let hidden = rows.len().saturating_sub(2 * EDGE);
    for (index, row) in rows.iter().enumerate() {
        match index {
            EDGE if hidden > 0 => text.push_str(&format!("\n  … {hidden} more requests")),
            _ if (EDGE..EDGE + hidden).contains(&index) => {}
            _ => text.push_str(&format!("\n  {}", request(row))),
        }
    }
    for agent in ledger.get("agents").and_then(Value::as_array).into_iter().flatten() {
        let turns = agent.get("turns").and_then(Value::as_array).map_or(0, Vec::len);
        let field = |name: &str| agent.get(name).and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!("\n  agent {}: {}, turns: {turns}", field("id"), field("status")));
    }
    text
}

/// How many of the first and of the last requests a failure shows.
const EDGE: usize = 20;

fn request(row: &Value) -> String {
    let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let is = |name: &str| row.get(name) == Some(&json!(true));
    let status = row.get("status").and_then(Value::as_u64).map_or_else(|| "---".to_owned(), |code| code.to_string());
    let time = field("at").split('T').nth(1).unwrap_or_default();
    let path = field("path").trim_start_matches("/api/v0");
    let query = if field("query").is_empty() { String::new() } else { format!("?{}", field("query")) };
    let processed = if is("processed") { "" } else { ", not processed" };
    let answered = if is("answered") { "" } else { ", not answered" };
    let fault = row.get("fault").and_then(Value::as_str).map(|fault| format!(", {fault}")).unwrap_or_default();
    format!("{time} {status} {} {path}{query}{processed}{answered}{fault}", field("method"))
}
