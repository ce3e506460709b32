"""A folder in which npm's packages are installed, as users do."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from npm import ROOT, addon_place

NODE = ROOT / "node"
HERE = addon_place().parent.name
VERSION: str = json.loads((NODE / "package.json").read_text())["version"]
LIBRARY, COMMAND = ("nomkit", f"@nomkit/{HERE}"), ("nomkit-cli", f"@nomkit/cli-{HERE}")


def manifest(tarball: Path) -> dict[str, Any]:
    with tarfile.open(tarball) as packed:
        held = packed.extractfile("package/package.json")
        assert held is not None
        read: dict[str, Any] = json.load(held)
    return read


class Project:
    """A folder with packages installed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.modules = folder, folder / "node_modules"

    def install(self, *packages: Path) -> Project:
        (self.folder / "package.json").write_text('{"private": true}\n')
        quiet = ["--offline", "--silent", "--no-audit", "--no-fund"]
        done = subprocess.run(["npm", "install", *quiet, *packages], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        os.symlink(ROOT / "examples", self.folder / "examples")
        return self

    def fails(self, code: str) -> str:
        """The message of the error that a program ends with, which has to be a `ConfigError`."""
        told = f"try {{ {code} }} catch (error) {{ console.log(error.name + ': ' + error.message) }}"
        said = self.node(f"async function main() {{ {told} }}\nmain()")
        assert said.startswith("ConfigError: "), said
        return said

    def node(self, code: str, name: str = "program.cjs") -> str:
        (self.folder / name).write_text(code)
        return self.run("node", name)

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(command, cwd=self.folder, env=plain(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout


def plain() -> dict[str, str]:
    """The environment, without what that of the tests says of the command."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NOMKIT_", "NOMIC_"))}
