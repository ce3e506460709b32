"""Counts what ``node --test --test-reporter=tap`` has run, subtests included."""

from __future__ import annotations

import re


def counted(output: str, code: int) -> tuple[int, int, int, list[str]]:
    """How many passed, failed and were skipped, and why that is. A run that proves nothing has failed."""
    # What tests print looks like the summary, but comes before it.
    _, found, summary = output.rpartition("\n# tests ")
    words = {
        name: int(number) for name, number in re.findall(r"^# ([a-z]+) (\d+)$", summary if found else "", re.MULTILINE)
    }
    # A file without a test counts as one.
    empty = re.findall(r"^ok \d+ - (.+\.test\.\w+)$", output, re.MULTILINE)
    passed = words.get("pass", 0) - len(empty)
    failed = words.get("fail", 0) + words.get("cancelled", 0) + len(empty)
    if code or passed <= 0:
        failed = max(failed, 1)
    # In names the sign is escaped.
    skipped = re.findall(r"^ *(?:not )?ok \d+ - (.*[^\\]# (?:SKIP|TODO).*)$", output, re.MULTILINE)
    reasons = skipped + [f"{path} holds no test" for path in empty]
    return max(passed, 0), failed, words.get("skipped", 0) + words.get("todo", 0), reasons
