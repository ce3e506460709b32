"""The clients."""

from __future__ import annotations

from . import _native
from ._arguments import local_path, runs_of, told, wait_options
from .agents import Agents, AsyncAgents
from .files import AsyncFiles, Files
from .workflows import AsyncWorkflows, Workflows

# Not from typing: loading that would double what this package costs to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from typing_extensions import Self

    from ._arguments import OnProgress
    from ._progress import Shown
    from ._sources import AsyncLaunchFile, LaunchFile, LaunchImage
    from .agent_run import AgentRun, AsyncAgentRun
    from .completed import AsyncCompleted, Completed, RunOutcome
    from .records import RunResult


class _Client:
    def __init__(
        self,
        *,
        domain: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        retries: int | None = None,
        proxy: str | None = None,
        ca_certs: str | os.PathLike[str] | None = None,
        user_agent: str | None = None,
        pace: bool | None = None,
    ) -> None:
        # Here and not with the first answer: a child that is forked in the midst of an import never gets to its end.
        from . import _log as _log
        from . import errors as errors
        from . import records as records

        self._native = _native.Client(
            {
                "domain": domain,
                "base_url": base_url,
                "api_key": api_key,
                "timeout": timeout,
                "retries": retries,
                "proxy": proxy,
                "ca_certs": None if ca_certs is None else local_path("ca_certs", ca_certs),
                "user_agent": user_agent,
                "pace": pace,
            }
        )

    def _wait_all(
        self, runs: Sequence[AgentRun | AsyncAgentRun], timeout: float | None, progress: OnProgress
    ) -> _native.Pending[list[_native.Ended]] | Shown[list[_native.Ended]]:
        natives, options = [run._native for run in runs], wait_options(timeout)
        return told(progress, lambda listener: self._native.wait_all(natives, options, listener))

    def _as_completed(self, runs: Sequence[AgentRun | AsyncAgentRun], timeout: float | None) -> _native.Completed:
        return self._native.as_completed([run._native for run in runs], wait_options(timeout))

    def __reduce__(self) -> str:
        raise TypeError("A client holds a key and connections, so it does not pickle: make one in each process.")

    def __repr__(self) -> str:
        return repr(self._native)


