"""However large a source is, memory stays flat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from nomkit import Emulator

SIZE = 500 << 20

SOURCES = {
    "open file": 'open(path, "rb")',
    "reader": "Reader()",
    "reader of known size": "Reader()",
    "generator": "blocks()",
    "generator of known size": "blocks()",
    "bytes": "bytes(size)",
    "bytesio": "io.BytesIO(bytes(size))",
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("source", SOURCES)
def test_500_megabytes_take_no_memory(emulator: Emulator, tmp_path: Path, source: str, kind: str) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(SIZE)
    program = f"""
import asyncio, io
from nomkit import Emulator
emulator = Emulator.connect({emulator.url!r}, api_key={emulator.api_key!r}, token={emulator.token!r})
path, size = {str(path)!r}, {SIZE}

def peak():  # Not getrusage: that counts what the parent had, too.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

class Reader:
    left = size
    def read(self, count):
        count = min(count, self.left)
        self.left -= count
        return bytes(count)

def blocks():
    for _ in range(size >> 20):
        yield bytes(1 << 20)

def upload(source, options):
    if {kind!r} == "sync":
        return emulator.nomic().files.upload(source, **options)
    async def uploaded():
        return await emulator.async_nomic().files.upload(source, **options)
    return asyncio.run(uploaded())

upload(b"text", {{"name": "a.txt"}})
upload(iter([b"text"]), {{"name": "a.txt"}})
source = {SOURCES[source]}
before = peak()
options = {{"size": size}} if {"known" in source} else {{}}
file = upload(source, {{"name": "large.bin", **options}})
assert file.size == size
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 16 << 10  # KiB
