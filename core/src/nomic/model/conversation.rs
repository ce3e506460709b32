//! Conversations, row by row.

use crate::{Json, JsonMap, Timestamp, secret::brief};
use nomkit_macros::{open_enum, record};
use serde::{Deserialize, Deserializer};

/// One row of a conversation. (Its fields are an assumption, and read tolerantly.)
#[record]
pub struct Message {
    /// Its id.
    pub id: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// When it was written.
    pub created_at: Option<Timestamp>,
    /// What the server sent and this version does not know.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// Who speaks.
#[open_enum]
pub enum Role {
    /// The user.
    User,
    /// The agent.
    Assistant,
    /// A tool that the agent used.
    Tool,
    /// Something that went wrong.
    Error,
    /// A word newer than this version.
    Other(String),
}

/// Rows come with `type` or `role`, and with `text` or `content`, which may be a list of parts.
pub(crate) fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Message>, D::Error> {
    let rows = Option::<Vec<JsonMap>>::deserialize(deserializer)?.unwrap_or_default();
    rows.into_iter().map(|row| message(row).map_err(|error| serde::de::Error::custom(brief(&error)))).collect()
}

fn message(mut row: JsonMap) -> Result<Message, serde_json::Error> {
    let role = row.remove("type").filter(Json::is_string).or_else(|| row.remove("role"));
    let text = row.remove("text").filter(|text| !text.is_null()).or_else(|| row.remove("content"));
    let text = match text {
        Some(Json::String(text)) => text,
        Some(Json::Array(parts)) => parts.iter().filter_map(part).collect::<Vec<_>>().join(""),
        _ => String::new(),
    };
    row.insert("role".to_owned(), role.filter(Json::is_string).unwrap_or_else(|| "".into()));
    row.insert("text".to_owned(), text.into());
    serde_json::from_value(Json::Object(row))
}

fn part(part: &Json) -> Option<&str> {
    part.as_str().or_else(|| part.get("text")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_every_spelling() {
        #[derive(Deserialize)]
        struct Body(#[serde(deserialize_with = "rows")] Vec<Message>);
        let body = r#"[{"type":"user","text":"a"},{"role":"assistant","content":"b","id":"7","new":1},
            {"type":"ASSISTANT","content":[{"text":"c"},"d"]},{"type":"thought","text":null}]"#;
        let Body(rows) = serde_json::from_str(body).unwrap();
        let seen = rows.iter().map(|row| (row.role.as_str(), row.text.as_str())).collect::<Vec<_>>();
        assert_eq!(seen, [("user", "a"), ("assistant", "b"), ("assistant", "cd"), ("thought", "")]);
        assert_eq!(rows[1].extra.get("new"), Some(&1.into()));
    }
}
