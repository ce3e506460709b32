"""The command as npm installs it: found by the library, and run by its launcher."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from project import COMMAND, HERE, VERSION, Project, plain

START = "await require('nomkit').Emulator.start()"


def launcher(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [project.modules / ".bin/nomkit", *arguments]
    return subprocess.run(command, cwd=project.folder, env=plain(), capture_output=True, text=True)


def test_the_launcher_gives_output_and_exit_code(project: Project) -> None:
    done = launcher(project, "--version")
    assert (done.returncode, done.stdout) == (0, f"nomkit {VERSION}\n")
    assert launcher(project, "no-such-word").returncode == 2


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, -signal.SIGHUP), (signal.SIGQUIT, -signal.SIGQUIT)],
)
def test_the_launcher_passes_signals_on_and_ends_as_the_command_does(
    sent: signal.Signals, code: int, project: Project
) -> None:
    command: list[str | Path] = [project.modules / ".bin/nomkit", "emulator"]
    none, pipe = subprocess.DEVNULL, subprocess.PIPE
    running = subprocess.Popen(command, env=plain(), stdin=none, stdout=pipe, text=True, start_new_session=True)
    try:
        assert running.stdout is not None
        assert "url" in json.loads(running.stdout.readline())
        running.send_signal(sent)
        # Its output ends with the command, so none is left behind.
        assert running.communicate(timeout=30)[0] == ""
        assert running.returncode == code
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)


def test_a_launcher_without_its_program_says_what_to_type(spoilt: Project) -> None:
    shutil.rmtree(spoilt.modules / COMMAND[1])
    done = launcher(spoilt, "--version")
    assert done.returncode == 2
    assert f"The package @nomkit/cli-{HERE} is not installed" in done.stderr
    assert f"npm install --include=optional nomkit-cli@{VERSION}" in done.stderr
    assert f"@nomkit/cli-{HERE} is not installed" in spoilt.fails(START)


def test_an_emulator_without_its_package_says_what_to_type(spoilt: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(spoilt.modules / COMMAND[0])
    # One on PATH is not taken: nobody said that it is this one.
    program = spoilt.modules / COMMAND[1] / "bin"
    monkeypatch.setenv("PATH", f"{program}{os.pathsep}{os.environ['PATH']}")
    assert "The emulator is not installed. Run: npm install nomkit-cli" in spoilt.fails(START)


def test_the_emulator_is_found_from_the_program_and_the_working_directory(spoilt: Project) -> None:
    """As package managers lay it out that show the library its own dependencies alone."""
    inner = spoilt.folder / "store/node_modules"
    inner.mkdir(parents=True)
    for name in ("nomkit", "@nomkit"):
        shutil.move(spoilt.modules / name, inner / name)
    os.symlink(inner / "nomkit", spoilt.modules / "nomkit")
    (spoilt.modules / "@nomkit").mkdir()
    shutil.move(inner / COMMAND[1], spoilt.modules / COMMAND[1])
    code = "require('nomkit').Emulator.start().then((emulator) => emulator.stop()).then(() => console.log('stopped'))"
    assert spoilt.node(code) == "stopped\n"
    assert spoilt.run("node", "-e", code) == "stopped\n"
