"""File objects and iterables of the caller: what they raise, where they run, and when they are left alone."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import io
import os
import signal
import socket
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Silent, requests
from nomkit import AsyncNomic, Emulator, Nomic, errors

MEGABYTE = b"x" * (1 << 20)


def failing(error: BaseException, blocks: int = 3) -> Iterator[bytes]:
    for _ in range(blocks):
        yield MEGABYTE
    raise error


class Failing:
    """A file object whose second block cannot be read."""

    name = "plan.bin"

    def __init__(self, error: BaseException) -> None:
        self._blocks = failing(error, 1)

    def read(self, size: int, /) -> bytes:
        return next(self._blocks)


async def failing_later(error: BaseException) -> AsyncIterator[bytes]:
    for block in failing(error):
        await asyncio.sleep(0)
        yield block


def files(emulator: Emulator) -> list[str]:
    return [file["name"] for file in emulator.ledger()["files"]]


@pytest.mark.parametrize("size", [None, 50 << 20])
@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt("mine"), OSError(5, "mine")])
def test_what_a_reader_raises_comes_out_as_it_is(
    nomic: Nomic, emulator: Emulator, error: BaseException, size: int | None
) -> None:
    with pytest.raises(type(error)) as caught:
        nomic.files.upload(failing(error), name="plan.bin", size=size)
    assert caught.value is error
    assert "failing" in [entry.name for entry in caught.traceback]
    with pytest.raises(type(error)) as caught:
        nomic.agents.launch("Look", files=[Failing(error)])
    assert caught.value is error
    assert files(emulator) == [] and requests(emulator, "POST /agents") == []
    assert nomic.files.upload(b"text", name="a.txt").size == 4


@pytest.mark.parametrize("size", [None, 50 << 20])
def test_what_an_awaited_reader_raises_comes_out_as_it_is(emulator: Emulator, size: int | None) -> None:
    error = LookupError("mine")
    nomic = emulator.async_nomic()

    async def upload() -> None:
        sources: list[Any] = [failing(error), Failing(error), failing_later(error)]
        for source in sources:
            with pytest.raises(LookupError) as caught:
                await nomic.files.upload(source, name="plan.bin", size=size)
            assert caught.value is error
        assert (await nomic.files.upload(b"text", name="a.txt")).size == 4
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(upload())
    assert files(emulator) == ["a.txt"]


@pytest.mark.parametrize("stop", [StopIteration("mine"), StopAsyncIteration("mine")])
def test_a_reader_that_raises_the_end_of_an_iteration_hangs_nobody(emulator: Emulator, stop: Exception) -> None:
    class Odd:
        def read(self, size: int, /) -> bytes:
            raise stop

    with pytest.raises((RuntimeError, type(stop))):
        emulator.nomic().files.upload(Odd(), name="plan.bin")

    async def upload() -> None:
        with pytest.raises((RuntimeError, type(stop))):
            await asyncio.wait_for(emulator.async_nomic().files.upload(Odd(), name="plan.bin"), 10)

    asyncio.run(upload())
    assert files(emulator) == []


def test_ctrl_c_in_a_reader_ends_the_upload(nomic: Nomic, emulator: Emulator) -> None:
    def slow() -> Iterator[bytes]:
        yield MEGABYTE
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        time.sleep(30)
        yield MEGABYTE

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            nomic.files.upload(slow(), name="plan.bin", size=2 << 20)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert time.monotonic() - started < 5
    assert files(emulator) == []


def test_what_gives_no_bytes_is_refused(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    document = tmp_path / "notes.txt"
    document.write_text("text")
    pipe, other = os.pipe()
    os.set_blocking(pipe, False)
    closed = document.open("rb")
    closed.close()

    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"text"

    class Asynchronous:
        async def read(self, size: int, /) -> bytes:
            return b"text"

    with document.open() as text, open(pipe, "rb", 0) as empty_handed:
        cases: list[tuple[Any, dict[str, Any], str]] = [
            (text, {}, "text mode"),
            (io.StringIO("text"), {}, "text mode"),
            (closed, {}, "closed"),
            (["text"], {}, "binary mode"),
            ([5], {}, "should give bytes; it gave a `int`"),
            ([None], {}, "`NoneType`"),
            (empty_handed, {}, "`NoneType`"),
            (asynchronous(), {}, "AsyncNomic"),
            (Asynchronous(), {}, "AsyncNomic"),
            (5, {}, "not int"),
            (None, {}, "not NoneType"),
            ({"a": b"text"}, {}, "not dict"),
            ([b"text"], {"size": -1}, "0 or more"),
            ([b"text"], {"size": True}, "0 or more"),
            ([b"text"], {"size": "4"}, "0 or more"),
            (b"text", {"size": 4}, "is known"),
            (document, {"size": 4}, "is known"),
            ([], {}, "is empty"),
            ([b""], {}, "is empty"),
            (io.BytesIO(), {}, "is empty"),
            ([], {"size": 0}, "is empty"),
        ]
        for source, options, words in cases:
            with pytest.raises(errors.InvalidInputError, match=words) as caught:
                nomic.files.upload(source, name="a.txt", **options)
            assert caught.value.argument in ("source", "size")
        odd: Any = text
        with pytest.raises(errors.InvalidInputError, match="text mode") as caught:
            nomic.agents.launch("Look", files=[odd])
        assert caught.value.argument == "files"
    os.close(other)
    assert requests(emulator) == []


def test_a_wrong_size_is_found_before_the_file_is_whole(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    document = tmp_path / "plan.bin"
    document.write_bytes(MEGABYTE * 3)
    sources: list[Callable[[], Any]] = [
        lambda: iter([MEGABYTE] * 3),
        lambda: io.BytesIO(MEGABYTE * 3),
        lambda: document.open("rb"),
    ]
    for make in sources:
        for size in ((3 << 20) - 1, (3 << 20) + 1, 1, 400 << 20):
            source = make()
            with pytest.raises(errors.SourceChangedError):
                nomic.files.upload(source, name="plan.bin", size=size)
            if hasattr(source, "close"):
                source.close()
    assert files(emulator) == []


@pytest.mark.parametrize("size", [None, 3 << 20])
def test_a_reader_runs_in_the_callers_thread_and_may_call_the_client(nomic: Nomic, size: int | None) -> None:
    run = nomic.agents.launch("Look")
    seen: set[tuple[int, str]] = set()

    def blocks() -> Iterator[bytes]:
        for _ in range(3):
            seen.add((threading.get_ident(), run.refresh().id))
            yield MEGABYTE

    nomic.files.upload(blocks(), name="plan.bin", size=size)
    assert seen == {(threading.get_ident(), run.agent_id)}


word = contextvars.ContextVar("word", default="")


@pytest.mark.parametrize("size", [None, 3 << 20])
def test_a_reader_that_blocks_does_not_block_the_loop(emulator: Emulator, size: int | None) -> None:
    seen: set[tuple[str, bool]] = set()

    def slow() -> Iterator[bytes]:
        for _ in range(3):
            seen.add((word.get(), threading.current_thread() is threading.main_thread()))
            going.clear()
            assert going.wait(10)  # The loop goes on, or this is never set.
            yield MEGABYTE

    async def later() -> AsyncIterator[bytes]:
        task = asyncio.current_task()
        async with asyncio.Lock():  # In one task from start to end.
            for _ in range(3):
                assert asyncio.current_task() is task
                seen.add((word.get(), threading.current_thread() is threading.main_thread()))
                yield MEGABYTE

    async def upload(nomic: AsyncNomic) -> None:
        async def tick() -> None:
            while True:
                going.set()
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        await nomic.files.upload(b"text", name="a.txt")  # Whoever makes the bell has another context.
        word.set("mine")
        assert (await nomic.files.upload(slow(), name="plan.bin", size=size)).size == 3 << 20
        assert (await nomic.files.upload(later(), name="plan.bin", size=size)).size == 3 << 20
        ticking.cancel()

    going = threading.Event()
    asyncio.run(upload(emulator.async_nomic()))
    assert seen == {("mine", False), ("mine", True)}


@pytest.mark.parametrize("size", [None, 50 << 20])
def test_a_cancelled_upload_stops_its_reader_and_closes_its_connection(size: int | None) -> None:
    server, released = Silent(), threading.Event()
    seen: list[str] = []

    async def cancel(nomic: AsyncNomic) -> None:
        stuck, loop = asyncio.Event(), asyncio.get_running_loop()

        async def awaited() -> AsyncIterator[bytes]:
            try:
                yield MEGABYTE
                stuck.set()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        def threaded() -> Iterator[bytes]:
            yield MEGABYTE
            loop.call_soon_threadsafe(stuck.set)
            released.wait(10)
            yield MEGABYTE
            seen.append("asked again")

        sources: list[Any] = [awaited(), threaded()]
        for source in sources:
            others = asyncio.all_tasks()
            task = asyncio.create_task(nomic.files.upload(source, name="plan.bin", size=size))
            await asyncio.wait_for(stuck.wait(), 10)
            stuck.clear()
            connections = len(server.closed) + (size is not None)
            task.cancel()
            started = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - started < 2
            assert asyncio.all_tasks() <= others
            while len(server.closed) < connections:
                await asyncio.sleep(0.001)
            assert size is None or server.closed[-1] - started < 2
        released.set()

    asyncio.run(asyncio.wait_for(cancel(AsyncNomic(base_url=server.url, api_key="npk_test", pace=False)), 30))
    assert seen == ["cancelled"]
    assert len(server.closed) == (0 if size is None else 2)


def test_a_reader_that_swallows_its_cancellation_holds_nobody_up(emulator: Emulator) -> None:
    async def cancel(nomic: AsyncNomic) -> None:
        stuck = asyncio.Event()

        async def stubborn() -> AsyncIterator[bytes]:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    stuck.set()
                    await asyncio.sleep(60)
                yield MEGABYTE

        task = asyncio.create_task(nomic.files.upload(stubborn(), name="plan.bin"))
        await stuck.wait()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done == {task} and task.cancelled()

    asyncio.run(cancel(emulator.async_nomic()))
    assert files(emulator) == []


def test_a_refused_upload_asks_its_reader_for_no_more(nomic: Nomic, emulator: Emulator) -> None:
    pulled: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            pulled.append(1)
            yield MEGABYTE

    with pytest.raises(errors.AuthenticationError):
        emulator.nomic(api_key="npk_emu_wrong").files.upload(endless(), name="plan.bin", size=400 << 20)
    assert len(pulled) < 400
    with pytest.raises(errors.TooLargeError):
        nomic.files.upload(endless(), name="plan.bin", size=600 << 20)
    assert files(emulator) == []


def test_what_was_read_is_sent_before_a_read_that_blocks() -> None:
    seen: list[bool] = []
    head, first = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        seen.append(head.wait(10))
        yield b"first block"
        seen.append(first.wait(10))
        yield b"second"

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        received = b""
        with connection:
            while block := connection.recv(65536):
                received += block
                if b"filename=" in received:
                    head.set()
                if b"first block" in received:
                    first.set()
                if b"second" in received:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        nomic = Nomic(base_url=f"http://127.0.0.1:{server.getsockname()[1]}", api_key="npk_test", pace=False)
        with pytest.raises(errors.NomkitError):
            nomic.files.upload(slow(), name="plan.bin", size=17, timeout=30)
    assert seen == [True, True]


def test_a_reader_is_let_go_of(nomic: Nomic, emulator: Emulator) -> None:
    class Kept(io.BytesIO):
        name = "plan.bin"

    async def upload(source: Kept) -> None:
        await emulator.async_nomic().files.upload(source)

    for call in (nomic.files.upload, lambda source: asyncio.run(upload(source))):
        source = Kept(MEGABYTE)
        call(source)
        known = weakref.ref(source)
        del source
        gc.collect()
        nomic.agents.list().first(1)  # The next call collects what the background thread left.
        assert known() is None
