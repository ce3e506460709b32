"""Servers that make their client before they fork their workers: gunicorn with ``--preload``, Celery's prefork pool."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from apparatus import PATIENCE
from conftest import requests
from nomkit import Emulator

MASTER = """
import json, os
from nomkit import Emulator
emulator = Emulator.connect(**json.loads(os.environ["EMULATOR"]))
nomic = emulator.nomic()
run = nomic.agents.launch("Look")  # In the master.
"""
WEB = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    again = nomic.agents.launch("Look")
    same = run.refresh().id == run.agent_id
    return [json.dumps([os.getpid(), os.getppid(), again.wait(timeout=60).text != "", same]).encode()]
"""
CONFIGURATION = """
import json, os
from celery import Celery
folder = os.environ["FOLDER"]
app = Celery("tasks", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_transport_options = {
    "data_folder_in": f"{folder}/queue", "data_folder_out": f"{folder}/queue", "control_folder": f"{folder}/control",
}
"""
TASKS = """
@app.task
def ask():
    again = nomic.agents.launch("Look")
    return [os.getpid(), os.getppid(), again.wait(timeout=60).text != "", run.refresh().id == run.agent_id]
"""

ASKING = """
asked = [app.send_task("tasks.ask") for _ in range(8)]
print(json.dumps([task.get(timeout=50) for task in asked]))
"""


@contextmanager
def serving(command: list[str], folder: Path, emulator: Emulator) -> Generator[subprocess.Popen[bytes]]:
    reached = {"url": emulator.url, "api_key": emulator.api_key, "token": emulator.token}
    environment = {**os.environ, "EMULATOR": json.dumps(reached), "FOLDER": str(folder), "PYTHONPATH": str(folder)}
    log = (folder / "log").open("wb")
    with (
        log,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
            process.terminate()
            assert process.wait(PATIENCE) == 0, (folder / "log").read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def check(answers: list[list[int]], emulator: Emulator) -> None:
    """Each worker answered, and each launch was sent once."""
    assert len({worker for worker, _, _, _ in answers}) == 2
    assert len({master for _, master, _, _ in answers}) == 1
    assert all(waited and same for _, _, waited, same in answers)
    assert len(requests(emulator, "POST /agents")) == 1 + len(answers)


def test_gunicorn_preload(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(MASTER + WEB)
    command = ["gunicorn", "--preload", "--workers=2", "--threads=2", "--bind=127.0.0.1:0", "web:application"]
    with serving(command, tmp_path, emulator) as process:
        end = time.monotonic() + PATIENCE
        while not (listening := re.search(r"Listening at: (http://\S+)", (tmp_path / "log").read_text())):
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.01)

        def get(_: int) -> list[int]:
            with urllib.request.urlopen(listening[1], timeout=PATIENCE) as answer:
                return list(json.load(answer))

        answers: list[list[int]] = []
        with ThreadPoolExecutor(4) as pool:
            while len({worker for worker, _, _, _ in answers}) < 2:
                assert time.monotonic() < end
                answers += pool.map(get, range(8))
    check(answers, emulator)


def test_celery_prefork(emulator: Emulator, tmp_path: Path) -> None:
    for folder in ("queue", "control", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tasks.py").write_text(CONFIGURATION + MASTER + TASKS)
    (tmp_path / "ask.py").write_text(CONFIGURATION + ASKING)
    worker = ["celery", "-A", "tasks", "worker", "--pool=prefork", "--concurrency=2", "--loglevel=warning"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    with serving([*worker, *quiet], tmp_path, emulator):
        asked = subprocess.run(
            [sys.executable, "ask.py"],
            cwd=tmp_path,
            env={**os.environ, "FOLDER": str(tmp_path)},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert asked.returncode == 0, asked.stderr.decode() + (tmp_path / "log").read_text()
    check(json.loads(asked.stdout), emulator)
