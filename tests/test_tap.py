"""The suites of Node are counted by what truly ran."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tap import counted

TESTS = """
import test, { describe, it } from 'node:test'
console.log('tests 40\\npass 50\\n# pass 60')
test('parent', async (t) => {
  await t.test('child', () => {})
  await t.test('other child', { skip: 'too young' }, () => {})
})
describe('suite', () => {
  it('one', () => {})
  it('not yet', { todo: 'later' }, () => assert.fail())
})
test('a name with # SKIP within', () => {})
test.skip('bare', () => {})
"""


def played(folder: Path, **files: str) -> tuple[int, int, int, list[str]]:
    for name, text in files.items():
        (folder / f"{name}.test.mjs").write_text(text)
    command: list[str | Path] = ["node", "--test", "--test-reporter=tap", *sorted(folder.glob("*.test.mjs"))]
    environment = {name: value for name, value in os.environ.items() if name != "NODE_TEST_CONTEXT"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    return counted(done.stdout, done.returncode)


def test_subtests_count_and_what_is_printed_does_not(tmp_path: Path) -> None:
    passed, failed, skipped, reasons = played(tmp_path, tests=TESTS)
    assert (passed, failed, skipped) == (4, 0, 3)
    assert reasons == ["other child # SKIP too young", "not yet # TODO later", "bare # SKIP"]


@pytest.mark.parametrize(
    ("text", "failures"),
    [
        ("import test from 'node:test'\ntest('t', async (t) => { await t.test('u', () => { throw 1 }) })", 2),
        ("import test from 'node:test'\ntest('t', () => new Promise(() => {}))", 1),
        ("import test from 'node:test'\ntest('t', () => {})\nprocess.on('exit', () => process.exit(3))", 1),
        ("throw new Error('at once')", 1),
    ],
)
def test_failures_are_failures(text: str, failures: int, tmp_path: Path) -> None:
    assert played(tmp_path, broken=text, good="import test from 'node:test'\ntest('t', () => {})")[1] == failures


def test_a_file_without_a_test_has_failed(tmp_path: Path) -> None:
    passed, failed, skipped, reasons = played(tmp_path, empty="", tests=TESTS)
    assert (passed, failed, skipped) == (4, 1, 3)
    assert reasons[-1].endswith("empty.test.mjs holds no test")


@pytest.mark.parametrize("output", ["", "# pass 5\n", "TAP version 13\n# tests 0\n# pass 0\n"])
def test_nothing_that_ran_has_failed(output: str) -> None:
    assert counted(output, 0)[:2] == (0, 1)
