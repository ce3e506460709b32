"""Swift's package as it is released: ``python tests/packaging/swift.py CHECKSUM`` writes ``target/packages/swift``.

SwiftPM takes a package from the top of a repository, so this folder is what the package's own repository holds. The
library is on the page of the release; ``swift/xcframework`` makes it, and says its checksum.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SWIFT = ROOT / "swift"
OUT = ROOT / "target" / "packages" / "swift"
MANIFEST = """// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Nomkit",
    {platforms}
    {products}
    targets: [
        .binaryTarget(
            name: "NomkitFFI",
            url: "https://github.com/nomkit/nomkit/releases/download/v{version}/NomkitFFI.xcframework.zip",
            checksum: "{checksum}"
        ),
        .target(
            name: "Nomkit", dependencies: ["NomkitFFI"],
            linkerSettings: {frameworks}
        ),
    ],
    swiftLanguageModes: [.v6]
)
"""


def assemble(checksum: str) -> Path:
    """Takes an earlier one away."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(SWIFT / "Sources" / "Nomkit", OUT / "Sources" / "Nomkit")
    for path in [*ROOT.glob("LICENSE-*"), SWIFT / "README.md"]:
        shutil.copy(path, OUT)
    (OUT / "Package.swift").write_text(manifest(checksum))
    return OUT


def manifest(checksum: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", checksum):
        sys.exit(f"`{checksum}` is no checksum of SHA-256")
    own = (SWIFT / "Package.swift").read_text()
    version = json.loads((ROOT / "node" / "package.json").read_text())["version"]
    return MANIFEST.format(
        platforms=_found(r"^ +(platforms: .*,)$", own),
        products=_found(r"^ +(products: .*,)$", own),
        frameworks=_found(r"(\[.*\]\.map \{ \.linkedFramework\(\$0\) \})$", own),
        version=version,
        checksum=checksum,
    )


def _found(pattern: str, manifest: str) -> str:
    found = re.search(pattern, manifest, re.MULTILINE)
    if not found:
        sys.exit(f"swift/Package.swift has nothing like `{pattern}`")
    return found[1]


if __name__ == "__main__":
    print(assemble(*sys.argv[1:]).relative_to(ROOT))
