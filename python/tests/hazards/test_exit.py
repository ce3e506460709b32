"""Two hundred processes that end with a request in flight: their codes are as meant, and nobody writes a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from apparatus import AGENT, Server, answer, program

BEGINNING = """
import asyncio, atexit, os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from nomkit import AsyncNomic, Nomic

class Slow:
    'Holds the interpreter up in its last moments, in which no other thread may run Python.'
    def __del__(self, sleep=time.sleep):
        sleep(0.15)

sys.slow = Slow()
nomic, silent = (Nomic(base_url=url, api_key="npk_test", pace=False) for url in sys.argv[1:3])
async_nomic, async_silent = (AsyncNomic(base_url=url, api_key="npk_test", pace=False) for url in sys.argv[1:3])

def begin(call):
    'Runs it beside the main thread.'
    threading.Thread(target=call, daemon=True).start()

def until_sent():
    sys.stdin.readline()
"""
WAYS = {
    "a signal's handler": (
        3,
        """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
threading.Thread(target=lambda: (until_sent(), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
silent.agents.get("agent")
""",
    ),
    "Ctrl-C that nobody catches": (
        -2,
        """
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=lambda: (until_sent(), os.kill(os.getpid(), signal.SIGINT)), daemon=True).start()
silent.agents.get("agent")
""",
    ),
    "a thread that waits": (
        0,
        """
run = nomic.agents.launch("Look")
begin(lambda: run.wait(progress=lambda _: None))
begin(lambda: silent.agents.get("agent"))
until_sent()
""",
    ),
    "a callback at work": (
        0,
        """
within, leaving = threading.Event(), threading.Event()
atexit.register(leaving.set)
def tell(progress):
    within.set()
    leaving.wait()
    time.sleep(0.1)  # So it has begun, and goes on while the program ends.
begin(lambda: silent.files.upload(sys.executable, progress=tell))
until_sent()
within.wait()
""",
    ),
    "an exception": (
        1,
        """
begin(lambda: silent.agents.list().first(1))
until_sent()
raise LookupError
""",
    ),
    "a cancelled task": (
        0,
        """
async def main():
    task = asyncio.create_task(async_silent.agents.get("agent"))
    await asyncio.to_thread(until_sent)
asyncio.run(main())
""",
    ),
    "a task that exits": (
        4,
        """
async def main():
    task = asyncio.create_task(async_silent.files.upload(b"text", name="a.txt", progress=lambda _: None))
    await asyncio.to_thread(until_sent)
    sys.exit(4)
asyncio.run(main())
""",
    ),
    "a loop in a thread": (
        0,
        """
begin(lambda: asyncio.run(async_silent.agents.get("agent")))
until_sent()
""",
    ),
    "a pool's worker": (
        0,
        """
pool = ThreadPoolExecutor()
future = pool.submit(silent.agents.get, "agent")  # It is answered when the main thread has ended.
until_sent()
""",
    ),
    "at once": (
        5,
        """
begin(lambda: silent.agents.get("agent"))
until_sent()
os._exit(5)
""",
    ),
}
WORDS = {"Ctrl-C that nobody catches": "KeyboardInterrupt", "an exception": "LookupError"}


@pytest.mark.parametrize("way", WAYS)
def test_exits(way: str) -> None:
    code, ending = WAYS[way]
    with ThreadPoolExecutor(3) as pool:
        for ended, said in pool.map(lambda _: exit_by(way, ending), range(200 // len(WAYS))):
            assert ended == code
            raised = WORDS.get(way)
            assert said == "" if raised is None else said.splitlines()[-1] == raised, said
            assert "panicked" not in said


def exit_by(way: str, ending: str) -> tuple[int, str]:
    with (
        Server(answer(AGENT)) as server,
        Server(launches=False) as silent,
        program(BEGINNING + ending, server.url, silent.url) as running,
    ):
        silent.until(lambda: len(silent.requests) == 1)
        running.go()
        if way == "a pool's worker":
            silent.reply(answer(AGENT))
        return running.end()
