# Written by `cargo xtask records` from core/src/error.rs. Do not edit.
"""What can go wrong: one tree, one stable ``code`` for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._error import NomkitError, register

__all__ = [
    "ConfigError",
    "InvalidInputError",
    "ConnectError",
    "ProxyError",
    "TlsError",
    "RequestTimeoutError",
    "TransportError",
    "ApiError",
    "BadRequestError",
    "AuthenticationError",
    "BillingError",
    "PermissionDeniedError",
    "NotFoundError",
    "ConflictError",
    "GoneError",
    "TooLargeError",
    "RateLimitError",
    "SpendLimitError",
    "FeatureUnavailableError",
    "NotConfiguredError",
    "ServerError",
    "ProtocolError",
    "IntegrityError",
    "OutcomeUnknownError",
    "RunFailedError",
    "RunStoppedError",
    "WaitTimeoutError",
    "StaleTurnError",
    "SourceChangedError",
    "LocalIoError",
    "ClosedError",
    "UnexpectedError",
    "NomkitError",
]


@register("config")
class ConfigError(NomkitError):
    """The configuration is missing or wrong; nothing was sent."""


@register("invalid_input")
class InvalidInputError(NomkitError):
    """An argument is wrong; nothing was sent."""

    argument: str | None = None
    """The argument that is wrong, if it is one."""


@register("connect")
class ConnectError(NomkitError):
    """The server could not be reached; nothing was sent."""


@register("proxy")
class ProxyError(NomkitError):
    """The proxy refused the connection; nothing was sent."""


@register("tls")
class TlsError(NomkitError):
    """The server's certificate could not be trusted; nothing was sent."""


@register("request_timeout")
class RequestTimeoutError(NomkitError):
    """The server did not answer in time."""


@register("transport")
class TransportError(NomkitError):
    """The connection broke before the answer was whole."""


@register("")
class ApiError(NomkitError):
    """The server answered with an error."""


@register("bad_request")
class BadRequestError(ApiError):
    """The server found the request invalid (400, 422); `issues` says where."""

    issues: Sequence[Any] = ()
    """Where the server found it invalid, each with `path` and `message`."""


@register("unauthorized")
class AuthenticationError(ApiError):
    """The API key is missing, wrong, expired or revoked (401)."""


@register("billing")
class BillingError(ApiError):
    """The account must be paid for first (402)."""


@register("forbidden")
class PermissionDeniedError(ApiError):
    """The API key lacks the scope (403)."""

    scope: str | None = None
    """The scope that the key lacks, if the server said so."""


@register("not_found")
class NotFoundError(ApiError):
    """It does not exist, or it is not yours (404)."""


@register("conflict")
class ConflictError(ApiError):
    """Its present state does not allow this (409)."""

    current: str | None = None
    """The state that does not allow it, if the server said so."""


@register("gone")
class GoneError(ApiError):
    """It existed and is no more (410)."""


@register("too_large")
class TooLargeError(ApiError):
    """It is larger than the platform accepts (413, or found before sending)."""


@register("rate_limit")
class RateLimitError(ApiError):
    """Too many requests (429)."""

    retry_after: float | None = None
    """After how many seconds the server takes the next request, if it said so."""
    tier: str | None = None
    """The tier whose limit was reached, if that is known."""
    maybe_spend: bool = False
    """Whether it may be the spend limit: the server did not say when to try again."""


@register("spend_limit")
class SpendLimitError(ApiError):
    """The user's spend limit is reached (429); waiting does not help."""


@register("feature_unavailable")
class FeatureUnavailableError(ApiError):
    """This instance does not offer it (501)."""


@register("not_configured")
class NotConfiguredError(ApiError):
    """A service behind it is not configured on this instance (503)."""


@register("server")
class ServerError(ApiError):
    """The server failed (5xx)."""


@register("protocol")
class ProtocolError(NomkitError):
    """The answer is not what the platform documents."""

    reason: str = ""
    """Why, in short."""


@register("integrity")
class IntegrityError(NomkitError):
    """The platform has something else than what was sent."""

    file_id: str | None = None
    """The file on the platform that should not be used."""


@register("outcome_unknown")
class OutcomeUnknownError(NomkitError):
    """The server may or may not have acted; it was not sent again."""

    operation: str = ""
    """What was asked, such as `agents.launch`."""
    candidates: Sequence[Any] = ()
    """What it may have made."""


@register("run_failed")
class RunFailedError(NomkitError):
    """The agent failed."""

    reason: str = ""
    """Why, in short."""
    messages: Sequence[Any] = ()
    """The turn's rows."""
    agent_id: str = ""
    """The agent's id."""
    token: str = ""
    """The run, for `agents.attach`."""


@register("run_stopped")
class RunStoppedError(NomkitError):
    """The agent was stopped."""

    messages: Sequence[Any] = ()
    """The turn's rows."""
    agent_id: str = ""
    """The agent's id."""
    token: str = ""
    """The run, for `agents.attach`."""


@register("wait_timeout")
class WaitTimeoutError(NomkitError, TimeoutError):
    """The deadline passed; the agent runs on, and `token` re-attaches to it."""

    token: str = ""
    """The run, for `agents.attach`."""
    last_status: str = ""
    """The status as it was last seen."""


@register("stale_turn")
class StaleTurnError(NomkitError):
    """The turn's own answer did not appear; an older one is never given instead."""

    token: str = ""
    """The run, for `agents.attach`."""


@register("source_changed")
class SourceChangedError(NomkitError):
    """The file changed while it was being sent."""


@register("io")
class LocalIoError(NomkitError):
    """A local file could not be read or written."""


@register("closed")
class ClosedError(NomkitError):
    """The client was closed."""


@register("internal")
class UnexpectedError(NomkitError):
    """A bug in nomkit."""
