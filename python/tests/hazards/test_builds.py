"""Interpreters that cannot load the native module, or must not."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from pathlib import Path

import nomkit
import pytest
from apparatus import run

SAY = """
import sys
sys.path.insert(0, sys.argv[1])
import nomkit
nomkit.NotFoundError, nomkit.Agent  # They need nothing native.
try:
    nomkit.Nomic
except ImportError as error:
    print(error)
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The package without its native module."""
    source = Path(nomkit.__file__).parent
    shutil.copytree(source, tmp_path / "nomkit", ignore=shutil.ignore_patterns("_native.*so", "__pycache__"))
    return tmp_path


def test_a_missing_native_module(bare: Path) -> None:
    said = run(SAY, str(bare))
    assert "native module cannot be loaded" in said
    assert f"CPython {platform.python_version()}" in said
    assert platform.machine() in said and "no native module" in said
    assert re.search(r"glibc [\d.]+|a C library other than glibc|\d+\.\d+", said)
    assert f"{sys.executable} -m pip install" in said


def test_a_native_module_of_another_platform(bare: Path) -> None:
    (bare / "nomkit" / "_native.abi3.so").write_bytes(b"\x7fELF of another machine")
    said = run(SAY, str(bare))
    assert "native module cannot be loaded" in said and "_native.abi3.so" in said
    assert f"{sys.executable} -m pip install" in said


def test_free_threaded_python_is_refused_by_name(bare: Path) -> None:
    # Such an interpreter does not look at modules of the stable ABI, and says so in its configuration.
    simulated = "import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\n"
    said = run(simulated + SAY, str(bare))
    assert f"CPython {platform.python_version()} (free-threaded)" in said
    assert "not made for free-threaded Python" in said


def test_an_error_within_is_not_taken_for_a_missing_module(bare: Path) -> None:
    (bare / "nomkit" / "files.py").write_text("import a_module_that_nobody_has\n")
    (bare / "nomkit" / "_native.py").write_text("def __getattr__(name): return type\n")
    assert run(SAY, str(bare)) == "No module named 'a_module_that_nobody_has'"


def test_sub_interpreters_are_refused_and_do_no_harm() -> None:
    assert run("""
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
sub = interpreters.create()
interpreters.run_string(sub, '''if True:
    import nomkit
    try:
        nomkit.Nomic
    except ImportError as error:
        print(error, flush=True)
''')
from nomkit import ConnectError, Nomic
try:
    Nomic(base_url="http://127.0.0.1:9", api_key="npk_test", retries=0, pace=False).agents.get("agent")
except ConnectError:
    print("The main one works.")
""").splitlines() == [
        "nomkit works in the main interpreter of a process, not in a sub-interpreter. Use a process of its own.",
        "The main one works.",
    ]
