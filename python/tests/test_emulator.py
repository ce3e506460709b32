"""The emulator as Python starts it and finds it."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from nomkit import ConfigError, Emulator


def test_an_emulator_stops_while_a_forked_child_lives() -> None:
    fork = multiprocessing.get_context("fork")
    emulator = Emulator()
    over = fork.Event()
    child = fork.Process(target=over.wait, args=(30,))  # It inherits the pipe that keeps the emulator alive.
    child.start()
    stopping = threading.Thread(target=emulator.stop, daemon=True)
    stopping.start()
    stopping.join(10)
    stopped = not stopping.is_alive()
    over.set()
    child.join(10)
    stopping.join(10)
    assert stopped


def test_an_emulator_is_connected_to_by_the_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOMIC_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="NOMIC_API_KEY"):
        Emulator.connect(emulator.url, token=emulator.token)
    monkeypatch.setenv("NOMIC_API_KEY", emulator.api_key)
    with pytest.raises(ConfigError, match="NOMKIT_EMULATOR_TOKEN"):
        Emulator.connect(emulator.url)
    monkeypatch.setenv("NOMKIT_EMULATOR_TOKEN", emulator.token)
    connected = Emulator.connect(emulator.url)
    assert connected.ledger()["agents"] == []
    assert connected.nomic().agents.list().first(1) == []
