//! The leaves of records: JSON and instants. Each language has its own native type for them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Any JSON value.
pub type Json = serde_json::Value;
/// A JSON object, in the order in which it was written.
pub type JsonMap = serde_json::Map<String, Json>;

/// An instant: RFC 3339 on the wire; `datetime`, `Date`, `java.time.Instant` and `Foundation.Date` elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub jiff::Timestamp);

impl Timestamp {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_microsecond(self) -> i64 {
        self.0.as_microsecond()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Timestamp).map_err(serde::de::Error::custom)
    }
}

/// How Swift and Kotlin see JSON and instants.
#[cfg(feature = "uniffi")]
mod foreign {
    use super::{Json, JsonMap, Timestamp};
    use std::{collections::HashMap, time::SystemTime};

    /// A JSON value. As text it is JSON.
    #[derive(Clone, uniffi::Enum)]
    #[uniffi::export(Display)]
    #[allow(missing_docs)]
    pub enum JsonValue {
        /// Nothing.
        Null,
        /// True or false.
        Bool { value: bool },
        /// A whole number.
        Int { value: i64 },
        /// Any other number.
        Float { value: f64 },
        /// Text.
        Text { value: String },
        /// A list.
        Array { items: Vec<JsonValue> },
        /// Members by their names.
        Object { fields: HashMap<String, JsonValue> },
    }

    impl std::fmt::Display for JsonValue {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Json::from(self.clone()).fmt(f)
        }
    }

    impl From<Json> for JsonValue {
        fn from(json: Json) -> Self {
            match json {
                Json::Null => Self::Null,
                Json::Bool(value) => Self::Bool { value },
                Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                    (Some(value), _) => Self::Int { value },
                    // A float would round it.
                    (None, Some(larger)) => Self::Text { value: larger.to_string() },
                    (None, None) => Self::Float { value: number.as_f64().unwrap_or(f64::NAN) },
                },
                Json::String(value) => Self::Text { value },
                Json::Array(items) => Self::Array { items: items.into_iter().map(Self::from).collect() },
                Json::Object(map) => Self::Object { fields: object(map) },
            }
        }
    }

    impl From<JsonValue> for Json {
        fn from(value: JsonValue) -> Self {
            match value {
                JsonValue::Null => Self::Null,
                JsonValue::Bool { value } => value.into(),
                JsonValue::Int { value } => value.into(),
                JsonValue::Float { value } => value.into(),
                JsonValue::Text { value } => value.into(),
                JsonValue::Array { items } => items.into_iter().map(Self::from).collect(),
                JsonValue::Object { fields } => Self::Object(fields.into_iter().map(|(k, v)| (k, v.into())).collect()),
            }
        }
    }

    fn object(map: JsonMap) -> HashMap<String, JsonValue> {
        map.into_iter().map(|(k, v)| (k, v.into())).collect()
    }

    type Object = HashMap<String, JsonValue>;
    uniffi::custom_type!(Timestamp, SystemTime, {
        lower: |t| t.0.into(), try_lift: |t| Ok(Timestamp(t.try_into()?))
    });
    uniffi::custom_type!(Json, JsonValue, { remote, lower: |j| j.into(), try_lift: |v| Ok(v.into()) });
    uniffi::custom_type!(JsonMap, Object, {
        remote, lower: |m| object(m), try_lift: |m| Ok(m.into_iter().map(|(k, v)| (k, v.into())).collect())
    });
}
