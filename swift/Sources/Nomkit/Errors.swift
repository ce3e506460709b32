// Written by `cargo xtask records` from core/src/error.rs. Do not edit.

extension NomkitError {
    /// What went wrong, by class; `code` is its stable word in every language.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// The configuration is missing or wrong; nothing was sent.
        case config = "config"
        /// An argument is wrong; nothing was sent.
        case invalidInput = "invalid_input"
        /// The server could not be reached; nothing was sent.
        case connect = "connect"
        /// The proxy refused the connection; nothing was sent.
        case proxy = "proxy"
        /// The server's certificate could not be trusted; nothing was sent.
        case tls = "tls"
        /// The server did not answer in time.
        case requestTimeout = "request_timeout"
        /// The connection broke before the answer was whole.
        case transport = "transport"
        /// The server found the request invalid (400, 422); `issues` says where.
        case badRequest = "bad_request"
        /// The API key is missing, wrong, expired or revoked (401).
        case authentication = "unauthorized"
        /// The account must be paid for first (402).
        case billing = "billing"
        /// The API key lacks the scope (403).
        case permissionDenied = "forbidden"
        /// It does not exist, or it is not yours (404).
        case notFound = "not_found"
        /// Its present state does not allow this (409).
        case conflict = "conflict"
        /// It existed and is no more (410).
        case gone = "gone"
        /// It is larger than the platform accepts (413, or found before sending).
        case tooLarge = "too_large"
        /// Too many requests (429).
        case rateLimit = "rate_limit"
        /// The user's spend limit is reached (429); waiting does not help.
        case spendLimit = "spend_limit"
        /// This instance does not offer it (501).
        case featureUnavailable = "feature_unavailable"
        /// A service behind it is not configured on this instance (503).
        case notConfigured = "not_configured"
        /// The server failed (5xx).
        case server = "server"
        /// The answer is not what the platform documents.
        case `protocol` = "protocol"
        /// The platform has something else than what was sent.
        case integrity = "integrity"
        /// The server may or may not have acted; it was not sent again.
        case outcomeUnknown = "outcome_unknown"
        /// The agent failed.
        case runFailed = "run_failed"
        /// The agent was stopped.
        case runStopped = "run_stopped"
        /// The deadline passed; the agent runs on, and `token` re-attaches to it.
        case waitTimeout = "wait_timeout"
        /// The turn's own answer did not appear; an older one is never given instead.
        case staleTurn = "stale_turn"
        /// The file changed while it was being sent.
        case sourceChanged = "source_changed"
        /// A local file could not be read or written.
        case localIo = "io"
        /// The client was closed.
        case closed = "closed"
        /// A bug in nomkit.
        case unexpected = "internal"

        /// Whether it is one of these: the server answered with an error.
        public var isAPI: Bool {
            switch self {
            case .badRequest,
                .authentication,
                .billing,
                .permissionDenied,
                .notFound,
                .conflict,
                .gone,
                .tooLarge,
                .rateLimit,
                .spendLimit,
                .featureUnavailable,
                .notConfigured,
                .server:
                true
            default:
                false
            }
        }
    }

    /// Of `.invalidInput`: the argument that is wrong, if it is one.
    public var argument: String? { text("argument") }

    /// Of `.badRequest`: where the server found it invalid, each with `path` and `message`.
    public var issues: [Json] { list("issues") }

    /// Of `.permissionDenied`: the scope that the key lacks, if the server said so.
    public var scope: String? { text("scope") }

    /// Of `.conflict`: the state that does not allow it, if the server said so.
    public var current: String? { text("current") }

    /// Of `.rateLimit`: after how long the server takes the next request, if it said so.
    public var retryAfter: Duration? { seconds("retry_after") }

    /// Of `.rateLimit`: the tier whose limit was reached, if that is known.
    public var tier: String? { text("tier") }

    /// Of `.rateLimit`: whether it may be the spend limit: the server did not say when to try again.
    public var maybeSpend: Bool { flag("maybe_spend") }

    /// Of `.protocol`, `.runFailed`: why, in short.
    public var reason: String? { text("reason") }

    /// Of `.integrity`: the file on the platform that should not be used.
    public var fileId: String? { text("file_id") }

    /// Of `.outcomeUnknown`: what was asked, such as `agents.launch`.
    public var operation: String? { text("operation") }

    /// Of `.outcomeUnknown`: what it may have made.
    public var candidates: [Json] { list("candidates") }

    /// Of `.runFailed`, `.runStopped`: the turn's rows.
    public var messages: [Json] { list("messages") }

    /// Of `.runFailed`, `.runStopped`: the agent's id.
    public var agentId: String? { text("agent_id") }

    /// Of `.runFailed`, `.runStopped`, `.waitTimeout`, `.staleTurn`: the run, for `agents.attach`.
    public var token: String? { text("token") }

    /// Of `.waitTimeout`: the status as it was last seen.
    public var lastStatus: String? { text("last_status") }
}

/// The names of arguments that the core spells otherwise.
let spelt = [
    "agent_id": "agentId",
    "api_key": "apiKey",
    "artifact_id": "artifactId",
    "base_url": "baseURL",
    "ca_certs": "caCerts",
    "file_ids": "fileIds",
    "if_missing": "ifMissing",
    "integration_id": "integrationId",
    "page_size": "pageSize",
    "parent_id": "parentId",
    "project_id": "projectId",
    "user_agent": "userAgent",
    "without_workflow": "withoutWorkflow",
    "workflow_id": "workflowId",
]
