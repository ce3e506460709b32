"""The agent each time it changes."""

from __future__ import annotations

from . import _interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import _native
    from .records import Agent


class Updates:
    """Iterates over the agent each time it changes, up to the end of one turn.

    Ctrl-C leaves the agent running; see :meth:`AgentRun.wait`.
    """

    def __init__(self, native: _native.Updates, token: str) -> None:
        self._native = native
        self._token = token

    def __iter__(self) -> Updates:
        return self

    def __next__(self) -> Agent:
        try:
            agent = self._native.next().wait()
        except KeyboardInterrupt as interrupt:
            _interrupt.tell(interrupt, self._token, shows_progress=False)
            raise
        if agent is None:
            raise StopIteration
        return agent


# Not a generator: a step of one that is cancelled ends it.
class AsyncUpdates:
    """Iterates over the agent each time it changes, up to the end of one turn."""

    def __init__(self, native: _native.Updates) -> None:
        self._native = native

    def __aiter__(self) -> AsyncUpdates:
        return self

    async def __anext__(self) -> Agent:
        agent = await self._native.next()
        if agent is None:
            raise StopAsyncIteration
        return agent
