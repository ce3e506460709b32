"""Runs every suite, prints one table, and writes ``target/report.json``.

The last line counts: ``N passed, M failed, K skipped``. The exit code is 1 if anything failed. A machine may lack what
Kotlin or Swift need: they are skipped then, with the reason, but in CI (``CI=true``) that is a failure.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import junit
import tap
import xctest

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
# Seconds after which a suite is taken to hang; the longest takes some five minutes.
LIMIT = 1500
# Nothing that is generated.
SWIFT: Command = [
    "swift/Package.swift",
    *ROOT.glob("swift/Sources/Nomkit/*.swift"),
    "swift/Tests",
    "tests/drivers/swift",
    "examples",
]
# The command whose emulator the suites of languages without one of their own start.
COMMAND: Command = ["env", f"NOMKIT_CLI={BIN / 'nomkit'}"]


@dataclass
class Column:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)


Suites = dict[str, dict[str, Column]]
# What failed, named once more at the end: the output of a whole run is long.
FAILURES: list[str] = []
# How the runners of all languages name a test that failed; a check names lines.
FAILURE = re.compile(
    r"^(?:FAILED |ERROR |test .* \.\.\. FAILED| *not ok \d+ - |\[ERROR\] +\S+:\d+|.*Test Case '.+' failed |error"
    r"|\S+\.swift:\d+: error: ).*",
    re.MULTILINE,
)


def main() -> int:
    suites: Suites = {}
    with tempfile.TemporaryDirectory(prefix="nomkit-tests-") as scratch:
        os.environ.update(NOMKIT_EMULATOR_KEY_MARK=CANARY, TMPDIR=scratch, CARGO_TERM_COLOR="never")
        output = checks(suites) + rust(suites) + python(suites) + node(suites)
        output += kotlin(suites, Path(scratch)) + swift(suites) + conformance(suites) + packages(suites)
        secrecy(suites, output, Path(scratch))
    return report(suites)


def run(title: str, command: Command, cwd: Path = ROOT) -> tuple[int, str]:
    print(f"\n== {title}", flush=True)
    started = time.monotonic()
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    # Not a pipe: whatever a suite leaves behind would hold it open.
    with tempfile.TemporaryFile() as told:
        suite = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = False
        try:
            suite.wait(LIMIT)
        except subprocess.TimeoutExpired:
            late = True
            show_threads(suite.pid)
        finally:
            end(suite)
        told.seek(0)
        output = told.read().decode(errors="replace")
    named: list[str] = []
    if suite.returncode or late:
        print(output)
        named = [line.strip() for line in FAILURE.findall(output)[:20]] or ["see above"]
        FAILURES.extend(f"{title}: {line}" for line in named)
    if late:
        print(f"   It was ended: it took more than {LIMIT} s.")
    print(f"   {'FAILED' if suite.returncode or late else 'ok'} in {time.monotonic() - started:.0f} s", flush=True)
    # Again, beside the verdict: whoever sees but a part of the output looks for that.
    print("".join(f"   {line}\n" for line in named), end="", flush=True)
    return (1 if late else suite.returncode), output


def end(suite: subprocess.Popen[bytes]) -> None:
    """Ends a suite that is still at work, with all that it started."""
    if suite.poll() is None:
        os.killpg(suite.pid, signal.SIGKILL)
        suite.wait()


def show_threads(session: int) -> None:
    """Where the Java programs of a suite hang."""
    listed = subprocess.run(["ps", "-o", "pid=,comm=", "-s", str(session)], capture_output=True, text=True)
    for pid, name in (line.split(None, 1) for line in listed.stdout.splitlines()):
        if name.strip() == "java" and shutil.which("jstack"):
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(["jstack", pid], stderr=subprocess.STDOUT, timeout=60)


@cache
def lacking(language: str) -> str | None:
    """Why a language cannot run on this machine, if so."""
    if language == "kotlin":
        missing = [program for program in ("java", "mvn") if shutil.which(program) is None]
        return f"this machine has no {' and no '.join(missing)}" if missing else None
    if language == "swift":
        found = subprocess.run(["swift/toolchain", "true"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        return found.stderr.strip() if found.returncode else None
    return None


def checks(suites: Suites) -> str:
    """What a machine can see without running anything."""
    column = suites.setdefault("checks", {})
    everything = ["--workspace", "--all-targets", "--", "-D", "warnings"]
    outputs = []
    commands: list[tuple[str, str, Command]] = [
        ("rust", "rustfmt", ["cargo", "fmt", "--all", "--check"]),
        ("rust", "clippy", ["cargo", "clippy", "--quiet", *everything]),
        ("rust", "pure machines", [sys.executable, "tests/purity.py"]),
        ("rust", "generated files", ["cargo", "xtask", "records", "--check"]),
        ("node", "generated packages", ["cargo", "xtask", "npm", "--check"]),
        ("kotlin", "version", ["cargo", "xtask", "maven", "--check"]),
        (
            "swift+kotlin",
            "records derive uniffi",
            ["cargo", "check", "--quiet", "-p", "nomkit", "--features", "uniffi"],
        ),
        ("swift+kotlin", "async exports name their runtime", [sys.executable, "tests/async_exports.py"]),
        ("python", "ruff format", [BIN / "ruff", "format", "--check", *CONFIG, *PYTHON]),
        ("python", "ruff check", [BIN / "ruff", "check", *CONFIG, *PYTHON]),
        # Apart from each other: each has a `conftest`.
        ("python", "mypy", [*MYPY, *TYPED]),
        ("python", "mypy, packaging", [*MYPY, "tests/packaging"]),
        ("node", "tsc", ["npm", "run", "check", "--silent", "--prefix", "node"]),
        ("node", "prettier, oxlint", ["npm", "run", "lint", "--silent", "--prefix", "node"]),
        (
            "all",
            "how tests are counted",
            [sys.executable, *PYTEST, "-q", *ROOTED, *sorted(ROOT.glob("tests/test_*.py"))],
        ),
        ("all", "what Python has, and nothing else", [sys.executable, "tests/parity.py"]),
        ("kotlin", "ktlint", ["mvn", "--quiet", "--batch-mode", "--file", "kotlin", "antrun:run@ktlint"]),
        ("swift", "swift format", ["swift/toolchain", "swift", "format", "lint", "--strict", "--recursive", *SWIFT]),
        ("python", "pyright", [BIN / "pyright", "-p", "python/pyproject.toml", "--pythonpath", sys.executable]),
    ]
    for language, title, command in commands:
        if command[0] in ("mvn", "swift/toolchain") and (reason := lacking(language)):
            skip(column, language, reason)
            continue
        code, output = run(title, command)
        count(column, language, code == 0, title)
        outputs.append(output)
    return "".join(outputs)


MYPY: Command = [BIN / "mypy", "--config-file", "python/pyproject.toml"]
TYPED: Command = [
    "python/nomkit",
    "python/tests",
    "examples/demo.py",
    *sorted(ROOT.glob("tests/*.py")),
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
    code, output = run("node tests", [*COMMAND, "npm", "test", "--silent"], ROOT / "node")
    suites["tests"]["node"] = Column(*tap.counted(output, code))
    return output


def kotlin(suites: Suites, scratch: Path) -> str:
    if reason := lacking("kotlin"):
        skip(suites["tests"], "kotlin", reason)
        return ""
    reports = ROOT / "kotlin/target/surefire-reports"
    shutil.rmtree(reports, ignore_errors=True)
    # What `make` has compiled.
    code, output = run(
        "kotlin tests",
        [*COMMAND, "mvn", "--batch-mode", f"-DargLine=-Djava.io.tmpdir={scratch}", "surefire:test@default-test"],
        ROOT / "kotlin",
    )
    suites["tests"]["kotlin"] = Column(*junit.counted(reports, code))
    return output


def swift(suites: Suites) -> str:
    if reason := lacking("swift"):
        skip(suites["tests"], "swift", reason)
        return ""
    column, outputs = suites["tests"].setdefault("swift", Column()), []
    for package in ("swift", "examples/ios"):
        test: Command = [*COMMAND, "swift/toolchain", "swift", "test", "--package-path", package]
        code, output = run(f"swift tests: {package}", test)
        passed, failed, skipped, reasons = xctest.counted(output, code)
        column.passed, column.failed = column.passed + passed, column.failed + failed
        column.skipped, column.reasons = column.skipped + skipped, column.reasons + reasons
        outputs.append(output)
    return "".join(outputs)


def packages(suites: Suites) -> str:
    """What is released, installed as users do."""
    suites["packages"], outputs = {}, []
    languages = {
        "python": "test_packages.py",
        "node": "test_npm*.py",
        "kotlin": "test_jar.py",
        "swift": "test_swift.py",
    }
    for language, tests in languages.items():
        if reason := lacking(language):
            skip(suites["packages"], language, reason)
            continue
        found = sorted((ROOT / "tests/packaging").glob(tests))
        given: Command = [*ROOTED, *found]
        suites["packages"][language], output = pytest(f"packages: {language}", given, ROOT)
        outputs.append(output)
    return "".join(outputs)


def pytest(title: str, arguments: Command, cwd: Path) -> tuple[Column, str]:
    code, output = run(title, [sys.executable, *PYTEST, "-rfEs", *arguments], cwd)
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", output)}
    failed = found.get("failed", 0) + found.get("error", 0)
    if code or not found.get("passed"):
        failed = max(failed, 1)  # nothing that ran is a failure too
    reasons = re.findall(r"^SKIPPED .*$", output, re.MULTILINE)
    return Column(found.get("passed", 0), failed, found.get("skipped", 0), reasons), output


# The columns of the kit; it knows where the other drivers are.
COLUMNS = {
    "rust-async": "target/debug/driver-rust-async",
    "rust-blocking": "target/debug/driver-rust-blocking",
    "python-sync": f"{sys.executable} tests/drivers/python/driver.py sync",
    "python-async": f"{sys.executable} tests/drivers/python/driver.py async",
    "node": None,
    "kotlin": None,
    "swift": None,
}


def conformance(suites: Suites) -> str:
    """Every scenario through every driver."""
    written = ROOT / "target" / "conformance.json"
    written.unlink(missing_ok=True)
    code, output = run(
        "build the drivers", ["cargo", "build", "--quiet", "-p", "nomkit-driver", "-p", "nomkit-conformance"]
    )
    absent = {name: reason for name in COLUMNS if (reason := lacking(name))}
    played: Command = ["target/debug/nomkit-conformance", "--report", written]
    for name, driver in COLUMNS.items():
        played += [] if name in absent else ["--column", name]
        played += ["--driver", f"{name}={driver}"] if driver else []
    # The page tells of all columns.
    played += [] if absent else ["--faults", "docs/faults.md"]
    if code == 0:
        code, told = run("conformance", played)
        print(told)
        output += told
    columns = suites.setdefault("conformance", {})
    if written.exists():
        for suite in json.loads(written.read_text())["suites"]:
            found = {name: Column(**column) for name, column in suite["columns"].items()}
            suites.setdefault(suite["name"], {}).update(found)
    handed = suites.setdefault("hand-off", {})
    for name in COLUMNS:
        language = name.split("-")[0]
        if name in absent:
            skip(columns, name, absent[name])
            skip(handed, language, absent[name])
            continue
        if language not in handed:
            handed[language] = Column(failed=1, reasons=["did not run"])
        if name not in columns:
            columns[name] = Column(failed=1, reasons=["did not run"])
    if code and not any(column.failed for column in [*columns.values(), *handed.values()]):
        columns["all"] = Column(failed=1, reasons=["what no column is to blame for: see above"])
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


def skip(columns: dict[str, Column], name: str, reason: str) -> None:
    """What this machine cannot run. In CI it must."""
    column = columns.setdefault(name, Column())
    column.reasons.append(reason)
    if os.environ.get("CI") == "true":
        column.failed += 1
    else:
        column.skipped += 1


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
    if FAILURES:
        print("\nFailed:")
        print("\n".join(f"  {failure}" for failure in FAILURES))
    passed, failed, skipped = (sum(getattr(c, w) for _, _, c in rows) for w in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
