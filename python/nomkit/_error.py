"""What every error has; the classes themselves are in ``nomkit.errors``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .records import File

E = TypeVar("E", bound="NomkitError")
_by_code: dict[str, type[NomkitError]] = {}


class NomkitError(Exception):
    """Everything that nomkit raises. It pickles, and it never holds a key."""

    code: str = ""
    """One stable word for machines."""
    message: str
    """What happened, to which operation, and what to do next."""
    status: int | None = None
    """The HTTP status, if the server answered."""
    server_code: str | None = None
    """The server's own word for it."""
    request_id: str | None = None
    """The server's name for the request, if it gave one."""
    attempts: int = 0
    """How many times the request was made."""
    elapsed: float = 0.0
    """Seconds from the first attempt to this error."""
    retryable: bool = False
    """Whether the same call may succeed later."""
    outcome: str | None = None
    """``not_sent``, ``answered`` or ``unknown``; ``None`` if there was no request."""
    uploaded: tuple[File, ...] = ()
    """The files that were on the platform before the call failed."""

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.__dict__.update(fields)

    def __eq__(self, other: object) -> bool:
        """Errors of one class that say the same are equal, so that outcomes which hold them can be compared."""
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), self.message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__)


def register(code: str) -> Callable[[type[E]], type[E]]:
    """Gives a class its code."""

    def add(cls: type[E]) -> type[E]:
        if code:
            cls.code = code
            _by_code[code] = cls
        return cls

    return add


def _rebuild(cls: type[NomkitError], fields: dict[str, Any]) -> NomkitError:
    return cls(**fields)


def from_native(fields: dict[str, Any]) -> NomkitError:
    """The exception for an error of the core, by its code."""
    from . import errors as errors  # registers the classes

    details = fields.pop("details")
    cls = _by_code.get(fields["code"], NomkitError)
    return cls(**fields, **details)
