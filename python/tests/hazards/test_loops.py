"""Event loops: one after another, of other makers, cancelled, dropped."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
import weakref

import pytest
import trio
import uvloop
from apparatus import AGENT, PATIENCE, SOON, Server, answer, run
from conftest import requests
from nomkit import AsyncNomic, Emulator

CLIENT = """
import asyncio, gc, os, sys, time
from nomkit import AsyncNomic, Nomic
nomic = AsyncNomic(base_url=sys.argv[1], api_key="npk_test", pace=False)
unraisable = []
sys.unraisablehook = unraisable.append

def descriptors():
    return len(os.listdir("/proc/self/fd"))

def threads():
    return len(os.listdir("/proc/self/task"))
"""


@pytest.mark.parametrize("maker", ["asyncio.new_event_loop", "uvloop.new_event_loop"])
def test_a_thousand_loops_one_after_another(maker: str) -> None:
    with Server(answer(AGENT)) as server:
        run(
            CLIENT
            + f"""
import uvloop, warnings
async def cycle():
    assert (await nomic.agents.get("agent")).id == "agent"

def turn():
    loop = {maker}()
    loop.run_until_complete(cycle())
    loop.close()

turn()
gc.collect()
before = descriptors(), threads()
for _ in range(1000):
    turn()
gc.collect()
assert (descriptors(), threads()) == before, (descriptors(), threads(), before)
assert unraisable == []
""",
            server.url,
        )
        assert len(server.requests) == 1001


def test_asyncio_run_and_uvloop_in_turn(emulator: Emulator) -> None:
    nomic = emulator.async_nomic()

    async def many() -> int:
        found = await asyncio.gather(*(nomic.agents.list().first(1) for _ in range(20)))
        return len(found)

    for _ in range(5):
        assert asyncio.run(many()) == 20
        loop = uvloop.new_event_loop()
        assert loop.run_until_complete(many()) == 20
        loop.close()
    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(requests(emulator)) == 280


@pytest.mark.parametrize("maker", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_cancelled_task_closes_its_connection(maker: type[asyncio.AbstractEventLoop]) -> None:
    with Server(launches=False) as server:
        nomic = AsyncNomic(base_url=server.url, api_key="npk_test", pace=False)

        async def cancel(number: int) -> float:
            calls = [nomic.agents.get("agent"), nomic.agents.launch("Look"), nomic.files.upload(b"text", name="a.txt")]
            task = asyncio.ensure_future(calls.pop(number))
            for call in calls:
                call.close()
            await asyncio.to_thread(server.until, lambda: len(server.requests) == number + 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            at = time.monotonic()
            await asyncio.to_thread(server.until, lambda: len(server.ended) == number + 1)
            return server.ended[-1] - at

        loop = maker()
        late = [loop.run_until_complete(cancel(number)) for number in range(3)]
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        assert max(late) < SOON
        assert len(server.requests) == 3


def test_a_cancelled_pause_sends_nothing_more() -> None:
    limit = answer("{}", "429 Too Many Requests", "Retry-After: 4\r\n")
    with Server(limit, launches=False) as server:
        nomic = AsyncNomic(base_url=server.url, api_key="npk_test", pace=False)

        async def cancel() -> None:
            task = asyncio.ensure_future(nomic.agents.launch("Look"))
            await asyncio.to_thread(server.until, lambda: len(server.ended) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(4.5)  # It would have gone out again by now.

        asyncio.run(cancel())
        assert len(server.requests) == 1


def test_clients_dropped_without_close() -> None:
    with Server(answer(AGENT)) as server:
        run(
            CLIENT
            + """
def drop():
    one = Nomic(base_url=sys.argv[1], api_key="npk_test", pace=False)
    one.agents.get("agent")
    other = AsyncNomic(base_url=sys.argv[1], api_key="npk_test", pace=False)
    asyncio.run(get(other))

async def get(client):
    await client.agents.get("agent")

drop()
gc.collect()
before = descriptors(), threads()
for _ in range(50):
    drop()
gc.collect()
while (descriptors(), threads()) > before:  # The background thread closes its connections a moment later.
    time.sleep(0.01)
assert unraisable == []
""",
            server.url,
        )
        server.until(lambda: len(server.ended) == len(server.connections))


def test_trio_is_told_what_to_use_instead() -> None:
    nomic = AsyncNomic(base_url="http://127.0.0.1:9", api_key="npk_test", pace=False)

    async def main() -> None:
        await nomic.agents.get("agent")

    with pytest.raises(RuntimeError, match=r"needs asyncio.*trio\.to_thread"):
        trio.run(main)


def test_loops_closed_with_a_call_pending_are_collected() -> None:
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    def close_one(nomic: AsyncNomic) -> None:
        loop = asyncio.new_event_loop()
        loops.append(weakref.ref(loop))

        async def begin() -> None:
            upload = nomic.files.upload(b"text", name="a.txt", progress=lambda _: loop.stop())
            task = asyncio.create_task(upload)
            await asyncio.sleep(0)
            task._log_destroy_pending = False  # type: ignore[attr-defined]

        loop.run_until_complete(begin())
        loop.close()

    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:  # It never answers.
        nomic = AsyncNomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test", pace=False)
        close_one(nomic)
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(40):
            close_one(nomic)
        gc.collect()
        asyncio.run(asyncio.wait_for(_fewer_files_than(before + 8), 10))
    assert [loop for loop in loops if loop() is not None] == []


async def _fewer_files_than(count: int) -> None:
    """The background thread closes the connections, a moment after the loops are gone."""
    while len(os.listdir("/proc/self/fd")) >= count:
        await asyncio.sleep(0.01)
