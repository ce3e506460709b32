"""Many runs waited for at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ._notebook import Rich
from .agent_run import AgentRun, AsyncAgentRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from . import _native
    from ._error import NomkitError
    from .records import RunResult

R = TypeVar("R", AgentRun, AsyncAgentRun)


@dataclass(frozen=True)
class RunOutcome(Rich, Generic[R]):
    """What became of one run of many.

    A run does not pickle; its ``token``, the ``result`` and the ``error`` do.
    """

    run: R
    """The run."""
    ok: bool
    """Whether there is a result."""
    result: RunResult | None
    """What it said and made; ``None`` if there is nothing of that."""
    error: NomkitError | None
    """Why there is none: what :meth:`AgentRun.wait` would have raised."""


def outcomes(runs: Iterable[R], ended: Iterable[_native.Ended]) -> list[RunOutcome[R]]:
    """What became of these runs, in their order."""
    return [_outcome(run, how) for run, how in zip(runs, ended, strict=True)]


def _outcome(run: R, ended: _native.Ended) -> RunOutcome[R]:
    _, _, result, error = ended
    return RunOutcome(run, error is None, result, error)


class _Completed(Generic[R]):
    def __init__(self, runs: Iterable[R]) -> None:
        # Several handles can be of one turn: each is given once.
        self._runs: dict[tuple[str, int], deque[R]] = {}
        for run in runs:
            self._runs.setdefault((run.agent_id, run.turn), deque()).append(run)

    def _take(self, ended: _native.Ended) -> RunOutcome[R]:
        return _outcome(self._runs[ended[:2]].popleft(), ended)


class Completed(_Completed[AgentRun]):
    """Iterates over runs as they end, with what became of each.

    They are waited for while the caller is busy with one. Letting go of the iterator ends that, and so do
    :meth:`close` and what is raised in a step, such as an interrupt; the agents run on.
    """

    def __init__(self, native: _native.Completed, runs: Iterable[AgentRun]) -> None:
        super().__init__(runs)
        self._native: _native.Completed | None = native

    def __iter__(self) -> Completed:
        return self

    def __next__(self) -> RunOutcome[AgentRun]:
        if self._native is None:
            raise StopIteration
        try:
            ended = self._native.next().wait()
        except BaseException:
            # The traceback keeps this iterator: what it holds would go on behind an interrupt.
            self.close()
            raise
        if ended is None:
            raise StopIteration
        return self._take(ended)

    def close(self) -> None:
        """Ends the waits; the agents run on. ``contextlib.closing`` calls it; a second one does nothing."""
        self._native = None


# Not a generator: a step of one that is cancelled ends it.
class AsyncCompleted(_Completed[AsyncAgentRun]):
    """Iterates over runs as they end, with what became of each. See :class:`Completed`.

    A step that is cancelled, by a timeout say, can be made again: they are waited for until the iterator is let go of,
    which a kept traceback may put off, or :meth:`aclose` is called.
    """

    def __init__(self, native: _native.Completed, runs: Iterable[AsyncAgentRun]) -> None:
        super().__init__(runs)
        self._native: _native.Completed | None = native

    def __aiter__(self) -> AsyncCompleted:
        return self

    async def __anext__(self) -> RunOutcome[AsyncAgentRun]:
        if self._native is None:
            raise StopAsyncIteration
        ended = await self._native.next()
        if ended is None:
            raise StopAsyncIteration
        return self._take(ended)

    async def aclose(self) -> None:
        """Ends the waits; the agents run on. ``contextlib.aclosing`` calls it; a second one does nothing."""
        self._native = None
