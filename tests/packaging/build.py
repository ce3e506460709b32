"""Builds what is released, into ``target/packages``: ``python tests/packaging/build.py [NAME]...``, all by default.

``addon`` and ``develop`` are for the checkout: the one puts Node's addon there, the other installs the Python package.

On Linux all run on every distribution since 2014 (glibc 2.17), because zig compiles their C and links them. All are
compiled alike into one folder, so that none compiles again what another has.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from npm import addon_place, pack

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
PACKAGES = ROOT / "target" / "packages"
BIN = Path(sysconfig.get_path("scripts"))
LINUX = sys.platform == "linux"
OLD_GLIBC = ["--compatibility", "manylinux2014"] if LINUX else []

WHEELS = {
    "wheel": ("python", "nomkit-*.whl", ["build", "--quiet", "--release", *OLD_GLIBC]),
    "sdist": ("python", "nomkit-*.tar.gz", ["sdist"]),
    "command": ("cli", "nomkit_cli-*.whl", ["build", "--quiet", "--release", *OLD_GLIBC]),
}
ARTEFACTS = [*WHEELS, "addon", "npm"]


def environment() -> dict[str, str]:
    """Panic messages name source files: those of the registry and of this checkout lose their machine's folders."""
    cargo = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    places = {ROOT: "nomkit", **dict.fromkeys((cargo / "registry" / "src").glob("*"), "crates")}
    remap = [f"--remap-path-prefix={place}={name}" for place, name in places.items()]
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    own = {"PATH": path, "VIRTUAL_ENV": sys.prefix, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(remap)}
    return {**os.environ, **own, **(_zig() if LINUX else {})}


def _zig() -> dict[str, str]:
    """What makes zig the C compiler and the linker, for old glibc."""
    machine, tools = platform.machine(), TARGET / "zig"
    tools.mkdir(parents=True, exist_ok=True)
    for tool, options in [("cc", f"-fno-sanitize=all -target {machine}-linux-gnu.2.17"), ("ar", "")]:
        text = f'#!/bin/sh\nexec "{BIN}/maturin" zig {tool} -- {options} "$@"\n'
        if not (tools / tool).exists() or (tools / tool).read_text() != text:
            (tools / tool).write_text(text)
            (tools / tool).chmod(0o755)
    triple = f"{machine}_unknown_linux_gnu"
    linker = f"CARGO_TARGET_{triple.upper()}_LINKER"
    return {f"CC_{triple}": f"{tools}/cc", f"AR_{triple}": f"{tools}/ar", linker: f"{tools}/cc"}


def build(artefact: str) -> Path:
    """Builds one, takes earlier ones of its kind away, and returns its path: of npm's packages, their folder."""
    if artefact == "addon":
        return addon()
    if artefact == "npm":
        return pack(addon(), _wheel("command"), PACKAGES / "npm")
    return _wheel(artefact, anew=True)


def develop() -> None:
    """Installs the Python package into this environment, as it stands in the checkout."""
    _run("develop", [BIN / "maturin", "develop", "--quiet", "--release"], ROOT / "python")


def addon() -> Path:
    """The addon, where Node finds it in the checkout."""
    _run("addon", ["cargo", "build", "--quiet", "--release", "-p", "nomkit-node"], ROOT)
    library = {"darwin": "libnomkit_node.dylib", "win32": "nomkit_node.dll"}.get(sys.platform, "libnomkit_node.so")
    place = addon_place()
    # Never written over: it may be mapped into a process.
    place.unlink(missing_ok=True)
    return Path(shutil.copy(TARGET / "release" / library, place))


def _wheel(artefact: str, anew: bool = False) -> Path:
    folder, pattern, command = WHEELS[artefact]
    built = list(PACKAGES.glob(pattern))
    if anew or not built:
        for old in built:
            old.unlink()
        _run(artefact, [BIN / "maturin", *command, "--out", PACKAGES], ROOT / folder)
    (wheel,) = PACKAGES.glob(pattern)
    return wheel


def _run(what: str, command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    for asked in sys.argv[1:] or ARTEFACTS:
        if asked == "develop":
            develop()
        else:
            print(build(asked).relative_to(ROOT), flush=True)
