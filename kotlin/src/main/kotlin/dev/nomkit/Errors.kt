// Written by `cargo xtask records` from core/src/error.rs. Do not edit.
package dev.nomkit

import kotlin.time.Duration

/** The configuration is missing or wrong; nothing was sent. */
open class ConfigException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** An argument is wrong; nothing was sent. */
open class InvalidInputException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** The argument that is wrong, if it is one. */
    val argument: String? get() = info.details.textOrNull("argument")
}

/** The server could not be reached; nothing was sent. */
open class ConnectException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The proxy refused the connection; nothing was sent. */
open class ProxyException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The server's certificate could not be trusted; nothing was sent. */
open class TlsException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The server did not answer in time. */
open class RequestTimeoutException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The connection broke before the answer was whole. */
open class TransportException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The server answered with an error. */
open class ApiException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The server found the request invalid (400, 422); `issues` says where. */
open class BadRequestException internal constructor(info: ErrorInfo) :
    ApiException(info) {
    /** Where the server found it invalid, each with `path` and `message`. */
    val issues: List<JsonValue> get() = info.details.list("issues")
}

/** The API key is missing, wrong, expired or revoked (401). */
open class AuthenticationException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** The account must be paid for first (402). */
open class BillingException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** The API key lacks the scope (403). */
open class PermissionDeniedException internal constructor(info: ErrorInfo) :
    ApiException(info) {
    /** The scope that the key lacks, if the server said so. */
    val scope: String? get() = info.details.textOrNull("scope")
}

/** It does not exist, or it is not yours (404). */
open class NotFoundException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** Its present state does not allow this (409). */
open class ConflictException internal constructor(info: ErrorInfo) :
    ApiException(info) {
    /** The state that does not allow it, if the server said so. */
    val current: String? get() = info.details.textOrNull("current")
}

/** It existed and is no more (410). */
open class GoneException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** It is larger than the platform accepts (413, or found before sending). */
open class TooLargeException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** Too many requests (429). */
open class RateLimitException internal constructor(info: ErrorInfo) :
    ApiException(info) {
    /** After what time the server takes the next request, if it said so. */
    val retryAfter: Duration? get() = info.details.secondsOrNull("retry_after")

    /** The tier whose limit was reached, if that is known. */
    val tier: String? get() = info.details.textOrNull("tier")

    /** Whether it may be the spend limit: the server did not say when to try again. */
    val maybeSpend: Boolean get() = info.details.flag("maybe_spend")
}

/** The user's spend limit is reached (429); waiting does not help. */
open class SpendLimitException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** This instance does not offer it (501). */
open class FeatureUnavailableException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** A service behind it is not configured on this instance (503). */
open class NotConfiguredException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** The server failed (5xx). */
open class ServerException internal constructor(info: ErrorInfo) :
    ApiException(info)

/** The answer is not what the platform documents. */
open class ProtocolException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** Why, in short. */
    val reason: String get() = info.details.text("reason")
}

/** The platform has something else than what was sent. */
open class IntegrityException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** The file on the platform that should not be used. */
    val fileId: String? get() = info.details.textOrNull("file_id")
}

/** The server may or may not have acted; it was not sent again. */
open class OutcomeUnknownException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** What was asked, such as `agents.launch`. */
    val operation: String get() = info.details.text("operation")

    /** What it may have made. */
    val candidates: List<JsonValue> get() = info.details.list("candidates")
}

/** The agent failed. */
open class RunFailedException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** Why, in short. */
    val reason: String get() = info.details.text("reason")

    /** The turn's rows. */
    val messages: List<JsonValue> get() = info.details.list("messages")

    /** The agent's id. */
    val agentId: String get() = info.details.text("agent_id")

    /** The run, for `agents.attach`. */
    val token: String get() = info.details.text("token")
}

/** The agent was stopped. */
open class RunStoppedException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** The turn's rows. */
    val messages: List<JsonValue> get() = info.details.list("messages")

    /** The agent's id. */
    val agentId: String get() = info.details.text("agent_id")

    /** The run, for `agents.attach`. */
    val token: String get() = info.details.text("token")
}

/** The deadline passed; the agent runs on, and `token` re-attaches to it. */
open class WaitTimeoutException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** The run, for `agents.attach`. */
    val token: String get() = info.details.text("token")

    /** The status as it was last seen. */
    val lastStatus: String get() = info.details.text("last_status")
}

/** The turn's own answer did not appear; an older one is never given instead. */
open class StaleTurnException internal constructor(info: ErrorInfo) :
    NomkitException(info) {
    /** The run, for `agents.attach`. */
    val token: String get() = info.details.text("token")
}

/** The file changed while it was being sent. */
open class SourceChangedException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** A local file could not be read or written. */
open class LocalIoException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The client was closed. */
open class ClosedException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** A bug in nomkit. */
open class UnexpectedException internal constructor(info: ErrorInfo) :
    NomkitException(info)

/** The exception of the class that its code names. */
internal fun ErrorInfo.exception(): NomkitException =
    when (code) {
        "config" -> ConfigException(this)
        "invalid_input" -> InvalidInputException(this)
        "connect" -> ConnectException(this)
        "proxy" -> ProxyException(this)
        "tls" -> TlsException(this)
        "request_timeout" -> RequestTimeoutException(this)
        "transport" -> TransportException(this)
        "bad_request" -> BadRequestException(this)
        "unauthorized" -> AuthenticationException(this)
        "billing" -> BillingException(this)
        "forbidden" -> PermissionDeniedException(this)
        "not_found" -> NotFoundException(this)
        "conflict" -> ConflictException(this)
        "gone" -> GoneException(this)
        "too_large" -> TooLargeException(this)
        "rate_limit" -> RateLimitException(this)
        "spend_limit" -> SpendLimitException(this)
        "feature_unavailable" -> FeatureUnavailableException(this)
        "not_configured" -> NotConfiguredException(this)
        "server" -> ServerException(this)
        "protocol" -> ProtocolException(this)
        "integrity" -> IntegrityException(this)
        "outcome_unknown" -> OutcomeUnknownException(this)
        "run_failed" -> RunFailedException(this)
        "run_stopped" -> RunStoppedException(this)
        "wait_timeout" -> WaitTimeoutException(this)
        "stale_turn" -> StaleTurnException(this)
        "source_changed" -> SourceChangedException(this)
        "io" -> LocalIoException(this)
        "closed" -> ClosedException(this)
        "internal" -> UnexpectedException(this)
        else -> NomkitException(this)
    }

/** The names of arguments that the core spells otherwise. */
internal val spelt =
    mapOf(
        "agent_id" to "agentId",
        "api_key" to "apiKey",
        "artifact_id" to "artifactId",
        "base_url" to "baseUrl",
        "ca_certs" to "caCerts",
        "file_ids" to "fileIds",
        "if_missing" to "ifMissing",
        "integration_id" to "integrationId",
        "page_size" to "pageSize",
        "parent_id" to "parentId",
        "project_id" to "projectId",
        "user_agent" to "userAgent",
        "without_workflow" to "withoutWorkflow",
        "workflow_id" to "workflowId",
    )
