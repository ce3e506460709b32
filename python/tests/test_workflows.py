"""Workflows, launches from them, and what becomes of an agent that is deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import requests
from nomkit import Emulator, FileRef, Nomic, Workflow, errors


def by_slots(nomic: Nomic) -> dict[int, Workflow]:
    """The emulator's own: one for each number of slots."""
    return {len(workflow.requested_files): workflow for workflow in nomic.workflows.list(page_size=1)}


def test_a_workflow_with_a_prompt_is_launched(nomic: Nomic) -> None:
    workflow = by_slots(nomic)[0]
    run = nomic.agents.launch("Look", workflow_id=workflow.id)
    assert run.wait(timeout=60).agent.workflow_id == workflow.id
    assert [agent.id for agent in nomic.agents.list(workflow_id=workflow.id)] == [run.agent_id]


def test_a_workflow_with_slots_is_given_files(nomic: Nomic, emulator: Emulator, report: Path) -> None:
    workflow = by_slots(nomic)[1]
    slot = workflow.requested_files[0].name
    file = nomic.files.upload(report)
    hit = next(nomic.files.search("inspection"))
    given: list[Any] = [report, [report], file, [file], (hit,), FileRef(file.id, None, None)]
    for files in given:
        run = nomic.agents.launch(workflow_id=workflow.id, inputs={slot: files})
        assert run.wait(timeout=60).agent.workflow_id == workflow.id
    with report.open("rb") as opened:
        nomic.ask(workflow_id=workflow.id, inputs={slot: opened}, timeout=60)

    async def same() -> str | None:
        nomic = emulator.async_nomic()
        async for found in nomic.workflows.list():
            if found.id == workflow.id:
                run = await nomic.agents.launch(workflow_id=found.id, inputs={slot: report})
                return (await run.wait(timeout=60)).agent.workflow_id
        return None

    assert asyncio.run(same()) == workflow.id


def test_what_does_not_go_together_costs_no_request(nomic: Nomic, emulator: Emulator, report: Path) -> None:
    emulator.reset()
    png = b"\x89PNG\r\n\x1a\n" + bytes(100)
    text: Any = "a.pdf"
    workflow = "019abc12-3456-7890-abcd-ef1234567890"
    cases: list[tuple[Any, str]] = [
        (lambda: nomic.agents.launch(), "prompt"),
        (lambda: nomic.agents.launch(None, files=[report]), "prompt"),
        (lambda: nomic.agents.launch("Look", workflow_id=workflow, files=[report]), "files"),
        (lambda: nomic.agents.launch("Look", workflow_id=workflow, file_ids=[workflow]), "file_ids"),
        (lambda: nomic.agents.launch("Look", inputs={"drawings": [report]}), "workflow_id"),
        (lambda: nomic.agents.launch("Look", workflow_id=workflow, inputs={"drawings": [report]}), "prompt"),
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs={"drawings": [report]}, images=[png]), "Images"),
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs={"drawings": text}), "FileRef"),
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs={"drawings": [text]}), "FileRef"),
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs={"drawings": 5}), "int"),  # type: ignore[dict-item]
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs={5: [report]}), "text"),  # type: ignore[dict-item]
        (lambda: nomic.agents.launch(workflow_id=workflow, inputs=[report]), "maps"),  # type: ignore[arg-type]
        (lambda: nomic.agents.launch(workflow_id="../users"), "not an id"),
        (lambda: nomic.ask(timeout=60), "prompt"),
        (lambda: nomic.agents.delete("../users"), "not an id"),
        (lambda: nomic.workflows.list(page_size=0), "1 to 100"),
        (lambda: nomic.workflows.list(project_id="../users"), "not an id"),
    ]
    for call, words in cases:
        with pytest.raises(errors.InvalidInputError, match=words):
            call()
    assert requests(emulator) == []


def test_a_deleted_agent_is_gone(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    run.wait(timeout=60)
    nomic.agents.delete(run.agent_id)
    with pytest.raises(errors.NotFoundError):
        nomic.agents.get(run.agent_id)
    with pytest.raises(errors.NotFoundError):
        nomic.agents.delete(run.agent_id)

    async def same() -> None:
        nomic = emulator.async_nomic()
        run = await nomic.agents.launch("Look")
        await run.wait(timeout=60)
        await nomic.agents.delete(run.agent_id)
        with pytest.raises(errors.NotFoundError):
            await nomic.agents.get(run.agent_id)

    asyncio.run(same())


def test_a_delete_whose_answer_was_lost_is_a_success(nomic: Nomic, emulator: Emulator) -> None:
    run = nomic.agents.launch("Look")
    run.wait(timeout=60)
    emulator.fault("DELETE /agents/{id}", "lose_response")
    nomic.agents.delete(run.agent_id)
    assert [sent["status"] for sent in requests(emulator, "DELETE /agents/{id}")][-1] == 404
