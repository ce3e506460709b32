//! What stands between this machine and the platform, looked at step by step. Nothing here costs anything, and no key
//! is sent before the server's certificate was found to be trusted.

mod api;
mod network;
mod setting;
mod tls;

use crate::{ClientOptions, Error, ErrorKind, Json, JsonMap, config::Config};
use serde::Serialize;

/// What one step showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// The code of the error that calls would end with.
    pub code: Option<&'static str>,
    /// What was measured.
    pub details: JsonMap,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Calls work, though something is amiss.
    Warn,
    /// Calls fail.
    Fail,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        let (message, details) = (message.into(), JsonMap::new());
        Self { check, state: State::Ok, message, advice: None, code: None, details, kind: None }
    }

    pub(crate) fn warn(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Warn, advice: Some(advice.into()), ..Self::ok(check, message) }
    }

    pub(crate) fn fail(
        check: &'static str,
        kind: ErrorKind,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (code, kind) = (Some(kind.code()), Some(kind));
        Self { state: State::Fail, code, kind, ..Self::warn(check, message, advice) }
    }

    /// An error that says itself what to do.
    fn of(check: &'static str, error: &Error) -> Self {
        Self { advice: None, ..Self::fail(check, error.kind(), error.message.clone(), "") }
    }

    fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The class of the error that calls would end with, if they fail.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }
}

/// Looks at the configuration, the proxy, name resolution, the connection, the certificates, the clock, the key and
/// its scopes, in this order, and tells each as it is found. What needs an earlier step that failed is left out.
/// Requests: two small reads (`GET /files/search`, `GET /agents`), and never one that is paid for.
pub async fn examine(options: ClientOptions, mut tell: impl FnMut(Finding) + Send) {
    let config = match Config::resolve(options.clone()) {
        Ok(config) => config,
        Err(error) => return tell(Finding::of("configuration", &error)),
    };
    setting::configuration(&options, &config).into_iter().for_each(&mut tell);
    let proxy = network::proxy(&config);
    tell(proxy.finding());
    setting::authorities(&config).into_iter().for_each(&mut tell);

    let Some(stream) = network::connect(&config, &proxy, &mut tell).await else { return };
    if config.origin.is_https() && !tls::shake_hands(&config, stream, &mut tell).await {
        return;
    }
    api::probe(options, &config, &mut tell).await;
}
