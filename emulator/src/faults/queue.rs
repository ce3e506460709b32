//! The faults that wait, and the fate of those that struck.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::lists::Alias;
use super::{FAULTS, Fault};
use crate::operations;
use crate::problem::Problem;

/// Stands for every operation.
const ANY: &str = "*";

#[derive(Default)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Default)]
struct State {
    made: u32,
    queues: HashMap<String, VecDeque<Waiting>>,
    counts: HashMap<String, Arc<Counts>>,
    aliases: HashMap<String, Alias>,
    revoked: HashSet<String>,
}

struct Waiting {
    name: &'static str,
    fault: Arc<dyn Fault>,
    /// How many requests pass before it.
    skip: u32,
    left: u32,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU32,
    completed: AtomicU32,
}

/// A fault that befalls one request.
#[derive(Clone)]
pub(crate) struct Strike {
    pub(crate) name: &'static str,
    pub(crate) fault: Arc<dyn Fault>,
    /// How many requests it befell before this one.
    pub(crate) nth: usize,
    counts: Arc<Counts>,
}

impl Strike {
    /// It happened to the end.
    pub(crate) fn complete(&self) {
        self.counts.completed.fetch_add(1, Ordering::SeqCst);
    }

    /// It turned out that it did not.
    pub(crate) fn revoke(&self) {
        self.counts.completed.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Faults {
    /// Queues what the body describes: `operation`, `fault`, `times`, `skip`, and the fault's own parameters.
    pub(crate) fn add(&self, mut body: Map<String, Value>) -> Result<String, Problem> {
        let operation = body.remove("operation");
        let operation = operation.as_ref().and_then(Value::as_str).unwrap_or_default();
        if operation != ANY && !operations::names().any(|name| name == operation) {
            let known: Vec<_> = operations::names().chain([ANY]).collect();
            return Err(Problem::issue("operation", format!("Expected one of: {}", known.join(", "))));
        }
        let times = number(&mut body, "times", 1)?;
        let skip = number(&mut body, "skip", 0)?.unwrap_or_default();
        let name = body.remove("fault");
        let name = name.as_ref().and_then(Value::as_str);
        let (name, read) = FAULTS.iter().find(|(known, _)| name == Some(known)).ok_or_else(|| {
            let known: Vec<_> = FAULTS.iter().map(|(name, _)| *name).collect();
            Problem::issue("fault", format!("Expected a fault: one of {}", known.join(", ")))
        })?;
        let fault = read(body).map_err(|error| Problem::issue("fault", format!("{name}: {error}")))?;
        fault.check()?;
        check_operation(name, fault.as_ref(), operation)?;

        let mut state = self.state();
        state.made += 1;
        let id = format!("f{}", state.made);
        let counts = Arc::new(Counts::default());
        state.counts.insert(id.clone(), Arc::clone(&counts));
        let left = times.unwrap_or_else(|| fault.times());
        state.queues.entry(operation.to_owned()).or_default().push_back(Waiting { name, fault, skip, left, counts });
        Ok(id)
    }

    /// The fault whose turn it is, if one waits for this operation.
    pub(crate) fn strike(&self, operation: &str) -> Option<Strike> {
        let mut state = self.state();
        state
            .next(operation, |fault| fault.accept().is_none())
            .or_else(|| state.next(ANY, |fault| fault.accept().is_none()))
    }

    /// The fault whose turn it is on a new connection.
    pub(crate) fn strike_connection(&self) -> Option<Strike> {
        self.state().next(ANY, |fault| fault.accept().is_some())
    }

    /// Whether one waits for a new connection.
    pub(crate) fn wait_for_connection(&self) -> bool {
        let state = self.state();
        state.queues.get(ANY).is_some_and(|queue| queue.iter().any(|waiting| waiting.fault.accept().is_some()))
    }

    /// How often a fault struck, and how often it happened to the end.
    pub(crate) fn report(&self, id: &str) -> Result<Value, Problem> {
        let (hits, completed) = self.struck(id).ok_or_else(|| Problem::not_found("Fault not found"))?;
        Ok(json!({ "id": id, "hits": hits, "completed": completed }))
    }

    /// The same as numbers.
    pub(crate) fn struck(&self, id: &str) -> Option<(u32, u32)> {
        let state = self.state();
        let counts = state.counts.get(id)?;
        Some((counts.hits.load(Ordering::SeqCst), counts.completed.load(Ordering::SeqCst)))
    }

    /// How often faults happened to their end.
    pub(crate) fn completed(&self) -> u64 {
        self.state().counts.values().map(|counts| u64::from(counts.completed.load(Ordering::SeqCst))).sum()
    }

    /// Takes all waiting faults away, and what they left behind; reports on them can still be read.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.queues.clear();
        state.aliases.clear();
        state.revoked.clear();
    }

    /// Takes all reports away as well.
    pub(crate) fn reset(&self) {
        self.clear();
        self.state().counts.clear();
    }

    /// Remembers what a made-up cursor stands for.
    pub(super) fn alias(&self, cursor: String, alias: Alias) {
        self.state().aliases.insert(cursor, alias);
    }

    /// What a made-up cursor stands for.
    pub(crate) fn behind(&self, cursor: &str) -> Option<Alias> {
        self.state().aliases.get(cursor).cloned()
    }

    /// From now on a key is refused, until faults are taken away.
    pub(super) fn revoke(&self, key: &str) {
        self.state().revoked.insert(key.to_owned());
    }

    pub(crate) fn is_revoked(&self, key: &str) -> bool {
        self.state().revoked.contains(key)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The first that waits in this queue and acts at this moment.
    fn next(&mut self, queue: &str, acts: impl Fn(&dyn Fault) -> bool) -> Option<Strike> {
        let queue = self.queues.get_mut(queue)?;
        let index = queue.iter().position(|waiting| acts(waiting.fault.as_ref()))?;
        let waiting = queue.get_mut(index)?;
        if waiting.skip > 0 {
            waiting.skip -= 1;
            return None;
        }
        waiting.left -= 1;
        let nth = waiting.counts.hits.fetch_add(1, Ordering::SeqCst) as usize;
        let (name, fault, counts) = (waiting.name, Arc::clone(&waiting.fault), Arc::clone(&waiting.counts));
        if waiting.left == 0 {
            queue.remove(index);
        }
        Some(Strike { name, fault, nth, counts })
    }
}

fn number(body: &mut Map<String, Value>, name: &str, least: u32) -> Result<Option<u32>, Problem> {
    let Some(value) = body.remove(name) else { return Ok(None) };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= least);
    number.map(Some).ok_or_else(|| Problem::issue(name, format!("Expected a whole number from {least}")))
}

/// Refuses a fault where it could not act.
fn check_operation(name: &str, fault: &dyn Fault, operation: &str) -> Result<(), Problem> {
    let all = fault.operations();
    if fault.accept().is_some() && operation != ANY {
        return Err(Problem::issue("operation", format!("{name} on accept acts before the operation is known: use *")));
    }
    let every = all.len() == operations::names().count();
    if (operation == ANY && every) || all.contains(&operation) {
        return Ok(());
    }
    Err(Problem::issue("operation", format!("{name} acts only on: {}", all.join(", "))))
}
