//! The client's values as JSON with snake_case keys.

use crate::protocol::Failure;
use nomkit::{
    Error, Json, JsonMap,
    record::{Expose, Value},
};

/// A value as the protocol writes it: records as objects, instants as RFC 3339 text.
pub fn json(value: &impl Expose) -> Json {
    convert(value.value())
}

fn convert(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(text) | Value::Word(_, text) => text.into(),
        Value::Time(time) => time.to_string().into(),
        Value::Json(json) => json.clone(),
        Value::Extra(map) => map.clone().into(),
        Value::Error(error) => flat(error),
        Value::List(values) => values.into_iter().map(convert).collect(),
        Value::Record(shape, values) => {
            let names = shape.fields.iter().map(|field| field.name.to_owned());
            Json::Object(names.zip(values.into_iter().map(convert)).collect())
        }
    }
}

/// An error with its class's own fields beside those that every error has.
pub fn error(failure: &Failure) -> Json {
    match failure {
        Failure::Nomkit(error) => flat(error),
        Failure::Misuse(message) => serde_json::json!({ "code": "driver", "message": message, "retryable": false }),
    }
}

fn flat(error: &Error) -> Json {
    let mut fields = match json(error.info()) {
        Json::Object(fields) => fields,
        _ => JsonMap::new(),
    };
    if let Some(Json::Object(own)) = fields.shift_remove("details") {
        fields.extend(own);
    }
    fields.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nomkit::{Agent, ErrorKind};

    #[test]
    fn records_have_snake_case_keys_and_instants_are_text() {
        let agent = r#"{"id":"a","status":"running","updatedAt":"2026-11-22T10:00:00.5Z","mood":{"goodMood":1}}"#;
        let agent: Agent = serde_json::from_str(agent).unwrap();
        let agent = json(&agent);
        assert_eq!(agent["updated_at"], "2026-11-22T10:00:00.5Z");
        assert_eq!((&agent["status"], &agent["project_id"]), (&"running".into(), &Json::Null));
        assert_eq!(agent["extra"]["mood"]["goodMood"], 1);
    }

    #[test]
    fn an_errors_own_fields_stand_beside_the_others() {
        let failure = Failure::Nomkit(Error::new(ErrorKind::WaitTimeout, "late").with("token", "t"));
        let error = error(&failure);
        assert_eq!((&error["code"], &error["token"]), (&"wait_timeout".into(), &"t".into()));
        assert_eq!(error.get("details"), None);
    }
}
