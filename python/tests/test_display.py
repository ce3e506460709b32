"""``progress=True``: what people see on a terminal and in a pipe, and that it is whole when the call is over."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from nomkit import Emulator, Nomic, Progress, WaitTimeoutError, _interrupt, _progress
from nomkit._progress import Display
from nomkit._progress.story import Story, duration, size
from nomkit._progress.terminal import Line, _board


class Terminal(io.StringIO):
    """A terminal that is 80 columns wide."""

    columns = 80

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError

    @property
    def screen(self) -> list[str]:
        return screen(self.getvalue(), self.columns)


def screen(written: str, columns: int) -> list[str]:
    """The lines that a terminal shows; what is too long for one goes on in the next."""
    lines, at = [""], 0
    for piece in re.findall(r"\x1b\[K|[^\x1b]", written):
        if piece == "\r":
            at = 0
        elif piece == "\n":
            lines.append("")
            at = 0
        elif piece == "\x1b[K":
            lines[-1] = lines[-1][:at]
        else:
            if at == columns:
                lines.append("")
                at = 0
            lines[-1] = lines[-1][:at] + piece + lines[-1][at + 1 :]
            at += 1
    assert "\x1b" not in written.replace("\x1b[K", "")
    return lines


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    # Not `sys.stderr` itself: it is replaced once more before the test begins.
    for module in (_progress, _progress.terminal):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=terminal))
    return terminal


def sending(done: float, total: float = 10e6) -> Progress:
    return Progress("sending", done, total, 2.5e6, (total - done) / 2.5e6)


def test_an_upload_is_one_line_that_says_all(terminal: Terminal) -> None:
    display = Display()
    with display:
        display(Progress("reading", 1e6, None, None, None))
        assert terminal.screen == ["reading 1.0 MB"]
        display(sending(5e6))
        assert terminal.screen == ["[##########..........] sending 50 %, 5.0 MB of 10.0 MB, 2.5 MB/s, 2 s left"]
        display(sending(10e6))
        display(Progress("accepted", 10e6, 10e6, 2.5e6, 0.0))
    assert re.fullmatch(r"accepted 10\.0 MB after \d s", terminal.screen[0]) and terminal.screen[1:] == [""]


def test_the_line_never_wraps(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nomkit._progress.terminal._columns", lambda: 30)
    terminal.columns = 30
    displays = [Display() for _ in range(5)]
    for display in displays:
        display(sending(5e6))
    assert len(terminal.screen) == 1 and terminal.screen[0].startswith("5 calls: sending 50 %")
    for display in displays:
        display.__exit__(WaitTimeoutError, None, None)
    assert [len(line) <= 30 for line in terminal.screen] == [True] * 6


def test_words_of_the_server_move_no_cursor(terminal: Terminal) -> None:
    display = Display()
    display(Progress("run\x1b[2J\rn\u202ei\u4e2dng\n" + "x" * 100, 1.0, None, None, None))
    assert terminal.screen == ["run?[2J?n?i?ng?" + "x" * 25 + " for 1 s"]
    display.__exit__(None, None, None)


def test_several_calls_at_once_do_not_garble_the_line(nomic: Nomic, emulator: Emulator, terminal: Terminal) -> None:
    def upload() -> None:
        nomic.files.upload(b"x" * 3_000_000, name="a.txt", progress=True)

    threads = [threading.Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    async def many() -> None:
        files = emulator.async_nomic().files
        await asyncio.gather(*(files.upload(b"x" * 3_000_000, name="a.txt", progress=True) for _ in range(8)))

    asyncio.run(many())
    assert terminal.screen[-1] == "" and len(terminal.screen) == 17
    assert all(re.fullmatch(r"accepted 3\.0 MB after \d+ s", line) for line in terminal.screen[:-1])


def test_a_line_ends_when_its_call_fails(nomic: Nomic, emulator: Emulator, terminal: Terminal) -> None:
    emulator.timing(running=60.0)
    run = nomic.agents.launch("Look")
    with pytest.raises(WaitTimeoutError):
        run.wait(1.5, progress=True)

    async def cancel() -> None:
        awaited = await emulator.async_nomic().agents.attach(run.token)
        task = asyncio.create_task(awaited.wait(progress=True))
        await asyncio.wait([task], timeout=1.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    waited, cancelled, rest = terminal.screen
    assert re.fullmatch(r"(waiting|running): WaitTimeoutError after \d s", waited)
    assert re.fullmatch(r"(waiting|running): interrupted after \d s", cancelled) and rest == ""


def test_a_long_wait_says_once_how_to_wait_elsewhere(terminal: Terminal) -> None:
    display = Display(lambda: 'nomic.agents.attach("nk1.token")')
    for done in (59.0, 60.0, 61.0, 4000.0):
        display(Progress("running", done, None, None, None))
    hint = 'To wait elsewhere: nomic.agents.attach("nk1.token")'
    assert terminal.screen == [hint, "running for 1 h 6 min"]
    display.__exit__(None, None, None)


def test_a_display_that_fails_does_not_end_the_call(nomic: Nomic, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Terminal()
    broken.close()
    monkeypatch.setattr(sys, "stderr", broken)
    assert nomic.files.upload(b"text", name="a.txt", progress=True).id
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed, SimpleNamespace()):
        monkeypatch.setattr(sys, "stderr", stream)
        assert nomic.files.upload(b"text", name="a.txt", progress=True).id
        _interrupt.tell(KeyboardInterrupt(), "nk1.token", shows_progress=True)


def test_what_stands_in_for_standard_error_gets_lines(nomic: Nomic, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(write=said.append, flush=list))
    assert nomic.files.upload(b"text", name="a.txt", progress=True).id
    assert said[-1].startswith("accepted 4 B")


def test_a_story_says_how_long_it_queues_and_how_many_are_over() -> None:
    story = Story()
    for progress, said in [
        (Progress("throttled", 3.2, None, None, 61.0), "throttled for 3 s, 1 min 1 s left"),
        (Progress("waiting", 12.0, None, None, None), "waiting for 12 s"),
        (Progress("waiting", 2.0, 10.0, None, None), "waiting 2 of 10 over"),
    ]:
        story.take(progress)
        assert story.text == story.beginning == said


def test_sizes_and_times_are_short() -> None:
    assert [size(count) for count in (0, 999, 1000, 12_345_678, 5e11)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "12.3 MB",
        "500.0 GB",
    ]
    assert [duration(seconds) for seconds in (0.4, 59.4, 60, 3725)] == ["0 s", "59 s", "1 min 0 s", "1 h 2 min"]
    story = Story()
    story.take(Progress("sending", 0.0, 0.0, None, None))
    assert story.share == 1.0


def test_a_child_does_not_wait_for_a_line_of_its_parent(terminal: Terminal) -> None:
    line, story, drawn = Line(), Story(), threading.Event()
    story.take(sending(1.0))

    def draw() -> None:
        line.show(story)
        drawn.set()

    with _board.lock:
        child = os.fork()
        if child == 0:
            threading.Thread(target=draw).start()
            os._exit(0 if drawn.wait(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


PROGRAM = """
import signal, sys
from pathlib import Path
from nomkit import Emulator, NomkitError
signal.signal(signal.SIGINT, signal.default_int_handler)
emulator = Emulator.connect({url!r}, api_key={api_key!r}, token={token!r})
nomic = emulator.nomic()
{body}
"""


def program(emulator: Emulator, body: str) -> list[str]:
    text = PROGRAM.format(url=emulator.url, api_key=emulator.api_key, token=emulator.token, body=body)
    return [sys.executable, "-c", text]


def test_a_pipe_gets_a_line_for_each_phase(emulator: Emulator, report: Path) -> None:
    emulator.timing(running=4.0)
    body = f"nomic.ask('Look', files=[Path({str(report)!r})] * 3, progress=True)"
    done = subprocess.run(program(emulator, body), capture_output=True, text=True, timeout=60, check=True)
    lines = done.stderr.splitlines()
    assert done.stdout == "" and "\r" not in done.stderr and "\x1b" not in done.stderr
    assert [line.split()[0] for line in lines if line.split()[0] not in ("sending", "waiting")] == [
        "accepted",
        "running",
        "finished",
    ]
    assert len(lines) <= 5 and any(re.fullmatch(r"accepted 3 files, [\d.]+ kB after \d+ s", line) for line in lines)


def on_a_terminal(command: list[str], columns: int, until: str) -> tuple[int, list[str]]:
    """Runs it on a real terminal, and presses Ctrl-C when this appears."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    written, pressed = b"", False
    while True:
        try:
            written += os.read(ours, 65536)
        except OSError:  # The other end is closed.
            break
        if not pressed and until in written.decode(errors="ignore"):
            pressed = True
            process.send_signal(signal.SIGINT)
    os.close(ours)
    return process.wait(30), screen(written.decode().replace("\r\n", "\n"), columns)


def test_ctrl_c_on_a_terminal_ends_the_line_and_tells_how_to_attach(nomic: Nomic, emulator: Emulator) -> None:
    emulator.timing(running=60.0)
    body = "try:\n    nomic.ask('Look', progress=True)\nexcept KeyboardInterrupt:\n    sys.exit(130)"
    code, lines = on_a_terminal(program(emulator, body), 200, until="running for")
    assert code == 130
    assert re.fullmatch(r"running: interrupted after \d+ s", lines[0])
    told = re.fullmatch(r'The agent runs on\. To wait for it: nomic\.agents\.attach\("(nk1\.[^"]+)"\)', lines[1])
    assert told and lines[2:] == [""]
    assert nomic.agents.attach(told[1]).refresh().status == "running"
