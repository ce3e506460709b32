"""The first call of a fresh process: start, import, one GET, end; beside Python alone and http.client.

    python tests/benches/first_call.py [--rounds 21]

Prints medians in milliseconds, whole processes played in turn: all of it, what it takes over Python alone, and, as the
process itself sees it, the import and the GET.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from nomkit import Emulator

CLOCK = "from time import perf_counter as now; start = now()"
NOMKIT = f"""
{CLOCK}
from nomkit import Nomic
imported = now()
Nomic().agents.list(page_size=1).first(1)
print(imported - start, now() - start)
"""
STANDARD = f"""
{CLOCK}
import json, os
from http.client import HTTPConnection
imported = now()
connection = HTTPConnection(os.environ["NOMIC_BASE_URL"].removeprefix("http://"))
key = os.environ["NOMIC_API_KEY"]
connection.request("GET", "/api/v0/agents?limit=1", headers={{"Authorization": "Bearer " + key}})
json.loads(connection.getresponse().read())
print(imported - start, now() - start)
"""
PROGRAMS = {"python alone": "print(0, 0)", "http.client": STANDARD, "nomkit": NOMKIT}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    rows: dict[str, list[list[float]]] = {name: [] for name in PROGRAMS}
    with Emulator() as emulator:
        environment = {**os.environ, "NOMIC_BASE_URL": emulator.url, "NOMIC_API_KEY": emulator.api_key}
        for _ in range(rounds + 1):  # the first warms up
            for name, program in PROGRAMS.items():
                started = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-I", "-c", program], env=environment, capture_output=True, text=True, check=True
                )
                whole = time.perf_counter() - started
                rows[name].append([whole, *(float(word) for word in done.stdout.split())])
    medians = {
        name: [statistics.median(column) * 1e3 for column in zip(*found[1:], strict=True)]
        for name, found in rows.items()
    }
    base = medians["python alone"][0]
    print(f"{rounds} rounds, medians in ms")
    print(f"{'':14}{'process':>10}{'over python':>14}{'import':>10}{'import + GET':>14}")
    for name, (whole, imported, called) in medians.items():
        print(f"{name:14}{whole:10.1f}{whole - base:14.1f}{imported:10.1f}{called:14.1f}")
    print(f"import + GET, of http.client's: {medians['nomkit'][2] / medians['http.client'][2]:.2f}")


if __name__ == "__main__":
    main()
