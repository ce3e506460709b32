//! Keys: they print as their last four characters and are wiped when dropped.

use crate::{
    Error, ErrorKind, Result,
    record::{Expose, Type, Value},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// An API key, given as text. It prints as its last four characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Refuses what cannot be a key of this platform, without quoting it.
    pub(crate) fn check(self) -> Result<Self> {
        let key = self.0.as_str();
        let problem = if key.trim().is_empty() {
            "The API key is empty."
        } else if key.starts_with("nk-") {
            "This is a key of Nomic Atlas (`nk-…`), which the platform API does not accept."
        } else if !key.bytes().all(|b| b.is_ascii_graphic()) {
            "The API key holds a space, a line break or another character that no key has."
        } else if key.len() > 512 {
            "The API key is longer than any key of this platform."
        } else {
            return Ok(self);
        };
        let remedy = "Create a key (`npk_…`) in the Developer Console, under /developer on your instance.";
        Err(Error::new(ErrorKind::Config, format!("{problem} {remedy}")))
    }

    /// What tells keys apart where none is kept.
    pub(crate) fn digest(&self, before: sha2::Sha256) -> [u8; 32] {
        use sha2::Digest;
        before.chain_update(self.0.as_bytes()).finalize().into()
    }

    /// Takes the key out of foreign text.
    pub(crate) fn conceal(&self, text: &mut String) {
        if self.0.len() >= 4 && text.contains(self.0.as_str()) {
            *text = text.replace(self.0.as_str(), "npk_…");
        }
    }

    /// Takes the key out of foreign JSON.
    pub(crate) fn conceal_in(&self, value: &mut crate::Json) {
        match value {
            crate::Json::String(text) => self.conceal(text),
            crate::Json::Array(items) => items.iter_mut().for_each(|item| self.conceal_in(item)),
            crate::Json::Object(map) => map.values_mut().for_each(|value| self.conceal_in(value)),
            _ => {}
        }
    }

    /// Tells one key from another, for what a process keeps by key.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        use sha2::Digest;
        sha2::Sha256::digest(self.0.as_bytes()).into()
    }

    /// The header that carries it, marked so that nothing prints it.
    pub(crate) fn header(&self) -> Result<http::HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", self.0.as_str()));
        let mut value = http::HeaderValue::from_str(&text)
            .map_err(|_| Error::new(ErrorKind::Config, "The API key cannot be sent in a header."))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl From<String> for ApiKey {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for ApiKey {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tail = self.0.len().checked_sub(4).filter(|_| self.0.len() >= 16).and_then(|at| self.0.get(at..));
        write!(f, "npk_…{}", tail.unwrap_or_default())
    }
}

/// Keys come in, and never go out again.
impl Serialize for ApiKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl<'de> Deserialize<'de> for ApiKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Expose for ApiKey {
    const TYPE: Type = Type::Text;
    fn value(&self) -> Value<'_> {
        Value::Null
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(ApiKey, String, { lower: |key| format!("{key:?}"), try_lift: |text| Ok(ApiKey::from(text)) });

/// Foreign text in a message: short, on one line, nothing that moves a cursor, and no key.
pub(crate) fn shown(text: &str) -> String {
    excerpt(text, 80)
}

/// The same with a limit of its own, in bytes.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("npk_") {
        out.push_str(before);
        out.push_str("npk_…");
        rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if out.len() > limit {
            break;
        }
    }
    out.push_str(rest.get(..rest.floor_char_boundary(limit + 4)).unwrap_or_default());
    let mut short = String::new();
    for c in out.chars() {
        let c = if moves_a_cursor(c) { ' ' } else { c };
        if short.len() + c.len_utf8() > limit {
            short.push('…');
            break;
        }
        short.push(c);
    }
    short
}

/// The beginning of what an error says, which may quote all of a large answer.
pub(crate) fn brief(error: &impl std::fmt::Display) -> String {
    struct Brief(String);
    impl std::fmt::Write for Brief {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = 512_usize.saturating_sub(self.0.len());
            self.0.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
            if text.len() > room { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut brief = Brief(String::new());
    let _ = std::fmt::write(&mut brief, format_args!("{error}"));
    brief.0
}

/// Control characters, and those that turn the direction of writing.
fn moves_a_cursor(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_its_last_four_characters_only() {
        let key = ApiKey::from("npk_0123456789abcdef").check().unwrap();
        assert_eq!(format!("{key:?}"), "npk_…cdef");
        assert!(key.header().unwrap().is_sensitive());
        let options = crate::ClientOptions::default().api_key("npk_0123456789abcdef");
        assert!(!format!("{options:?} {}", serde_json::to_string(&options).unwrap()).contains("89abcdef"));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_being_quoted() {
        for bad in ["", "  ", "nk-atlas-key", "npk_a b", "npk_a\r\nX: y", "npk_\u{e9}"] {
            let error = ApiKey::from(bad).check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(bad.trim().is_empty() || !error.message.contains(bad), "{error}");
        }
    }

    #[test]
    fn foreign_text_is_shortened_and_stripped_of_keys_and_escapes() {
        assert_eq!(shown("a\x1b[31mb"), "a [31mb");
        assert_eq!(shown("bad key npk_abc-DEF_1, sorry"), "bad key npk_…, sorry");
        assert_eq!(shown("a\u{202e}b\u{9b}c"), "a b c");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), 41);
        assert_eq!(excerpt("é", 1), "…");
    }
}
