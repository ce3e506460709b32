//! Identifiers: time-ordered UUIDs, and the check of those that come in.

use uuid::Uuid;

/// A new UUIDv7: later ones sort after earlier ones.
pub(crate) fn new() -> String {
    Uuid::now_v7().to_string()
}

/// The canonical form of a UUID written with hyphens, or nothing.
pub(crate) fn parse(text: &str) -> Option<String> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(|id| id.to_string())
}
