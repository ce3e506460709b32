"""What can be uploaded, and that the platform has the very bytes of it."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import os
import random
import tempfile
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import requests
from nomkit import Emulator, Nomic, Progress, errors

CONTENT = random.Random(7).randbytes(1_500_000)


def stored(emulator: Emulator) -> list[tuple[str, str]]:
    """The name and the hash of each file that the platform has."""
    return [(file["name"], file["sha256"]) for file in emulator.ledger()["files"]]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def written(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "plan.bin"
    path.write_bytes(content)
    return path


def moved(file: Any, position: int) -> Any:
    file.seek(position)
    return file


def blocks(size: int = 100_000) -> Iterator[bytes]:
    for start in range(0, len(CONTENT), size):
        yield CONTENT[start : start + size]
        yield b""  # No end.


class Reader:
    """The least that a file object can be."""

    def __init__(self) -> None:
        self._file = io.BytesIO(CONTENT)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, 70_001))


def piped() -> io.BufferedReader:
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as pipe:
            pipe.write(CONTENT)

    threading.Thread(target=write).start()
    return open(reading, "rb")


def zipped(folder: Path) -> Any:
    with zipfile.ZipFile(folder / "plans.zip", "w") as archive:
        archive.writestr("drawings/plan.bin", CONTENT)
    return zipfile.ZipFile(folder / "plans.zip").open("drawings/plan.bin")


def gzipped(folder: Path) -> Any:
    with gzip.open(folder / "plan.gz", "wb") as file:
        file.write(CONTENT)
    return gzip.open(folder / "plan.gz", "rb")


def rewritten(folder: Path) -> Any:
    file = written(folder).open("rb+")
    file.write(b"changed")  # It is in a buffer, not on disk.
    return file


def temporary() -> Any:
    file = tempfile.NamedTemporaryFile(suffix=".bin")  # noqa: SIM115
    file.write(CONTENT)
    return moved(file, 10)


Case = tuple[Callable[[Path], Any], dict[str, Any], bytes]
NAMED = {"name": "plan.bin"}
CASES: dict[str, Case] = {
    "path": (written, {}, CONTENT),
    "path as text": (lambda folder: str(written(folder)), {}, CONTENT),
    "bytes": (lambda _: CONTENT, NAMED, CONTENT),
    "bytearray": (lambda _: bytearray(CONTENT), NAMED, CONTENT),
    "memoryview": (lambda _: memoryview(CONTENT), NAMED, CONTENT),
    "part of a memoryview": (lambda _: memoryview(CONTENT)[5:-5], NAMED, CONTENT[5:-5]),
    "memoryview from behind": (lambda _: memoryview(CONTENT)[::-1], NAMED, CONTENT[::-1]),
    "bytesio": (lambda _: io.BytesIO(CONTENT), NAMED, CONTENT),
    "bytesio in the middle": (lambda _: moved(io.BytesIO(CONTENT), 99), NAMED, CONTENT[99:]),
    "bytesio of known size": (lambda _: io.BytesIO(CONTENT), {**NAMED, "size": len(CONTENT)}, CONTENT),
    "open file": (lambda folder: written(folder).open("rb"), {}, CONTENT),
    "open file in the middle": (lambda folder: moved(written(folder).open("rb"), 99), {}, CONTENT[99:]),
    "open file without a buffer": (lambda folder: moved(written(folder).open("rb", 0), 5), {}, CONTENT[5:]),
    "open file being written": (rewritten, {}, CONTENT[7:]),
    "temporary file": (lambda _: temporary(), NAMED, CONTENT[10:]),
    "gzip": (gzipped, NAMED, CONTENT),
    "member of an archive": (zipped, {}, CONTENT),
    "pipe": (lambda _: piped(), NAMED, CONTENT),
    "reader": (lambda _: Reader(), NAMED, CONTENT),
    "reader of known size": (lambda _: Reader(), {**NAMED, "size": len(CONTENT)}, CONTENT),
    "list": (lambda _: [CONTENT[:7], bytearray(CONTENT[7:9]), memoryview(CONTENT)[9:]], NAMED, CONTENT),
    "generator": (lambda _: blocks(), NAMED, CONTENT),
    "generator of known size": (lambda _: blocks(), {**NAMED, "size": len(CONTENT)}, CONTENT),
    "generator of one block": (lambda _: iter([CONTENT]), {**NAMED, "size": len(CONTENT)}, CONTENT),
}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("case", CASES)
def test_the_platform_has_the_very_bytes(emulator: Emulator, tmp_path: Path, case: str, kind: str) -> None:
    make, options, content = CASES[case]
    source = make(tmp_path)
    if kind == "sync":
        file = emulator.nomic().files.upload(source, **options)
    else:
        file = asyncio.run(emulator.async_nomic().files.upload(source, **options))
    assert (file.name, file.size) == ("plan.bin", len(content))
    assert stored(emulator) == [("plan.bin", digest(content))]
    if hasattr(source, "read") and not isinstance(source, Reader):
        assert not source.closed
        assert source.read() == b""  # It stands behind what was sent.
        source.close()


class AsyncReader:
    def __init__(self) -> None:
        self._file = io.BytesIO(CONTENT)

    async def read(self, size: int, /) -> bytes:
        await asyncio.sleep(0)
        return self._file.read(size)


async def async_blocks() -> AsyncIterator[bytes]:
    for block in blocks():
        await asyncio.sleep(0)
        yield block


@pytest.mark.parametrize("size", [None, len(CONTENT)])
@pytest.mark.parametrize("make", [AsyncReader, async_blocks])
def test_the_asynchronous_client_awaits_what_it_reads(emulator: Emulator, make: Any, size: int | None) -> None:
    file = asyncio.run(emulator.async_nomic().files.upload(make(), name="plan.bin", size=size))
    assert (file.name, file.size) == ("plan.bin", len(CONTENT))
    assert stored(emulator) == [("plan.bin", digest(CONTENT))]


def test_an_open_file_is_read_where_it_stands_and_stays_there_if_it_was_not_sent(
    nomic: Nomic, emulator: Emulator, tmp_path: Path
) -> None:
    for file in (moved(written(tmp_path).open("rb"), 8), moved(io.BytesIO(CONTENT), 8)):
        emulator.fault("POST /files/upload", "status", status=400, body={"error": "no"})
        with pytest.raises(errors.BadRequestError):
            nomic.files.upload(file, name="plan.bin")
        assert file.tell() == 8
        nomic.files.upload(file, name="plan.bin")
        assert file.tell() == len(CONTENT)
        file.close()
    assert {name_and_hash[1] for name_and_hash in stored(emulator)} == {digest(CONTENT[8:])}


def closing(file: Any) -> Callable[[Progress], None]:
    return lambda _: file.close()


def test_a_file_object_that_is_closed_meanwhile_undoes_nothing(
    nomic: Nomic, emulator: Emulator, tmp_path: Path
) -> None:
    path = written(tmp_path)
    files: list[Any] = [path.open("rb"), io.BytesIO(CONTENT)]
    for file in files:
        assert nomic.files.upload(file, name="plan.bin", progress=closing(file)).size == len(CONTENT)
    opened = path.open("rb")
    run = nomic.agents.launch("Look", files=[opened], progress=closing(opened))
    assert run.agent_id in [agent["id"] for agent in emulator.ledger()["agents"]]
    assert {name_and_hash[1] for name_and_hash in stored(emulator)} == {digest(CONTENT)}


def test_a_name_comes_from_a_path_and_from_nothing_else(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    path = written(tmp_path)
    with open(os.fsencode(path), "rb") as file:
        assert nomic.files.upload(file).name == "plan.bin"
    with path.open("rb") as file:
        assert nomic.files.upload(file, name="other.bin").name == "other.bin"
    with path.open("rb") as file:
        assert nomic.files.upload(file, path="folder/third.bin").name == "third.bin"
    named = io.BytesIO(CONTENT)
    named.name = "<stdin>"
    no_text = io.BytesIO(CONTENT)
    no_text.name = b"na\xefve.bin"
    assert nomic.files.upload(no_text, name="plan.bin").name == "plan.bin"
    no_text.seek(0)
    nameless: list[Any] = [
        io.BytesIO(CONTENT),
        named,
        no_text,
        blocks(),
        os.fdopen(os.open(path, os.O_RDONLY), "rb"),
        [b"text"],
    ]
    sent = len(requests(emulator))
    for source in nameless:
        with pytest.raises(errors.InvalidInputError, match="name") as caught:
            nomic.files.upload(source)
        assert caught.value.argument == "name"
    nameless[4].close()
    assert len(requests(emulator)) == sent


@pytest.mark.parametrize(
    "name", ["Plän – Übersicht.pdf", "計画.pdf", "a\r\nb.pdf", 'a"b;c.pdf', "\u202efdp.exe", "x" * 250]
)
def test_odd_names_arrive_as_one_name(nomic: Nomic, emulator: Emulator, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"text")
    nomic.files.upload(path)
    nomic.files.upload(b"text", name=name)
    with path.open("rb") as file:
        nomic.files.upload(file)
    assert {hashed for _, hashed in stored(emulator)} == {digest(b"text")}
    names = {name for name, _ in stored(emulator)}
    assert len(names) == 1 and (names == {name} or any(char in name for char in '\r\n"\u202e'))


def test_a_source_is_told_of_in_phases(nomic: Nomic, emulator: Emulator) -> None:
    def phases(**options: Any) -> list[str]:
        told: list[Progress] = []
        nomic.files.upload(blocks(), name="plan.bin", progress=told.append, **options)
        assert told[-1].done == told[-1].total == len(CONTENT)
        return list(dict.fromkeys(progress.phase for progress in told))

    assert phases(size=len(CONTENT))[-1] == "accepted"
    assert set(phases(size=len(CONTENT))) <= {"sending", "accepted"}
    assert phases()[-1] == "accepted"
    assert set(phases()) <= {"reading", "sending", "accepted"}


def test_a_launch_takes_what_an_upload_takes_if_it_has_a_name(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text("The fire door on level 2 is missing its closer.")
    with document.open("rb") as file, zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("more.md", "The fire door on level 3 is blocked.")
        with archive.open("more.md") as member:
            run = nomic.agents.launch("What about the fire doors?", files=[file, member])
    assert [name for name, _ in stored(emulator)] == ["notes.md", "more.md"]
    assert "level 3" in run.wait(timeout=60).text
    sent = len(requests(emulator))
    nameless: list[Any] = [io.BytesIO(b"text"), b"text", blocks(), "notes.md"]
    for source in nameless:
        with pytest.raises(errors.InvalidInputError) as caught:
            nomic.agents.launch("Look", files=[document, source])
        assert caught.value.argument == "files" and "`name=` or" not in str(caught.value)
    assert len(requests(emulator)) == sent


def test_what_was_uploaded_rides_on_the_error_of_a_later_file(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    first.write_text("first")
    second.write_text("second")

    def vanish(progress: Progress) -> None:
        second.unlink(missing_ok=True)

    with pytest.raises(errors.LocalIoError) as caught:
        nomic.agents.launch("Look", files=[first, second], progress=vanish)
    assert [file.name for file in caught.value.uploaded] == ["first.md"]
    assert [name for name, _ in stored(emulator)] == ["first.md"]
    assert requests(emulator, "POST /agents") == []


def test_what_can_be_read_again_is_sent_again_after_a_rate_limit(
    nomic: Nomic, emulator: Emulator, tmp_path: Path
) -> None:
    def limit() -> None:
        emulator.fault("POST /files/upload", "status", status=429, headers={"Retry-After": "0"}, body={"error": "slow"})

    with written(tmp_path).open("rb") as file:
        again: list[Any] = [
            moved(file, 3),
            moved(io.BytesIO(CONTENT), 3),
            blocks(),
        ]  # Blocks of no known size are kept.
        for source in again:
            limit()
            nomic.files.upload(source, name="plan.bin")
    assert {hashed for _, hashed in stored(emulator)} == {digest(CONTENT[3:]), digest(CONTENT)}
    limit()
    with pytest.raises(errors.RateLimitError):
        nomic.files.upload(blocks(), name="plan.bin", size=len(CONTENT))
    assert len(stored(emulator)) == 3
