"""Ctrl-C in IPython and in a notebook's kernel, the real ones."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from apparatus import AGENT, PATIENCE, SOON, Server, answer
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

BEGINNING = """
import time
from nomkit import AsyncNomic, Nomic
nomic, async_nomic = (kind(base_url={url!r}, api_key="npk_test", pace=False) for kind in (Nomic, AsyncNomic))
"""
WAITING = """
try:
    nomic.agents.launch("Look").wait()
except KeyboardInterrupt:
    print("seen", time.monotonic())
    raise
"""
AWAITING = """
import asyncio
try:
    await (await async_nomic.agents.launch("Look")).wait()
except (KeyboardInterrupt, asyncio.CancelledError):
    print("seen", time.monotonic())
    raise
"""
AGAIN = """
try:
    print("again:", nomic.agents.launch("Look").agent_id)
except Exception as error:
    print(error)
"""


def test_ipython(tmp_path: Path) -> None:
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "TERM": "dumb"}
    with Server(answer(AGENT)) as server:
        cells = [tmp_path / f"{name}.py" for name in ("beginning", "waiting", "again")]
        for cell, text in zip(cells, (BEGINNING.format(url=server.url), WAITING, AGAIN), strict=True):
            cell.write_text(text)
        arguments = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=NoColor"]
        shell: Any = pexpect.spawn(sys.executable, arguments, env=environment, timeout=PATIENCE, encoding="utf-8")
        try:
            shell.expect(r"In \[1\]: ")
            shell.sendline(f"%run -i {cells[0]}")
            shell.expect(r"In \[2\]: ")
            shell.sendline(f"%run -i {cells[1]}")
            server.until(lambda: len(server.requests) == 2)
            at = time.monotonic()
            shell.send("\x03")
            shell.expect(r"seen ([\d.]+)")
            seen: Any = shell.match
            assert float(seen[1]) - at < SOON
            shell.expect("KeyboardInterrupt")
            server.until(lambda: len(server.ended) == 2)
            shell.sendline(f"%run -i {cells[2]}")
            shell.expect("again: agent")
            assert len(server.requests) == 3
        finally:
            shell.close(force=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    home = tmp_path_factory.mktemp("kernel")
    environment = {**os.environ, "IPYTHONDIR": str(home), "JUPYTER_RUNTIME_DIR": str(home)}
    manager = KernelManager(connection_file=str(home / "kernel.json"))
    manager.start_kernel(env=environment)
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.mark.parametrize("cell", [WAITING, AWAITING], ids=["waiting", "awaiting"])
@pytest.mark.parametrize("by", ["signal", "message"])
def test_a_kernel(kernel: tuple[KernelManager, BlockingKernelClient], cell: str, by: str) -> None:
    manager, client = kernel
    with Server(answer(AGENT)) as server:
        assert execute(client, BEGINNING.format(url=server.url)) == ("ok", "")
        message = client.execute(cell)
        server.until(lambda: len(server.requests) == 2)
        at = time.monotonic()
        if by == "signal":
            manager.interrupt_kernel()
        else:
            client.control_channel.send(client.session.msg("interrupt_request", {}))
        status, printed = outcome(client, message)
        seen = re.search(r"^seen (.*)$", printed, re.MULTILINE)
        assert status == "error" and seen is not None and float(seen[1]) - at < SOON
        assert execute(client, AGAIN) == ("ok", "again: agent\n")
        assert len(server.requests) == 3


def execute(client: BlockingKernelClient, code: str) -> tuple[str, str]:
    return outcome(client, client.execute(code))


def outcome(client: BlockingKernelClient, message: str) -> tuple[str, str]:
    """How a cell ended, and what it printed."""
    printed = ""
    while True:
        told: dict[str, Any] = client.get_iopub_msg(timeout=PATIENCE)
        if told["parent_header"].get("msg_id") != message:
            continue
        if told["msg_type"] == "stream":
            printed += told["content"]["text"]
        if told["content"].get("execution_state") == "idle":
            break
    while True:
        reply: dict[str, Any] = client.get_shell_msg(timeout=PATIENCE)
        if reply["parent_header"].get("msg_id") == message:
            return reply["content"]["status"], printed
