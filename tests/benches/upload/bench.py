"""Uploads 500 MB from Python, beside ``curl -F``, in turn, to one server that takes the bytes and forgets them.

    python tests/benches/upload/bench.py [--mb 500] [--rounds 5]

Prints medians: throughput, its ratio to curl's of the same round, CPU seconds, and memory over the process's base.
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
Row = dict[str, float]


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
        rows: dict[str, list[Row]] = {"curl -F": [], "python sync": [], "python async": []}
        for _ in range(options.rounds + 1):  # the first warms up
            rows["curl -F"].append(curl(url, source, size))
            for mode in ("sync", "async"):
                rows[f"python {mode}"].append(python(url, source, size, mode))
    server.stdin.close()
    server.wait()
    print(f"{options.mb} MB, {options.rounds} rounds, medians (spread)")
    print(f"{'':14}{'MB/s':>20}{'of curl':>20}{'CPU s':>8}{'MB over base':>14}")
    for name, found in rows.items():
        kept, curls = found[1:], rows["curl -F"][1:]
        ratios = [row["rate"] / peer["rate"] for row, peer in zip(kept, curls, strict=True)]
        rates = [row["rate"] for row in kept]
        cpu, memory = (statistics.median(row[key] for row in kept) for key in ("cpu", "memory"))
        print(f"{name:14}{spread(rates, 0):>20}{spread(ratios, 2):>20}{cpu:8.2f}{memory:14.2f}")


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


def python(url: str, source: Path, size: int, mode: str) -> Row:
    command = [sys.executable, str(HERE / "client.py"), mode, url, str(source)]
    environment = {**os.environ, "NOMIC_API_KEY": KEY}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, cpu, memory = json.loads(done.stdout)
    return {"rate": size / 1e6 / seconds, "cpu": cpu, "memory": memory}


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"in {time.monotonic() - started:.0f} s")
