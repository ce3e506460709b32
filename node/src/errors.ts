// Written by `cargo xtask records` from core/src/error.rs. Do not edit.
/** What can go wrong: one tree, one stable `code` for each class. */
import type { Json } from './json'
import { NomkitError, register } from './error'

export { NomkitError }

/** The codes that this version knows. */
export type ErrorCode =
  | 'config'
  | 'invalid_input'
  | 'connect'
  | 'proxy'
  | 'tls'
  | 'request_timeout'
  | 'transport'
  | 'bad_request'
  | 'unauthorized'
  | 'billing'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'too_large'
  | 'rate_limit'
  | 'spend_limit'
  | 'feature_unavailable'
  | 'not_configured'
  | 'server'
  | 'protocol'
  | 'integrity'
  | 'outcome_unknown'
  | 'run_failed'
  | 'run_stopped'
  | 'wait_timeout'
  | 'stale_turn'
  | 'source_changed'
  | 'io'
  | 'closed'
  | 'internal'

/** The configuration is missing or wrong; nothing was sent. */
export class ConfigError extends NomkitError {}
register('config', 'ConfigError', ConfigError)

/** An argument is wrong; nothing was sent. */
export class InvalidInputError extends NomkitError {
  /** The argument that is wrong, if it is one. */
  declare readonly argument: string | null
}
register('invalid_input', 'InvalidInputError', InvalidInputError, { argument: null })

/** The server could not be reached; nothing was sent. */
export class ConnectError extends NomkitError {}
register('connect', 'ConnectError', ConnectError)

/** The proxy refused the connection; nothing was sent. */
export class ProxyError extends NomkitError {}
register('proxy', 'ProxyError', ProxyError)

/** The server's certificate could not be trusted; nothing was sent. */
export class TlsError extends NomkitError {}
register('tls', 'TlsError', TlsError)

/** The server did not answer in time. */
export class RequestTimeoutError extends NomkitError {}
register('request_timeout', 'RequestTimeoutError', RequestTimeoutError)

/** The connection broke before the answer was whole. */
export class TransportError extends NomkitError {}
register('transport', 'TransportError', TransportError)

/** The server answered with an error. */
export class ApiError extends NomkitError {}
register('', 'ApiError', ApiError)

/** The server found the request invalid (400, 422); `issues` says where. */
export class BadRequestError extends ApiError {
  /** Where the server found it invalid, each with `path` and `message`. */
  declare readonly issues: readonly Json[]
}
register('bad_request', 'BadRequestError', BadRequestError, { issues: [] })

/** The API key is missing, wrong, expired or revoked (401). */
export class AuthenticationError extends ApiError {}
register('unauthorized', 'AuthenticationError', AuthenticationError)

/** The account must be paid for first (402). */
export class BillingError extends ApiError {}
register('billing', 'BillingError', BillingError)

/** The API key lacks the scope (403). */
export class PermissionDeniedError extends ApiError {
  /** The scope that the key lacks, if the server said so. */
  declare readonly scope: string | null
}
register('forbidden', 'PermissionDeniedError', PermissionDeniedError, { scope: null })

/** It does not exist, or it is not yours (404). */
export class NotFoundError extends ApiError {}
register('not_found', 'NotFoundError', NotFoundError)

/** Its present state does not allow this (409). */
export class ConflictError extends ApiError {
  /** The state that does not allow it, if the server said so. */
  declare readonly current: string | null
}
register('conflict', 'ConflictError', ConflictError, { current: null })

/** It existed and is no more (410). */
export class GoneError extends ApiError {}
register('gone', 'GoneError', GoneError)

/** It is larger than the platform accepts (413, or found before sending). */
export class TooLargeError extends ApiError {}
register('too_large', 'TooLargeError', TooLargeError)

