//! Plays every scenario through every driver, each against an emulator of its own.

mod cell;
mod column;
mod driver;
mod faults;
mod hand_off;
mod names;
mod paid;
mod pattern;
mod props;
mod report;
mod scenario;
mod secrecy;
mod stage;

use clap::Parser;
use column::{Column, Outcome};
use faults::Catalogue;
use scenario::Act;
use serde_json::json;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Plays every scenario through every driver.
#[derive(Parser)]
struct Arguments {
    /// Adds a column, or replaces the one of this name: `NAME=COMMAND`.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = column)]
    driver: Vec<Column>,
    /// Plays only these columns.
    #[arg(long, value_name = "NAME")]
    column: Vec<String>,
    /// Plays only these scenarios; then operations without a green scenario are no failure.
    #[arg(long, value_name = "SCENARIO")]
    only: Vec<String>,
    /// Where the scenarios are, instead of `tests/scenarios`.
    #[arg(long, value_name = "FOLDER")]
    scenarios: Option<PathBuf>,
    /// Plays only in these personas of the emulator.
    #[arg(long, value_name = "NAME", default_values = ["plain", "drifted"])]
    persona: Vec<String>,
    /// Plays no scenario, but only hands runs from language to language.
    #[arg(long, conflicts_with_all = ["only", "faults"])]
    hand_off: bool,
    /// The page of faults, which must be as this run says.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    faults: Option<PathBuf>,
    /// Writes that page instead of checking it.
    #[arg(long, requires = "faults")]
    write: bool,
    /// Writes the result as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many drivers are played at once. They mostly wait.
    #[arg(long, default_value_t = 8)]
    jobs: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

/// The top of the checkout.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    if arguments.hand_off {
        let handed = hand_off::play(&columns(arguments)?, &arguments.persona, root());
        writeln!(std::io::stdout(), "{}", handed.table()).map_err(|error| error.to_string())?;
        return Ok(handed.is_good());
    }
    let own = root().join("tests/scenarios");
    let (mut scenarios, operations) = scenario::load(arguments.scenarios.as_ref().unwrap_or(&own), &own)?;
    for name in &arguments.only {
        if !scenarios.iter().any(|scenario| &scenario.name == name) {
            return Err(format!("there is no scenario {name}"));
        }
    }
    scenarios.retain(|scenario| arguments.only.is_empty() || arguments.only.contains(&scenario.name));
    let catalogue = Catalogue::load(&root().join("tests/faults.json"), &scenarios)?;
    let columns = columns(arguments)?;
    let of = |scenario| arguments.persona.iter().map(move |persona| Act { scenario, persona });
    let acts: Vec<Act> = scenarios.iter().flat_map(of).filter(|act| act.scenario.plays(act.persona)).collect();

    let started = Instant::now();
    let outcomes = play(&columns, &acts, &arguments.persona, arguments.jobs);
    let mut text = report::table(&acts, &outcomes);
    let mut good = outcomes.iter().all(|outcome| {
        outcome.problems.is_empty() && outcome.count(|verdict| matches!(verdict, column::Verdict::Failed(_))) == 0
    });
    if arguments.only.is_empty() {
        for outcome in &outcomes {
            let unproved = outcome.unproved(&acts, &operations);
            if !unproved.is_empty() {
                good = false;
                text.push_str(&format!("\n\n✗ {}: no green scenario for {}", outcome.name, unproved.join(", ")));
            }
        }
    }
    // A single scenario is played alone.
    let handed = arguments.only.is_empty().then(|| hand_off::play(&columns, &arguments.persona, root()));
    if let Some(handed) = &handed {
        good &= handed.is_good();
        text.push_str(&format!("\n\n{}", handed.table()));
    }
    if let Some(path) = &arguments.faults {
        let told = catalogue.page(&acts, &outcomes, root()).and_then(|page| keep(path, &page, arguments.write));
        if let Err(problem) = told {
            good = false;
            text.push_str(&format!("\n\n✗ {}: {problem}", path.display()));
        }
    }
    let passed: usize = outcomes.iter().map(|o| o.count(|v| matches!(v, column::Verdict::Passed { .. }))).sum();
    let cells = acts.len() * outcomes.len();
    let paid: usize = outcomes.iter().map(Outcome::paid).sum();
    let seconds = started.elapsed().as_secs_f64();
    let result = if good { "passed" } else { "FAILED" };
    let (handed_on, pairs) = handed.as_ref().map_or((0, 0), hand_off::HandOff::score);
    let end = format!(
        "\n\n{paid} launches, follow-ups and uploads in the green cells: none was sent again but after a refusal\n\
         conformance {result}: {passed} of {cells} cells green, {handed_on} of {pairs} pairs of languages, {seconds:.0} s\n"
    );
    std::io::stdout().write_all((text + &end).as_bytes()).map_err(|error| error.to_string())?;
    if let Some(path) = &arguments.report {
        let suites = [Some(report::suite(&acts, &outcomes)), handed.as_ref().map(hand_off::HandOff::suite)];
        let report = json!({ "suites": suites.into_iter().flatten().collect::<Vec<_>>() });
        fs::write(path, format!("{report:#}\n")).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(good)
}

