"""One emulator for all tests, emptied before each."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nomkit import Emulator, Nomic

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    # Its limits would be waited for: together the tests ask more than a user may.
    with Emulator(rates=False) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    running.timing(waiting=0.0, running=0.05, stopping=0.05)
    return running


@pytest.fixture
def nomic(emulator: Emulator) -> Iterator[Nomic]:
    with emulator.nomic() as nomic:
        yield nomic


@pytest.fixture
def report() -> Path:
    return ROOT / "examples" / "inspection-report.pdf"


def until(condition: Callable[[], object]) -> None:
    """Waits for what the server must come to show."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "It never came."
        time.sleep(0.02)


def requests(emulator: Emulator, operation: str | None = None) -> list[dict[str, Any]]:
    """What the server received."""
    seen = emulator.ledger()["requests"]
    return [request for request in seen if operation in (None, request["operation"])]


class Silent:
    """Takes bytes and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.closed: list[float] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                while connection.recv(1 << 20):
                    pass
            self.closed.append(time.monotonic())
