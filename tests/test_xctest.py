"""Swift's suite is counted by what truly ran."""

from __future__ import annotations

import pytest
from xctest import counted

OUTPUT = """
Test Suite 'All tests' started at 2026-11-22 13:32:45.257
Test Case 'T.testAwaited' started at 2026-11-22 13:32:45.269
no newlineTest Case 'T.testAwaited' passed (0.001 seconds)
Test Case 'T.testWrong' started at 2026-11-22 13:32:45.270
T.swift:5: error: T.testWrong : XCTAssertEqual failed: ("1") is not equal to ("2") -
Test Case 'T.testWrong' failed (0.001 seconds)
Test Case 'T.testPrints' started at 2026-11-22 13:32:45.270
Test Case 'x' passed (Test Case 'T.testPrints' passed (0.0 seconds)
Test Case 'T.testYoung' started at 2026-11-22 13:32:45.270
T.swift:6: T.testYoung : Test skipped - too young
Test Case 'T.testYoung' skipped (0.0 seconds)
\t Executed 4 tests, with 1 test skipped and 1 failure (0 unexpected) in 0.002 (0.002) seconds
"""


def test_cases_are_counted() -> None:
    assert counted(OUTPUT, 1) == (2, 1, 1, ["T.testYoung : Test skipped - too young"])


def test_a_test_that_never_ended_has_failed() -> None:
    died = OUTPUT + "Test Case 'T.testDies' started at 2026-11-22 13:32:46.270\nFatal error\n"
    assert counted(died, 132)[:3] == (2, 2, 1)


@pytest.mark.parametrize("code", [0, 1])
def test_nothing_that_ran_has_failed(code: int) -> None:
    assert counted("Test Suite 'All tests' passed\n Executed 0 tests, with 0 failures", code) == (0, 1, 0, [])
