"""Many threads: on one client, on one each, and when it is closed meanwhile."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from apparatus import PATIENCE, Server, answer
from conftest import requests
from nomkit import ClosedError, Emulator, Nomic, NomkitError


def at_once(work: Callable[[int], object], threads: int = 32) -> list[object]:
    """What the work gives in each of the threads, which begin together."""
    barrier = threading.Barrier(threads)

    def begin(number: int) -> object:
        barrier.wait(PATIENCE)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))


def test_threads_share_one_client(nomic: Nomic, emulator: Emulator) -> None:
    def work(number: int) -> str:
        run = nomic.agents.launch(f"Look {number}")
        for _ in range(5):
            assert run.refresh().id == run.agent_id
            assert nomic.agents.get(run.agent_id).id == run.agent_id
        return str(nomic.files.upload(f"text {number}".encode(), name=f"{number}.txt").name)

    assert at_once(work) == [f"{number}.txt" for number in range(32)]
    assert len(requests(emulator, "POST /agents")) == len(requests(emulator, "POST /files/upload")) == 32
    assert len(requests(emulator, "GET /agents/{id}")) == 320


def test_threads_share_one_run_and_one_list(nomic: Nomic) -> None:
    run, pages = nomic.agents.launch("Look"), nomic.agents.list(page_size=1)
    for _ in range(31):
        nomic.agents.launch("Look")
    ids: list[str] = []

    def work(_: int) -> None:
        ids.append(pages.first(1)[0].id)
        assert run.refresh().id == run.agent_id

    at_once(work)
    assert len(set(ids)) == 32


def test_a_client_for_each_thread(emulator: Emulator) -> None:
    def work(number: int) -> str:
        with emulator.nomic() as nomic:
            return nomic.agents.get(nomic.agents.launch("Look").agent_id).status

    assert len(at_once(work)) == 32


def test_a_client_that_is_closed_while_others_call_it() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with Server(launches=False) as server:
        nomic = Nomic(base_url=server.url, api_key="npk_test", retries=0, pace=False)

        def call(number: int) -> str:
            id = nomic.agents.get("agent").id
            with pytest.raises(ClosedError):
                nomic.agents.get("agent")
            return id

        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(call, number) for number in range(8)]
            server.until(lambda: len(server.requests) == 8)
            nomic.close()
            server.reply(answer('{"data":{"id":"agent","status":"running"}}'))
            # What was in flight is answered, and its connection is kept for nobody.
            assert [answer.result(PATIENCE) for answer in answers] == ["agent"] * 8
        server.until(lambda: len(server.ended) == 8)
        assert len(server.requests) == 8
    assert len(os.listdir("/proc/self/fd")) <= before


def test_closing_under_load(emulator: Emulator) -> None:
    nomic = emulator.nomic()

    def call(number: int) -> int:
        made = 0
        try:
            while True:
                nomic.agents.list().first(1)
                made += 1
                if number == 0 and made == 20:
                    nomic.close()
        except ClosedError:
            return made

    assert at_once(call, 8)[0] == 20


def test_a_thread_that_is_not_the_main_one_does_not_queue_for_the_gil() -> None:
    def get() -> None:
        with pytest.raises(NomkitError):
            nomic.agents.get("a")

    def woken(thread: int) -> int:
        with open(f"/proc/self/task/{thread}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))

    with socket.create_server(("127.0.0.1", 0)) as server:
        nomic = Nomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test", retries=0, pace=False)
        thread = threading.Thread(target=get)
        thread.start()
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            assert thread.native_id is not None
            interval = sys.getswitchinterval()
            sys.setswitchinterval(30)
            try:
                ticks = 0
                for _ in range(5):
                    before = woken(thread.native_id)
                    end = time.monotonic() + 0.6
                    while time.monotonic() < end:  # Holds the GIL.
                        pass
                    # The most of them: a machine may stall in one.
                    ticks = max(ticks, woken(thread.native_id) - before)
            finally:
                sys.setswitchinterval(interval)
        thread.join(10)
    assert ticks > 5
