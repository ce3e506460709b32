"""Counts what ``swift test`` has run, from what XCTest prints."""

from __future__ import annotations

import re


def counted(output: str, code: int) -> tuple[int, int, int, list[str]]:
    """How many passed, failed and were skipped, and why that is. A run that proves nothing has failed."""
    ends = dict.fromkeys(re.findall(r"^Test Case '(.+?)' started", output, re.MULTILINE), "failed")
    # What a test has printed may stand before it on the line. A process that died has ended no test.
    for name, end in re.findall(r"Test Case '([^']+)' (passed|failed|skipped) \(", output):
        if name in ends:
            ends[name] = end
    passed, failed, skipped = (list(ends.values()).count(word) for word in ("passed", "failed", "skipped"))
    if code or passed <= 0:
        failed = max(failed, 1)
    return passed, failed, skipped, re.findall(r"(\S+ : Test skipped.*)$", output, re.MULTILINE)
