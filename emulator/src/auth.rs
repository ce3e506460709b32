//! API keys and their scopes. Every key belongs to the emulator's one user.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::Millis;
use crate::credentials::hash;
use crate::problem::Problem;
use crate::store::Store;

/// What the first key may do: everything.
pub(crate) const ALL: &[&str] = &["developer", "admin"];

/// Remembers a key by its hash; one that is known already keeps its scopes.
pub(crate) fn remember<S: AsRef<str>>(
    connection: &Connection,
    key: &str,
    scopes: &[S],
    now: Millis,
) -> rusqlite::Result<()> {
    let scopes: Vec<&str> = scopes.iter().map(AsRef::as_ref).collect();
    connection.execute(
        "INSERT INTO keys (hash, scopes, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![hash(key), scopes.join(" "), now],
    )?;
    Ok(())
}

/// Lets a request pass whose key is known and has `scope`, or the broad scope above it.
pub(crate) fn check(store: &Store, headers: &HeaderMap, scope: &str) -> Result<(), Problem> {
    let key = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let scopes = store.with(|connection| {
        let mut found = connection.prepare_cached("SELECT scopes FROM keys WHERE hash = ?")?;
        Ok(found.query_row([hash(key)], |row| row.get::<_, String>(0)).optional()?)
    })?;
    let scopes = scopes.ok_or_else(Problem::unauthorized)?;
    let covers = |held: &str| scope.strip_prefix(held).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    if scopes.split(' ').any(covers) {
        Ok(())
    } else {
        Err(Problem::forbidden(format!("API key lacks the {scope} scope")))
    }
}

/// The key that a request comes with.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
