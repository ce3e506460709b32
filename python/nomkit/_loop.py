"""How a native call is awaited: one bell per event loop, rung by the native thread."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from ._native import Bell, Pending

if TYPE_CHECKING:
    from ._native import Call


class _Desk:
    """The calls that one event loop waits for, by number; native code holds the numbers alone.

    Only the loop holds its desk, as what it calls when the bell rings. So a loop that is closed with calls pending
    can be collected, with the bell; its coroutines then give their calls up.
    """

    __slots__ = ("__weakref__", "bell", "calls")

    def __init__(self) -> None:
        self.bell = Bell()
        self.calls: dict[int, Call] = {}

    def drain(self) -> None:
        self.bell.drain(self.calls)


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[_Desk]] = WeakKeyDictionary()
_numbers = count()


def _desk(loop: asyncio.AbstractEventLoop) -> _Desk:
    known = _desks.get(loop)
    desk = known() if known is not None else None
    if desk is None:
        desk = _Desk()
        loop.add_reader(desk.bell.fileno(), desk.drain)
        _desks[loop] = ref(desk)
    return desk


async def submit(pending: Pending[Any]) -> Any:
    """Starts the call in the background and waits for it; a cancelled wait closes the connection."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    number = next(_numbers)
    calls = _start(loop, number, pending, future)
    try:
        return await future
    finally:
        _give_up(calls, number)


# Each by itself, so that no traceback holds a bell or somebody's listener.
def _start(
    loop: asyncio.AbstractEventLoop, number: int, pending: Pending[Any], future: asyncio.Future[Any]
) -> dict[int, Call]:
    desk = _desk(loop)
    desk.calls[number] = (future, *pending.start(desk.bell, number))
    return desk.calls


def _give_up(calls: dict[int, Call], number: int) -> None:
    call = calls.pop(number, None)  # None: it is over.
    if call is not None:
        call[1].abort()
