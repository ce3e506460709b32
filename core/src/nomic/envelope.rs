//! Answers come in an envelope, `{"data": {…}}`, or without; the platform documents both, and for some neither.

use super::{Message, model::rows};
use crate::{Json, JsonMap, secret::brief};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// A record, with an envelope around it or not.
pub(crate) struct Enveloped<T> {
    pub(crate) data: T,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Enveloped<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = JsonMap::deserialize(deserializer)?;
        // A record that has an id, or rows, of its own may well have a field of this name.
        let bare = ["id", "messages"].iter().any(|own| map.contains_key(*own));
        let inner = match map.remove("data") {
            Some(data) if !bare => data,
            Some(data) => {
                map.insert("data".to_owned(), data);
                Json::Object(map)
            }
            None => Json::Object(map),
        };
        T::deserialize(inner).map(|data| Self { data }).map_err(|error| serde::de::Error::custom(brief(&error)))
    }
}

/// A conversation's body. (An assumption: the platform does not document it.)
#[derive(Deserialize)]
pub(crate) struct Rows {
    #[serde(deserialize_with = "rows")]
    pub(crate) messages: Vec<Message>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nomic::Agent;

    #[test]
    fn a_record_is_read_with_its_envelope_and_without() {
        let read = |text: &str| serde_json::from_str::<Enveloped<Agent>>(text).map(|read| read.data);
        for text in [
            r#"{"data":{"id":"a","status":"RUNNING"},"requestId":"r"}"#,
            r#"{"id":"a","status":"running"}"#,
            r#"{"id":"a","status":"running","data":{"id":"b"}}"#,
        ] {
            let agent = read(text).unwrap();
            assert_eq!((agent.id.as_str(), agent.status.as_str()), ("a", "running"), "{text}");
        }
        for (text, field) in [("{}", "id"), (r#"{"data":{}}"#, "id"), (r#"{"data":{"id":"a"}}"#, "status")] {
            assert_eq!(read(text).unwrap_err().to_string(), format!("missing field `{field}`"));
        }
        let rows = |text: &str| serde_json::from_str::<Enveloped<Rows>>(text).map(|read| read.data.messages.len());
        assert_eq!(rows(r#"{"messages":[{}]}"#).unwrap() + rows(r#"{"data":{"messages":null}}"#).unwrap(), 1);
        assert_eq!(rows("{}").unwrap_err().to_string(), "missing field `messages`");
    }
}
