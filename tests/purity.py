"""The state machines of the core are pure: no I/O, no clock, no runtime, no chance.

What they may name is listed here, so whatever is new has to be thought about. Their tests may name anything.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MACHINES = ROOT / "core/src/flow"
ALLOWED = [
    "super",
    "std::collections",
    "std::ops",
    "std::time::Duration",
    "crate::Timestamp",
    "crate::nomic::AgentStatus",
    "crate::nomic::ArtifactRef",
    "crate::nomic::Message",
    "crate::nomic::Role",
    # Spans and constants, but not `Timestamp::now`.
    "jiff::SignedDuration",
    "jiff::Timestamp::MIN",
    "jiff::Timestamp::UNIX_EPOCH",
    "sha2::Digest",
    "sha2::Sha256::digest",
]
MACROS = {"format", "matches", "vec"}
TESTS = re.compile(r"^#\[cfg\(test\)\]\nmod tests(?:;| \{.*?^\})", re.M | re.S)
TEXT = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"')
USE = re.compile(r"\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:>.'])(?:::)?[a-z_]\w*(?:::\w+)+")
PRIMITIVE = re.compile(r"(?:[fiu]\d+|[iu]size|bool|char|str)::")
MACRO = re.compile(r"(?<![\w:])(\w+)!(?=\s*[(\[{])")
WORD = re.compile(r"(?<!['\w])(?:async|await|extern|static|unsafe)\b")


def main() -> int:
    paths = machines()
    found = [(path, line, name) for path in paths for line, name in impure(path.read_text())]
    for path, line, name in found:
        print(
            f"{path.relative_to(ROOT)}:{line}: names `{name}`, which a pure machine must not, or not without a thought"
        )
    print(f"{len(paths)} files of pure machines")
    return 0 if paths and not found else 1


def machines() -> list[Path]:
    return [path for path in sorted(MACHINES.rglob("*.rs")) if path.name != "tests.rs"]


def impure(text: str) -> list[tuple[int, str]]:
    """What a file names that is not allowed, and on which line."""
    for apart in (TESTS, TEXT):
        text = apart.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    named = [(use.start(), path) for use in USE.finditer(text) for path in branches(use[1])]
    rest = USE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    named += [(path.start(), path[0]) for path in PATH.finditer(rest) if not PRIMITIVE.match(path[0])]
    bad = [(at, path) for at, path in named if not is_allowed(path)]
    bad += [(macro.start(), f"{macro[1]}!") for macro in MACRO.finditer(rest) if macro[1] not in MACROS]
    bad += [(word.start(), word[0]) for word in WORD.finditer(rest)]
    return sorted((text.count("\n", 0, at) + 1, name) for at, name in bad)


def branches(tree: str) -> Iterator[str]:
    """The paths of a `use`: `a::{b, c::d}` has two."""
    stem, _, twigs = re.sub(r"\s+as\s+\w+|\s", "", tree).partition("{")
    if not twigs:
        yield stem
    depth, begin = 0, 0
    for at, character in enumerate(twigs):
        if depth == 0 and character in ",}":
            yield from (stem + path for path in branches(twigs[begin:at]) if path)
            begin = at + 1
        depth += {"{": 1, "}": -1}.get(character, 0)


def is_allowed(path: str) -> bool:
    # Above `super` is the rest of the core.
    if "::super" in path:
        return False
    return any(path == allowed or path.startswith(f"{allowed}::") for allowed in ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
