"""Servers that keep their callers waiting, and programs that run beside the tests."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PATIENCE = 60.0
"""Seconds after which something counts as hanging: far more than a busy machine needs."""
GATE = 0.2
"""Seconds within which an interrupted call ends: of two hundred, since one alone may meet a machine that stalls."""
SOON = 2.0
"""Seconds within which one alone ends, which would go on for far longer."""

AGENT = '{"data":{"id":"agent","status":"running"}}'


def answer(body: str, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """An HTTP answer; with a larger ``length`` than the body has, the rest never comes."""
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}".encode()


class Server:
    """Answers launches, so that there is something to wait for; all other requests as it is told.

    Args:
        others: What it answers to them; nothing by default.
        launches: Whether it answers launches otherwise than those.
        deaf: Whether it reads no further than a request's head until :attr:`hear` is set.
    """

    def __init__(self, others: bytes = b"", *, launches: bool = True, deaf: bool = False) -> None:
        self._others, self._launches = others, launches
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._changed = threading.Condition()
        self.connections: list[socket.socket] = []
        """All that were made so far."""
        self.hear = threading.Event()
        if not deaf:
            self.hear.set()
        self.requests: list[str] = []
        """The first line of each request so far."""
        self.ended: list[float] = []
        """When a caller hung up, by the monotonic clock."""
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # Closed.
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # A reset is an end too.
            self._converse(connection)
        self._change(lambda: self.ended.append(time.monotonic()))

    def _converse(self, connection: socket.socket) -> None:
        received = b""
        while chunk := connection.recv(1 << 12):
            received += chunk
            if b"\r\n\r\n" not in received:
                continue
            line, received = received.split(b"\r\n", 1)[0].decode(), b""
            if not line.endswith(" HTTP/1.1"):
                continue  # More of a body.
            self._change(lambda line=line: self.requests.append(line))  # type: ignore[misc]
            self.hear.wait(PATIENCE)
            launch = line.startswith("POST") and line.split()[1].endswith("/agents")
            connection.sendall(answer(AGENT) if launch and self._launches else self._others)

    def _change(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def reply(self, text: bytes) -> None:
        """Answers those who still wait."""
        for connection in self.connections:
            connection.sendall(text)

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits until something is so."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), (self.requests, len(self.ended))

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self.hear.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()


class Program:
    """A Python program that runs beside a test, line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, out: IO[bytes]) -> None:
        for line in out:
            self._lines.put(line)
        self._lines.put(b"")

    def line(self) -> str:
        """Its next line; empty if it has ended."""
        try:
            return self._lines.get(timeout=PATIENCE).decode().rstrip("\n")
        except queue.Empty:
            self.process.kill()
            assert self.process.stderr is not None
            raise AssertionError(f"It hangs. {self.process.stderr.read().decode()}") from None

    def go(self) -> None:
        """Gives it a line, for which it waits."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def interrupt(self) -> float:
        """Presses Ctrl-C, and gives the time."""
        now = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return now

    def end(self) -> tuple[int, str]:
        """Lets it end; its code and what it wrote to standard error."""
        assert self.process.stdin is not None and self.process.stderr is not None
        self.process.stdin.close()
        try:
            code = self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        self._reader.join(PATIENCE)
        return code, self.process.stderr.read().decode()


# In its debug mode asyncio warns of steps that take 100 ms, as they do on a busy machine; its errors are told.
_BUSY = "import logging; logging.getLogger('asyncio').setLevel(logging.ERROR)\n"


@contextmanager
def program(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Generator[Program]:
    """Runs Python code with the development mode's checks; no warning passes."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", _BUSY + code, *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), **(environment or {})},
    )
    with process:
        running = Program(process)
        try:
            yield running
        finally:
            process.kill()


def run(code: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Runs a program that must end well and silently; what it printed."""
    with program(code, *arguments, environment=environment) as running:
        lines = []
        while line := running.line():
            lines.append(line)
        ended = running.end()
        assert ended == (0, ""), (lines, ended[1])
    return "\n".join(lines)
