"""A run: one turn of one agent."""

from __future__ import annotations

from . import _interrupt
from ._arguments import text, told, wait_options
from ._notebook import Rich
from ._sources import prompt_images
from .updates import AsyncUpdates, Updates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from . import _native
    from ._arguments import OnProgress
    from ._progress import Shown
    from ._sources import LaunchImage
    from .records import Agent, AgentStatus, Artifact, Message, RunResult


class _AgentRun(Rich):
    def __init__(self, native: _native.AgentRun) -> None:
        self._native = native

    @property
    def agent_id(self) -> str:
        """The agent's id."""
        return self._native.id

    @property
    def turn(self) -> int:
        """Which turn this is: 1 is the launch, each follow-up the next."""
        return self._native.turn

    @property
    def status(self) -> AgentStatus:
        """The status as it was last seen; no request is made."""
        return self._native.status

    @property
    def agent(self) -> Agent:
        """The agent as it was last seen; no request is made."""
        return self._native.agent

    @property
    def token(self) -> str:
        """This run as text, for ``agents.attach`` in any language. It holds no secret."""
        return self._native.token

    @property
    def url(self) -> str:
        """Where people look at it."""
        return self._native.url

    @property
    def recovered(self) -> bool:
        """Whether the answer to its request was lost, and the run was found by looking for it."""
        return self._native.recovered

    def explain(self) -> str:
        """What happened to this run in this process: a line for each request, pause and look, and what they showed.

        It makes no request, and holds no key and nothing of what was asked or answered.
        """
        return self._native.explain()

    def _follow_up(
        self, prompt: str, images: Iterable[LaunchImage], timeout: float | None
    ) -> _native.Pending[_native.AgentRun]:
        return self._native.follow_up({"prompt": prompt, "timeout": timeout}, prompt_images(images))

    def _wait(self, timeout: float | None, progress: OnProgress) -> _native.Pending[RunResult] | Shown[RunResult]:
        options = wait_options(timeout)
        return told(progress, lambda listener: self._native.wait(options, listener), self._attach)

    def _attach(self) -> str:
        return _interrupt.attach(self.token)

    def __reduce__(self) -> str:
        raise TypeError("A run does not pickle: pass its `token`, and give that to `agents.attach`.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.agent_id!r}, turn={self.turn}, status={str(self.status)!r})"


class AgentRun(_AgentRun):
    """The handle on one turn of one agent. Its properties are what was last seen; ``refresh()`` looks again."""

    def refresh(self) -> Agent:
        """Look at the agent again."""
        return self._native.refresh().wait()

    def wait(self, timeout: float | None = 1800, *, progress: OnProgress = None) -> RunResult:
        """Wait until this turn is over. A wait that expires does not stop the agent.

        Nor does Ctrl-C, or a notebook's interrupt: the agent runs on, and how to attach to it is told once. With
        ``progress=True``, in an interactive session and in a notebook it is printed; elsewhere the
        ``KeyboardInterrupt`` carries it as a note (Python 3.11+), so that a service which catches it has no noise.

        Args:
            timeout: Seconds; ``None`` means without end.
            progress: ``True`` for a display (an output in a notebook, a line on standard error elsewhere), or a
                callable that is given a ``Progress``.

        Returns:
            What this turn said and made.

        Raises:
            RunFailedError: The agent failed; ``reason`` and ``messages`` say why.
            RunStoppedError: It was stopped.
            WaitTimeoutError: The time is over; ``token`` re-attaches. It is a ``TimeoutError`` too.
            StaleTurnError: This turn's own answer did not appear; an earlier one is never given instead.
        """
        try:
            return self._wait(timeout, progress).wait()
        except KeyboardInterrupt as interrupt:
            _interrupt.tell(interrupt, self.token, progress is True)
            raise

    def updates(self, timeout: float | None = 1800) -> Updates:
        """The agent each time it changes, up to the end of this turn; failed and stopped turns end it too.

        Ctrl-C while it waits leaves the agent running, as in :meth:`wait`.
        """
        return Updates(self._native.updates(wait_options(timeout)), self.token)

    def conversation(self) -> tuple[Message, ...]:
        """The whole conversation, earlier turns included."""
        return self._native.conversation().wait()

    def artifact(self, artifact_id: str) -> Artifact:
        """One of the agent's artifacts with its content, of whichever turn; it is read again.

        ``GET /agents/{id}/artifacts/{artifactId}``, tier Standard; its body is an assumption.

        Args:
            artifact_id: Its id, of ``run.agent.artifacts`` or of a result's artifact that has an ``error``.

        Raises:
            NotFoundError: There is none, or the agent was deleted.
        """
        return self._native.artifact(text("artifact_id", artifact_id)).wait()

    def follow_up(self, prompt: str, *, images: Iterable[LaunchImage] = (), timeout: float | None = None) -> AgentRun:
        """Ask the agent again; this turn must be over. ``POST /agents/{id}/followup``, tier Heavy.

        Args:
            prompt: What the agent shall do next.
            images: At most 4 pictures that go with it, as of a launch.
            timeout: Seconds for the follow-up itself, 120 by default.

        Returns:
            The next turn.

        Raises:
            ConflictError: The agent is still at work.
            OutcomeUnknownError: The answer was lost, and the question did not appear in the conversation within 30 s.
                It is never sent a second time. What is found is given, with ``recovered``.
            StaleTurnError: The answer was lost, and somebody else's question stands where this one should.
        """
        return AgentRun(self._follow_up(prompt, images, timeout).wait())

    def stop(self, *, wait: bool = False, timeout: float | None = None) -> Agent:
        """Ask the agent to stop; it may still finish first. ``POST /agents/{id}/stop``, tier Standard.

        Args:
            wait: Whether to wait until it has stopped, or has ended otherwise.
            timeout: Seconds to wait, 1800 by default.

        Returns:
            The agent as it then stood; its status tells how it ended.
        """
        return self._native.stop({"wait": wait, "timeout": timeout}).wait()


class AsyncAgentRun(_AgentRun):
    """The handle on one turn of one agent, of :class:`AsyncNomic`: the same names, awaited."""

    async def refresh(self) -> Agent:
        """Look at the agent again."""
        return await self._native.refresh()

    async def wait(self, timeout: float | None = 1800, *, progress: OnProgress = None) -> RunResult:
        """Wait until this turn is over. See :meth:`AgentRun.wait`; a task that is cancelled says nothing."""
        return await self._wait(timeout, progress)

    def updates(self, timeout: float | None = 1800) -> AsyncUpdates:
        """The agent each time it changes. See :meth:`AgentRun.updates`; iterate with ``async for``."""
        return AsyncUpdates(self._native.updates(wait_options(timeout)))

    async def conversation(self) -> tuple[Message, ...]:
        """The whole conversation, earlier turns included."""
        return await self._native.conversation()

    async def artifact(self, artifact_id: str) -> Artifact:
        """One of the agent's artifacts. See :meth:`AgentRun.artifact`."""
        return await self._native.artifact(text("artifact_id", artifact_id))

    async def follow_up(
        self, prompt: str, *, images: Iterable[LaunchImage] = (), timeout: float | None = None
    ) -> AsyncAgentRun:
        """Ask the agent again. See :meth:`AgentRun.follow_up`."""
        return AsyncAgentRun(await self._follow_up(prompt, images, timeout))

    async def stop(self, *, wait: bool = False, timeout: float | None = None) -> Agent:
        """Ask the agent to stop. See :meth:`AgentRun.stop`."""
        return await self._native.stop({"wait": wait, "timeout": timeout})
