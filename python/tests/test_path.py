"""Upload, launch, wait, result, follow-up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conftest import requests
from nomkit import AgentStatus, AsyncNomic, Emulator, Nomic, Page, WaitTimeoutError


def test_a_document_goes_in_and_a_cited_answer_comes_out(nomic: Nomic, report: Path, tmp_path: Path) -> None:
    file = nomic.files.upload(report)
    run = nomic.agents.launch("What is wrong with the fire doors?", files=[file])
    assert (run.turn, run.agent_id in run.token, run.url.endswith(run.agent_id)) == (1, True, True)
    result = run.wait(timeout=60)
    assert "[inspection-report.pdf, p. " in result.text
    assert (result.agent.status, run.status) == (AgentStatus.FINISHED, "finished")
    document, table = result.artifacts
    assert document.text is not None and table.rows
    written = [document.download(tmp_path), table.download(str(tmp_path))]
    assert [path.suffix for path in written] == [".md", ".csv"]
    assert written[0].read_text(encoding="utf-8") == document.text

    second = run.follow_up("Now a punch list")
    answer = second.wait(timeout=60)
    assert (second.turn, answer.turn) == (2, 2)
    assert answer.text != result.text
    assert [message.role for message in second.conversation() if message.role == "user"] == ["user", "user"]


def test_lists_are_lazy(nomic: Nomic, emulator: Emulator) -> None:
    for number in range(5):
        nomic.files.upload(b"text", name=f"page-{number}.txt")
    hits = nomic.files.search("page-", page_size=2)
    assert requests(emulator, "GET /files/search") == []
    assert [hit.name for hit in hits.first(2)] == ["page-0.txt", "page-1.txt"]
    assert len(requests(emulator, "GET /files/search")) == 1
    assert len(list(nomic.files.search("PAGE-", page_size=2))) == 5
    assert [len(page) for page in nomic.files.search("page-", page_size=2).pages()] == [2, 2, 1]


def test_pages_go_on_with_what_is_left_of_the_page_in_hand(nomic: Nomic, emulator: Emulator) -> None:
    for number in range(5):
        nomic.files.upload(b"text", name=f"page-{number}.txt")
    hits = nomic.files.search("page-", page_size=3)
    assert next(hits).name == "page-0.txt"
    pages = hits.pages()
    rest = next(pages)
    assert isinstance(rest, Page) and [hit.name for hit in rest] == ["page-1.txt", "page-2.txt"]
    assert len(requests(emulator, "GET /files/search")) == 1
    assert next(hits).name == "page-3.txt"
    assert [[hit.name for hit in page] for page in pages] == [["page-4.txt"]]
    assert list(hits) == []

    async def same() -> list[list[str]]:
        hits = emulator.async_nomic().files.search("page-", page_size=3)
        assert [hit.name for hit in await hits.first(2)] == ["page-0.txt", "page-1.txt"]
        return [[hit.name for hit in page] async for page in hits.pages()]

    assert asyncio.run(same()) == [["page-2.txt"], ["page-3.txt", "page-4.txt"]]


def test_bytes_are_named_by_their_options(nomic: Nomic) -> None:
    assert nomic.files.upload(b"text", path="folder/a.txt").name == "a.txt"
    assert nomic.files.upload(b"text", name="b.txt").name == "b.txt"


def test_an_expired_wait_gives_a_token_that_waits_on(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=600.0)
    run = nomic.agents.launch("Look")
    with pytest.raises(TimeoutError) as caught:
        run.wait(timeout=0.3)
    error = caught.value
    assert isinstance(error, WaitTimeoutError)
    assert (error.code, error.last_status in ("waiting", "running")) == ("wait_timeout", True)
    emulator.clock(advance=700.0)
    assert nomic.agents.attach(error.token).wait(timeout=60).text
    assert requests(emulator, "POST /agents/{id}/stop") == []


def test_updates_end_with_the_turn(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=4.0)  # It is looked at after 2 and 6 seconds, give or take a fifth.
    run = nomic.agents.launch("Look")
    assert [update.status for update in run.updates()] == ["running", "finished"]


def test_the_asynchronous_client_has_the_same_names(emulator: Emulator, report: Path) -> None:
    async def path() -> None:
        async with emulator.async_nomic() as nomic:
            file = await nomic.files.upload(report)
            run = await nomic.agents.launch("What is wrong with the fire doors?", files=[file])
            result = await run.wait(timeout=60)
            assert "[inspection-report.pdf, p. " in result.text
            second = await run.follow_up("Now a punch list")
            assert (await second.wait(timeout=60)).text != result.text
            assert [hit.name async for hit in nomic.files.search("inspection")] == ["inspection-report.pdf"]
            assert [agent.id for agent in await nomic.agents.list().first(3)] == [run.agent_id]
            assert [update.status async for update in second.updates()] == ["finished"]

    asyncio.run(path())


def test_both_clients_have_the_same_names() -> None:
    from nomkit import AgentRun, AsyncAgentRun
    from nomkit.agents import Agents, AsyncAgents
    from nomkit.files import AsyncFiles, Files
    from nomkit.workflows import AsyncWorkflows, Workflows

    pairs = [(Nomic, AsyncNomic), (Files, AsyncFiles), (Agents, AsyncAgents), (AgentRun, AsyncAgentRun)]
    for sync, other in [*pairs, (Workflows, AsyncWorkflows)]:
        names = [{name for name in dir(cls) if not name.startswith("_")} for cls in (sync, other)]
        assert names[0] == names[1], sync


def test_one_call_asks(nomic: Nomic, report: Path) -> None:
    assert "Stair" in nomic.ask("What about the stairs?", files=[report], timeout=60).text
