//! What a value must look like: literals, subsets of objects, and conditions such as `{"$matches": "^a"}`.

use regex::Regex;
use serde_json::{Map, Value, json};

/// Where a value is not what it should be.
#[derive(Debug, PartialEq)]
pub(crate) struct Mismatch {
    /// From the root: `ok.artifacts.0.text`.
    pub(crate) place: String,
    pub(crate) expected: Value,
    /// Absent where there is no value at all.
    pub(crate) got: Option<Value>,
}

pub(crate) type Checked = Result<(), Box<Mismatch>>;

/// Compares a value with a pattern, and says where they part.
pub(crate) fn check(pattern: &Value, value: Option<&Value>, place: &str) -> Checked {
    match (pattern, value) {
        (Value::Object(conditions), _) if is_condition(conditions) => {
            conditions.iter().try_for_each(|(name, operand)| condition(name, operand, value, place))
        }
        (Value::Object(members), Some(Value::Object(object))) => {
            members.iter().try_for_each(|(name, pattern)| check(pattern, object.get(name), &format!("{place}.{name}")))
        }
        (Value::Array(patterns), Some(Value::Array(values))) if patterns.len() == values.len() => patterns
            .iter()
            .zip(values)
            .enumerate()
            .try_for_each(|(index, (pattern, value))| check(pattern, Some(value), &format!("{place}.{index}"))),
        (Value::Number(expected), Some(Value::Number(got))) if expected.as_f64() == got.as_f64() => Ok(()),
        (Value::Null | Value::Bool(_) | Value::String(_), Some(got)) if pattern == got => Ok(()),
        _ => Err(mismatch(pattern.clone(), value, place)),
    }
}

fn is_condition(object: &Map<String, Value>) -> bool {
    object.keys().next().is_some_and(|name| name.starts_with('$'))
}

fn condition(name: &str, operand: &Value, value: Option<&Value>, place: &str) -> Checked {
    let holds = match (name, value) {
        ("$absent", None | Some(Value::Null)) => true,
        ("$not", value) => check(operand, value, place).is_err(),
        ("$all", value) => {
            let patterns = operand.as_array().map(Vec::as_slice).unwrap_or_default();
            return patterns.iter().try_for_each(|pattern| check(pattern, value, place));
        }
        ("$type", Some(value)) => operand == type_of(value),
        ("$matches", Some(Value::String(text))) => {
            operand.as_str().and_then(|regex| Regex::new(regex).ok()).is_some_and(|regex| regex.is_match(text))
        }
        ("$contains", Some(Value::String(text))) => operand.as_str().is_some_and(|part| text.contains(part)),
        ("$contains", Some(Value::Array(values))) => {
            values.iter().any(|value| check(operand, Some(value), place).is_ok())
        }
        ("$every", Some(Value::Array(values))) => {
            return values
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| check(operand, Some(value), &format!("{place}.{index}")));
        }
        ("$length", Some(value)) => {
            let length = match value {
                Value::Array(values) => Some(values.len()),
                Value::String(text) => Some(text.chars().count()),
                _ => None,
            };
            length.is_some_and(|length| check(operand, Some(&json!(length)), place).is_ok())
        }
        ("$gte", Some(value)) => value.as_f64() >= operand.as_f64() && value.is_number(),
        ("$lte", Some(value)) => value.as_f64() <= operand.as_f64() && value.is_number(),
        _ => false,
    };
    if holds {
        return Ok(());
    }
    let expected = Value::Object([(name.to_owned(), operand.clone())].into_iter().collect());
    Err(mismatch(expected, value, place))
}

fn mismatch(expected: Value, got: Option<&Value>, place: &str) -> Box<Mismatch> {
    Box::new(Mismatch { place: place.to_owned(), expected, got: got.cloned() })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: Value, value: Value) -> bool {
        check(&pattern, Some(&value), "ok").is_ok()
    }

    #[test]
    fn literals_are_equal_and_numbers_are_compared_by_value() {
        assert!(matches(json!("a"), json!("a")) && !matches(json!("a"), json!("A")));
        assert!(matches(json!(2), json!(2.0)) && !matches(json!(2), json!("2")));
        assert!(matches(json!(null), json!(null)) && !matches(json!(false), json!(null)));
    }

    #[test]
    fn objects_are_subsets_and_arrays_are_whole() {
        let run = json!({ "turn": 2, "agent": { "id": "x", "status": "finished" } });
        assert!(matches(json!({ "agent": { "status": "finished" } }), run.clone()));
        assert!(matches(json!({}), run.clone()) && !matches(json!({}), json!([])));
        assert!(!matches(json!({ "agent": { "mood": "good" } }), run));
        assert!(matches(json!([1, {}]), json!([1, { "a": 1 }])));
        assert!(!matches(json!([1]), json!([1, 2])) && !matches(json!([]), json!({})));
    }

    #[test]
    fn each_condition_holds_where_it_should() {
        for (pattern, yes, no) in [
            (json!({ "$matches": "^a.c$" }), json!("abc"), json!("abcd")),
            (json!({ "$matches": "[0-9]" }), json!("7"), json!(7)),
            (json!({ "$type": "array" }), json!([]), json!({})),
            (json!({ "$contains": "b" }), json!("abc"), json!("ac")),
            (json!({ "$contains": { "id": 1 } }), json!([{ "id": 0 }, { "id": 1 }]), json!([{ "id": 0 }])),
            (json!({ "$every": { "$gte": 1 } }), json!([1, 2]), json!([1, 0])),
            (json!({ "$length": { "$gte": 2 } }), json!("ab"), json!(["a"])),
            (json!({ "$not": "a" }), json!("b"), json!("a")),
            (json!({ "$gte": 1, "$lte": 3 }), json!(2), json!(4)),
            (json!({ "$gte": 1 }), json!(1.0), json!("2")),
            (json!({ "$all": [{ "$contains": "a" }, { "$contains": "b" }] }), json!("ab"), json!("a")),
        ] {
            assert!(matches(pattern.clone(), yes), "{pattern}");
            assert!(!matches(pattern.clone(), no), "{pattern}");
        }
    }

    #[test]
    fn a_member_can_be_asked_to_be_absent() {
        let pattern = json!({ "reason": { "$absent": true } });
        assert!(matches(pattern.clone(), json!({})) && matches(pattern.clone(), json!({ "reason": null })));
        assert!(!matches(pattern, json!({ "reason": "" })));
        assert!(!matches(json!({ "reason": { "$lte": 3 } }), json!({})));
    }

    #[test]
    fn a_mismatch_says_where() {
        let pattern = json!({ "rows": [{ "page": { "$gte": 1 } }] });
        let mismatch = check(&pattern, Some(&json!({ "rows": [{ "page": 0 }] })), "ok").unwrap_err();
        let expected = json!({ "$gte": 1 });
        assert_eq!(*mismatch, Mismatch { place: "ok.rows.0.page".to_owned(), expected, got: Some(json!(0)) });
    }
}
