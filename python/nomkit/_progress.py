"""``progress=True``: one line on standard error, rewritten on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Progress


class Line:
    """Writes how far a call is. It belongs to one call, which drops it when it is over: that ends the line."""

    def __init__(self) -> None:
        self._phase = ""
        self._unfinished = False

    def __call__(self, progress: Progress) -> None:
        if sys.stderr.isatty():
            self._unfinished = progress.phase != "accepted"
            end = "" if self._unfinished else "\n"
            sys.stderr.write(f"\r\x1b[K{_text(progress)}{end}")
        elif progress.phase != self._phase:
            sys.stderr.write(f"{_text(progress)}\n")
        self._phase = progress.phase
        sys.stderr.flush()

    def __del__(self) -> None:
        if self._unfinished and sys.stderr is not None:
            sys.stderr.write("\n")


def _text(progress: Progress) -> str:
    # The server's own word: nothing in it may move the cursor.
    phase = "".join(letter if letter.isprintable() else " " for letter in progress.phase[:40])
    if progress.total is None:
        return f"{phase} for {progress.done:.0f} s"
    share = 100 * progress.done / progress.total if progress.total else 100
    rate = f", {progress.rate / 1e6:.1f} MB/s" if progress.rate else ""
    return f"{phase} {share:.0f} % of {progress.total / 1e6:.1f} MB{rate}"
