"""What type checkers make of sources. Nothing here runs: an ignored error that is none fails the check."""

from __future__ import annotations

import asyncio
import gzip
import io
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from nomkit import AsyncNomic, File, FileHit, Nomic


def blocks() -> Iterator[bytes]:
    yield b""


async def async_blocks() -> AsyncIterator[bytes]:
    yield b""


def taken(nomic: Nomic, file: File, hit: FileHit, binary: BinaryIO, io_of_bytes: IO[bytes], path: Path) -> None:
    upload = nomic.files.upload
    for source in ("plan.pdf", path, b"", bytearray(), memoryview(b""), binary, io_of_bytes, io.BytesIO(), [b""]):
        upload(source)
    upload(path.open("rb"))
    upload(gzip.open("plan.gz"))  # noqa: SIM115
    upload(tempfile.NamedTemporaryFile())  # noqa: SIM115
    upload(blocks())
    nomic.agents.launch("Look", files=[file, hit, path, binary], images=[path, b"", (b"", "image/png")])
    nomic.agents.launch(workflow_id="a", inputs={"drawings": file, "more": [hit, path]})


async def taken_and_awaited(nomic: AsyncNomic, reader: asyncio.StreamReader) -> None:
    await nomic.files.upload(async_blocks())
    await nomic.files.upload(reader)
    await nomic.files.upload(blocks())


def refused(nomic: Nomic, path: Path) -> None:
    nomic.files.upload(path.open())  # type: ignore[arg-type]
    nomic.files.upload(["text"])  # type: ignore[list-item]
    nomic.files.upload(async_blocks())  # type: ignore[arg-type]
    nomic.files.upload(5)  # type: ignore[arg-type]
    nomic.agents.launch("Look", files=["text"])  # type: ignore[list-item]
    nomic.agents.launch("Look", files=[b"no name"])  # type: ignore[list-item]
    nomic.agents.launch("Look", images=["text"])  # type: ignore[list-item]
    nomic.agents.launch("Look", inputs={"drawings": "text"})  # type: ignore[dict-item]
