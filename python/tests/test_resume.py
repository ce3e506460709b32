"""One ticket, one agent: asking an agent again, whatever became of it meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import requests
from nomkit import ConflictError, Emulator, InvalidInputError, Nomic, NotFoundError

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def test_a_turn_that_is_over_is_followed_up_by_id_and_by_token(nomic: Nomic, emulator: Emulator) -> None:
    first = nomic.agents.launch("Look")
    first.wait()
    second = nomic.agents.resume(first.agent_id, "Look again")
    assert (second.agent_id, second.turn) == (first.agent_id, 2)
    second.wait()
    # A token of whichever turn: the agent's latest one is followed up.
    third = nomic.agents.resume(first.token, "And again", images=[PICTURE], timeout=60)
    assert (third.agent_id, third.turn) == (first.agent_id, 3)
    assert third.wait().text
    assert len(requests(emulator, "POST /agents")) == 1


def test_one_at_work_is_a_conflict_or_is_stopped_first(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    run = nomic.agents.launch("Look for ever")
    with pytest.raises(ConflictError):
        nomic.agents.resume(run.agent_id, "Look")
    assert requests(emulator, "POST /agents/{id}/stop") == []
    assert nomic.agents.resume(run.agent_id, "Look", interrupt=True).turn == 2
    assert len(requests(emulator, "POST /agents/{id}/stop")) == 1


def test_one_that_is_gone_is_not_found_or_launched_afresh(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    run.wait()
    nomic.agents.delete(run.agent_id)
    with pytest.raises(NotFoundError):
        nomic.agents.resume(run.token, "Look again")
    assert len(requests(emulator, "POST /agents")) == 1
    again = nomic.agents.resume(run.token, "Look again", if_missing="launch")
    assert again.turn == 1 and again.agent_id != run.agent_id
    assert again.conversation()[0].text == "Look again"


def test_what_is_wrong_is_said_before_anything_is_sent(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    before = len(requests(emulator))
    odd: Any = nomic.agents
    wrongs: list[tuple[str, dict[str, Any]]] = [
        ("target", {"target": b"agent"}),
        ("prompt", {"prompt": 5}),
        ("if_missing", {"if_missing": "invent"}),
        ("interrupt", {"interrupt": "yes"}),
        ("timeout", {"timeout": -1}),
        ("images", {"images": [PICTURE] * 5}),
    ]
    for argument, given in wrongs:
        with pytest.raises(InvalidInputError) as wrong:
            odd.resume(**{"target": run.agent_id, "prompt": "Look", **given})
        assert wrong.value.argument == argument, given
    assert len(requests(emulator)) == before


def test_asyncio_has_the_same(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    run.wait()

    async def main() -> int:
        async with emulator.async_nomic() as client:
            resumed = await client.agents.resume(run.token, "Look again", interrupt=True, if_missing="launch")
            return (await resumed.wait()).turn

    assert asyncio.run(main()) == 2
