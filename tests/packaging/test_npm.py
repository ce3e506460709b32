"""npm's packages, installed as users do: into an empty folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tarfile
from functools import cache
from pathlib import Path

import pytest
from build import ROOT
from project import COMMAND, HERE, LIBRARY, NODE, VERSION, Project, manifest

TOOLS = Path(__file__).parent / "tools" / "node_modules"
MOST = 9_000_000


@cache
def readme() -> str:
    """The JavaScript that README shows."""
    block = re.search(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    return block[1]


def test_readme_runs_as_an_ecmascript_module(project: Project) -> None:
    check_readme(project.node(readme(), "readme.mjs"))


def test_readme_runs_as_commonjs(project: Project) -> None:
    required, count = re.subn(r"^import (\{.*\}) from ('.*')$", r"const \1 = require(\2)", readme(), flags=re.MULTILINE)
    assert count == 1
    check_readme(project.node(f"async function main() {{\n{required}}}\nmain()\n", "readme.cjs"))


def check_readme(said: str) -> None:
    assert "[inspection-report.pdf, p. " in said
    assert "Punch list" in said


def test_both_forms_are_the_same_classes(project: Project) -> None:
    code = """
        const required = require('nomkit')
        import('nomkit').then((imported) => {
          const other = Object.keys(required).filter((name) => required[name] !== imported[name])
          console.log(Object.keys(required).length > 40, JSON.stringify(other))
        })
    """
    assert project.node(code) == "true []\n"


def test_the_packages_need_nothing_and_run_nothing_when_installed(tarballs: dict[str, Path]) -> None:
    assert set(tarballs) == {*LIBRARY, *COMMAND}
    for name, path in tarballs.items():
        described = manifest(path)
        assert described["version"] == VERSION
        for field in ("dependencies", "peerDependencies", "devDependencies", "scripts", "workspaces"):
            assert field not in described, (name, field)
        with tarfile.open(path) as packed:
            names = {Path(member).name for member in packed.getnames()}
        assert names >= {"README.md", "LICENSE-MIT", "LICENSE-APACHE"}, name


@pytest.mark.parametrize(("asking", "folder"), [("nomkit", "node/npm"), ("nomkit-cli", "cli/npm")])
def test_a_package_asks_for_those_of_all_platforms(asking: str, folder: str, tarballs: dict[str, Path]) -> None:
    there = [json.loads(path.read_text()) for path in (ROOT / folder).glob("*-*-*/package.json")]
    there += [json.loads(path.read_text()) for path in (ROOT / folder).glob("darwin-*/package.json")]
    wanted = {described["name"]: described["version"] for described in there}
    assert len(wanted) == 8
    assert manifest(tarballs[asking])["optionalDependencies"] == wanted


def test_no_machine_is_named_and_no_source_map_is_there(tarballs: dict[str, Path]) -> None:
    home = str(Path.home()).encode()
    for path in tarballs.values():
        with tarfile.open(path) as packed:
            for member in filter(tarfile.TarInfo.isfile, packed):
                stream = packed.extractfile(member)
                held = stream.read() if stream else b""
                assert str(ROOT).encode() not in held, member.name
                assert home not in held, member.name
                assert not member.name.endswith(".map")
                assert b"sourceMappingURL" not in held or b"\0" in held, member.name


def test_the_library_is_small_on_disk(project: Project) -> None:
    folders = [project.modules / name for name in LIBRARY]
    size = sum(path.stat().st_blocks * 512 for folder in folders for path in folder.rglob("*"))
    print(f"{size / 2**20:.1f} MB on disk")
    assert size <= MOST


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
@pytest.mark.parametrize("binary", [f"@nomkit/{HERE}/nomkit.node", f"@nomkit/cli-{HERE}/bin/nomkit"])
def test_old_systems_can_load_it(binary: str, project: Project) -> None:
    versions = re.findall(rb"GLIBC_2\.(\d+)", (project.modules / binary).read_bytes())
    assert versions
    assert max(map(int, versions)) <= 17


def test_publint_has_nothing_to_say(project: Project) -> None:
    for name in ("nomkit", "nomkit-cli"):
        assert "All good!" in project.run("node", TOOLS / "publint/src/cli.js", project.modules / name, "--strict")


def test_types_resolve_however_they_are_asked_for(project: Project, tarballs: dict[str, Path]) -> None:
    attw = TOOLS / "@arethetypeswrong/cli/dist/index.js"
    said = project.run("node", attw, tarballs["nomkit"], "--profile", "strict", "--no-emoji")
    assert "No problems found" in said


CONSUMER = """
import { Nomic, Source, NomkitError, WaitTimeoutError, type Agent, type RunResult } from 'nomkit'

