//! The one tree of errors. `cargo xtask records` writes every language's classes from [`ErrorKind::ALL`].

use crate::{Json, JsonMap, nomic::File};
use nomkit_macros::{open_enum, record};

/// What the core returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What every error says, whatever its class.
#[record]
pub struct ErrorInfo {
    /// One word for machines; it picks the class.
    pub code: String,
    /// What happened, to which operation, and what to do next.
    pub message: String,
    /// The HTTP status, if the server answered.
    pub status: Option<u16>,
    /// The server's own word for it.
    pub server_code: Option<String>,
    /// The server's name for the request, if it gave one.
    pub request_id: Option<String>,
    /// How many times the request was made.
    pub attempts: u32,
    /// Seconds from the first attempt to this error.
    pub elapsed: f64,
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// Whether the last request reached the server; absent if there was none.
    pub outcome: Option<RequestOutcome>,
    /// The files that had been uploaded before the call failed.
    pub uploaded: Vec<File>,
    /// The fields of this class alone, such as `retry_after`.
    pub details: JsonMap,
}

/// What is known about a request that failed.
#[open_enum]
pub enum RequestOutcome {
    /// Not a byte of it left this machine.
    NotSent,
    /// The server answered.
    Answered,
    /// The server may or may not have acted on it.
    Unknown,
    /// A word newer than this version.
    Other(String),
}

/// Anything that nomkit reports.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: ErrorKind,
    info: ErrorInfo,
}

/// One class of the tree.
pub struct Class {
    /// The stable code; empty for a class that only groups others.
    pub code: &'static str,
    /// The stem of the class's name: Python and TypeScript add `Error`, Kotlin `Exception`.
    pub stem: &'static str,
    /// The stem of its parent.
    pub parent: &'static str,
    /// Its own fields, with their type: `str`, `float`, `bool`, `list`, and `?` for those that may be absent.
    /// [`field_doc`] says what they hold.
    pub fields: &'static [(&'static str, &'static str)],
    /// Whether the same call may succeed later.
    pub retryable: bool,
    /// The exit code of the command line.
    pub exit: u8,
    /// When it is raised.
    pub doc: &'static str,
}

macro_rules! retryable {
    (again) => {
        true
    };
    () => {
        false
    };
}

macro_rules! kinds {
    ($($kind:ident $code:literal < $parent:ident, $exit:literal $(, $again:ident)? $([$($field:ident: $ty:literal),*])? $doc:literal;)*) => {
        /// The classes of the tree.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $(#[doc = $doc] $kind),* }

        impl ErrorKind {
            /// Every class, parents first.
            pub const ALL: &[(ErrorKind, Class)] = &[$((ErrorKind::$kind, Class {
                code: $code, stem: stringify!($kind), parent: stringify!($parent), exit: $exit, doc: $doc,
                fields: &[$($((stringify!($field), $ty)),*)?], retryable: retryable!($($again)?),
            })),*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),* }
            }

            /// The exit code of the command line.
            pub fn exit_code(self) -> u8 {
                match self { $(Self::$kind => $exit),* }
            }

            /// Whether the same call may succeed later.
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$kind => retryable!($($again)?)),* }
            }
        }
    };
}

// kind            code            parent    exit  (again: retryable)  [its own fields]  meaning
kinds! {
    Config "config" < Nomkit, 2 "The configuration is missing or wrong; nothing was sent.";
    InvalidInput "invalid_input" < Nomkit, 2 [argument: "str?"] "An argument is wrong; nothing was sent.";
    Connect "connect" < Nomkit, 7, again "The server could not be reached; nothing was sent.";
    Proxy "proxy" < Nomkit, 7 "The proxy refused the connection; nothing was sent.";
    Tls "tls" < Nomkit, 7 "The server's certificate could not be trusted; nothing was sent.";
    RequestTimeout "request_timeout" < Nomkit, 7, again "The server did not answer in time.";
    Transport "transport" < Nomkit, 7, again "The connection broke before the answer was whole.";
    Api "" < Nomkit, 8 "The server answered with an error.";
    BadRequest "bad_request" < Api, 2 [issues: "list"] "The server found the request invalid (400, 422); `issues` says where.";
    Authentication "unauthorized" < Api, 3 "The API key is missing, wrong, expired or revoked (401).";
    Billing "billing" < Api, 5 "The account must be paid for first (402).";
    PermissionDenied "forbidden" < Api, 3 [scope: "str?"] "The API key lacks the scope (403).";
    NotFound "not_found" < Api, 9 "It does not exist, or it is not yours (404).";
    Conflict "conflict" < Api, 1 [current: "str?"] "Its present state does not allow this (409).";
    Gone "gone" < Api, 9 "It existed and is no more (410).";
    TooLarge "too_large" < Api, 2 "It is larger than the platform accepts (413, or found before sending).";
    RateLimit "rate_limit" < Api, 5, again [retry_after: "float?", tier: "str?", maybe_spend: "bool"] "Too many requests (429).";
    SpendLimit "spend_limit" < Api, 5 "The user's spend limit is reached (429); waiting does not help.";
    FeatureUnavailable "feature_unavailable" < Api, 8 "This instance does not offer it (501).";
    NotConfigured "not_configured" < Api, 8 "A service behind it is not configured on this instance (503).";
    Server "server" < Api, 8, again "The server failed (5xx).";
    Protocol "protocol" < Nomkit, 8 [reason: "str"] "The answer is not what the platform documents.";
    Integrity "integrity" < Nomkit, 8 [file_id: "str?"] "The platform has something else than what was sent.";
    OutcomeUnknown "outcome_unknown" < Nomkit, 6 [operation: "str", candidates: "list"] "The server may or may not have acted; it was not sent again.";
    RunFailed "run_failed" < Nomkit, 1 [reason: "str", messages: "list", agent_id: "str", token: "str"] "The agent failed.";
    RunStopped "run_stopped" < Nomkit, 1 [messages: "list", agent_id: "str", token: "str"] "The agent was stopped.";
    WaitTimeout "wait_timeout" < Nomkit, 4, again [token: "str", last_status: "str"] "The deadline passed; the agent runs on, and `token` re-attaches to it.";
    StaleTurn "stale_turn" < Nomkit, 1 [token: "str"] "The turn's own answer did not appear; an older one is never given instead.";
    SourceChanged "source_changed" < Nomkit, 2, again "The file changed while it was being sent.";
    LocalIo "io" < Nomkit, 2 "A local file could not be read or written.";
    Closed "closed" < Nomkit, 2 "The client was closed.";
    Unexpected "internal" < Nomkit, 8 "A bug in nomkit.";
}

