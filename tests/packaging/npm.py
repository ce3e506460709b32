"""npm's packages: what each holds is gathered in a folder of its own, and packed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def addon_place() -> Path:
    """Where Node finds the addon in the checkout: in the platform's package, the one that npm took from the table."""
    linked = list((ROOT / "node/node_modules/@nomkit").glob("*"))
    if len(linked) != 1:
        sys.exit("node/node_modules has no package of this platform: run `npm ci` in node")
    return linked[0].resolve() / "nomkit.node"


def pack(addon: Path, command: Path, out: Path) -> Path:
    """Makes all four: the library, its addon, the launcher, and its program, which the wheel of the command holds."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    node, cli, here = ROOT / "node", ROOT / "cli/npm", addon.parent.name
    with zipfile.ZipFile(command) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith((".data/scripts/nomkit", "/nomkit.exe")))
        program = wheel.read(name)
    _pack(out, node, ["package.json", "README.md", "dist"])
    _pack(out, addon.parent, ["package.json", "README.md", addon.name])
    shared = {"platform.js": (node / "build/command/platform.js").read_bytes()}
    _pack(out, cli / "nomkit-cli", ["package.json", "README.md", "nomkit.js"], shared)
    _pack(out, cli / here, ["package.json", "README.md"], {f"bin/{Path(name).name}": program})
    return out


def _pack(out: Path, source: Path, names: list[str], made: dict[str, bytes] | None = None) -> None:
    folder = out / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in names:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, folder / name)
    for name, content in (made or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755 if name.startswith("bin/") else 0o644)
    for licence in ROOT.glob("LICENSE-*"):
        shutil.copy(licence, folder)
    _clean(folder / "package.json")
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "pack", "--silent", "--pack-destination", out], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(folder)


def _clean(manifest: Path) -> None:
    """What only the checkout needs is left out."""
    package: dict[str, Any] = json.loads(manifest.read_text())
    kept = {name: value for name, value in package.items() if name not in ("scripts", "devDependencies")}
    manifest.write_text(json.dumps(kept, indent=2) + "\n")
