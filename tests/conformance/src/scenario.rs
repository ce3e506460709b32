//! Scenarios as they are written, checked by their schema before anything runs.

use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// A scenario.
#[derive(Debug, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) proves: Vec<String>,
    pub(crate) timing: Option<Value>,
    pub(crate) only: Option<Only>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, FileSource>,
    pub(crate) steps: Vec<Step>,
    pub(crate) ledger: Ledger,
}

/// The one persona that a scenario is about.
#[derive(Debug, Deserialize)]
pub(crate) struct Only {
    pub(crate) persona: String,
}

/// Where a local file comes from.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum FileSource {
    Example(String),
    Text {
        text: String,
    },
    Size {
        size: u64,
    },
    Missing {
        #[serde(rename = "missing")]
        _missing: bool,
    },
    Folder {
        /// `true`, or the files in it by their names.
        folder: Value,
    },
}

/// What happens next.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Call(Call),
    Fault {
        fault: Value,
    },
    Workflow {
        workflow: Value,
        #[serde(rename = "as")]
        keep: String,
    },
    Key {
        key: Value,
        #[serde(rename = "as")]
        keep: String,
    },
    Reset {
        #[serde(rename = "reset")]
        _reset: bool,
    },
    /// `timing`, `clock`, `rates` or `spend`, and what it becomes.
    Control(BTreeMap<String, Value>),
}

/// A call that the driver makes.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) args: BTreeMap<String, Value>,
    #[serde(rename = "as")]
    pub(crate) keep: Option<String>,
    #[serde(default)]
    pub(crate) expect: Expectation,
}

/// What a call must give.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Expectation {
    pub(crate) ok: Option<Value>,
    pub(crate) error: Option<Value>,
    pub(crate) seconds: Option<Value>,
}

/// What the emulator must have seen.
#[derive(Debug, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) total: Option<Value>,
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) processed: BTreeMap<String, Value>,
    pub(crate) agents: Option<Value>,
    pub(crate) turns: Option<Value>,
    pub(crate) files: Option<Value>,
}

impl Scenario {
    /// Whether it is played in this persona.
    pub(crate) fn plays(&self, persona: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.persona == persona)
    }

    /// The operations that it calls.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &str> {
        // The runner itself makes the first client.
        std::iter::once("client.new").chain(self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call.call.as_str()),
            _ => None,
        }))
    }
}

/// A scenario in one persona of the emulator.
#[derive(Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) persona: &'a str,
}

impl Act<'_> {
    /// What the table calls it.
    pub(crate) fn name(&self) -> String {
        match self.persona {
            "plain" => self.scenario.name.clone(),
            persona => format!("{} ({persona})", self.scenario.name),
        }
    }
}

/// All scenarios of a folder, by name, and the operations that their schema knows.
pub(crate) fn load(folder: &Path, schema: &Path) -> Result<(Vec<Scenario>, Vec<String>), String> {
    let schema = read(&schema.join("scenario.schema.json"))?;
    let judge = Judge::new(&schema)?;
    let mut scenarios = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else { continue };
        if name == "scenario.schema" {
            continue;
        }
        let scenario = judge.read(&read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        if scenario.name != name {
            return Err(format!("{}: its name is `{}`", path.display(), scenario.name));
        }
        scenarios.push(scenario);
    }
    let operations = schema.pointer("/$defs/operation/enum").and_then(Value::as_array);
    let operations = operations.into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    Ok((scenarios, operations))
}

fn read(path: &Path) -> Result<Value, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}

/// The schema, ready to judge.
struct Judge(jsonschema::Validator);

impl Judge {
    fn new(schema: &Value) -> Result<Self, String> {
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        options.build(schema).map(Self).map_err(|error| format!("scenario.schema.json: {error}"))
    }

    fn read(&self, scenario: &Value) -> Result<Scenario, String> {
        let problems: Vec<_> =
            self.0.iter_errors(scenario).map(|error| format!("at `{}`: {error}", error.instance_path())).collect();
        if !problems.is_empty() {
            return Err(problems.join("\n"));
        }
        serde_json::from_value(scenario.clone()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;
    use serde_json::json;

    fn judge() -> Judge {
        Judge::new(&read(&root().join("tests/scenarios/scenario.schema.json")).unwrap()).unwrap()
    }

    fn smallest() -> Value {
        json!({ "name": "a", "about": "b", "proves": [], "steps": [{ "call": "agents.list" }], "ledger": { "total": 1 } })
    }

    #[test]
    fn every_scenario_of_the_kit_is_valid() {
        let folder = root().join("tests/scenarios");
        let (scenarios, operations) = load(&folder, &folder).unwrap();
        for operation in &operations {
            assert!(scenarios.iter().any(|scenario| scenario.operations().any(|o| o == operation)), "{operation}");
        }
    }

    #[test]
    fn the_smallest_scenario_is_valid() {
        judge().read(&smallest()).unwrap();
    }

    #[test]
    fn what_could_not_prove_anything_is_refused() {
        for (place, wrong) in [
            ("/steps/0/call", json!("agents.lunch")),
            ("/steps/0", json!({ "call": "agents.list", "expects": {} })),
            ("/steps/0", json!({ "call": "agents.list", "expect": {} })),
            ("/steps/0", json!({ "call": "agents.list", "expect": { "error": {} } })),
            ("/steps/0", json!({ "call": "agents.list", "expect": { "ok": {}, "error": { "code": "x" } } })),
            ("/steps/0", json!({ "call": "agents.list", "expect": { "ok": { "a": { "$match": "b" } } } })),
            ("/steps/0", json!({ "call": "agents.list", "expect": { "ok": { "$matches": "(" } } })),
            ("/steps/0", json!({ "call": "agents.list", "expect": { "ok": { "$gte": 1, "a": 1 } } })),
            ("/steps/0", json!({ "fault": { "operation": "POST /agent", "fault": "reset" } })),
            ("/steps/0", json!({ "fault": { "operation": "POST /agents", "fault": "reset", "times": 0 } })),
            ("/steps/0", json!({ "timing": { "runing": 1 } })),
            ("/steps", json!([])),
            ("/ledger", json!({})),
            ("/ledger", json!({ "requests": { "POST /agent": 1 } })),
            ("/name", json!("../a")),
        ] {
            let mut scenario = smallest();
            *scenario.pointer_mut(place).unwrap() = wrong.clone();
            let refused = judge().read(&scenario);
            assert!(refused.is_err(), "{place}: {wrong}");
        }
    }
}
