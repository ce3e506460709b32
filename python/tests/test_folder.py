"""A folder is uploaded file by file, and each file has an outcome of its own."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
from pathlib import Path

import pytest
from conftest import requests
from nomkit import Emulator, Nomic, Progress, UploadOutcome, errors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "b.md": "second",
        "a.md": "first",
        "drawings/plan.md": "plan",
        "drawings/level 2/same.md": "first",
        "empty.md": "",
        "notes.txt": "notes",
        ".hidden/secret.md": "secret",
        ".env": "secret",
    }
    for name, content in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    os.mkfifo(tmp_path / "site" / "pipe.md")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "other.md").write_text("other")
    (tmp_path / "site" / "link").symlink_to(tmp_path / "outside")
    return tmp_path / "site"


def check(outcomes: tuple[UploadOutcome, ...], emulator: Emulator) -> None:
    by_source = {outcome.source: outcome for outcome in outcomes}
    assert list(by_source) == sorted(by_source)
    sent = {source for source, outcome in by_source.items() if outcome.file is not None}
    assert sent == {"a.md", "b.md", "drawings/plan.md", "drawings/level 2/same.md"}
    assert isinstance(by_source["empty.md"].error, errors.InvalidInputError)
    assert "is empty" in str(by_source["empty.md"].error)
    assert [outcome.source for outcome in outcomes if outcome.same_as] == ["drawings/level 2/same.md"]
    same = by_source["drawings/level 2/same.md"]
    assert same.same_as == "a.md" and same.file == by_source["a.md"].file and same.error is None
    stored = {file["path"] for file in emulator.ledger()["files"]}
    assert stored == {"site/2026/a.md", "site/2026/b.md", "site/2026/drawings/plan.md"}


def test_each_file_of_a_folder_has_an_outcome(nomic: Nomic, emulator: Emulator, folder: Path) -> None:
    told: list[Progress] = []
    outcomes = nomic.files.upload_folder(folder, "**/*.md", path="site/2026", progress=told.append)
    assert isinstance(outcomes, tuple)
    check(outcomes, emulator)
    assert [progress.phase for progress in told].count("accepted") == 1
    assert told[-1].done == told[-1].total
    emulator.reset()
    check(asyncio.run(emulator.async_nomic().files.upload_folder(str(folder), "**/*.md", path="site/2026")), emulator)


def test_an_outcome_is_an_ordinary_record(nomic: Nomic, folder: Path) -> None:
    outcomes = nomic.files.upload_folder(folder, "*.md")
    failed = next(outcome for outcome in outcomes if outcome.error is not None)
    sent = next(outcome for outcome in outcomes if outcome.error is None)
    assert "a.md" in repr(sent) and "is empty" in repr(failed)
    with pytest.raises(errors.InvalidInputError):
        if failed.error is not None:
            raise failed.error
    for outcome in outcomes:
        for other in (pickle.loads(pickle.dumps(outcome)), copy.deepcopy(outcome)):
            assert other == outcome and hash(other) == hash(outcome) and repr(other) == repr(outcome)
    assert len(set(outcomes)) == len(outcomes)


def test_patterns_choose_among_the_files(nomic: Nomic, folder: Path) -> None:
    def sources(*pattern: str) -> list[str]:
        return [outcome.source for outcome in nomic.files.upload_folder(folder, *pattern)]

    assert sources("*.txt") == ["notes.txt"]
    assert sources("drawings/**/*.md") == ["drawings/level 2/same.md", "drawings/plan.md"]
    assert "notes.txt" in sources() and not [name for name in sources() if ".env" in name or "secret" in name]


def test_what_is_no_folder_is_refused(nomic: Nomic, emulator: Emulator, folder: Path) -> None:
    for wrong, pattern in [(folder / "a.md", "**/*"), (folder, "*.pdf"), (folder, "[")]:
        with pytest.raises(errors.InvalidInputError):
            nomic.files.upload_folder(wrong, pattern)
    with pytest.raises((errors.InvalidInputError, errors.LocalIoError)):
        nomic.files.upload_folder(folder / "missing")
    assert requests(emulator) == []


def test_an_error_that_befalls_every_file_ends_the_sending(emulator: Emulator, folder: Path) -> None:
    outcomes = emulator.nomic(api_key="npk_emu_wrong").files.upload_folder(folder, "**/*.md")
    failed = [outcome for outcome in outcomes if isinstance(outcome.error, errors.AuthenticationError)]
    assert len(failed) >= 3 and not [outcome for outcome in outcomes if outcome.file]
    assert len(requests(emulator)) == 1


def test_one_refused_file_stops_no_other(nomic: Nomic, emulator: Emulator, folder: Path) -> None:
    emulator.fault("POST /files/upload", "status", status=400, body={"error": "no"})
    outcomes = nomic.files.upload_folder(folder, "*.md")
    assert [type(outcome.error) for outcome in outcomes if outcome.source in ("a.md", "b.md")] == [
        errors.BadRequestError,
        type(None),
    ]
