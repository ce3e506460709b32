"""Runs every suite, prints one table, and writes ``target/report.json``.

The last line counts: ``N passed, M failed, K skipped``. The exit code is 1 if anything failed. In CI (``CI=true``)
a language that did not run is a failure.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tap import counted

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
REPORT = ROOT / "target" / "report.json"
# Stands in every key that an emulator of this run gives out; it must turn up in no output and no file.
CANARY = f"canary{secrets.token_hex(12)}"
CONFIG = ["--config", "python/pyproject.toml"]
PYTHON = ["python", "tests", "examples"]
PYTEST = ["-X", "dev", "-m", "pytest"]
ROOTED = ["-c", "python/pyproject.toml", "--rootdir", "."]

Command = list[str | Path]


@dataclass
class Column:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)


Suites = dict[str, dict[str, Column]]


def main() -> int:
    suites: Suites = {}
    with tempfile.TemporaryDirectory(prefix="nomkit-tests-") as scratch:
        os.environ.update(NOMKIT_EMULATOR_KEY_MARK=CANARY, TMPDIR=scratch, CARGO_TERM_COLOR="never")
        output = checks(suites) + rust(suites) + python(suites) + node(suites) + conformance(suites) + packages(suites)
        secrecy(suites, output, Path(scratch))
    return report(suites)


def run(title: str, command: Command, cwd: Path = ROOT) -> tuple[int, str]:
    print(f"\n== {title}", flush=True)
    started = time.monotonic()
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode:
        print(output)
    print(f"   {'ok' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode, output


def checks(suites: Suites) -> str:
    """What a machine can see without running anything."""
    column = suites.setdefault("checks", {})
    everything = ["--workspace", "--all-targets", "--", "-D", "warnings"]
    outputs = []
    commands: list[tuple[str, str, Command]] = [
        ("rust", "rustfmt", ["cargo", "fmt", "--all", "--check"]),
        ("rust", "clippy", ["cargo", "clippy", "--quiet", *everything]),
        ("rust", "generated files", ["cargo", "xtask", "records", "--check"]),
        ("node", "generated packages", ["cargo", "xtask", "npm", "--check"]),
        (
            "swift+kotlin",
            "records derive uniffi",
            ["cargo", "check", "--quiet", "-p", "nomkit", "--features", "uniffi"],
        ),
        ("python", "ruff format", [BIN / "ruff", "format", "--check", *CONFIG, *PYTHON]),
        ("python", "ruff check", [BIN / "ruff", "check", *CONFIG, *PYTHON]),
        # Apart from each other: each has a `conftest`.
        ("python", "mypy", [*MYPY, *TYPED]),
        ("python", "mypy, packaging", [*MYPY, "tests/packaging"]),
        ("node", "tsc", ["npm", "run", "check", "--silent", "--prefix", "node"]),
        ("node", "prettier, oxlint", ["npm", "run", "lint", "--silent", "--prefix", "node"]),
        ("node", "how tests are counted", [sys.executable, *PYTEST, "-q", *ROOTED, "tests/test_tap.py"]),
        ("node", "what Python has, and nothing else", [sys.executable, "tests/parity.py"]),
        ("python", "pyright", [BIN / "pyright", "-p", "python/pyproject.toml", "--pythonpath", sys.executable]),
    ]
    for language, title, command in commands:
        code, output = run(title, command)
        count(column, language, code == 0, title)
        outputs.append(output)
    return "".join(outputs)


MYPY: Command = [BIN / "mypy", "--config-file", "python/pyproject.toml"]
TYPED = [
    "python/nomkit",
    "python/tests",
    "examples/demo.py",
    "tests/run.py",
    "tests/parity.py",
    "tests/tap.py",
    "tests/test_tap.py",
    "tests/benches",
]


def rust(suites: Suites) -> str:
    code, output = run("cargo test", ["cargo", "test", "--no-fail-fast"])
    passed, failed, ignored = 0, 0, 0
    for line in re.finditer(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", output):
        passed, failed, ignored = passed + int(line[1]), failed + int(line[2]), ignored + int(line[3])
    if code or not passed:
        failed = max(failed, 1)
    # Such a test has ended well, but proved nothing.
    unproved = re.findall(r"SKIPPED \w+: .*", output)
    reasons = [*unproved, "ignored by #[ignore]"] if ignored else unproved
    skipped = len(unproved)
    suites["tests"] = {"rust": Column(passed - skipped, failed, ignored + skipped, reasons)}
    return output


def python(suites: Suites) -> str:
    suites["tests"]["python"], output = pytest("pytest", [], ROOT / "python")
    return output


def node(suites: Suites) -> str:
    code, output = run("node tests", ["env", f"NOMKIT_CLI={BIN / 'nomkit'}", "npm", "test", "--silent"], ROOT / "node")
    suites["tests"]["node"] = Column(*counted(output, code))
    return output


def packages(suites: Suites) -> str:
    """What is released, installed as users do."""
    suites["packages"], outputs = {}, []
    for language, tests in [("python", "test_packages.py"), ("node", "test_npm*.py")]:
        found = sorted((ROOT / "tests/packaging").glob(tests))
        given: Command = [*ROOTED, *found]
        suites["packages"][language], output = pytest(f"packages: {language}", given, ROOT)
        outputs.append(output)
    return "".join(outputs)


def pytest(title: str, arguments: Command, cwd: Path) -> tuple[Column, str]:
    code, output = run(title, [sys.executable, *PYTEST, "-rs", *arguments], cwd)
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", output)}
    failed = found.get("failed", 0) + found.get("error", 0)
    if code or not found.get("passed"):
        failed = max(failed, 1)  # nothing that ran is a failure too
    reasons = re.findall(r"^SKIPPED .*$", output, re.MULTILINE)
    return Column(found.get("passed", 0), failed, found.get("skipped", 0), reasons), output


def conformance(suites: Suites) -> str:
    """Every scenario through every driver."""
    written = ROOT / "target" / "conformance.json"
    written.unlink(missing_ok=True)
    code, output = run(
        "build the drivers", ["cargo", "build", "--quiet", "-p", "nomkit-driver", "-p", "nomkit-conformance"]
    )
    drivers: Command = []
    for name, command in [
        ("rust-async", "target/debug/driver-rust-async"),
        ("rust-blocking", "target/debug/driver-rust-blocking"),
        ("python-sync", f"{sys.executable} tests/drivers/python/driver.py sync"),
        ("python-async", f"{sys.executable} tests/drivers/python/driver.py async"),
    ]:
        drivers += ["--driver", f"{name}={command}"]
    if code == 0:
        code, played = run(
            "conformance",
            ["target/debug/nomkit-conformance", *drivers, "--faults", "docs/faults.md", "--report", written],
        )
        print(played)
        output += played
    columns = suites.setdefault("conformance", {})
    if written.exists():
        for suite in json.loads(written.read_text())["suites"]:
            columns.update({name: Column(**column) for name, column in suite["columns"].items()})
    for name in ("rust-async", "rust-blocking", "python-sync", "python-async", "node"):
        if name not in columns:
            columns[name] = Column(failed=1, reasons=["did not run"])
    if code and not any(column.failed for column in columns.values()):
        columns["rust-async"].failed += 1
    return output


def secrecy(suites: Suites, output: str, scratch: Path) -> None:
    """The canary is in no output, and in no file but those that exist to keep a key."""
    column = suites.setdefault("secrecy", {})
    count(column, "all", CANARY not in output, "the key is in a suite's output")
    leaks = [path for path in scratch.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    kept = [path for path in leaks if path.name != "credentials.json"]
    count(column, "all", not kept, f"the key is in {[path.name for path in kept]}")


def count(columns: dict[str, Column], name: str, good: bool, what: str) -> None:
    column = columns.setdefault(name, Column())
    if good:
        column.passed += 1
    else:
        column.failed += 1
        column.reasons.append(what)


def report(suites: Suites) -> int:
    rows = [(suite, name, column) for suite, columns in suites.items() for name, column in columns.items()]
    print(f"\n{'suite':<14}{'language':<16}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for suite, name, column in rows:
        print(f"{suite:<14}{name:<16}{column.passed:>8}{column.failed:>8}{column.skipped:>9}")
        for reason in column.reasons:
            print(f"{'':<14}{reason}")
    REPORT.parent.mkdir(exist_ok=True)
    listed = [
        {"name": suite, "columns": {name: vars(column) for name, column in columns.items()}}
        for suite, columns in suites.items()
    ]
    REPORT.write_text(json.dumps({"suites": listed}, indent=1) + "\n")
    passed, failed, skipped = (sum(getattr(c, w) for _, _, c in rows) for w in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