class Nomic(_Client):
    """The client of one instance and one key. It makes no request until its first call.

    What is left out comes from the environment: ``NOMIC_API_KEY``, and ``NOMIC_BASE_URL`` or ``NOMIC_DOMAIN``.
    A key that the environment binds to one host is never sent to another. It may be used from any number of
    threads, and after a fork in parent and child.

    Args:
        domain: The instance's name: ``acme`` means ``https://acme.nomic.ai``.
        base_url: The instance's URL, instead of ``domain``; ``http`` only on loopback.
        api_key: A key of the Developer Console, ``npk_…``.
        timeout: Seconds that one request may take, 60 by default; uploads have their own limits.
        retries: How many times a request is made again where that is safe, 3 by default.
        proxy: A proxy's URL; ``HTTPS_PROXY`` and ``NO_PROXY`` otherwise. Never used for loopback.
        ca_certs: A PEM file of certificates to trust besides the system's.
        user_agent: What to add to the ``User-Agent`` header.
        pace: Whether requests wait for the platform's limits here rather than be refused there; true by default.
            All clients of a process with the same key share the limits.

    Raises:
        ConfigError: The key or the instance is missing or cannot be right.
    """

    @property
    def files(self) -> Files:
        """Files: upload and search."""
        return Files(self._native.files())

    @property
    def agents(self) -> Agents:
        """Agents: launch, look, stop, delete, attach."""
        return Agents(self._native.agents())

    @property
    def workflows(self) -> Workflows:
        """Workflows: list."""
        return Workflows(self._native.workflows())

    def ask(
        self,
        prompt: str | None = None,
        *,
        files: Iterable[LaunchFile] = (),
        file_ids: Sequence[str] = (),
        workflow_id: str | None = None,
        inputs: Mapping[str, LaunchFile | Iterable[LaunchFile]] | None = None,
        images: Iterable[LaunchImage] = (),
        project_id: str | None = None,
        timeout: float | None = 1800,
        progress: OnProgress = None,
    ) -> RunResult:
        """Upload the files, launch an agent on them and wait for its answer.

        Ctrl-C after the launch leaves the agent running and tells how to attach to it, as in :meth:`AgentRun.wait`.

        Args:
            prompt: What the agent shall do. A workflow that requests files takes ``inputs`` instead.
            files: What it may read: ``Path`` objects and file objects that have a name, which are uploaded first, and
                files on the platform. Text is refused, so that no local file is uploaded by accident.
            file_ids: Ids of files and folders on the platform that it may read.
            workflow_id: The workflow to launch, of ``nomic.workflows``. It takes a prompt, or ``inputs`` where it
                requests files; never ``files`` and ``file_ids``.
            inputs: The files of each of a workflow's slots, by the slot's name: one, or several where the slot is
                ``multiple``. They are what ``files`` may hold.
            images: At most 4 pictures that go with the prompt: ``Path`` objects, bytes, or pairs of bytes and a media
                type. JPEG, PNG, WebP or GIF, 20 MB each.
            project_id: The project to launch it in.
            timeout: Seconds to wait for the answer; ``None`` means without end.
            progress: ``True`` or a callable; is told of uploads and of the wait.

        Returns:
            What the agent said and made.

        Raises:
            NomkitError: Those of :meth:`Agents.launch` and :meth:`AgentRun.wait`.
        """
        _native.check_wait(wait_options(timeout))
        run = self.agents.launch(
            prompt,
            files=files,
            file_ids=file_ids,
            workflow_id=workflow_id,
            inputs=inputs,
            images=images,
            project_id=project_id,
            progress=progress,
        )
        return run.wait(timeout, progress=progress)

    def wait_all(
        self, runs: Iterable[AgentRun], timeout: float | None = 1800, *, progress: OnProgress = None
    ) -> list[RunOutcome[AgentRun]]:
        """Wait for many runs at once, by few requests. None of them ends the wait for the others.

        Ctrl-C ends the wait; the agents run on, and each run's ``token`` attaches to it again.

        Args:
            runs: Runs of this client.
            timeout: Seconds for all of them together; ``None`` means without end. What is not over by then has a
                ``WaitTimeoutError``.
            progress: ``True`` or a callable; is told how many are over, of how many.

        Returns:
            What became of each, in their order. Nothing that befalls a run is raised: its outcome has the ``error``.

        Raises:
            InvalidInputError: An argument is wrong, or a run belongs to another client. Nothing was sent.
        """
        from .completed import outcomes

        given = runs_of("AgentRun", runs)
        return outcomes(given, self._wait_all(given, timeout, progress).wait())

    def as_completed(self, runs: Iterable[AgentRun], timeout: float | None = 1800) -> Completed:
        """The same, one run after another as they end.

        They are waited for while you are busy with one. Leaving the loop or closing the iterator ends that; the
        agents run on.

        Args:
            runs: Runs of this client.
            timeout: Seconds for all of them together; ``None`` means without end.

        Raises:
            InvalidInputError: As :meth:`wait_all`.
        """
        from .completed import Completed

        given = runs_of("AgentRun", runs)
        return Completed(self._as_completed(given, timeout), given)

    def close(self) -> None:
        """Close the client: idle connections are dropped, and later calls raise ``ClosedError``. It is optional."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class AsyncNomic(_Client):
    """The client for asyncio: the same names as :class:`Nomic`, awaited.

    It may be used from several event loops, one after another or in different threads.
    """

    @property
    def files(self) -> AsyncFiles:
        """Files: upload and search."""
        return AsyncFiles(self._native.files())

    @property
    def agents(self) -> AsyncAgents:
        """Agents: launch, look, stop, delete, attach."""
        return AsyncAgents(self._native.agents())

    @property
    def workflows(self) -> AsyncWorkflows:
        """Workflows: list."""
        return AsyncWorkflows(self._native.workflows())

    async def ask(
        self,
        prompt: str | None = None,
        *,
        files: Iterable[AsyncLaunchFile] = (),
        file_ids: Sequence[str] = (),
        workflow_id: str | None = None,
        inputs: Mapping[str, AsyncLaunchFile | Iterable[AsyncLaunchFile]] | None = None,
        images: Iterable[LaunchImage] = (),
        project_id: str | None = None,
        timeout: float | None = 1800,
        progress: OnProgress = None,
    ) -> RunResult:
        """Upload the files, launch an agent on them and wait for its answer. See :meth:`Nomic.ask`."""
        _native.check_wait(wait_options(timeout))
        run = await self.agents.launch(
            prompt,
            files=files,
            file_ids=file_ids,
            workflow_id=workflow_id,
            inputs=inputs,
            images=images,
            project_id=project_id,
            progress=progress,
        )
        return await run.wait(timeout, progress=progress)

    async def wait_all(
        self, runs: Iterable[AsyncAgentRun], timeout: float | None = 1800, *, progress: OnProgress = None
    ) -> list[RunOutcome[AsyncAgentRun]]:
        """Wait for many runs at once, by few requests. See :meth:`Nomic.wait_all`."""
        from .completed import outcomes

        given = runs_of("AsyncAgentRun", runs)
        return outcomes(given, await self._wait_all(given, timeout, progress))

    def as_completed(self, runs: Iterable[AsyncAgentRun], timeout: float | None = 1800) -> AsyncCompleted:
        """One run after another as they end. See :meth:`Nomic.as_completed`; iterate with ``async for``."""
        from .completed import AsyncCompleted

        given = runs_of("AsyncAgentRun", runs)
        return AsyncCompleted(self._as_completed(given, timeout), given)

    async def close(self) -> None:
        """Close the client: idle connections are dropped, and later calls raise ``ClosedError``. It is optional."""
        self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()
