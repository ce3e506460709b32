"""The quickstart as a notebook person runs it, in a real kernel; and what an interrupt of the kernel leaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT, requests
from nbclient import NotebookClient
from nbclient.util import ensure_async
from nomkit import Emulator, Nomic
from test_attach import TOLD
from test_rich import check

# These have no types.
v4: Any = nbformat.v4
NOTEBOOK = ROOT / "examples" / "quickstart.ipynb"


def read(path: Path) -> Any:
    return v4.reads(path.read_text())


class Client(NotebookClient):
    """Keeps every update of an output, which a notebook shows and forgets."""

    def __init__(self, notebook: Any, folder: Path) -> None:
        super().__init__(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
        self.updates: dict[str, list[dict[str, Any]]] = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        transient = msg["content"].get("transient", {})
        if msg["msg_type"] in ("display_data", "update_display_data") and "display_id" in transient:
            kind = "update" if msg["msg_type"].startswith("update") else "new"
            shown = {"kind": kind, **msg["content"]["data"]}
            self.updates.setdefault(transient["display_id"], []).append(shown)
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(variable, str(home))
        client = Client(read(NOTEBOOK), ROOT / "examples")
        client.execute()
        yield client


def outputs(client: Client, source: str) -> list[Any]:
    """The outputs of the one cell that holds this."""
    (cell,) = [cell for cell in client.nb.cells if cell.cell_type == "code" and source in cell.source]
    found: list[Any] = cell.outputs
    return found


def html(client: Client, source: str) -> str:
    """What the cell's last line shows."""
    text: str = outputs(client, source)[-1].data["text/html"]
    check(text)
    return text


def printed(client: Client, source: str) -> str:
    return "".join(output.text for output in outputs(client, source) if output.output_type == "stream")


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = read(NOTEBOOK)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)
    assert 8 <= len([cell for cell in notebook.cells if cell.cell_type == "code"]) <= 12


def test_nothing_is_written_to_standard_error(executed: Client) -> None:
    for cell in executed.nb.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", output


def test_an_upload_is_shown_in_place_and_ends(executed: Client) -> None:
    shown, file = outputs(executed, "files.upload")
    assert re.fullmatch(r"accepted [\d.]+ kB after \d+ s", shown.data["text/plain"])
    assert shown.data["text/html"] == f"<div>{shown.data['text/plain']}</div>"
    assert "inspection-report.pdf" in file.data["text/html"] and "File(id=" in file.data["text/plain"]
    check(file.data["text/html"])


def test_every_display_is_one_output_that_was_updated(executed: Client) -> None:
    assert len(executed.updates) == 5  # An upload and four waits.
    for updates in executed.updates.values():
        assert [update["kind"] for update in updates] == ["new"] + ["update"] * (len(updates) - 1)
        assert all("<progress" in update["text/html"] for update in updates[:-1])
        assert re.match(r"(accepted|finished)", updates[-1]["text/plain"])
        assert "<progress" not in updates[-1]["text/html"] and len(updates) > 1
    waits = [updates for updates in executed.updates.values() if updates[-1]["text/plain"].startswith("finished")]
    assert all(re.match(r"(waiting|running) for \d+ s", update["text/plain"]) for wait in waits for update in wait[:-1])


def test_a_run_shows_how_to_attach(executed: Client) -> None:
    shown = html(executed, "run = nomic.agents.launch")
    assert re.search(r"nomic\.agents\.attach\(&quot;nk1\.", shown) and "/assistant/" in shown


def test_the_answer_cites_file_and_page(executed: Client) -> None:
    wait, _ = outputs(executed, "result = run.wait")
    assert wait.data["text/plain"].startswith("finished after ")
    shown = html(executed, "result = run.wait")
    assert re.search(r"\[inspection-report\.pdf, p\. \d\]", shown) and "<script" not in shown
    assert ".artifacts[1]" in shown
    bundle = outputs(executed, "result = run.wait")[-1].data
    assert len(bundle["text/plain"]) < 2000 and "inspection&#45;report" not in bundle["text/html"]
    assert re.search(r"&#91;inspection-report&#46;pdf, p\. \d&#93;", bundle["text/markdown"])


def test_a_table_is_a_table(executed: Client) -> None:
    (cell,) = [cell for cell in executed.nb.cells if cell.source == "result.artifacts[1]"]
    shown = cell.outputs[0].data["text/html"]
    check(shown)
    assert '<th style="text-align:left">Finding</th>' in shown and '<th style="text-align:right">Page</th>' in shown
    assert shown.count("<tr>") > 2


def test_the_rest_of_the_job(executed: Client) -> None:
    assert re.search(r"^- .*\[inspection-report\.pdf, p\. \d\]", printed(executed, "follow_up"), re.MULTILINE)
    assert printed(executed, "except InvalidInputError").startswith("invalid_input: `files` holds paths and files, not")
    assert outputs(executed, "agents.attach")[-1].data["text/plain"] == "True"
    assert "roof" in html(executed, "asyncio.gather")


def test_an_interrupt_of_the_kernel_leaves_the_agent_running_and_tells_how_to_attach(
    emulator: Emulator, nomic: Nomic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    emulator.timing(running=60.0)
    beginning = f"""
from nomkit import Emulator
emulator = Emulator.connect({emulator.url!r}, api_key={emulator.api_key!r}, token={emulator.token!r})
nomic = emulator.nomic()
"""
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(beginning), v4.new_code_cell("nomic.ask('Look', progress=True)")]
    )
    client = Client(notebook, tmp_path)
    client.allow_errors = True

    async def execute() -> None:
        execution = asyncio.create_task(client.async_execute())
        while not requests(emulator, "GET /agents/{id}"):
            await asyncio.wait([execution], timeout=0.05)
            assert not execution.done()
        assert client.km is not None
        await ensure_async(client.km.interrupt_kernel())
        await execution

    asyncio.run(execute())
    display, line, error = notebook.cells[1].outputs
    assert re.fullmatch(r"(waiting|running): interrupted after \d+ s", display.data["text/plain"])
    told = TOLD.fullmatch(line.text.rstrip("\n"))
    assert told and line.name == "stdout"
    assert error.ename == "KeyboardInterrupt" and told[1] not in "".join(error.traceback)
    assert nomic.agents.attach(told[1]).refresh().status == "running"
