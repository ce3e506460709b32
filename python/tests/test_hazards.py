"""What Python does to a native client: signals, forks, loops, exits."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from nomkit import AsyncNomic, Emulator, Nomic, NomkitError, Progress


def test_ctrl_c_ends_a_blocking_call_and_leaves_the_client_usable(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=60.0)
    run = nomic.agents.launch("Look")
    # A shell's background jobs are started with SIGINT ignored.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run.wait(timeout=30)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert time.monotonic() - started < 0.4
    assert run.refresh().status == "running"


def _get(nomic: Nomic, id: str) -> None:
    assert nomic.agents.get(id).id == id


def test_a_forked_child_and_its_parent_both_go_on(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    fork = multiprocessing.get_context("fork")
    for _ in range(5):
        child = fork.Process(target=_get, args=(nomic, run.agent_id))
        child.start()
        child.join(10)
        assert child.exitcode == 0
        _get(nomic, run.agent_id)


def test_a_child_forked_after_asynchronous_use_goes_on(emulator: Emulator) -> None:
    nomic = emulator.async_nomic()

    async def once() -> str:
        return (await nomic.agents.launch("Look")).agent_id

    agent_id = asyncio.run(once())

    async def again() -> None:
        assert (await nomic.agents.get(agent_id)).id == agent_id

    child = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(again()))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    asyncio.run(again())


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
        nomic = AsyncNomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test")
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


def test_one_client_serves_many_loops(emulator: Emulator) -> None:
    nomic = emulator.async_nomic()

    async def many() -> int:
        found = await asyncio.gather(*(nomic.agents.list().first(1) for _ in range(20)))
        return len(found)

    for _ in range(5):
        assert asyncio.run(many()) == 20
    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_a_cancelled_task_closes_its_connection() -> None:
    closed: list[float] = []
    reached = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                reached.set()
                connection.recv(65536)  # Returns when the client hangs up.
                closed.append(time.monotonic())

        thread = threading.Thread(target=serve)
        thread.start()
        nomic = AsyncNomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test")

        async def cancel() -> float:
            task = asyncio.create_task(nomic.agents.get("a"))
            await asyncio.get_running_loop().run_in_executor(None, reached.wait, 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.monotonic()

        cancelled = asyncio.run(cancel())
        thread.join(10)
    assert closed[0] - cancelled < 0.2


@pytest.mark.parametrize("source", ["waiting", "idle", "asynchronous"])
def test_a_process_that_exits_in_mid_call_exits_cleanly(emulator: Emulator, source: str) -> None:
    emulator.timing(running=60.0)
    program = f"""
import asyncio, threading, time
from nomkit import Emulator
emulator = Emulator.connect({emulator.url!r}, api_key={emulator.api_key!r}, token={emulator.token!r})
nomic, waiting = emulator.nomic(), threading.Event()
if {source!r} == "asynchronous":
    async def main():
        run = await emulator.async_nomic().agents.launch("Look")
        task = asyncio.create_task(run.wait())
        await asyncio.wait([task], timeout=0.1)
    asyncio.run(main())
else:
    run = nomic.agents.launch("Look")
    if {source!r} == "waiting":
        threading.Thread(target=lambda: run.wait(progress=lambda _: None), daemon=True).start()
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_a_listener_raises_reaches_the_caller(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=60.0)

    def broken(progress: Progress) -> None:
        raise LookupError(progress.phase)

    run = nomic.agents.launch("Look")
    with pytest.raises(LookupError):
        run.wait(progress=broken)

    async def wait() -> None:
        awaited = await emulator.async_nomic().agents.attach(run.token)
        with pytest.raises(LookupError):
            await awaited.wait(progress=broken)

    asyncio.run(wait())


def test_a_listener_may_call_the_client(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    seen: list[str] = []
    nomic.files.upload(b"text", name="a.txt", progress=lambda _: seen.append(run.refresh().id))
    assert set(seen) == {run.agent_id}


def test_progress_is_told_in_the_callers_thread(nomic: Nomic, emulator: Emulator) -> None:
    seen: list[tuple[int, str]] = []

    def tell(progress: Progress) -> None:
        seen.append((threading.get_ident(), progress.phase))

    nomic.files.upload(b"x" * 1_000_000, name="a.txt", progress=tell)
    assert seen[-1] == (threading.get_ident(), "accepted")

    async def upload(nomic: AsyncNomic) -> None:
        await nomic.files.upload(b"x" * 1_000_000, name="a.txt", progress=tell)

    asyncio.run(upload(emulator.async_nomic()))
    assert {thread for thread, _ in seen} == {threading.get_ident()}


def test_threads_share_one_client(nomic: Nomic) -> None:
    run = nomic.agents.launch("Look")
    failures: list[BaseException] = []

    def work(call: Callable[[], object]) -> None:
        try:
            for _ in range(10):
                call()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(run.refresh,)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_a_thread_that_is_not_the_main_one_does_not_queue_for_the_gil() -> None:
    def get() -> None:
        with pytest.raises(NomkitError):
            nomic.agents.get("a")

    def woken(thread: int) -> int:
        with open(f"/proc/self/task/{thread}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))

    with socket.create_server(("127.0.0.1", 0)) as server:
        nomic = Nomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test", retries=0)
        thread = threading.Thread(target=get)
        thread.start()
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            assert thread.native_id is not None
            interval = sys.getswitchinterval()
            sys.setswitchinterval(30)
            try:
                before = woken(thread.native_id)
                end = time.monotonic() + 0.6
                while time.monotonic() < end:  # Holds the GIL.
                    pass
                ticks = woken(thread.native_id) - before
            finally:
                sys.setswitchinterval(interval)
        thread.join(10)
    assert ticks > 5
