"""The first call of a fresh process: start, import, one GET, end; beside the language alone and its own client.

    python tests/benches/first_call.py [--rounds 21]

Prints medians in milliseconds, whole processes played in turn: all of it, what it takes over the language alone, and,
as the process itself sees it, the import and the GET. Node has rows for the import alone, too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

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
PYTHON = {"python alone": "print(0, 0)", "http.client": STANDARD, "nomkit": NOMKIT}

NODE_FOLDER = Path(__file__).parents[2] / "node"
NODE_MODULE = repr(str(NODE_FOLDER / "dist/index.mjs"))
NODE_CLOCK = "const start = performance.now()"
NODE_END = "const imported = performance.now()"
NODE_ALONE = "console.log((imported - start) / 1e3, 0)"
NODE_PRINT = "console.log((imported - start) / 1e3, (performance.now() - start) / 1e3)"
NODE_LIST = "`${process.env.NOMIC_BASE_URL}/api/v0/agents?limit=1`"
NODE_KEY = "{ headers: { authorization: `Bearer ${process.env.NOMIC_API_KEY}` } }"
NODE_GET = f"new Nomic().agents.list({{ pageSize: 1 }}).first(1).then(() => {NODE_PRINT})"
NODE = {
    "node alone": "console.log(0, 0)",
    "fetch": f"{NODE_CLOCK}; {NODE_END}; fetch({NODE_LIST}, {NODE_KEY}).then((a) => a.json()).then(() => {NODE_PRINT})",
    "undici": f"""
        {NODE_CLOCK}; const {{ request }} = require({str(NODE_FOLDER / "node_modules/undici")!r}); {NODE_END}
        request({NODE_LIST}, {NODE_KEY}).then((answer) => answer.body.json()).then(() => {NODE_PRINT})""",
    "only require": f"{NODE_CLOCK}; require({str(NODE_FOLDER)!r}); {NODE_END}; {NODE_ALONE}",
    "only import": f"{NODE_CLOCK}; await import({NODE_MODULE}); {NODE_END}; {NODE_ALONE}",
    "nomkit, require": f"{NODE_CLOCK}; const {{ Nomic }} = require({str(NODE_FOLDER)!r}); {NODE_END}; {NODE_GET}",
    "nomkit, import": f"{NODE_CLOCK}; const {{ Nomic }} = await import({NODE_MODULE}); {NODE_END}; {NODE_GET}",
}
# What starts each, its programs, and the peer that it is measured against.
LANGUAGES = {
    "python": ([sys.executable, "-I", "-c"], PYTHON, "http.client"),
    "node": (["node", "-e"], NODE, "fetch"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with Emulator() as emulator:
        environment = {**os.environ, "NOMIC_BASE_URL": emulator.url, "NOMIC_API_KEY": emulator.api_key}
        for language, (start, programs, peer) in LANGUAGES.items():
            rows: dict[str, list[list[float]]] = {name: [] for name in programs}
            for _ in range(rounds + 1):  # the first warms up
                for name, program in programs.items():
                    kind = ["--input-type=module"] if "await import" in program else []
                    rows[name].append(measured([start[0], *kind, *start[1:], program], environment))
            medians = {
                name: [statistics.median(column) * 1e3 for column in zip(*found[1:], strict=True)]
                for name, found in rows.items()
            }
            show(language, medians, rounds, peer)


def measured(command: list[str], environment: dict[str, str]) -> list[float]:
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [time.perf_counter() - started, *(float(word) for word in done.stdout.split())]


def show(language: str, medians: dict[str, list[float]], rounds: int, peer: str) -> None:
    base = medians[f"{language} alone"][0]
    print(f"{language}: {rounds} rounds, medians in ms")
    print(f"{'':16}{'process':>10}{f'over {language}':>14}{'import':>10}{'import + GET':>14}{f'of {peer}':>16}")
    for name, (whole, imported, called) in medians.items():
        ratio = f"{called / medians[peer][2]:16.2f}" if called else ""
        print(f"{name:16}{whole:10.1f}{whole - base:14.1f}{imported:10.1f}{called:14.1f}{ratio}")


if __name__ == "__main__":
    main()
