"""Programs with a client of the emulator, which fork."""

from __future__ import annotations

from apparatus import run
from nomkit import Emulator

BEGINNING = """
import asyncio, os, signal, sys, threading, time
from nomkit import AsyncNomic, ClosedError, Emulator, Nomic, WaitTimeoutError
emulator = Emulator.connect(sys.argv[1], api_key=sys.argv[2], token=sys.argv[3])
nomic = emulator.nomic()

def child(work, beside=lambda: None):
    'Runs the work in a fork of this process, where it must end well in time, and something beside it in this one.'
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(20)
            work()
            code = 0
        except BaseException as error:
            sys.stderr.write(f"child: {error!r}\\n")
        finally:
            os._exit(code)
    beside()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, f"the child ended with {code}"
"""


def forking(emulator: Emulator, code: str) -> str:
    """Runs one that must end well and silently; what it printed."""
    return run(BEGINNING + code, emulator.url, emulator.api_key, emulator.token)
