"""What is told of progress: who raises, who calls the client, in which thread."""

from __future__ import annotations

import asyncio
import threading

import pytest
from nomkit import AsyncNomic, Emulator, Nomic, Progress


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
