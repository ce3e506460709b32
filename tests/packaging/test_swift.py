"""Swift's package, taken by a program as users do, and what is released of it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest
from build import BIN, ROOT

from swift import SWIFT, assemble

MANIFEST = f"""// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(path: "{SWIFT}")],
    targets: [.executableTarget(name: "Consumer", dependencies: [.product(name: "Nomkit", package: "swift")])],
    swiftLanguageModes: [.v6]
)
"""
# What both pages show works as pasted.
PROGRAMS = {
    page: re.findall(r"```swift\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    for page in ("README.md", "swift/README.md")
}


# Prints where its emulator is, and stays.
STAYING = """
import Foundation
import Nomkit

let emulator = try await Emulator.start()
FileHandle.standardOutput.write(Data("\\(emulator.url)\\n".utf8))
_ = readLine()
print(emulator)
"""


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that takes it from its folder, as users do before the first release."""
    folder = tmp_path_factory.mktemp("consumer")
    (folder / "Package.swift").write_text(MANIFEST)
    (folder / "Sources" / "Consumer").mkdir(parents=True)
    return folder


def built(consumer: Path, text: str) -> Path:
    """The program that a main file makes, without a warning."""
    (consumer / "Sources" / "Consumer" / "main.swift").write_text(text)
    done = ran("swift", "build", "--package-path", consumer)
    said = done.stdout + done.stderr
    assert "warning:" not in said, said
    return consumer / ".build" / "debug" / "Consumer"


def test_the_programs_of_both_pages_work_as_pasted(consumer: Path) -> None:
    programs = {page: [text for text in found if "import Nomkit" in text] for page, found in PROGRAMS.items()}
    assert all(programs.values())
    said = [toolchain(built(consumer, text)) for found in programs.values() for text in found]
    assert "[inspection-report.pdf, p. " in said[0]
    assert "Punch list" in said[0]
    assert said[1].startswith("true ")


def test_an_emulator_ends_when_the_program_that_started_it_is_killed(consumer: Path) -> None:
    command = [SWIFT / "toolchain", built(consumer, STAYING)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        port = int(started.stdout.readline().decode().strip().rpartition(":")[2])
        assert listens(port)
        started.kill()
    limit = time.monotonic() + 30
    while listens(port):
        assert time.monotonic() < limit, "it lives on"


def test_all_that_is_public_is_explained_and_nothing_of_the_bridge_is(tmp_path: Path) -> None:
    flags: list[str | Path] = [
        "-emit-symbol-graph",
        "-emit-symbol-graph-dir",
        tmp_path,
        "-symbol-graph-minimum-access-level",
        "public",
    ]
    passed = [part for flag in flags for part in ("-Xswiftc", flag)]
    toolchain("swift", "build", "--package-path", SWIFT, "--scratch-path", tmp_path / "build", *passed)
    symbols = json.loads((tmp_path / "Nomkit.symbols.json").read_text())["symbols"]
    assert len(symbols) > 200
    for symbol in symbols:
        name = ".".join(symbol["pathComponents"])
        assert symbol.get("docComment") or "::SYNTHESIZED::" in symbol["identifier"]["precise"], name
        told = name + "".join(part["spelling"] for part in symbol["declarationFragments"])
        # Counts are `Int`, and what crosses stays within.
        assert not re.search(r"Ffi|uniffi|RustBuffer|Bridge|UInt(16|32|64)", told), told


@pytest.fixture(scope="module")
def released() -> Path:
    return assemble("0" * 64)


def test_what_is_released_asks_for_the_library_and_no_unsafe_flag(released: Path) -> None:
    said = toolchain("swift", "package", "--package-path", released, "dump-package")
    described = json.loads(said)
    binary, library = described["targets"]
    assert binary["type"] == "binary"
    assert binary["url"].endswith("/NomkitFFI.xcframework.zip")
    assert library["name"] == "Nomkit"
    assert "Security" in json.dumps(library["settings"])
    # A package with such a flag is refused as a dependency.
    assert "unsafeFlags" not in said
    own = json.loads(toolchain("swift", "package", "--package-path", SWIFT, "dump-package"))
    for name in ("platforms", "products", "swiftLanguageVersions", "name"):
        assert described[name] == own[name]


def test_what_is_released_has_all_sources_and_names_no_machine(released: Path) -> None:
    names = {str(path.relative_to(released)) for path in released.rglob("*") if path.is_file()}
    assert names >= {"LICENSE-MIT", "LICENSE-APACHE", "README.md", "Sources/Nomkit/Generated/NomkitBridge.swift"}
    own = {f"Sources/{path.relative_to(SWIFT / 'Sources')}" for path in SWIFT.glob("Sources/Nomkit/**/*.swift")}
    assert own <= names
    for name in names:
        content = (released / name).read_bytes()
        assert str(ROOT).encode() not in content, name
        assert str(Path.home()).encode() not in content, name


def listens(port: int) -> bool:
    with socket.socket() as other:
        return other.connect_ex(("127.0.0.1", port)) == 0


def environment() -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NOMIC_")}
    return {**plain, "NOMKIT_CLI": str(BIN / "nomkit")}


def toolchain(*command: str | Path) -> str:
    return ran(*command).stdout


def ran(*command: str | Path) -> subprocess.CompletedProcess[str]:
    given = [SWIFT / "toolchain", *command]
    done = subprocess.run(given, check=False, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
