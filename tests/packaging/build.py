"""Builds what is released, into ``target/packages``: ``python tests/packaging/build.py [wheel] [sdist] [command]``.

On Linux the wheels run on every distribution since 2014 (glibc 2.17), because zig links them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "target" / "packages"
BIN = Path(sys.executable).parent
OLD_GLIBC = ["--zig", "--compatibility", "manylinux2014"] if sys.platform == "linux" else []

ARTEFACTS = {
    "wheel": ("python", "nomkit-*.whl", ["build", "--release", *OLD_GLIBC]),
    "sdist": ("python", "nomkit-*.tar.gz", ["sdist"]),
    "command": ("cli", "nomkit_cli-*.whl", ["build", "--release", *OLD_GLIBC]),
}


def _environment() -> dict[str, str]:
    """Panic messages name source files: those of the registry and of this checkout lose their machine's folders."""
    cargo = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    places = {ROOT: "nomkit", **dict.fromkeys((cargo / "registry" / "src").glob("*"), "crates")}
    remap = [f"--remap-path-prefix={place}={name}" for place, name in places.items()]
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"  # where zig is
    return {**os.environ, "PATH": path, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(remap)}


def build(artefact: str) -> Path:
    """Builds one, takes earlier ones of its kind away, and returns its path."""
    folder, pattern, command = ARTEFACTS[artefact]
    for old in PACKAGES.glob(pattern):
        old.unlink()
    quiet = ["--quiet"] if command[0] == "build" else []
    done = subprocess.run(
        [BIN / "maturin", *command, *quiet, "--out", PACKAGES],
        cwd=ROOT / folder,
        env=_environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{artefact}: {done.stdout}{done.stderr}")
    (built,) = PACKAGES.glob(pattern)
    return built


if __name__ == "__main__":
    for artefact in sys.argv[1:] or ARTEFACTS:
        print(build(artefact).relative_to(ROOT), flush=True)
