"""``progress=True``: what a call shows of itself, in a notebook, on a terminal, or in a pipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from .notebook import Cell, publisher
from .story import Story
from .terminal import Line, Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType
    from typing import Any

    from .._native import Pending
    from ..records import Progress

T = TypeVar("T")


class Surface(Protocol):
    """Where a call shows how far it is."""

    def show(self, story: Story) -> None:
        """Shows how far the call is, or how it ended."""


class Display:
    """Is told how far one call is, and shows it. A display that fails never ends the call.

    Args:
        attach: Gives the code that attaches to the run that is waited for.
    """

    def __init__(self, attach: Callable[[], str] | None = None) -> None:
        try:
            self._surface = _surface()
        except Exception:  # A closed standard error.
            self._surface = None
        self._story = Story(attach)

    def __call__(self, progress: Progress) -> None:
        self._story.take(progress)
        self._show()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._story.latest is not None:
            self._story.end(kind)
            self._show()

    def _show(self) -> None:
        try:
            if self._surface is not None:
                self._surface.show(self._story)
        except Exception:  # A closed pipe, a kernel that shuts down.
            self._surface = None


class Shown(Generic[T]):
    """A call not yet made, with its display."""

    def __init__(self, pending: Pending[T], display: Display) -> None:
        self._pending = pending
        self._display = display

    def wait(self) -> T:
        with self._display:
            return self._pending.wait()

    def __await__(self) -> Generator[Any, None, T]:
        with self._display:
            return (yield from self._pending.__await__())


def _surface() -> Surface | None:
    """Where people look, if they do."""
    if publish := publisher():
        return Cell(publish)
    if sys.stderr is None:
        return None
    is_terminal = hasattr(sys.stderr, "isatty") and sys.stderr.isatty()  # Not all that stands in for it has it.
    return Line() if is_terminal and os.environ.get("TERM") != "dumb" else Lines()
