"""Uploads 500 MB from Python and Node, beside ``curl -F`` and undici, to one server that only takes the bytes.

    python tests/benches/upload/bench.py [--mb 500] [--rounds 5]

All upload in turn. Prints medians: throughput, its ratio to the peer's of the same round (curl's for Python, that of
``undici.request`` for Node), CPU seconds, and memory over the process's base.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
KEY = "npk_bench"
NODE = HERE.parents[2] / "node"
Row = dict[str, float]
# What each is measured against, and how client.mjs names the upload.
UNDICI = "undici.request"
OF_NODE = {
    UNDICI: "undici",
    "node path": "path",
    "node Readable": "stream",
    "  of known size": "sized",
    "node Buffer": "buffer",
    "node Blob": "blob",
    "fetch FormData": "fetch",
    "undici, piped": "undiciPiped",
    "node, piped": "piped",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size = options.mb * 1_000_000
    server = subprocess.Popen([sys.executable, str(HERE / "sink.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None and server.stdin is not None
    url = f"http://127.0.0.1:{int(server.stdout.readline())}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "data.bin"
        block = os.urandom(1_000_000)
        with source.open("wb") as file:
            for _ in range(options.mb):
                file.write(block)
        rows: dict[str, list[Row]] = {name: [] for name in ["curl -F", "python sync", "python async", *OF_NODE]}
        for _ in range(options.rounds + 1):  # the first warms up
            for name, found in rows.items():
                if name == "curl -F":
                    found.append(curl(url, source, size))
                elif name in OF_NODE:
                    found.append(client("node", "client.mjs", OF_NODE[name], url, source, size))
                else:
                    found.append(client(sys.executable, "client.py", name.split()[1], url, source, size))
    server.stdin.close()
    server.wait()
    print(f"{options.mb} MB, {options.rounds} rounds, medians (spread)")
    print(f"{'':16}{'MB/s':>20}{'of the peer':>22}{'CPU s':>8}{'MB over base':>14}")
    for name, found in rows.items():
        peer = rows[UNDICI if name in OF_NODE else "curl -F"]
        ratios = [row["rate"] / other["rate"] for row, other in zip(found[1:], peer[1:], strict=True)]
        rates = [row["rate"] for row in found[1:]]
        cpu, memory = (statistics.median(row[key] for row in found[1:]) for key in ("cpu", "memory"))
        print(f"{name:16}{spread(rates, 0):>20}{spread(ratios, 2):>22}{cpu:8.2f}{memory:14.2f}")


def spread(values: list[float], digits: int) -> str:
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def curl(url: str, source: Path, size: int) -> Row:
    header, url = f"Authorization: Bearer {KEY}", f"{url}/api/v0/files/upload"
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{time_total}", "-X", "POST", url, "-H", header]
    before = os.times()
    done = subprocess.run([*command, "-F", f"file=@{source}"], capture_output=True, text=True, check=True)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"rate": size / 1e6 / float(done.stdout), "cpu": cpu, "memory": float("nan")}


def client(program: str, file: str, mode: str, url: str, source: Path, size: int) -> Row:
    command = [program, str(HERE / file), mode, url, str(source)]
    environment = {**os.environ, "NOMIC_API_KEY": KEY}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    seconds, cpu, memory = json.loads(done.stdout)
    return {"rate": size / 1e6 / seconds, "cpu": cpu, "memory": memory}


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"in {time.monotonic() - started:.0f} s")
