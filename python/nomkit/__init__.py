"""A client for the Nomic platform: upload, launch, wait, result, follow-up.

>>> from pathlib import Path
>>> from nomkit import Nomic
>>> nomic = Nomic(domain="acme")  # the key: NOMIC_API_KEY
>>> print(nomic.ask("Summarize the inspection report", files=[Path("report.pdf")]).text)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .agent_run import AgentRun as AgentRun
    from .agent_run import AsyncAgentRun as AsyncAgentRun
    from .client import AsyncNomic as AsyncNomic
    from .client import Nomic as Nomic
    from .completed import RunOutcome as RunOutcome
    from .emulator import Emulator as Emulator
    from .errors import *  # noqa: F403
    from .errors import NomkitError as NomkitError
    from .records import *  # noqa: F403

# ruff: noqa: F405
__all__ = [
    # clients, and what they give
    "Nomic",
    "AsyncNomic",
    "AgentRun",
    "AsyncAgentRun",
    "RunOutcome",
    "Emulator",
    # Written by `cargo xtask records`, so that listing the names loads nothing.
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
    "Agent",
    "AgentStatus",
    "Artifact",
    "ArtifactKind",
    "ArtifactRef",
    "Column",
    "Event",
    "EventKind",
    "EventLevel",
    "File",
    "FileHit",
    "FileRef",
    "Message",
    "Page",
    "Progress",
    "RequestedFile",
    "Role",
    "RunResult",
    "UploadOutcome",
    "Workflow",
]

__version__ = "0.1.0"

# Loaded when first asked for, so that an import costs next to nothing.
_HOMES = {
    "Nomic": "client",
    "AsyncNomic": "client",
    "AgentRun": "agent_run",
    "AsyncAgentRun": "agent_run",
    "RunOutcome": "completed",
    "Emulator": "emulator",
}
_MODULES = ("errors", "records")


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    if name in _MODULES:
        return import_module(f".{name}", __name__)
    homes = [_HOMES[name]] if name in _HOMES else ["errors"] if name.endswith("Error") else ["records"]
    for home in homes:
        try:
            module = import_module(f".{home}", __name__)
        except ImportError as error:
            from ._unloadable import explain

            raise explain(error) from error
        if hasattr(module, name):
            value = getattr(module, name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, *(name for name in globals() if name.startswith("__"))})
