//! Lists that do not come to an end as they should. What a made-up cursor stands for is remembered, so that a client
//! that follows it gets the page that the true one would have given.

use serde::Deserialize;
use serde_json::{Value, json};

use super::scene::Answer;
use super::{After, Fault, Occasion};
use crate::ids;
use crate::operations;
use crate::problem::Problem;

/// What a made-up cursor stands for.
#[derive(Clone, Default)]
pub(crate) struct Alias {
    /// The true cursor; none stands for the first page.
    pub(crate) cursor: Option<String>,
    /// Items that come once more, before those of the page.
    pub(crate) again: Vec<Value>,
}

/// The pages' `nextCursor` is, one after the other: `{"absent": true}`, `{"true": true}`, `{"repeat": text, "count": n}`,
/// or the value itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    values: Vec<Value>,
}

/// A page without items, after which the list goes on with what this one would have had.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmptyPage {}

/// So many items were inserted meanwhile: the last ones of this page come once more on the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Duplicates {
    #[serde(default = "one")]
    count: usize,
}

fn one() -> usize {
    1
}

fn lists() -> Vec<&'static str> {
    operations::lists().collect()
}

/// Changes the page; whether it is one.
fn page(mut answer: Answer, change: impl FnOnce(&mut serde_json::Map<String, Value>) -> bool) -> After {
    let changed = answer.status.is_success() && answer.change(|body| body.as_object_mut().is_some_and(change));
    if changed { After::Changed(answer) } else { After::Same(answer) }
}

fn next(page: &serde_json::Map<String, Value>) -> Option<String> {
    page.get("nextCursor").and_then(Value::as_str).map(str::to_owned)
}

impl Fault for Cursor {
    fn operations(&self) -> Vec<&'static str> {
        lists()
    }

    fn check(&self) -> Result<(), Problem> {
        let some = !self.values.is_empty();
        some.then_some(()).ok_or_else(|| Problem::issue("values", "Expected at least one value"))
    }

    fn times(&self) -> u32 {
        u32::try_from(self.values.len()).unwrap_or(u32::MAX)
    }

    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        let Some(value) = self.values.get(occasion.nth % self.values.len()) else { return After::Same(answer) };
        page(answer, |page| {
            let told = |name: &str| value.get(name);
            let value = if told("absent").is_some() {
                page.shift_remove("nextCursor");
                return true;
            } else if told("true").is_some() {
                return true;
            } else if let (Some(text), Some(count)) =
                (told("repeat").and_then(Value::as_str), told("count").and_then(Value::as_u64))
            {
                json!(text.repeat(usize::try_from(count).unwrap_or_default()))
            } else {
                value.clone()
            };
            if let Some(cursor) = value.as_str() {
                occasion.app.faults.alias(cursor.to_owned(), Alias { cursor: next(page), again: Vec::new() });
            }
            page.insert("nextCursor".to_owned(), value);
            true
        })
    }
}

impl Fault for EmptyPage {
    fn operations(&self) -> Vec<&'static str> {
        lists()
    }

    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        page(answer, |page| {
            let cursor = ids::new();
            let alias = Alias { cursor: occasion.cursor.map(str::to_owned), again: Vec::new() };
            occasion.app.faults.alias(cursor.clone(), alias);
            page.insert("data".to_owned(), json!([]));
            page.insert("nextCursor".to_owned(), json!(cursor));
            true
        })
    }
}

impl Fault for Duplicates {
    fn operations(&self) -> Vec<&'static str> {
        lists()
    }

    fn after(&self, answer: Answer, occasion: &Occasion<'_>) -> After {
        page(answer, |page| {
            // There must be a next page for them to come again on.
            let (Some(true_cursor), Some(data)) = (next(page), page.get("data").and_then(Value::as_array)) else {
                return false;
            };
            let again = data.iter().skip(data.len().saturating_sub(self.count)).cloned().collect();
            let cursor = ids::new();
            occasion.app.faults.alias(cursor.clone(), Alias { cursor: Some(true_cursor), again });
            page.insert("nextCursor".to_owned(), json!(cursor));
            true
        })
    }
}

impl Alias {
    /// Puts the items that come again before those of the page.
    pub(crate) fn fill(&self, answer: &mut Answer) {
        answer.change(|body| {
            let data = body.get_mut("data").and_then(Value::as_array_mut);
            data.is_some_and(|data| {
                data.splice(0..0, self.again.iter().cloned());
                true
            })
        });
    }
}
