"""What users install, installed as users do: into an empty environment, on every Python that is supported."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
from build import PACKAGES, ROOT, TARGET, build
from build import environment as compiling

VERSIONS = ["3.10", "3.11", "3.12", "3.13"]
MOST = 4 << 20


@pytest.fixture(scope="session")
def wheel() -> Path:
    return build("wheel")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return build("sdist")


@pytest.fixture(scope="session")
def command() -> Path:
    """Built by ``make``, which installs it into the environment of the tests."""
    return next(PACKAGES.glob("nomkit_cli-*.whl"), None) or build("command")


@cache
def interpreter(version: str) -> str:
    """A Python of this version, wherever this machine keeps it."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [shutil.which(f"python{version}"), *managed]:
        if candidate and _version(candidate) == version:
            return str(candidate)
    pytest.skip(f"this machine has no Python {version}")


def _version(python: str | Path) -> str:
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip()


@cache
def readme() -> str:
    """The first Python that README shows."""
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    return block[1]


class Environment:
    """An empty environment."""

    def __init__(self, folder: Path, version: str) -> None:
        subprocess.run([interpreter(version), "-m", "venv", folder], check=True)
        self.bin = folder / "bin"

    def pip(self, *arguments: str | Path, **variables: str) -> str:
        command = [self.bin / "python", "-m", "pip", "--disable-pip-version-check", *arguments]
        return self._run(command, {**os.environ, **variables})

    def python(self, code: str) -> str:
        # Isolated, and without what the environment of the tests says of the command.
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("NOMKIT_", "NOMIC_"))}
        return self._run([self.bin / "python", "-I", "-W", "error", "-X", "dev", "-c", code], plain)

    def _run(self, command: list[str | Path], environment: dict[str, str]) -> str:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def check_readme(environment: Environment) -> None:
    said = environment.python(readme())
    assert "[inspection-report.pdf, p. " in said
    assert "Punch list" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_and_the_emulator_install_from_a_folder(
    version: str, wheel: Path, command: Path, tmp_path: Path
) -> None:
    environment = Environment(tmp_path, version)
    folder = ["--no-index", "--find-links", str(PACKAGES)]
    environment.pip("install", "--only-binary", ":all:", *folder, "nomkit[emulator]")
    installed = set(re.findall(r"^([\w-]+)==", environment.pip("freeze"), re.MULTILINE))
    assert installed == {"nomkit", "nomkit-cli"}
    check_readme(environment)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_source_distribution_installs(version: str, sdist: Path, command: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path, version)
    # What the wheels were built from is not compiled again.
    environment.pip("install", "--no-cache-dir", sdist, **{**compiling(), "CARGO_TARGET_DIR": str(TARGET)})
    environment.pip("install", "--no-index", command)
    check_readme(environment)


def test_the_wheel_is_small_runs_everywhere_and_needs_nothing(wheel: Path) -> None:
    assert wheel.stat().st_size <= MOST
    if sys.platform == "linux":
        assert wheel.name.endswith(".manylinux_2_17_x86_64.whl"), wheel.name
    assert "-cp310-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    needs = re.findall(r"^Requires-Dist: (.*)$", text, re.MULTILINE)
    assert [need for need in needs if "extra ==" not in need] == []
    assert "nomkit/py.typed" in names
    assert {Path(name).name for name in names} >= {"LICENSE-MIT", "LICENSE-APACHE"}


def test_no_machine_is_named_in_a_package(wheel: Path, sdist: Path, command: Path) -> None:
    home = str(Path.home()).encode()
    for path in (wheel, command):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                held = archive.read(name)
                assert str(ROOT).encode() not in held, name
                assert home not in held, name
    with tarfile.open(sdist) as packed:
        assert all(member.uname in ("", "root") for member in packed)
