"""What is wrong is said by its own class, before a byte is sent where that can be known."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nomkit
import pytest
from conftest import requests
from nomkit import Emulator, Nomic, errors


def sized(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_local_mistakes_cost_no_request(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    text: Any = ["a.pdf"]
    single: Any = tmp_path
    cases: list[tuple[Any, type[nomkit.NomkitError], str]] = [
        (lambda: nomic.files.upload(tmp_path / "missing.pdf"), errors.LocalIoError, "does not exist"),
        (lambda: nomic.files.upload(tmp_path), errors.InvalidInputError, "is a directory"),
        (lambda: nomic.files.upload(sized(tmp_path / "a.pdf", 0)), errors.InvalidInputError, "is empty"),
        (lambda: nomic.files.upload(b"", name="a.pdf"), errors.InvalidInputError, "is empty"),
        (lambda: nomic.files.upload(b"text"), errors.InvalidInputError, "has no name"),
        (lambda: nomic.files.upload(sized(tmp_path / "b.pdf", (500 << 20) + 1)), errors.TooLargeError, "500 MB"),
        (lambda: nomic.agents.launch("Look", files=text), errors.InvalidInputError, "file_ids="),
        (lambda: nomic.agents.launch("Look", files=single), errors.InvalidInputError, "is a list"),
        (lambda: nomic.agents.launch("Look", file_ids="abc"), errors.InvalidInputError, "list of text"),
        (lambda: nomic.agents.launch(" "), errors.InvalidInputError, "is empty"),
        (lambda: nomic.agents.get("../users"), errors.InvalidInputError, "not an id"),
        (lambda: nomic.agents.list(page_size=0), errors.InvalidInputError, "1 to 100"),
        (lambda: nomic.agents.attach("nk1.a.b"), errors.InvalidInputError, "token"),
    ]
    for call, expected, words in cases:
        with pytest.raises(expected, match=words):
            call()
    assert requests(emulator) == []


def test_configuration_mistakes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOMIC_API_KEY", "NOMIC_BASE_URL", "NOMIC_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
    cases = [
        ({}, "No instance"),
        ({"domain": "acme"}, "No API key"),
        ({"base_url": "http://acme.example", "api_key": "npk_x"}, "in the clear"),
        ({"domain": "acme", "api_key": "nk-atlas"}, "Atlas"),
        ({"domain": "acme/x", "api_key": "npk_x"}, "not an instance"),
        ({"domain": "acme.nomic.ai", "api_key": "npk_x"}, "the part before `.nomic.ai`"),
    ]
    for options, words in cases:
        with pytest.raises(errors.ConfigError, match=words):
            Nomic(**options)  # type: ignore[arg-type]


def test_arguments_of_odd_types_are_named_and_never_quoted(nomic: Nomic, emulator: Emulator, tmp_path: Path) -> None:
    odd: Any = nomic
    run = nomic.agents.launch("Look")
    emulator.reset()
    holds_itself: list[Any] = []
    holds_itself.append(holds_itself)
    secret = "npk_SECRET\x1b[31m"
    cases: list[tuple[Any, str, str]] = [
        (lambda: odd.agents.get(None), "id", "NoneType"),
        (lambda: odd.agents.conversation(5), "id", "int"),
        (lambda: odd.agents.stop(b"a"), "id", "bytes"),
        (lambda: odd.agents.attach(None), "target", "NoneType"),
        (lambda: odd.agents.artifact("a", 1.5), "artifact_id", "float"),
        (lambda: odd.agents.get("\ud800"), "id", "surrogate"),
        (lambda: odd.agents.launch("Look", files=None), "files", "NoneType"),
        (lambda: odd.agents.launch("Look", files=[5]), "files", "int"),
        (lambda: odd.agents.launch("Look", files=[Path("\ud800")]), "files", "path"),
        (lambda: odd.agents.launch("Look", file_ids=[5]), "file_ids", "list of text"),
        (lambda: odd.agents.launch("Look", file_ids=holds_itself), "file_ids", "holds itself"),
        (lambda: odd.agents.launch("Look", file_ids={"a": 1}), "file_ids", "list of text"),
        (lambda: odd.agents.launch("Look\ud800"), "prompt", "surrogate"),
        (lambda: odd.agents.launch(secret, timeout=secret), "timeout", "a number"),
        (lambda: odd.agents.launch("Look", timeout=10**30), "timeout", "64 bits"),
        (lambda: odd.agents.list(page_size=-1), "page_size", "whole number"),
        (lambda: odd.agents.list(page_size=10**30), "page_size", "64 bits"),
        (lambda: odd.agents.list(without_workflow="yes"), "without_workflow", "true or false"),
        (lambda: odd.files.upload(b"text", name=5), "name", "text"),
        (lambda: odd.files.upload(b"text", name="a.txt", path=tmp_path), "path", "PosixPath"),
        (lambda: odd.files.upload("\ud800"), "source", "path"),
        (lambda: odd.files.search(5), "query", "text"),
        (lambda: run.stop(timeout=odd), "timeout", "Nomic"),
        (lambda: Nomic(domain="acme", api_key=odd.close), "api_key", "method"),
        (lambda: Nomic(domain="acme", api_key=[secret]), "api_key", "list"),  # type: ignore[arg-type]
        (lambda: Nomic(domain="acme", timeout=secret), "timeout", "a number"),  # type: ignore[arg-type]
        (lambda: Nomic(domain="acme", api_key="npk_x", ca_certs=odd), "ca_certs", "path"),
        (lambda: Nomic(domain="acme", api_key="npk_x", pace=odd), "pace", "true or false"),
    ]
    for call, argument, words in cases:
        with pytest.raises(errors.InvalidInputError, match=words) as caught:
            call()
        assert caught.value.argument == argument
        assert "SECRET" not in repr(caught.value) and "\x1b" not in str(caught.value)
    assert requests(emulator) == []


def test_a_record_that_is_none_is_refused_without_being_quoted(nomic: Nomic, tmp_path: Path) -> None:
    artifact = nomic.ask("Look", timeout=60).artifacts[0]
    odd: Any = {"SECRET\x1b": 1}
    with pytest.raises(errors.InvalidInputError) as caught:
        dataclasses.replace(artifact, id=odd).download(tmp_path)
    assert caught.value.argument == "artifact" and "SECRET" not in str(caught.value)
    odd = 5
    with pytest.raises(errors.InvalidInputError) as caught:
        artifact.download(odd)
    assert caught.value.argument == "folder"


def test_an_artifact_that_has_an_error_instead_of_content_writes_nothing(nomic: Nomic, tmp_path: Path) -> None:
    artifact = nomic.ask("Look", timeout=60).artifacts[0]
    with pytest.raises(errors.LocalIoError, match="It is too large"):
        dataclasses.replace(artifact, text=None, error="It is too large.").download(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("endless", [float("nan"), float("inf"), float("-inf")])
def test_a_wait_without_end_is_written_as_none(nomic: Nomic, emulator: Emulator, endless: float) -> None:
    run = nomic.agents.launch("Look")
    emulator.reset()
    cases: list[Callable[[], object]] = [
        lambda: run.wait(endless),
        lambda: run.updates(endless),
        lambda: nomic.ask("Look", timeout=endless),
        lambda: nomic.agents.launch("Look", timeout=endless),
        lambda: Nomic(domain="acme", api_key="npk_x", timeout=endless),
    ]
    for call in cases:
        with pytest.raises(errors.InvalidInputError, match="None") as caught:
            call()
        assert caught.value.argument == "timeout"
    assert requests(emulator) == []


def test_a_wrong_timeout_is_found_before_anything_is_launched(emulator: Emulator, report: Path) -> None:
    with pytest.raises(errors.InvalidInputError):
        emulator.nomic().ask("Look", files=[report], timeout=-1)
    with pytest.raises(errors.InvalidInputError):
        asyncio.run(emulator.async_nomic().ask("Look", files=[report], timeout=-1))
    assert requests(emulator) == []


def test_the_servers_refusals_have_their_classes(nomic: Nomic, emulator: Emulator) -> None:
    with pytest.raises(errors.AuthenticationError) as refused:
        emulator.nomic(api_key="npk_emu_wrong").agents.get("a")
    assert (refused.value.status, refused.value.outcome) == (401, "answered")
    with pytest.raises(errors.PermissionDeniedError) as denied:
        emulator.nomic(api_key=emulator.key(["developer:files"])).agents.get("a")
    assert denied.value.scope == "developer:agent"
    with pytest.raises(errors.NotFoundError):
        nomic.agents.get("019abc12-3456-7890-abcd-ef1234567890")
    with pytest.raises(errors.BadRequestError) as bad:
        nomic.agents.launch("Look", file_ids=["019abc12-3456-7890-abcd-ef1234567890"])
    assert bad.value.status == 400


def test_what_was_uploaded_rides_on_the_error(nomic: Nomic, emulator: Emulator, report: Path) -> None:
    emulator.fault("POST /agents", "status", status=409, body={"error": "not now"})
    with pytest.raises(errors.ConflictError) as caught:
        nomic.agents.launch("Look", files=[report])
    assert [file.name for file in caught.value.uploaded] == ["inspection-report.pdf"]
    assert pickle.loads(pickle.dumps(caught.value)).uploaded == caught.value.uploaded


def test_every_class_is_an_error_of_ours_and_pickles() -> None:
    for name in errors.__all__:
        cls = getattr(errors, name)
        assert issubclass(cls, nomkit.NomkitError) and getattr(nomkit, name) is cls
        error = cls("text", status=418, attempts=2)
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(other), str(other), other.status, other.attempts) == (cls, "text", 418, 2)
            assert other == error and hash(other) == hash(error)
        assert error != cls("text", status=418, attempts=3) and error != Exception("text")


def test_a_failed_run_says_why(nomic: Nomic, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing more")
    with pytest.raises(errors.RunFailedError) as caught:
        nomic.ask("Look", files=[broken], timeout=60)
    assert "broken.pdf" in caught.value.reason and caught.value.messages


def test_a_lost_launch_is_found_and_not_repeated(nomic: Nomic, emulator: Emulator) -> None:
    emulator.fault("POST /agents", "lose_response")
    run = nomic.agents.launch("Look")
    assert run.recovered and "found after its answer was lost" in run.explain()
    assert len(requests(emulator, "POST /agents")) == len(emulator.ledger()["agents"]) == 1
    assert run.wait().text
    emulator.fault("POST /agents/{id}/followup", "lose_response")
    again = run.follow_up("More")
    assert again.recovered and again.turn == 2 and again.wait().turn == 2
    assert len(requests(emulator, "POST /agents/{id}/followup")) == 1
    assert not nomic.agents.attach(run.token).recovered


def test_a_launch_that_never_arrived_is_unknown_and_not_repeated(nomic: Nomic, emulator: Emulator) -> None:
    emulator.fault("POST /agents", "reset", at="before_commit")
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        nomic.agents.launch("Look", timeout=4)
    assert caught.value.operation == "agents.launch" and tuple(caught.value.candidates) == ()
    assert (len(requests(emulator, "POST /agents")), emulator.ledger()["agents"]) == (1, [])


def test_a_lost_upload_is_found_by_its_path(nomic: Nomic, emulator: Emulator) -> None:
    emulator.fault("POST /files/upload", "lose_response")
    file = nomic.files.upload(b"text", path="alpha/notes.txt")
    assert file.recovered and file.name == "notes.txt"
    assert nomic.files.upload(b"text", path="alpha/others.txt").recovered is False
    assert len(requests(emulator, "POST /files/upload")) == len(emulator.ledger()["files"]) == 2