/// What a field of its own says in whichever class has it.
pub fn field_doc(field: &str) -> &'static str {
    match field {
        "argument" => "The argument that is wrong, if it is one.",
        "issues" => "Where the server found it invalid, each with `path` and `message`.",
        "scope" => "The scope that the key lacks, if the server said so.",
        "current" => "The state that does not allow it, if the server said so.",
        "retry_after" => "After how many seconds the server takes the next request, if it said so.",
        "tier" => "The tier whose limit was reached, if that is known.",
        "maybe_spend" => "Whether it may be the spend limit: the server did not say when to try again.",
        "reason" => "Why, in short.",
        "file_id" => "The file on the platform that should not be used.",
        "operation" => "What was asked, such as `agents.launch`.",
        "candidates" => "What it may have made.",
        "messages" => "The turn's rows.",
        "agent_id" => "The agent's id.",
        "token" => "The run, for `agents.attach`.",
        "last_status" => "The status as it was last seen.",
        _ => "",
    }
}

impl Error {
    /// An error that no request caused.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let info = ErrorInfo {
            code: kind.code().to_owned(),
            message: message.into(),
            status: None,
            server_code: None,
            request_id: None,
            attempts: 0,
            elapsed: 0.0,
            retryable: kind.is_retryable(),
            outcome: None,
            uploaded: Vec::new(),
            details: JsonMap::new(),
        };
        Self(Box::new(Inner { kind, info }))
    }

    /// An argument is wrong: which, and what it should be.
    pub fn invalid(argument: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message).with("argument", argument)
    }

    /// The answer is not what the platform documents.
    pub fn protocol(reason: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message).with("reason", reason)
    }

    /// The same error with one of its class's own fields.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Json>) -> Self {
        self.0.info.details.insert(field.to_owned(), value.into());
        self
    }

    /// The same with no trace of the key, wherever a server may have put it.
    pub(crate) fn conceal(&mut self, key: &crate::ApiKey) {
        let info = &mut self.0.info;
        key.conceal(&mut info.message);
        info.server_code.iter_mut().chain(info.request_id.iter_mut()).for_each(|text| key.conceal(text));
        info.details.values_mut().for_each(|value| key.conceal_in(value));
    }

    pub(crate) fn after_uploading(mut self, files: Vec<File>) -> Self {
        self.0.info.uploaded = files;
        self
    }

    /// Its class.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What every error says.
    pub fn info(&self) -> &ErrorInfo {
        &self.0.info
    }

    pub(crate) fn info_mut(&mut self) -> &mut ErrorInfo {
        &mut self.0.info
    }

    /// One of its class's own fields.
    pub fn detail(&self, field: &str) -> Option<&Json> {
        self.0.info.details.get(field)
    }
}

impl ErrorInfo {
    /// Takes over what the server said, and how often it was asked.
    pub(crate) fn clone_answer_of(&mut self, other: &Error) {
        (self.status, self.server_code) = (other.status, other.server_code.clone());
        (self.request_id, self.outcome) = (other.request_id.clone(), other.outcome.clone());
        (self.attempts, self.elapsed) = (other.attempts, other.elapsed);
    }
}

impl std::ops::Deref for Error {
    type Target = ErrorInfo;
    fn deref(&self) -> &ErrorInfo {
        &self.0.info
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.info.message)
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.info.fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<ErrorInfo> for Error {
    /// The error that said this, of the class that its code names.
    fn from(info: ErrorInfo) -> Self {
        let named = ErrorKind::ALL.iter().find(|(_, class)| class.code == info.code);
        Self(Box::new(Inner { kind: named.map_or(ErrorKind::Unexpected, |(kind, _)| *kind), info }))
    }
}

impl serde::Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.info.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Error {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ErrorInfo::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_an_error_is_explained() {
        for (name, _) in ErrorKind::ALL.iter().flat_map(|(_, class)| class.fields) {
            assert!(!field_doc(name).is_empty(), "{name}");
        }
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Error, ErrorInfo, { lower: |error| error.info().clone(), try_lift: |info| Ok(Error::from(info)) });
