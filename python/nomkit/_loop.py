"""How a native call is awaited: one bell per event loop, rung by the native thread."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from ._native import Bell, Pending

_bells: WeakKeyDictionary[asyncio.AbstractEventLoop, Bell] = WeakKeyDictionary()


def _bell(loop: asyncio.AbstractEventLoop) -> Bell:
    bell = _bells.get(loop)
    if bell is None:
        bell = _bells[loop] = Bell()
        loop.add_reader(bell.fileno(), bell.drain)
    return bell


async def submit(pending: Pending[Any]) -> Any:
    """Starts the call in the background and waits for it; a cancelled wait closes the connection."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    submitted = pending.start(_bell(loop), future)
    try:
        return await future
    except BaseException:
        submitted.abort()
        raise
