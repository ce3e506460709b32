"""Who interrupts a wait leaves the agent running, and is told once how to attach to it; a service has no noise."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from conftest import requests
from nomkit import Emulator, InvalidInputError, Nomic
from test_display import program

TOLD = re.compile(r'The agent runs on\. To wait for it: nomic\.agents\.attach\("(nk1\.[^"]+)"\)')
CALLS: dict[str, Callable[[Nomic], object]] = {
    "wait": lambda nomic: nomic.agents.launch("Look").wait(),
    "updates": lambda nomic: list(nomic.agents.launch("Look").updates()),
    "ask": lambda nomic: nomic.ask("Look"),
}


@pytest.fixture(autouse=True)
def interrupts(emulator: Emulator) -> Iterator[None]:
    """As in a shell: background jobs are started with SIGINT ignored."""
    emulator.timing(running=60.0)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def interrupted(call: Callable[[Nomic], object], nomic: Nomic, emulator: Emulator) -> KeyboardInterrupt:
    """Presses Ctrl-C when the agent was looked at, and gives what comes of it."""
    over = threading.Event()

    def press() -> None:
        while not over.wait(0.05):
            if requests(emulator, "GET /agents/{id}"):
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=press)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            call(nomic)
    finally:
        over.set()
        thread.join(10)
    return raised.value


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_a_service_that_catches_it_has_no_noise_but_a_note(
    call: Callable[[Nomic], object], nomic: Nomic, emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    error = interrupted(call, nomic, emulator)
    assert capfd.readouterr() == ("", "")
    notes: list[str] = getattr(error, "__notes__", [])
    if sys.version_info >= (3, 11):
        told = TOLD.fullmatch(notes[0])
        assert told and len(notes) == 1 and nomic.agents.attach(told[1]).refresh().status == "running"
    assert emulator.ledger()["agents"][0]["status"] == "running"


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_an_interactive_session_is_told_in_one_line(
    call: Callable[[Nomic], object],
    nomic: Nomic,
    emulator: Emulator,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    error = interrupted(call, nomic, emulator)
    out, err = capfd.readouterr()
    told = TOLD.fullmatch(err.rstrip("\n"))
    assert out == "" and told and not getattr(error, "__notes__", [])
    assert nomic.agents.attach(told[1]).refresh().status == "running"


def test_ask_tells_it_from_the_moment_of_the_launch(
    nomic: Nomic, emulator: Emulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    with pytest.raises(KeyboardInterrupt):
        nomic.ask("Look", progress=lambda _: signal.raise_signal(signal.SIGINT))
    assert TOLD.fullmatch(capfd.readouterr().err.rstrip("\n"))
    assert requests(emulator, "GET /agents/{id}") == []


def test_ask_checks_how_long_to_wait_before_it_launches(nomic: Nomic, emulator: Emulator) -> None:
    with pytest.raises(InvalidInputError):
        nomic.ask("Look", timeout=-1)
    with pytest.raises(InvalidInputError):
        asyncio.run(emulator.async_nomic().ask("Look", timeout=float("nan")))
    assert requests(emulator) == []


def test_a_task_that_is_cancelled_says_nothing(
    emulator: Emulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)

    async def cancel() -> None:
        task = asyncio.create_task(emulator.async_nomic().ask("Look"))
        while not requests(emulator, "GET /agents/{id}"):
            await asyncio.wait([task], timeout=0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
        assert not getattr(raised.value, "__notes__", [])

    asyncio.run(cancel())
    assert capfd.readouterr() == ("", "")


def test_a_script_that_dies_of_it_shows_it_below_the_traceback(emulator: Emulator) -> None:
    body = "print('begun', flush=True)\nnomic.agents.launch('Look').wait()"
    process = subprocess.Popen(
        program(emulator, body), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout and process.stdout.readline() == "begun\n"
    while not requests(emulator, "GET /agents/{id}"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in stderr and process.returncode != 0
    assert bool(TOLD.search(stderr.splitlines()[-1])) == (sys.version_info >= (3, 11))
