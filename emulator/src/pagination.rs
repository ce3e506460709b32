//! Pages: `limit`, and a cursor whose content is nobody else's business.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Query;
use crate::problem::Problem;

/// What a request asks of a list.
pub(crate) struct Paging<K> {
    limit: usize,
    /// The key of the last item of the page before.
    pub(crate) after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> Paging<K> {
    pub(crate) fn of(query: &Query, default: usize, most: usize) -> Result<Self, Problem> {
        let limit = match query.get("limit") {
            None => default,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=most).contains(limit))
                .ok_or_else(|| Problem::issue("limit", format!("Expected a whole number from 1 to {most}")))?,
        };
        let after = query.get("cursor").map(decode).transpose()?;
        Ok(Self { limit, after })
    }

    /// How many rows to read: one more than is shown tells whether there is another page.
    pub(crate) fn rows(&self) -> usize {
        self.limit + 1
    }

    /// The page of what was read, each item with its key.
    pub(crate) fn page(&self, mut rows: Vec<(K, Value)>) -> Result<Value, Problem> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = match rows.last() {
            Some((key, _)) if more => Some(BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key)?)),
            _ => None,
        };
        let data: Vec<Value> = rows.into_iter().map(|(_, item)| item).collect();
        Ok(json!({ "data": data, "nextCursor": next }))
    }
}

fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::issue("cursor", "Expected the nextCursor of a previous response"))
}
