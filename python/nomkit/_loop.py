"""How a native call is awaited: one bell per event loop, rung by the native thread."""

from __future__ import annotations

import asyncio
import os
import sys
from contextvars import copy_context
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from ._native import Bell, Pending

if TYPE_CHECKING:
    from ._native import Call, Feeding
    from ._sources import Pull


class _Desk:
    """The calls that one event loop waits for, by number; native code holds the numbers alone.

    Only the loop holds its desk, as what it calls when the bell rings. So a loop that is closed with calls pending
    can be collected, with the bell; its coroutines then give their calls up.
    """

    __slots__ = ("__weakref__", "beating", "bell", "calls")

    def __init__(self) -> None:
        self.bell = Bell()
        self.calls: dict[int, Call] = {}
        self.beating = False

    def drain(self) -> None:
        self.bell.drain(self.calls)

    def beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """Turns the loop now and then while it waits: a notebook's kernel sees an interrupt only then."""
        self.beating = bool(self.calls)
        if self.beating:
            loop.call_later(_BEAT, self.beat, loop)


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[_Desk]] = WeakKeyDictionary()
_numbers = count()
_BEAT = 0.05
# A forked child shares the bells with its parent: each would hear what is meant for the other.
os.register_at_fork(after_in_child=_desks.clear)


def _desk(loop: asyncio.AbstractEventLoop) -> _Desk:
    known = _desks.get(loop)
    desk = known() if known is not None else None
    if desk is None:
        desk = _Desk()
        loop.add_reader(desk.bell.fileno(), desk.drain)
        _desks[loop] = ref(desk)
    return desk


class Reader:
    """Brings the blocks of one reader to the call that wants them, in a task of their own."""

    __slots__ = ("_context", "_feeding", "_future", "_pull", "_task", "_wanted")

    def __init__(self, pull: Pull, feeding: Feeding, future: asyncio.Future[Any]) -> None:
        self._pull, self._feeding, self._future = pull, feeding, future
        # The bell has the context of whoever made it.
        self._context, self._wanted = copy_context(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wanted(self) -> None:
        """The call wants the next block."""
        self._wanted.set()
        if self._task is None:
            self._task = self._context.run(self._future.get_loop().create_task, self._feed())

    def end(self) -> asyncio.Task[None] | None:
        """The call wants nothing more; gives the task that has to end first."""
        task = self._task
        if task is None or task.done() or self._future.get_loop().is_closed():
            return None
        task.cancel()
        return task

    async def _feed(self) -> None:
        try:
            block: bytes | None = b""
            while block is not None and not self._future.done():  # A reader may have swallowed the cancellation.
                await self._wanted.wait()
                self._wanted.clear()
                block = await self._pull()
                self._feeding.give(block)
        except asyncio.CancelledError:
            self._future.cancel()
            raise
        except Exception as error:
            if not self._future.done():
                self._future.set_exception(error)


async def submit(pending: Pending[Any]) -> Any:
    """Starts the call in the background and waits for it; a cancelled wait closes the connection."""
    loop = _running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    number = next(_numbers)
    calls, readers = _start(loop, number, pending, future)
    closing = False
    try:
        return await future
    except GeneratorExit:
        closing = True
        raise
    finally:
        _give_up(calls, number)
        reading = [task for reader in readers if (task := reader.end()) is not None]
        if reading and not closing:  # A coroutine that is being closed may not wait.
            await asyncio.wait(reading)


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise RuntimeError(
        "AsyncNomic needs asyncio, whose event loop is not running here. Elsewhere use Nomic in a thread of your own, "
        "as with trio.to_thread.run_sync."
    )


# Each by itself, so that no traceback holds a bell or somebody's listener.
def _start(
    loop: asyncio.AbstractEventLoop, number: int, pending: Pending[Any], future: asyncio.Future[Any]
) -> tuple[dict[int, Call], list[Reader]]:
    desk = _desk(loop)
    submitted, listener, feeds = pending.start(desk.bell, number)
    readers = [Reader(pull, feeding, future) for pull, feeding in feeds]
    desk.calls[number] = (future, submitted, listener, readers)
    if "ipykernel" in sys.modules and not desk.beating:
        desk.beat(loop)
    return desk.calls, readers


def _give_up(calls: dict[int, Call], number: int) -> None:
    call = calls.pop(number, None)  # None: it is over.
    if call is not None:
        call[1].abort()
