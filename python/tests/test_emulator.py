"""The emulator as Python starts it and finds it."""

from __future__ import annotations

import multiprocessing
import threading
from datetime import datetime, timedelta, timezone

import pytest
from nomkit import ConfigError, Emulator, InvalidInputError, RateLimitError, ServerError, SpendLimitError


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
    connected = Emulator.connect(f"{emulator.url}/")
    assert connected.ledger()["agents"] == []
    assert connected.nomic().agents.list().first(1) == []


def test_the_clock_is_put_and_moved(emulator: Emulator) -> None:
    noon = datetime(2031, 2, 3, 12, tzinfo=timezone.utc)
    assert timedelta() <= emulator.clock(now=noon) - noon < timedelta(minutes=1)
    assert emulator.clock(now=noon.replace(tzinfo=None)) - noon < timedelta(minutes=1)
    assert timedelta(hours=1) <= emulator.clock(advance=3600) - noon < timedelta(hours=1, minutes=1)
    run = emulator.nomic().agents.launch("Hello")
    assert run.agent.created_at is not None and run.agent.created_at.year == 2031
    with pytest.raises(InvalidInputError):
        emulator.clock(advance=1, offset=1)
    emulator.reset()
    assert emulator.clock() < noon
    assert emulator.clock(offset=-86400) < datetime.now(timezone.utc) - timedelta(hours=23)


def test_limits_are_set(emulator: Emulator) -> None:
    nomic = emulator.nomic(retries=0, pace=False)
    assert emulator.rates()["heavy"] == 30
    assert emulator.rates(enabled=True, heavy=1, burst=1)["burst"] == 1
    nomic.agents.launch("Hello")
    with pytest.raises(RateLimitError):
        nomic.agents.launch("Hello")
    emulator.rates(enabled=False)
    emulator.spend(1)
    nomic.agents.launch("Hello")
    with pytest.raises(SpendLimitError):
        nomic.agents.launch("Hello")
    emulator.spend(None)
    nomic.agents.launch("Hello")


def test_the_other_persona_answers_as_well(emulator: Emulator) -> None:
    emulator.persona("drifted")
    run = emulator.nomic().agents.launch("Which door?")
    result = run.wait(timeout=20)
    assert "Which door?" in result.text
    assert len(result.artifacts) == 2
    with pytest.raises(InvalidInputError, match="plain or drifted"):
        emulator.persona("loud")


def test_a_fault_passes_some_requests_and_is_cleared(emulator: Emulator) -> None:
    nomic = emulator.nomic(retries=0)
    fault = emulator.fault("*", "status", status=500, skip=1, times=5)
    list(nomic.agents.list())
    with pytest.raises(ServerError):
        list(nomic.agents.list())
    assert emulator.fault_report(fault) == {"id": fault, "hits": 1, "completed": 1}
    emulator.clear_faults()
    list(nomic.agents.list())
    script = emulator.fault("GET /agents/{id}", "flap")
    run = nomic.agents.launch("Hello")
    for _ in range(4):
        run.refresh()
    assert emulator.fault_report(script)["completed"] == 3
    with pytest.raises(InvalidInputError, match="drip"):
        emulator.fault("GET /agents", "drop")


def test_an_emulator_starts_as_it_is_told() -> None:
    with Emulator(persona="drifted", rates=False) as emulator:
        assert emulator.rates()["enabled"] is False
        emulator.nomic().agents.launch("Hello")
        assert emulator.ledger()["requests"][-1]["status"] == 200


def test_an_emulator_that_cannot_start_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, words in (
        ("/nowhere/nomkit", "No such file"),
        ("/etc/passwd", "Permission denied"),
        ("/bin/echo", "`/bin/echo` is not the nomkit command"),
        ("/usr/bin/true", "last words"),
    ):
        monkeypatch.setenv("NOMKIT_CLI", command)
        with pytest.raises(ConfigError, match=words):
            Emulator()
