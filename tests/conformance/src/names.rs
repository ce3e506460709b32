//! Values that a scenario keeps under names: `$run`, `${run.id}`, `the agent ${run.id}`.

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// The values by name.
pub(crate) struct Names {
    values: Map<String, Value>,
    whole: Regex,
    part: Regex,
}

impl Names {
    pub(crate) fn new() -> Result<Self, regex::Error> {
        let whole = Regex::new(r"^\$([a-z_][a-z0-9_]*)$")?;
        let part = Regex::new(r"\$\{([a-z_][A-Za-z0-9_.]*)\}")?;
        Ok(Self { values: Map::new(), whole, part })
    }

    pub(crate) fn keep(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The same value with every name replaced by what it stands for.
    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| Ok((name.clone(), self.resolve(value)?)));
                members.collect::<Result<_, _>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&self, text: &str) -> Result<Value, String> {
        if let Some(name) = self.whole.captures(text).and_then(|found| found.get(1)) {
            let value = self.get(name.as_str())?;
            // A run crosses by its handle.
            return Ok(value.get("$run").unwrap_or(value).clone());
        }
        if let Some(found) = self.part.captures(text).filter(|found| found.get(0).is_some_and(|m| m.as_str() == text)) {
            return self.get(found.get(1).map_or("", |m| m.as_str())).cloned();
        }
        let mut unknown = None;
        let filled = self.part.replace_all(text, |found: &Captures<'_>| {
            match self.get(found.get(1).map_or("", |m| m.as_str())) {
                Ok(Value::String(text)) => text.clone(),
                Ok(value) => value.to_string(),
                Err(error) => {
                    unknown = Some(error);
                    String::new()
                }
            }
        });
        unknown.map_or_else(|| Ok(filled.into()), Err)
    }

    fn get(&self, path: &str) -> Result<&Value, String> {
        let mut parts = path.split('.');
        let first = parts.next().and_then(|name| self.values.get(name));
        let found = parts.try_fold(first, |value, part| {
            let value = value?;
            Some(match part.parse::<usize>() {
                Ok(index) if value.is_array() => value.get(index),
                _ => value.get(part),
            })
        });
        found.flatten().ok_or_else(|| format!("the scenario has no value `{path}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        let mut names = Names::new().unwrap();
        names.keep("run", json!({ "$run": "r1", "id": "a", "turn": 2, "rows": [{ "page": 7 }] }));
        names.keep("file", json!("/tmp/x"));
        names
    }

    #[test]
    fn names_stand_for_values_handles_and_parts() {
        for (text, value) in [
            ("$run", json!("r1")),
            ("$file", json!("/tmp/x")),
            ("${run.id}", json!("a")),
            ("${run.turn}", json!(2)),
            ("${run.rows.0}", json!({ "page": 7 })),
            ("page ${run.rows.0.page} of ${run.id}", json!("page 7 of a")),
            ("^costs 5$", json!("^costs 5$")),
        ] {
            assert_eq!(names().resolve(&json!([{ "key": text }])).unwrap(), json!([{ "key": value }]));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        for text in ["$ran", "${run.name}", "a ${run.rows.1} b", "${ran.id}"] {
            assert!(names().resolve(&json!(text)).is_err(), "{text}");
        }
    }
}