/** Too many requests (429). */
export class RateLimitError extends ApiError {
  /** After how many seconds the server takes the next request, if it said so. */
  declare readonly retryAfter: number | null
  /** The tier whose limit was reached, if that is known. */
  declare readonly tier: string | null
  /** Whether it may be the spend limit: the server did not say when to try again. */
  declare readonly maybeSpend: boolean
}
register('rate_limit', 'RateLimitError', RateLimitError, { retryAfter: null, tier: null, maybeSpend: false })

/** The user's spend limit is reached (429); waiting does not help. */
export class SpendLimitError extends ApiError {}
register('spend_limit', 'SpendLimitError', SpendLimitError)

/** This instance does not offer it (501). */
export class FeatureUnavailableError extends ApiError {}
register('feature_unavailable', 'FeatureUnavailableError', FeatureUnavailableError)

/** A service behind it is not configured on this instance (503). */
export class NotConfiguredError extends ApiError {}
register('not_configured', 'NotConfiguredError', NotConfiguredError)

/** The server failed (5xx). */
export class ServerError extends ApiError {}
register('server', 'ServerError', ServerError)

/** The answer is not what the platform documents. */
export class ProtocolError extends NomkitError {
  /** Why, in short. */
  declare readonly reason: string
}
register('protocol', 'ProtocolError', ProtocolError, { reason: '' })

/** The platform has something else than what was sent. */
export class IntegrityError extends NomkitError {
  /** The file on the platform that should not be used. */
  declare readonly fileId: string | null
}
register('integrity', 'IntegrityError', IntegrityError, { fileId: null })

/** The server may or may not have acted; it was not sent again. */
export class OutcomeUnknownError extends NomkitError {
  /** What was asked, such as `agents.launch`. */
  declare readonly operation: string
  /** What it may have made. */
  declare readonly candidates: readonly Json[]
}
register('outcome_unknown', 'OutcomeUnknownError', OutcomeUnknownError, { operation: '', candidates: [] })

/** The agent failed. */
export class RunFailedError extends NomkitError {
  /** Why, in short. */
  declare readonly reason: string
  /** The turn's rows. */
  declare readonly messages: readonly Json[]
  /** The agent's id. */
  declare readonly agentId: string
  /** The run, for `agents.attach`. */
  declare readonly token: string
}
register('run_failed', 'RunFailedError', RunFailedError, { reason: '', messages: [], agentId: '', token: '' })

/** The agent was stopped. */
export class RunStoppedError extends NomkitError {
  /** The turn's rows. */
  declare readonly messages: readonly Json[]
  /** The agent's id. */
  declare readonly agentId: string
  /** The run, for `agents.attach`. */
  declare readonly token: string
}
register('run_stopped', 'RunStoppedError', RunStoppedError, { messages: [], agentId: '', token: '' })

/** The deadline passed; the agent runs on, and `token` re-attaches to it. */
export class WaitTimeoutError extends NomkitError {
  /** The run, for `agents.attach`. */
  declare readonly token: string
  /** The status as it was last seen. */
  declare readonly lastStatus: string
}
register('wait_timeout', 'WaitTimeoutError', WaitTimeoutError, { token: '', lastStatus: '' })

/** The turn's own answer did not appear; an older one is never given instead. */
export class StaleTurnError extends NomkitError {
  /** The run, for `agents.attach`. */
  declare readonly token: string
}
register('stale_turn', 'StaleTurnError', StaleTurnError, { token: '' })

/** The file changed while it was being sent. */
export class SourceChangedError extends NomkitError {}
register('source_changed', 'SourceChangedError', SourceChangedError)

/** A local file could not be read or written. */
export class LocalIoError extends NomkitError {}
register('io', 'LocalIoError', LocalIoError)

/** The client was closed. */
export class ClosedError extends NomkitError {}
register('closed', 'ClosedError', ClosedError)

/** A bug in nomkit. */
export class UnexpectedError extends NomkitError {}
register('internal', 'UnexpectedError', UnexpectedError)
