"""Every async function that the bridge exports names its runtime: without it, it panics at its first timer.

It reads what rustfmt has formatted, and says which exports have none.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ["bindings/uniffi/src", "core/src"]
EXPORT = re.compile(
    r"^(?P<indent> *)#\[(?:\w+::)*export\b(?P<given>[^\]]*)\]\n(?P<item>.*?)(?:^(?P=indent)\}|\Z)", re.M | re.S
)


def main() -> int:
    paths = [path for source in SOURCES for path in sorted((ROOT / source).rglob("*.rs"))]
    exports = [(path, line, named) for path in paths for line, named in async_exports(path.read_text())]
    for path, line, named in exports:
        if not named:
            print(f'{path.relative_to(ROOT)}:{line}: exports async functions without `async_runtime = "tokio"`')
    print(f"{len(exports)} exports with async functions")
    return 0 if exports and all(named for *_, named in exports) else 1


def async_exports(text: str) -> list[tuple[int, bool]]:
    """The line of each export that has async functions, and whether it names the runtime."""
    return [
        (text.count("\n", 0, found.start()) + 1, bool(re.search(r'\basync_runtime = "tokio"', found["given"])))
        for found in EXPORT.finditer(text)
        if re.search(r"^[^/\"]*\basync fn\b", found["item"], re.M)
    ]


if __name__ == "__main__":
    sys.exit(main())