export async function consumer(signal: AbortSignal): Promise<RunResult> {
  await using nomic = new Nomic({ domain: 'acme' })
  const found: Agent[] = []
  for await (const agent of nomic.agents.list({ status: 'running', signal })) found.push(agent)
  const files = [Source.path('plan.pdf'), Source.bytes(new Uint8Array(1), { name: 'a.txt' })]
  const run = await nomic.agents.launch({ prompt: 'Review', files, signal })
  for await (const update of run.updates({ signal })) console.log(update.status)
  try {
    return await run.wait({ timeout: 600_000, signal, onProgress: (progress) => console.log(progress.phase) })
  } catch (error) {
    if (error instanceof WaitTimeoutError) console.log(error.token, error.code)
    if (error instanceof NomkitError && error.status === 404) console.log(error.requestId?.length)
    throw error
  }
}
// @ts-expect-error There is no such option.
new Nomic({ domains: 'acme' })
"""


@pytest.mark.parametrize("libraries", ["es2022", "es2022,dom,dom.iterable"])
@pytest.mark.parametrize("suffix", ["mts", "cts"])
@pytest.mark.parametrize(
    "compiler", [TOOLS / "typescript-5.4", NODE / "node_modules/typescript"], ids=["5.4", "newest"]
)
def test_strict_compilers_take_the_types(compiler: Path, suffix: str, libraries: str, spoilt: Project) -> None:
    (spoilt.modules / "@types").symlink_to(TOOLS / "@types")
    (spoilt.folder / f"consumer.{suffix}").write_text(CONSUMER)
    options = {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": False,
        "exactOptionalPropertyTypes": True,
        "module": "nodenext",
        "target": "es2022",
        "lib": [*libraries.split(","), "esnext.disposable"],
        "types": ["node"],
    }
    config = {"compilerOptions": options, "files": [f"consumer.{suffix}"]}
    (spoilt.folder / "tsconfig.json").write_text(json.dumps(config))
    assert spoilt.run("node", compiler / "bin/tsc", "-p", ".") == ""


# What the kernel says is mapped into a process on Alpine.
MUSL = """
    const fs = require('fs'), read = fs.readFileSync
    const maps = '7f2a4c4b5000-7f2a4c4c9000 r-xp 00000000 08:01 1 /lib/ld-musl-x86_64.so.1'
    fs.readFileSync = (path, ...rest) => (path === '/proc/self/maps' ? maps : read(path, ...rest))
"""
MAKE = "new (require('nomkit').Nomic)({ baseUrl: 'http://127.0.0.1:1', apiKey: 'npk_none' })"


def test_a_missing_package_is_named_with_what_to_type(spoilt: Project) -> None:
    shutil.rmtree(spoilt.modules / LIBRARY[1])
    said = spoilt.fails(MAKE)
    assert f"The package @nomkit/{HERE} is not installed" in said
    assert f"npm install --include=optional nomkit@{VERSION}" in said
    assert "--omit=optional" in said
    assert "package-lock.json" in said
    if HERE == "linux-x64-gnu":
        assert "on linux x64 with glibc" in said


@pytest.mark.skipif(sys.platform != "linux", reason="what this machine pretends to be is a Linux")
@pytest.mark.parametrize(
    ("pretence", "package", "words"),
    [
        ("process.arch = 'arm64'", "@nomkit/linux-arm64-gnu", "linux arm64 with glibc"),
        ("process.platform = 'darwin'; process.arch = 'arm64'", "@nomkit/darwin-arm64", "darwin arm64"),
        ("process.platform = 'win32'; process.arch = 'x64'", "@nomkit/win32-x64-msvc", "win32 x64"),
        ("process.arch = 'x64'; " + MUSL, "@nomkit/linux-x64-musl", "linux x64 with musl"),
    ],
)
def test_every_platform_asks_for_its_own(pretence: str, package: str, words: str, project: Project) -> None:
    pretence = re.sub(r"process\.(\w+) = ('\w+')", r"Object.defineProperty(process, '\1', { value: \2 })", pretence)
    said = project.fails(f"{pretence}; {MAKE}")
    assert f"The package {package} is not installed" in said
    assert f"needs it on {words}. " in said


def test_a_platform_without_packages_is_told_which_have_some(project: Project) -> None:
    said = project.fails(f"Object.defineProperty(process, 'platform', {{ value: 'sunos' }}); {MAKE}")
    assert f"nomkit {VERSION} does not run on sunos " in said
    assert "linux-x64-musl" in said


def test_the_systems_reason_is_told_when_the_addon_does_not_load(spoilt: Project) -> None:
    (spoilt.modules / LIBRARY[1] / "nomkit.node").write_bytes(b"no such thing as a shared object" * 100)
    said = spoilt.fails(MAKE)
    assert f"The native module of @nomkit/{HERE} on " in said
    assert re.search(r"the system says: .*nomkit\.node: \S+", said)


def test_an_addon_of_another_version_is_refused(spoilt: Project) -> None:
    library = spoilt.modules / "nomkit/dist/index.js"
    library.write_text(library.read_text().replace(f'"{VERSION}"', '"9.9.9"'))
    said = spoilt.fails(MAKE)
    assert f"nomkit 9.9.9 met the native module of {VERSION}" in said
    assert "npm install nomkit@9.9.9" in said


def test_a_program_elsewhere_finds_the_addon_through_the_library(spoilt: Project) -> None:
    """As package managers lay it out that show a program its own dependencies alone."""
    inner = spoilt.folder / "store/node_modules"
    inner.parent.mkdir()
    shutil.move(spoilt.modules, inner)
    spoilt.modules.mkdir()
    os.symlink(inner / "nomkit", spoilt.modules / "nomkit")
    assert spoilt.node(f"console.log(require('util').inspect({MAKE}))").startswith("Nomic(")
