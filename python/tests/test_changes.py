"""Files that are none, or that change while they are sent: the platform gets a whole file, or none."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import requests
from nomkit import Emulator, Nomic, Progress, errors

SIZE = 200 << 20


def sparse(path: Path, size: int = SIZE) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def rewrite(path: Path) -> None:
    with path.open("rb+") as file:
        file.seek(SIZE - 10)
        file.write(b"changed")


def replace(path: Path) -> None:
    other = sparse(path.with_suffix(".new"))
    other.rename(path)


@contextmanager
def held(emulator: Emulator, until: threading.Event) -> Generator[str]:
    """Where the emulator is, which gets nothing before that: a call that was begun cannot have ended."""

    def pump(sender: socket.socket, receiver: socket.socket) -> None:
        with suppress(OSError):
            while block := sender.recv(1 << 16):
                receiver.sendall(block)
        with suppress(OSError):
            receiver.shutdown(socket.SHUT_WR)

    def serve(server: socket.socket) -> None:
        client, _ = server.accept()
        assert until.wait(60)
        own, its = f"127.0.0.1:{server.getsockname()[1]}", emulator.url.removeprefix("http://")
        host, port = its.split(":")
        with client, socket.create_connection((host, int(port))) as upstream:
            upstream.sendall(client.recv(1 << 16).replace(own.encode(), its.encode()))
            sending = threading.Thread(target=pump, args=(client, upstream))
            sending.start()
            pump(upstream, client)
            sending.join()

    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = threading.Thread(target=serve, args=(server,), daemon=True)
        relay.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        relay.join(60)
        assert not relay.is_alive()


@pytest.mark.parametrize("change", [grow, shrink, rewrite])
@pytest.mark.parametrize("opened", [False, True])
def test_a_file_that_changes_while_it_is_sent_is_never_a_success(
    emulator: Emulator, tmp_path: Path, change: Callable[[Path], None], opened: bool
) -> None:
    path, changed = sparse(tmp_path / "plan.bin"), threading.Event()

    def tell(progress: Progress) -> None:
        if progress.phase == "sending" and not changed.is_set():
            change(path)
            changed.set()

    with held(emulator, changed) as url, path.open("rb") as file:
        source: Any = file if opened else path
        with pytest.raises(errors.SourceChangedError):
            Nomic(base_url=url, api_key=emulator.api_key).files.upload(source, progress=tell)
    assert emulator.ledger()["files"] == []
    assert [sent["processed"] for sent in requests(emulator, "POST /files/upload")] == [False]


def test_an_open_file_whose_path_is_replaced_is_sent_as_it_was_opened(
    nomic: Nomic, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "plan.bin"
    path.write_bytes(b"the first")
    with path.open("rb") as file:
        replace(path)
        assert nomic.files.upload(file).size == len(b"the first")


def test_what_is_no_file_is_refused_before_anything_is_sent(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    fifo, sock, loop, gone = (tmp_path / name for name in ("fifo", "socket", "loop", "gone"))
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    gone.symlink_to(tmp_path / "nowhere")
    unnamed = tmp_path / os.fsdecode(b"na\xefve.txt")
    cases: list[tuple[str | Path, type[errors.NomkitError]]] = [
        (tmp_path, errors.InvalidInputError),
        (fifo, errors.InvalidInputError),
        (sock, errors.InvalidInputError),
        ("/dev/zero", errors.InvalidInputError),
        ("/dev/null", errors.InvalidInputError),
        ("/proc/self/maps", errors.InvalidInputError),
        (sparse(tmp_path / "empty", 0), errors.InvalidInputError),
        (sparse(tmp_path / "large", (500 << 20) + 1), errors.TooLargeError),
        (loop, errors.LocalIoError),
        (gone, errors.LocalIoError),
        (tmp_path / "missing", errors.LocalIoError),
        (tmp_path / ("x" * 300), errors.LocalIoError),
        (unnamed, errors.LocalIoError),
        ("", errors.LocalIoError),
        ("a\0b", errors.NomkitError),
    ]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(sock))
        for path, expected in cases:
            with pytest.raises(expected):
                nomic.files.upload(path)
            with pytest.raises(expected):
                nomic.agents.launch("Look", files=[Path(path)] if path else [Path("nowhere")])
    assert requests(emulator) == []


def test_a_file_that_nobody_may_read_is_said_to_be_one(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "secret.pdf"
    path.write_bytes(b"text")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # Root may read it all the same.
    try:
        with pytest.raises(errors.LocalIoError, match="may not be read"):
            nomic.files.upload(path)
    finally:
        os.seteuid(user)
    assert requests(emulator) == []


def test_a_device_that_is_read_on_purpose_is_bounded_by_the_limit(nomic: Nomic, emulator: Emulator) -> None:
    with open("/dev/zero", "rb") as endless, pytest.raises(errors.TooLargeError, match="500 MB"):
        nomic.files.upload(endless, name="zero.bin")
    with open("/proc/self/maps", "rb") as maps:
        assert nomic.files.upload(maps).name == "maps"
    assert len(requests(emulator)) == 1
