"""On a terminal one line, redrawn in place, which all calls share; in a pipe a line for each phase."""

from __future__ import annotations

import os
import sys
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .story import Story

_BAR = 20
_MOST_LINES = 20


class _Board:
    """The one line at the bottom of the terminal, and who stands on it."""

    def __init__(self) -> None:
        # A signal handler may make a call of its own while a line is drawn.
        self.lock = RLock()
        self.lines: dict[int, str] = {}

    def draw(self, above: str = "") -> None:
        """Puts lines above for good, and redraws the last one."""
        lines = list(self.lines.values())
        line = lines[0] if len(lines) == 1 else f"{len(lines)} calls: {' | '.join(lines)}" if lines else ""
        stream = sys.stderr
        stream.write(f"\r\x1b[K{above}{line[: _columns() - 1]}")
        stream.flush()


_board = _Board()


def _forget() -> None:
    # The calls of the parent are its own; another thread of it may hold the lock.
    _board.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_forget)


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


class Line:
    """One call on the terminal."""

    def __init__(self) -> None:
        self._hinted = False

    def show(self, story: Story) -> None:
        with _board.lock:
            if story.is_over:
                _board.lines.pop(id(self), None)
                _board.draw(f"{story.text[: _columns() - 1]}\n")
                return
            hint = None if self._hinted else story.hint
            self._hinted = self._hinted or hint is not None
            _board.lines[id(self)] = _bar(story) + story.text
            _board.draw(f"{hint}\n" if hint else "")


def _bar(story: Story) -> str:
    share = story.share
    if share is None or _columns() < 60:
        return ""
    full = int(share * _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}] "


class Lines:
    """One call in a pipe."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def show(self, story: Story) -> None:
        if story.is_over:
            self._say(story.text, story.text)
        elif story.phase not in self._said:
            self._say(story.phase, story.beginning)
        elif story.hint:
            self._say("hint", story.hint)

    def _say(self, what: str, text: str | None) -> None:
        # The words of a server may be without end.
        if text is not None and what not in self._said and len(self._said) < _MOST_LINES:
            self._said.add(what)
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
