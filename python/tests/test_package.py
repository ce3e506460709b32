"""The package itself: what an import costs, and what never shows a key."""

from __future__ import annotations

import io
import logging
import os
import pickle
import re
import subprocess
import sys
import traceback
from pathlib import Path

import nomkit
import pytest
from conftest import ROOT
from nomkit import Emulator, NomkitError, errors, records


def test_an_import_loads_next_to_nothing() -> None:
    program = "import sys; before = set(sys.modules); import nomkit; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "nomkit" in loaded and len(loaded) <= 5, loaded
    program = "import sys; from nomkit import Nomic; print('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_a_star_import_gives_every_name_and_loads_nothing_by_itself() -> None:
    homes = [*nomkit._HOMES, *errors.__all__, *records.__all__]
    assert sorted(nomkit.__all__) == sorted(homes) and len(set(homes)) == len(homes)
    names: dict[str, object] = {}
    exec("from nomkit import *", names)
    assert {name for name in names if name != "__builtins__"} == set(homes)
    assert names["AsyncNomic"] is nomkit.AsyncNomic


def test_what_is_completed_is_what_is_there_for_users() -> None:
    program = "import nomkit; print(nomkit.errors.NomkitError.__name__, nomkit.records.File.__name__, *dir(nomkit))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert said[:2] == ["NomkitError", "File"]
    assert {name for name in said[2:] if not name.startswith("__")} == {*nomkit.__all__, "errors", "records"}


def test_the_key_is_in_no_text_that_python_makes(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    key = emulator.api_key
    caplog.set_level(logging.DEBUG)
    nomic = emulator.nomic()
    texts = [repr(nomic), str(nomic), str(vars(nomic)), repr(nomic.files), repr(emulator)]
    run = nomic.agents.launch("Look")
    texts += [repr(run), run.token, run.url, repr(run.agent)]
    for status in (400, 401, 404, 429, 500):
        nomic = emulator.nomic()  # one whose key was refused asks no more for a while
        run = nomic.agents.launch("Look")
        run.refresh()  # until it is seen for the first time, 404 means "not yet"
        emulator.fault("GET /agents/{id}", "status", status=status, body={"error": f"bad key {key}"}, times=9)
        with pytest.raises(NomkitError) as caught:
            nomic.agents.get(run.agent_id)
        out = io.StringIO()
        traceback.print_exception(caught.value, file=out)
        texts += [repr(caught.value), out.getvalue(), pickle.dumps(caught.value, 0).decode("latin1")]
        emulator.reset()
    with pytest.raises(TypeError):
        pickle.dumps(nomic)
    texts += [caplog.text, str(emulator.ledger())]
    assert not [text for text in texts if key in text]


def test_the_readme_works_as_pasted() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    program = "print('---')\n".join(blocks)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("---")
    assert len(said) == len(blocks) == 4
    assert "[inspection-report.pdf, p. " in said[0] and "[doors.pdf, p. " in said[1]
    assert said[2].count("finished ") >= 3 and "turn 2" in said[2]
    assert re.fullmatch(r"(sending .*\n)?accepted .*\n", done.stderr), done.stderr


def test_loopback_never_uses_a_proxy(emulator: Emulator) -> None:
    program = f"""
from nomkit import Emulator
emulator = Emulator.connect({emulator.url!r}, api_key={emulator.api_key!r}, token={emulator.token!r})
print(len(emulator.nomic().agents.list().first(1)))
"""
    dead = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **dead}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_the_demonstration_tells_unreadable_documents_apart(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.pdf", tmp_path / "broken.pdf"
    empty.touch()
    broken.write_bytes(b"%PDF-1.7\nbroken")
    fixtures = ROOT / "emulator" / "tests" / "fixtures"
    cases = [
        (empty, 2, "is empty"),
        (tmp_path / "missing.pdf", 2, "does not exist"),
        (broken, 1, "broken.pdf"),
        (fixtures / "encrypted.pdf", 1, "encrypted"),
        (fixtures / "image-only.pdf", 1, "no text found"),
    ]
    for document, code, words in cases:
        program = [sys.executable, str(ROOT / "examples" / "demo.py"), str(document)]
        done = subprocess.run(program, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stderr
        assert words in done.stderr.lower(), done.stderr
        assert "Traceback" not in done.stderr
