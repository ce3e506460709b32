"""Who is told how far a call is, and what becomes of a call whose listener raises."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Silent, requests, until
from nomkit import AsyncNomic, Emulator, Nomic, Progress


def refuse(progress: Progress) -> None:
    if progress.phase == "accepted":
        raise LookupError(progress.phase)


def test_a_listener_that_raises_stops_the_launch(nomic: Nomic, emulator: Emulator, report: Path) -> None:
    with pytest.raises(LookupError):
        nomic.agents.launch("Look", files=[report], progress=refuse)
    with pytest.raises(LookupError):
        nomic.ask("Look", files=[report, report], progress=refuse)
    assert len(requests(emulator, "POST /files/upload")) == 2
    assert requests(emulator, "POST /agents") == []
    assert nomic.agents.launch("Look").agent_id


def test_a_listener_that_raised_is_told_nothing_more() -> None:
    server, told = Silent(), list[str]()
    nomic = Nomic(base_url=server.url, api_key="npk_test")

    def once(progress: Progress) -> None:
        told.append(progress.phase)
        raise LookupError

    with pytest.raises(LookupError):
        nomic.files.upload(b"x" * 50_000_000, name="a.txt", progress=once)
    until(lambda: server.closed)
    assert told == ["sending"]


def test_a_listener_that_raises_stops_an_awaited_call(emulator: Emulator) -> None:
    emulator.timing(running=60.0)
    server, told = Silent(), list[tuple[float, str]]()

    def once(progress: Progress) -> None:
        told.append((time.monotonic(), progress.phase))
        raise LookupError

    async def wait() -> None:
        run = await emulator.async_nomic().agents.launch("Look")
        files = AsyncNomic(base_url=server.url, api_key="npk_test").files
        for call in (run.wait(progress=once), files.upload(b"x" * 50_000_000, name="a.txt", progress=once)):
            with pytest.raises(LookupError):
                await call
            assert time.monotonic() - told[-1][0] < 10.0

    asyncio.run(wait())
    until(lambda: server.closed)
    assert told[0][1] in ("waiting", "running") and [phase for _, phase in told[1:]] == ["sending"]


def test_a_listener_may_raise_stopiteration_and_others_get_their_results(emulator: Emulator) -> None:
    def stop(progress: Progress) -> None:
        raise StopIteration

    async def wait() -> None:
        nomic = emulator.async_nomic()
        run = await nomic.agents.launch("Look")
        calls = [nomic.files.upload(b"text", name="a.txt", progress=stop) for _ in range(5)]
        others = [nomic.agents.get(run.agent_id) for _ in range(20)]
        ended = await asyncio.wait_for(asyncio.gather(*calls, *others, return_exceptions=True), 10)
        for error in ended[:5]:
            assert isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration)
        assert not [other for other in ended[5:] if isinstance(other, BaseException)]

    asyncio.run(wait())


def test_a_wait_tells_each_second_how_long_it_is(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=8.0)
    told: list[float] = []
    run = nomic.agents.launch("Look")
    run.wait(timeout=60, progress=lambda progress: told.append(progress.done))
    # The agent itself is looked at after 2, 6 and more seconds.
    gaps = sorted(later - sooner for sooner, later in pairwise(told))
    # Most of them: a machine may stall for one.
    assert gaps[len(gaps) // 2] < 1.6 and len(told) >= 5 and told[-1] > 5.0
