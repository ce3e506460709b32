"""What a user is told who interrupts a wait: the agent runs on, and this is how to wait for it again."""

from __future__ import annotations

import sys


def attach(token: str) -> str:
    """The code that waits on."""
    return f'nomic.agents.attach("{token}")'


def tell(interrupt: KeyboardInterrupt, token: str, shows_progress: bool) -> None:
    """Tells how to attach, once: where somebody looks as a line, otherwise as a note of the exception.

    Somebody looks where ``progress=True`` was asked for, and in an interactive session or a notebook. A service that
    catches the interrupt gets no output; a script that does not sees the note below its traceback (Python 3.11+).
    """
    told = f"The agent runs on. To wait for it: {attach(token)}"
    if shows_progress or sys.flags.interactive or hasattr(sys, "ps1"):
        _print(told)
    elif sys.version_info >= (3, 11):
        interrupt.add_note(told)


def _print(line: str) -> None:
    from contextlib import suppress

    from ._progress.notebook import publisher

    stream = sys.stdout if publisher() else sys.stderr
    with suppress(Exception):  # What a closed standard error raises must not take the interrupt's place.
        if stream is not None:
            print(line, file=stream, flush=True)
