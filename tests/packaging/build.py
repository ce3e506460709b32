"""Builds what is released, into ``target/packages``: ``python tests/packaging/build.py [NAME]...``, all by default.

``addon``, ``bridge`` and ``develop`` are for the checkout: they put Node's addon there, the library and the generated
sources of Swift and Kotlin, and install the Python package. ``bridge-debug`` builds that library faster, ``library``
without those sources. ``maven`` gathers what Maven has built.

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
from collections.abc import Callable
from pathlib import Path

from npm import addon_place, pack

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
PACKAGES = ROOT / "target" / "packages"
BIN = Path(sysconfig.get_path("scripts"))
LINUX = sys.platform == "linux"
KOTLIN = ROOT / "kotlin" / "generated"
SWIFT = ROOT / "swift"
OLD_GLIBC = ["--compatibility", "manylinux2014"] if LINUX else []

WHEELS = {
    "wheel": ("python", "nomkit-*.whl", ["build", "--quiet", "--release", *OLD_GLIBC]),
    "sdist": ("python", "nomkit-*.tar.gz", ["sdist"]),
    "command": ("cli", "nomkit_cli-*.whl", ["build", "--quiet", "--release", *OLD_GLIBC]),
}
ARTEFACTS = [*WHEELS, "addon", "npm"]
Command = list[str | Path]


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
    place = addon_place()
    # Never written over: it may be mapped into a process.
    place.unlink(missing_ok=True)
    return Path(shutil.copy(TARGET / "release" / _named("nomkit_node"), place))


def bridge(profile: str) -> Path:
    """The library of Swift and Kotlin, and what is generated from it, where their packages find them."""
    built = _bridge(profile)
    _generate(built)
    return _place(built)


def library() -> Path:
    """The library alone, where Kotlin's package finds it: for platforms that are gathered into one jar."""
    return _place(_bridge("release"))


def maven() -> Path:
    """Kotlin's package as a repository has it; ``mvn package`` has built it."""
    out = PACKAGES / "maven"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    jars = list((ROOT / "kotlin" / "target").glob("nomkit-*.jar"))
    for jar in jars:
        shutil.copy(jar, out)
    shutil.copy(ROOT / "kotlin" / "pom.xml", out / f"{min(jar.stem for jar in jars)}.pom")
    return out


def _bridge(profile: str) -> Path:
    # What is generated is read from symbols that releases do not keep.
    command: Command = ["cargo", "rustc", "--quiet", "-p", "nomkit-uniffi", "--crate-type", "cdylib"]
    if profile == "release":
        _run("bridge", [*command, "--release", "--", "-C", "strip=none"], ROOT)
    else:
        _run("bridge", command, ROOT, dict(os.environ))
    return TARGET / profile / _named("nomkit_uniffi")


def _generate(built: Path) -> None:
    _run("bindgen", ["cargo", "build", "--quiet", "-p", "nomkit-bindgen"], ROOT, dict(os.environ))
    written = TARGET / "bindgen" / "swift"
    for language, place in [("kotlin", KOTLIN / "src"), ("swift", written)]:
        shutil.rmtree(place, ignore_errors=True)
        _run(f"bindgen {language}", [TARGET / "debug" / "nomkit-bindgen", language, built, place], ROOT)
    # Written anew only where they changed, so that SwiftPM compiles nothing again for nothing.
    for module, pattern in [("Nomkit/Generated", "*.swift"), ("NomkitFFI", "*.h"), ("NomkitFFI", "*.modulemap")]:
        (SWIFT / "Sources" / module).mkdir(parents=True, exist_ok=True)
        for source in written.glob(pattern):
            target = SWIFT / "Sources" / module / source.name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                shutil.copy(source, target)


def _place(built: Path) -> Path:
    machine = {"x86_64": "x86-64", "amd64": "x86-64", "arm64": "aarch64"}
    here = platform.machine().lower()
    # As JNA names the folders of a jar.
    place = KOTLIN / "resources" / f"{sys.platform}-{machine.get(here, here)}" / built.name
    for target in (place, SWIFT / "library" / built.name):
        target.parent.mkdir(parents=True, exist_ok=True)
        # Never written over: it may be mapped into a process.
        target.unlink(missing_ok=True)
    if sys.platform == "win32":
        shutil.copy(built, place)
    else:
        _run("strip", ["strip", "-x" if sys.platform == "darwin" else "--strip-all", "-o", place, built], ROOT)
    shutil.copy(place, SWIFT / "library")
    return place


def _named(crate: str) -> str:
    """The file of a crate's library."""
    prefix, suffix = {"darwin": ("lib", "dylib"), "win32": ("", "dll")}.get(sys.platform, ("lib", "so"))
    return f"{prefix}{crate}.{suffix}"


def _wheel(artefact: str, anew: bool = False) -> Path:
    folder, pattern, command = WHEELS[artefact]
    built = list(PACKAGES.glob(pattern))
    if anew or not built:
        for old in built:
            old.unlink()
        _run(artefact, [BIN / "maturin", *command, "--out", PACKAGES], ROOT / folder)
    (wheel,) = PACKAGES.glob(pattern)
    return wheel


def _run(what: str, command: Command, folder: Path, given: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=folder, env=given or environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{what}: {done.stdout}{done.stderr}")


OTHERS: dict[str, Callable[[], Path]] = {
    "bridge": lambda: bridge("release"),
    "bridge-debug": lambda: bridge("debug"),
    "library": library,
    "maven": maven,
}

if __name__ == "__main__":
    for asked in sys.argv[1:] or ARTEFACTS:
        if asked == "develop":
            develop()
        else:
            built = OTHERS[asked]() if asked in OTHERS else build(asked)
            print(built.relative_to(ROOT), flush=True)
