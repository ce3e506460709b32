"""Pictures that go with a prompt."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import requests
from nomkit import Emulator, Nomic, errors

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
GIF = b"GIF89a" + bytes(100)
WEBP = b"RIFF\x64\x00\x00\x00WEBPVP8 " + bytes(100)


def test_images_go_with_a_launch_and_with_a_follow_up(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    photo = tmp_path / "site.jpg"
    photo.write_bytes(JPEG)
    run = nomic.agents.launch("Look", images=[photo, PNG, (GIF, "image/gif"), memoryview(WEBP)])
    run.wait(timeout=60)
    second = run.follow_up("And here?", images=(bytearray(PNG),))
    assert second.turn == 2 and second.wait(timeout=60).turn == 2
    assert nomic.ask("Look", images=[PNG], timeout=60).turn == 1

    async def same() -> None:
        nomic = emulator.async_nomic()
        run = await nomic.agents.launch("Look", images=[photo])
        await run.wait(timeout=60)
        assert (await run.follow_up("And here?", images=[photo])).turn == 2

    asyncio.run(same())
    assert [sent["status"] for sent in requests(emulator, "POST /agents")] == [201] * 3
    assert [sent["status"] for sent in requests(emulator, "POST /agents/{id}/followup")] == [202] * 2


def test_a_wrong_image_is_found_before_a_byte_is_sent(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    run = nomic.agents.launch("Look")
    run.wait(timeout=60)
    emulator.reset()
    large, text, empty, fifo = (tmp_path / name for name in ("large.png", "notes.txt", "empty.png", "fifo"))
    with large.open("wb") as file:
        file.write(PNG)
        file.truncate((20 << 20) + 1)
    text.write_text("text")
    empty.touch()
    os.mkfifo(fifo)
    cases: list[tuple[Any, str]] = [
        ([PNG] * 5, "4"),
        ([large], "20 MB"),
        ([PNG + bytes(20 << 20)], "20 MB"),
        ([text], "by its content"),
        ([b"no picture"], "by its content"),
        ([empty], "empty"),
        ([b""], "empty"),
        ([fifo], "not a regular file"),
        ([tmp_path], "directory"),
        ([b"data:image/png;base64,iVBORw0KGgo="], "data:"),
        ([(PNG, "image/jpeg")], "image/"),
        ([(PNG, "image/bmp")], "image/bmp"),
        ([(PNG, 5)], "text"),
        (["site.png"], "Path"),
        ("site.png", "is a list"),
        (tmp_path / "site.png", "is a list"),
        (PNG, "is a list"),
        ((PNG, "image/png"), "holds paths and bytes"),
        ([5], "int"),
        (5, "is a list"),
        (None, "is a list"),
    ]
    for images, words in cases:
        for call in (nomic.agents.launch, run.follow_up):
            with pytest.raises(errors.InvalidInputError, match=words) as caught:
                call("Look", images=images)
            assert caught.value.argument is not None and caught.value.argument.startswith("images"), words
    with pytest.raises(errors.LocalIoError):
        nomic.agents.launch("Look", images=[tmp_path / "missing.png"])
    assert requests(emulator) == []


def test_images_are_checked_before_files_are_sent(nomic: Nomic, emulator: Emulator, report: Path) -> None:
    with pytest.raises(errors.InvalidInputError):
        nomic.agents.launch("Look", files=[report], images=[b"no picture"])
    assert requests(emulator) == []
