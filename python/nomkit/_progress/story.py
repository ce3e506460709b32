"""What there is to say of one call: how far it is, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..records import Progress

_BYTES = ("reading", "sending", "accepted")
"""The phases of an upload. Any other word is an agent's status, `throttled`, or `waiting` for many runs."""
_LONG = 60.0
"""Seconds of waiting after which it is worth knowing that one can wait elsewhere."""


class Story:
    """One call, from what it tells."""

    def __init__(self, attach: Callable[[], str] | None = None) -> None:
        self.latest: Progress | None = None
        self._attach = attach
        self._began = time.monotonic()
        self._accepted = 0
        self._size = 0.0
        self._ending = ""

    def take(self, progress: Progress) -> None:
        """What the call told last."""
        self.latest = progress
        if progress.phase == "accepted":
            self._accepted += 1
            self._size += progress.done

    def end(self, kind: type[BaseException] | None) -> None:
        """The call is over, by an error of this kind unless that is ``None``."""
        for_long = f"after {duration(time.monotonic() - self._began)}"
        if kind is None and self._accepted:
            files = f"{self._accepted} files, " if self._accepted > 1 else ""
            self._ending = f"accepted {files}{size(self._size)} {for_long}"
        elif kind is None:
            self._ending = f"finished {for_long}"
        elif kind.__name__ in ("KeyboardInterrupt", "CancelledError"):
            self._ending = f"{self.phase}: interrupted {for_long}"
        else:
            self._ending = f"{self.phase}: {kind.__name__} {for_long}"

    @property
    def phase(self) -> str:
        """One word for what goes on. It may be the server's own: nothing in it moves a cursor or takes two columns."""
        phase = self.latest.phase if self.latest else ""
        return "".join(letter if " " <= letter <= "~" else "?" for letter in phase[:40])

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1, where that is known."""
        if self.latest is None or self.latest.total is None:
            return None
        return min(max(self.latest.done / self.latest.total, 0.0), 1.0) if self.latest.total > 0 else 1.0

    @property
    def details(self) -> list[str]:
        """What else there is to say, the most important first."""
        progress = self.latest
        if progress is None:
            return []
        if progress.phase not in _BYTES:
            if progress.total is not None:
                return [f"{progress.done:.0f} of {progress.total:.0f} over"]
            left = [] if progress.eta is None else [f"{duration(progress.eta)} left"]
            return [f"for {duration(progress.done)}", *left]
        said = [f"{100 * self.share:.0f} %"] if self.share is not None else []
        said.append(size(progress.done) + ("" if progress.total is None else f" of {size(progress.total)}"))
        if progress.phase == "sending" and progress.rate:
            said.append(f"{size(progress.rate)}/s")
            if progress.eta is not None:
                said.append(f"{duration(progress.eta)} left")
        return said

    @property
    def text(self) -> str:
        """All of it on one line."""
        return self._ending or f"{self.phase} {', '.join(self.details)}"

    @property
    def beginning(self) -> str | None:
        """What to say when a phase begins, if that is worth a line of its own."""
        progress = self.latest
        if progress is None or progress.phase == "accepted":
            return None  # The end says more.
        if progress.phase in _BYTES and progress.total is not None:
            return f"{self.phase} {size(progress.total)}"
        return self.text

    @property
    def hint(self) -> str | None:
        """How to wait elsewhere, once the wait is a long one."""
        progress = self.latest
        if self._attach is None or progress is None or progress.phase in _BYTES or progress.done < _LONG:
            return None
        return f"To wait elsewhere: {self._attach()}"

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return bool(self._ending)


def size(count: float) -> str:
    """A number of bytes."""
    if count < 1000:
        return f"{count:.0f} B"
    power = 1 if count < 1e6 else 2 if count < 1e9 else 3
    return f"{count / 1000**power:.1f} {('', 'kB', 'MB', 'GB')[power]}"


def duration(seconds: float) -> str:
    """A length of time."""
    whole = int(min(seconds, 1e9) + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
