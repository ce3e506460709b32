"""What a client does, in the logger ``nomkit``; and what a run tells of itself."""

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from nomkit import Emulator, Event, Nomic, RunResult

PROMPT = "Look at the Kingsway vault"


class Kept(logging.Handler):
    """Keeps what it is told, and by whom."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []
        self.threads: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.threads.add(threading.get_ident())

    def said(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def log() -> Iterator[Kept]:
    logger, kept = logging.getLogger("nomkit"), Kept()
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(logging.NOTSET)


def check(log: Kept, emulator: Emulator, agent: str, result: RunResult) -> None:
    said = log.said()
    assert said[0] == "agents.launch: answered 201"
    assert "agents.get: the agent is finished" in said and "agents.conversation: turn 1 is over: finished" in said
    events: list[Event] = [record.event for record in log.records]
    assert all(isinstance(event, Event) and event.at.tzinfo for event in events)
    for record, event in zip(log.records, events, strict=True):
        assert record.levelname.lower() == event.level and record.getMessage() == f"{event.operation}: {event.text}"
    # Before it is launched it has no name.
    assert [event.agent_id for event in events] == [None] + [agent] * (len(events) - 1)
    assert events[0].status == 201 and events[0].attempt == 1 and events[0].seconds is not None
    text = "\n".join([*said, *map(repr, events)])
    assert "Kingsway" not in text and emulator.api_key not in text and result.text not in text
    assert pickle.loads(pickle.dumps(log.records[0].__dict__["event"])) == events[0]


def test_a_call_is_logged_in_its_own_thread(nomic: Nomic, emulator: Emulator, log: Kept) -> None:
    run = nomic.agents.launch(PROMPT)
    result = run.wait()
    check(log, emulator, run.agent_id, result)
    assert log.threads == {threading.get_ident()}
    done: list[int] = []
    log.threads.clear()
    thread = threading.Thread(target=lambda: done.append(len(nomic.agents.conversation(run.agent_id))))
    thread.start()
    assert thread.ident is not None
    there = thread.ident
    thread.join()
    assert done == [2] and log.threads == {there}


def test_asyncio_logs_in_its_loops_thread(emulator: Emulator, log: Kept) -> None:
    async def main() -> tuple[str, RunResult]:
        async with emulator.async_nomic() as nomic:
            run = await nomic.agents.launch(PROMPT)
            # All that a call did is told before the call is over.
            assert log.said() == ["agents.launch: answered 201"]
            return run.agent_id, await run.wait()

    check(log, emulator, *asyncio.run(main()))
    assert log.threads == {threading.get_ident()}


def test_what_happens_in_a_long_wait_is_told_while_it_lasts(nomic: Nomic, emulator: Emulator, log: Kept) -> None:
    emulator.timing(running=600.0)
    run = nomic.agents.launch(PROMPT)
    ended: list[Exception] = []

    def wait() -> None:
        try:
            run.wait()
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while "agents.get: answered 200" not in log.said():
        thread.join(0.05)
    assert ended == []
    run.stop()
    thread.join(30)
    assert len(ended) == 1


def test_only_what_is_wanted_is_told(nomic: Nomic, emulator: Emulator, log: Kept) -> None:
    logging.getLogger("nomkit").setLevel(logging.INFO)
    run = nomic.agents.launch(PROMPT)
    emulator.fault("GET /agents/{id}", "status", status=503, body={"error": "busy"})
    run.wait()
    levels = [record.levelno for record in log.records]
    assert min(levels) >= logging.INFO and logging.WARNING in levels
    assert any("503" in said for said in log.said())
    log.records.clear()
    logging.getLogger("nomkit").setLevel(logging.CRITICAL)
    nomic.agents.get(run.agent_id)
    logging.getLogger("nomkit").setLevel(logging.DEBUG)
    nomic.agents.conversation(run.agent_id)
    # What nobody wanted to know is not told later.
    assert log.said() == ["agents.conversation: answered 200"]


def test_many_waits_are_logged_too(nomic: Nomic, log: Kept) -> None:
    runs = [nomic.agents.launch(PROMPT) for _ in range(3)]
    assert len(list(nomic.as_completed(runs))) == 3
    assert log.said().count("agents.conversation: turn 1 is over: finished") == 3
    assert {record.event.agent_id for record in log.records} >= {run.agent_id for run in runs}


def test_a_handler_that_fails_breaks_no_call(
    nomic: Nomic, emulator: Emulator, log: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    monkeypatch.setattr(log, "handle", lambda _: 1 / 0)
    run = nomic.agents.launch(PROMPT)
    assert run.wait().text

    async def main() -> str:
        async with emulator.async_nomic() as client:
            return (await (await client.agents.attach(run.token)).wait()).text

    assert asyncio.run(main())
    assert told and {args.exc_type for args in told} == {ZeroDivisionError}


def test_an_interrupt_in_a_handler_is_the_callers(nomic: Nomic, log: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: logging.LogRecord) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(log, "handle", interrupt)
    with pytest.raises(KeyboardInterrupt):
        nomic.agents.list().first(1)


def test_a_handler_may_call_the_client(nomic: Nomic, log: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []

    def look(_: logging.LogRecord) -> None:
        if not found:
            found.append(0)
            found.append(len(nomic.agents.list().first(1)))

    monkeypatch.setattr(log, "handle", look)
    nomic.agents.launch(PROMPT)
    assert found == [0, 1]


def test_a_closed_client_tells_nothing_more_and_breaks_nothing(emulator: Emulator, log: Kept) -> None:
    nomic = emulator.nomic()
    nomic.agents.launch(PROMPT)
    nomic.close()
    log.records.clear()
    with pytest.raises(Exception, match="closed"):
        nomic.agents.launch(PROMPT)
    assert log.records == []


def test_nothing_is_loaded_or_written_that_nobody_asked_for(emulator: Emulator) -> None:
    program = f"""
import sys
from nomkit import Emulator
emulator = Emulator.connect({emulator.url!r}, api_key={emulator.api_key!r}, token={emulator.token!r})
emulator.fault("GET /agents/{{id}}", "status", status=503, body={{"error": "busy"}})
run = emulator.nomic().agents.launch("Look")
run.refresh()
assert "logging" not in sys.modules
import logging
emulator.fault("GET /agents/{{id}}", "status", status=503, body={{"error": "busy"}})
run.refresh()
assert "503" in run.explain()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_explains_itself(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch(PROMPT)
    emulator.fault("GET /agents/{id}", "status", status=502)
    result = run.wait()
    told = run.explain()
    assert told.startswith(f"Agent {run.agent_id}, turn 1: finished")
    for what in ("agents.launch", "answered 201", "502", "turn 1 is over: finished"):
        assert what in told, told
    assert "Kingsway" not in told and result.text not in told and emulator.api_key not in told
    assert run.recovered is False
    # It is of this process and this run: another handle on the same agent has its own.
    assert "answered 201" not in nomic.agents.attach(run.token).explain()
