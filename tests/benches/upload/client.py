"""One upload in a process of its own: prints seconds, CPU seconds, and MB of memory over the base.

The base is taken after a small upload, so that code which is loaded once does not count as the upload's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from nomkit import AsyncNomic, Nomic


def memory(field: str) -> float:
    """``VmRSS`` or ``VmHWM`` in MB."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def measured(started: float, cpu: float, base: float) -> list[float]:
    return [time.perf_counter() - started, time.process_time() - cpu, memory("VmHWM") - base]


def sync(url: str, source: str) -> list[float]:
    nomic = Nomic(base_url=url)
    nomic.files.upload(b"warm", name="warm.bin")
    reset_peak()
    base, started, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    nomic.files.upload(source)
    return measured(started, cpu, base)


async def asynchronous(url: str, source: str) -> list[float]:
    nomic = AsyncNomic(base_url=url)
    await nomic.files.upload(b"warm", name="warm.bin")
    reset_peak()
    base, started, cpu = memory("VmRSS"), time.perf_counter(), time.process_time()
    await nomic.files.upload(source)
    return measured(started, cpu, base)


if __name__ == "__main__":
    mode, url, source = sys.argv[1:]
    print(json.dumps(sync(url, source) if mode == "sync" else asyncio.run(asynchronous(url, source))))
