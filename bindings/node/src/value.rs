//! A core value as JSON text: camelCase names, instants in milliseconds. The package makes records of it.

use futures_util::FutureExt;
use napi::bindgen_prelude::Either;
use nomkit::{
    Error, ErrorKind, Json, JsonMap,
    record::{Expose, Value},
};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Number;

/// The largest integer that JavaScript's numbers hold exactly.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// What is said of a call: `{"value":…}`, `{"error":…}` or `{"progress":…}`; to a listener, `{"event":…}`.
pub(crate) fn saying(what: &'static str, value: &impl Expose) -> nomkit::Result<String> {
    say(what, &Wire(&value.value()))
}

/// The same of what is made for it.
pub(crate) fn say(what: &'static str, value: &impl Serialize) -> nomkit::Result<String> {
    serde_json::to_string(&Saying(what, value)).map_err(|error| Error::protocol("number", error.to_string()))
}

/// An error as text. Its numbers are small.
pub(crate) fn failure(error: &Error) -> String {
    say("error", &Wire(&error.info().value())).unwrap_or_default()
}

struct Saying<'v, T>(&'static str, &'v T);

impl<T: Serialize> Serialize for Saying<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

pub(crate) struct Wire<'v, 'a>(pub(crate) &'v Value<'a>);

impl Serialize for Wire<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Int(i) if i.unsigned_abs() > MAX_SAFE => Err(S::Error::custom(
                "The answer has a number above 2^53, which JavaScript would round; so it is not given at all.",
            )),
            Value::Int(i) => serializer.serialize_i64(*i),
            Value::Float(f) => serializer.serialize_f64(*f),
            Value::Text(s) | Value::Word(_, s) => serializer.serialize_str(s),
            Value::Time(t) => serializer.serialize_f64(t.as_microsecond() as f64 / 1e3),
            Value::Json(json) => Exact(json).serialize(serializer),
            Value::Extra(map) => exact(map, serializer),
            Value::Error(error) => Wire(&error.info().value()).serialize(serializer),
            Value::List(items) => serializer.collect_seq(items.iter().map(Wire)),
            Value::Record(shape, values) => {
                serializer.collect_map(shape.fields.iter().map(|field| field.camel).zip(values.iter().map(Wire)))
            }
        }
    }
}

/// JSON of the platform's own making, such as the rows of a table. What JavaScript would round crosses as text.
struct Exact<'a>(&'a Json);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Number(number) if is_rounded(number) => serializer.collect_str(number),
            Json::Array(items) => serializer.collect_seq(items.iter().map(Exact)),
            Json::Object(map) => exact(map, serializer),
            other => other.serialize(serializer),
        }
    }
}

fn exact<S: Serializer>(map: &JsonMap, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(name, value)| (name, Exact(value))))
}

fn is_rounded(number: &Number) -> bool {
    number.as_i64().map(i64::unsigned_abs).or(number.as_u64()).is_some_and(|number| number > MAX_SAFE)
}

/// What needs no waiting: a handle, or the error as text.
pub(crate) fn now<T>(work: impl FnOnce() -> nomkit::Result<T>) -> Either<T, String> {
    let done = nomkit::runtime::guarded(async { work() }).now_or_never();
    match done.unwrap_or_else(|| Err(Error::new(ErrorKind::Unexpected, "A bug in nomkit: it waits."))).flatten() {
        Ok(value) => Either::A(value),
        Err(error) => Either::B(failure(&error)),
    }
}

/// What is told at once: a value's text, or the error's.
pub(crate) fn told(value: impl FnOnce() -> nomkit::Result<String>) -> String {
    match now(value) {
        Either::A(text) | Either::B(text) => text,
    }
}
