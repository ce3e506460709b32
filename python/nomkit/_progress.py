"""``progress=True``: one line on standard error, rewritten on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Progress


class Line:
    """Writes how far a call is."""

    def __init__(self) -> None:
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        if sys.stderr.isatty():
            end = "\n" if progress.phase == "accepted" else ""
            sys.stderr.write(f"\r\x1b[K{_text(progress)}{end}")
        elif progress.phase != self._phase:
            sys.stderr.write(f"{_text(progress)}\n")
        self._phase = progress.phase
        sys.stderr.flush()


def _text(progress: Progress) -> str:
    if progress.total is None:
        return f"{progress.phase} for {progress.done:.0f} s"
    share = 100 * progress.done / progress.total if progress.total else 100
    rate = f", {progress.rate / 1e6:.1f} MB/s" if progress.rate else ""
    return f"{progress.phase} {share:.0f} % of {progress.total / 1e6:.1f} MB{rate}"