/// Writes a generated page, or sees that it is there already.
fn keep(path: &Path, page: &str, write: bool) -> Result<(), String> {
    if write {
        return fs::write(path, page).map_err(|error| error.to_string());
    }
    match fs::read_to_string(path) {
        Ok(there) if there == page => Ok(()),
        _ => Err("it is stale; `make faults` writes it".to_owned()),
    }
}

/// Each column in each persona has a driver of its own; in the end they are one column.
fn play(columns: &[Column], acts: &[Act], personas: &[String], jobs: usize) -> Vec<Outcome> {
    let parts: Vec<(&Column, &String)> =
        columns.iter().flat_map(|column| personas.iter().map(move |persona| (column, persona))).collect();
    let waiting = Mutex::new(parts.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = || loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((place, (column, persona))) = next else { return };
        let own: Vec<Act> = acts.iter().filter(|act| act.persona == *persona).copied().collect();
        let outcome = column::play(column, &own, root());
        done.lock().unwrap_or_else(PoisonError::into_inner).push((place, outcome));
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, parts.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    let mut outcomes = done.into_iter().map(|(_, outcome)| outcome);
    columns.iter().map(|_| column::merge(outcomes.by_ref().take(personas.len()).collect(), acts, personas)).collect()
}

/// The project's own drivers, and those of the command line.
fn columns(arguments: &Arguments) -> Result<Vec<Column>, String> {
    let mut columns = own_columns()?;
    for added in &arguments.driver {
        match columns.iter_mut().find(|column| column.name == added.name) {
            Some(column) => *column = added.clone(),
            None => columns.push(added.clone()),
        }
    }
    if let Some(name) = arguments.column.iter().find(|name| !columns.iter().any(|column| &column.name == *name)) {
        return Err(format!("there is no column {name}"));
    }
    columns.retain(|column| arguments.column.is_empty() || arguments.column.contains(&column.name));
    Ok(columns)
}

fn own_columns() -> Result<Vec<Column>, String> {
    // The Rust drivers are built beside this program.
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let rust = |name: &str| {
        let program = here.with_file_name(format!("driver-{name}{}", std::env::consts::EXE_SUFFIX));
        Column { name: name.to_owned(), command: vec![text(program)] }
    };
    let environment = root().join(".venv/bin/python");
    let python = if environment.is_file() { text(environment) } else { "python3".to_owned() };
    let script = text(root().join("tests/drivers/python/driver.py"));
    let python = |kind: &str| {
        let command = vec![python.clone(), script.clone(), kind.to_owned()];
        Column { name: format!("python-{kind}"), command }
    };
    let script = text(root().join("tests/drivers/node/driver.mjs"));
    let node = Column { name: "node".to_owned(), command: vec!["node".to_owned(), script] };
    let program = |name: &str| {
        let command = vec![text(root().join("tests/drivers").join(name).join("run"))];
        Column { name: name.to_owned(), command }
    };
    let rest = [python("sync"), python("async"), node, program("kotlin"), program("swift")];
    Ok([rust("rust-async"), rust("rust-blocking")].into_iter().chain(rest).collect())
}

fn column(text: &str) -> Result<Column, String> {
    let (name, command) = text.split_once('=').ok_or("expected NAME=COMMAND")?;
    let command = shlex::split(command).filter(|command| !command.is_empty()).ok_or("the command cannot be read")?;
    Ok(Column { name: name.to_owned(), command })
}
