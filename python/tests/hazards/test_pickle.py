"""Errors and records go through pickles and processes, are copied and compared, and print without a secret."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from conftest import requests
from nomkit import (
    Emulator,
    Nomic,
    NomkitError,
    NotFoundError,
    RunResult,
    WaitTimeoutError,
    errors,
    records,
)

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def copies(value: Any) -> Iterator[Any]:
    for protocol in PROTOCOLS:
        yield pickle.loads(pickle.dumps(value, protocol))
    yield copy.copy(value)
    yield copy.deepcopy(value)


def held(value: Any) -> Iterator[Any]:
    """A record and all records in it."""
    if dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from held(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from held(item)


def test_records(nomic: Nomic, emulator: Emulator) -> None:
    file = nomic.files.upload(b"# Doors\n\nThe door is missing.", name="doors.md")
    result = nomic.ask("What is missing?", file_ids=[file.id], timeout=60)
    page = next(nomic.agents.list().pages())
    hits = next(nomic.files.search("doors").pages())
    every = [record for value in (file, result, page, hits) for record in held(value)]
    kinds = {type(record).__name__ for record in every}
    assert {"File", "RunResult", "Agent", "Message", "Artifact", "ArtifactRef", "Page", "FileHit"} <= kinds
    for record in every:
        for other in copies(record):
            assert other == record and type(other) is type(record)
            assert repr(other) == repr(record)
            # A table's cells are what the server sent, lists included.
            assert hashed(other) == hashed(record)
        assert emulator.api_key not in repr(record)
    statuses = records.AgentStatus("queued_v2"), records.AgentStatus.RUNNING
    for status in statuses:
        assert all(other == status and type(other) is type(status) for other in copies(status))


def hashed(record: object) -> int | None:
    try:
        return hash(record)
    except TypeError:
        return None


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error(name: str) -> None:
    cls: type[NomkitError] = getattr(errors, name)
    file = records.File("f1", "a.txt", None, 4, None, None, None, None, False)
    error = cls("agents.get: What happened. What to do.", status=404, request_id="r1", attempts=2, uploaded=(file,))
    error.__notes__ = ["a note"]  # type: ignore[attr-defined]
    for other in copies(error):
        assert type(other) is cls and str(other) == str(error) and vars(other) == vars(error)
    assert repr(error) == f"{name}('agents.get: What happened. What to do.')"


def test_a_traceback_is_short_and_leads_to_the_caller(nomic: Nomic, emulator: Emulator) -> None:
    with pytest.raises(NotFoundError) as caught:
        nomic.agents.get("nothing")
    told = "".join(traceback.format_exception(caught.value))
    assert told.splitlines()[-1].startswith("nomkit.errors.NotFoundError: agents.get: ")
    assert "in test_a_traceback_is_short" in told
    assert told.count("File ") == 2 and "During handling" not in told
    assert emulator.api_key not in told


def fail(emulator: dict[str, str], agent_id: str) -> None:
    Emulator.connect(**emulator).nomic().agents.attach(agent_id).wait(timeout=0.05)


def succeed(emulator: dict[str, str]) -> RunResult:
    return Emulator.connect(**emulator).nomic().ask("Look", timeout=60)


def test_processes_pass_them_on(nomic: Nomic, emulator: Emulator) -> None:
    reached = {"url": emulator.url, "api_key": emulator.api_key, "token": emulator.token}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(succeed, reached).result(60)
        assert result.text and result.agent.id == requests(emulator, "GET /agents/{id}")[0]["path"].rsplit("/")[-1]
        emulator.timing(running=600.0)
        run = nomic.agents.launch("Look")
        with pytest.raises(WaitTimeoutError) as caught:
            pool.submit(fail, reached, run.agent_id).result(60)
    # What it tells is enough to wait on in this process.
    assert nomic.agents.attach(caught.value.token).agent_id == run.agent_id


CANNOT: list[tuple[str, Callable[[Nomic, Emulator], object]]] = [
    ("make one in each process", lambda nomic, _: nomic),
    ("make one in each process", lambda _, emulator: emulator.async_nomic()),
    ("token", lambda nomic, _: nomic.agents.launch("Look")),
]


@pytest.mark.parametrize(("instead", "make"), CANNOT)
def test_handles_do_not_pickle_and_say_what_to_pass(
    nomic: Nomic, emulator: Emulator, instead: str, make: Callable[[Nomic, Emulator], object]
) -> None:
    handle = make(nomic, emulator)
    for protocol in PROTOCOLS:
        with pytest.raises(TypeError, match=instead):
            pickle.dumps(handle, protocol)
    assert emulator.api_key not in repr(handle) and len(repr(handle)) < 120
