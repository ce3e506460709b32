"""One emulator for all tests, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nomkit import Emulator, Nomic

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
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


@pytest.fixture
def unlimited(emulator: Emulator) -> Emulator:
    """An emulator that is asked more than a user may ask."""
    emulator._control("PUT", "rates", {"enabled": False})
    return emulator


def requests(emulator: Emulator, operation: str | None = None) -> list[dict[str, Any]]:
    """What the server received."""
    seen = emulator.ledger()["requests"]
    return [request for request in seen if operation in (None, request["operation"])]
