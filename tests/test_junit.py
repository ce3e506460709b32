"""Kotlin's suite is counted by what truly ran."""

from __future__ import annotations

from pathlib import Path

import pytest
from junit import counted

CASES = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="T" tests="5" errors="0" skipped="0" failures="0">
  <testcase name="good()" classname="T"><system-out>&lt;failure/&gt;</system-out></testcase>
  <testcase name="fine()" classname="T"/>
  <testcase name="wrong()" classname="T"><failure message="no">at T</failure></testcase>
  <testcase name="thrown()" classname="T"><error>at T</error></testcase>
  <testcase name="young()" classname="T"><skipped message="too young"/></testcase>
</testsuite>
"""


def test_cases_are_counted_of_every_report(tmp_path: Path) -> None:
    for name in "TU":
        (tmp_path / f"TEST-{name}.xml").write_text(CASES)
    assert counted(tmp_path, 1) == (4, 4, 2, ["T.young(): too young"] * 2)


def test_a_run_that_ends_badly_has_failed(tmp_path: Path) -> None:
    (tmp_path / "TEST-T.xml").write_text('<testsuite><testcase name="good()" classname="T"/></testsuite>')
    assert counted(tmp_path, 0) == (1, 0, 0, [])
    assert counted(tmp_path, 1) == (1, 1, 0, [])


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_that_ran_has_failed(tmp_path: Path, code: int) -> None:
    assert counted(tmp_path, code) == (0, 1, 0, [])
