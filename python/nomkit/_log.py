"""What clients do, told to the logger ``nomkit``."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from logging import Logger

    from .records import Event

_LEVELS = {"debug": 10, "info": 20, "warning": 30}
"""As ``logging`` counts them."""
_found: Logger | None = None


def floor() -> int | None:
    """The lowest level that somebody reads; ``None`` if nobody does."""
    logger = _found or _find()
    return next((level for level in _LEVELS.values() if logger and logger.isEnabledFor(level)), None)


def tell(events: Iterable[Event]) -> None:
    """Logs events, each with itself as ``record.event``."""
    logger = _found or _find()
    if logger is None:
        return
    for event in events:
        logger.log(_LEVELS.get(event.level, 20), "%s: %s", event.operation, event.text, extra={"event": event})


def _find() -> Logger | None:
    """The logger, if anybody has loaded ``logging``; who has not cannot have set it up."""
    global _found
    # Not imported: a child that is forked in the midst of an import never gets to its end.
    logging = sys.modules.get("logging")
    try:
        logger: Logger = logging.getLogger("nomkit")  # type: ignore[union-attr]
        # What nobody has set up stays silent, as of any library.
        logger.addHandler(logging.NullHandler())  # type: ignore[union-attr]
    except AttributeError:  # It is not there, or another thread is at it.
        return None
    _found = logger
    return logger
