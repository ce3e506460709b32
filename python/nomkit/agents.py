"""Agents: launch, look, stop, delete, attach."""

from __future__ import annotations

from ._arguments import launch_options, text, told
from ._sources import AsyncReaders, Readers, attachments, prompt_images
from .agent_run import AgentRun, AsyncAgentRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from . import _native
    from ._arguments import OnProgress
    from ._progress import Shown
    from ._sources import AsyncLaunchFile, LaunchFile, LaunchImage
    from .pages import AsyncPages, Pages
    from .records import Agent, Artifact, Message


class _Agents:
    _readers = Readers

    def __init__(self, native: _native.Agents) -> None:
        self._native = native

    def _launch(
        self,
        prompt: str | None,
        files: Iterable[AsyncLaunchFile],
        file_ids: Sequence[str],
        workflow_id: str | None,
        inputs: Mapping[str, AsyncLaunchFile | Iterable[AsyncLaunchFile]] | None,
        images: Iterable[LaunchImage],
        project_id: str | None,
        timeout: float | None,
        progress: OnProgress,
    ) -> _native.Pending[_native.AgentRun] | Shown[_native.AgentRun]:
        options = launch_options(prompt, file_ids, workflow_id, project_id, timeout)
        given = attachments(files, inputs, images, self._readers)
        return told(progress, lambda listener: self._native.launch(options, given, listener))

    def _resume(
        self,
        target: str,
        prompt: str,
        images: Iterable[LaunchImage],
        interrupt: bool,
        if_missing: str,
        timeout: float | None,
    ) -> _native.Pending[_native.AgentRun]:
        options = {"prompt": prompt, "interrupt": interrupt, "if_missing": if_missing, "timeout": timeout}
        return self._native.resume(text("target", target), options, prompt_images(images))

    def _list(
        self, status: str | None, workflow_id: str | None, without_workflow: bool, page_size: int | None
    ) -> _native.AgentPages:
        options = {"status": status, "workflow_id": workflow_id, "page_size": page_size}
        return self._native.list({**options, "without_workflow": without_workflow})


class Agents(_Agents):
    """``nomic.agents``."""

    def launch(
        self,
        prompt: str | None = None,
        *,
        files: Iterable[LaunchFile] = (),
        file_ids: Sequence[str] = (),
        workflow_id: str | None = None,
        inputs: Mapping[str, LaunchFile | Iterable[LaunchFile]] | None = None,
        images: Iterable[LaunchImage] = (),
        project_id: str | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> AgentRun:
        """Launch one agent. It does not wait for the agent.

        ``POST /agents`` of the Agents page; scope ``developer:agent``, tier Heavy.

        Args:
            prompt: What the agent shall do. A workflow that requests files takes ``inputs`` instead.
            files: What it may read: ``Path`` objects and file objects that have a name, which are uploaded first, and
                files on the platform. Text is refused, so that no local file is uploaded by accident.
            file_ids: Ids of files and folders on the platform that it may read.
            workflow_id: The workflow to launch, of :meth:`Workflows.list`. It takes a prompt, or ``inputs`` where it
                requests files; never ``files`` and ``file_ids``.
            inputs: The files of each of a workflow's slots, by the slot's name: one, or several where the slot is
                ``multiple``. They are what ``files`` may hold.
            images: At most 4 pictures that go with the prompt: ``Path`` objects, bytes, or pairs of bytes and a media
                type. JPEG, PNG, WebP or GIF, 20 MB each.
            project_id: The project to launch it in.
            timeout: Seconds for the launch itself, 120 by default; uploads are not counted.
            progress: Is told of the uploads: ``True`` or a callable.

        Returns:
            The run, turn 1.

        Raises:
            InvalidInputError: An argument is wrong. Nothing was sent.
            SpendLimitError: The user's spend limit is reached.
            OutcomeUnknownError: The answer was lost, and the agent could not be found within 30 s, or not be told from
                the ``candidates``. It is never sent a second time. What is found is given, with ``recovered``.
            NomkitError: Whatever fails, ``uploaded`` of the error lists the files that are on the platform by then.
        """
        return AgentRun(
            self._launch(prompt, files, file_ids, workflow_id, inputs, images, project_id, timeout, progress).wait()
        )

    def get(self, id: str) -> Agent:
        """Read one agent. ``GET /agents/{id}``, tier Standard.

        Raises:
            NotFoundError: There is none, or it is not yours.
        """
        return self._native.get(text("id", id)).wait()

    def list(
        self,
        *,
        status: str | None = None,
        workflow_id: str | None = None,
        without_workflow: bool = False,
        page_size: int | None = None,
    ) -> Pages[Agent]:
        """List the user's own agents, newest first (the order is an assumption). ``GET /agents``, tier Standard.

        Args:
            status: Only those with this status, such as ``"running"``.
            workflow_id: Only those of this workflow.
            without_workflow: Only those of no workflow.
            page_size: How many one request brings, 1 to 100.
        """
        from .pages import Pages

        return Pages(self._list(status, workflow_id, without_workflow, page_size))

    def conversation(self, id: str) -> tuple[Message, ...]:
        """The whole conversation of an agent. ``GET /agents/{id}/conversation``; its body is an assumption."""
        return self._native.conversation(text("id", id)).wait()

    def artifact(self, agent_id: str, artifact_id: str) -> Artifact:
        """One artifact with its content. ``GET /agents/{id}/artifacts/{artifactId}``; its body is an assumption."""
        return self._native.artifact(text("agent_id", agent_id), text("artifact_id", artifact_id)).wait()

    def stop(self, id: str) -> Agent:
        """Ask an agent to stop; it may still finish first. ``POST /agents/{id}/stop``, tier Standard."""
        return self._native.stop(text("id", id)).wait()

    def delete(self, id: str) -> None:
        """Delete an agent, with its conversation and artifacts. ``DELETE /agents/{id}``, tier Standard: an assumption.

        Raises:
            NotFoundError: There is none, or it is not yours.
            ConflictError: It is at work; stop it first.
        """
        self._native.delete(text("id", id)).wait()

    def attach(self, target: str) -> AgentRun:
        """Pick a run up again.

        Args:
            target: A run's token, for the very turn that it names, or an agent's id, for its latest turn.

        Raises:
            ConfigError: The token belongs to another instance.
            NotFoundError: The agent is gone.
        """
        return AgentRun(self._native.attach(text("target", target)).wait())

    def resume(
        self,
        target: str,
        prompt: str,
        *,
        images: Iterable[LaunchImage] = (),
        interrupt: bool = False,
        if_missing: str = "raise",
        timeout: float | None = None,
    ) -> AgentRun:
        """Ask an agent again, whatever became of it meanwhile: one ticket, one agent.

        Args:
            target: A run's token or an agent's id. Whichever turn it names, the agent's latest one is followed up.
            prompt: What the agent shall do next.
            images: At most 4 pictures that go with it, as of a launch.
            interrupt: Whether to stop a turn that is still at work; otherwise such an agent is a conflict.
            if_missing: What to do if there is no such agent: ``"raise"``, or ``"launch"`` a new one with this prompt.
            timeout: Seconds for all of it together, 120 by default.

        Returns:
            The next turn, or turn 1 of the new agent.

        Raises:
            ConflictError: The agent is at work, and ``interrupt`` is not set.
            NotFoundError: The agent is gone, and ``if_missing`` is ``"raise"``.
            WaitTimeoutError: The turn that was to be stopped had not ended by then.
            OutcomeUnknownError: An answer was lost. Nothing is sent a second time.
        """
        return AgentRun(self._resume(target, prompt, images, interrupt, if_missing, timeout).wait())


class AsyncAgents(_Agents):
    """``nomic.agents`` of :class:`AsyncNomic`: the same names, awaited."""

    _readers = AsyncReaders

    async def launch(
        self,
        prompt: str | None = None,
        *,
        files: Iterable[AsyncLaunchFile] = (),
        file_ids: Sequence[str] = (),
        workflow_id: str | None = None,
        inputs: Mapping[str, AsyncLaunchFile | Iterable[AsyncLaunchFile]] | None = None,
        images: Iterable[LaunchImage] = (),
        project_id: str | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> AsyncAgentRun:
        """Launch one agent. See :meth:`Agents.launch`."""
        return AsyncAgentRun(
            await self._launch(prompt, files, file_ids, workflow_id, inputs, images, project_id, timeout, progress)
        )

    async def get(self, id: str) -> Agent:
        """Read one agent. See :meth:`Agents.get`."""
        return await self._native.get(text("id", id))

    def list(
        self,
        *,
        status: str | None = None,
        workflow_id: str | None = None,
        without_workflow: bool = False,
        page_size: int | None = None,
    ) -> AsyncPages[Agent]:
        """List the user's own agents. See :meth:`Agents.list`; iterate with ``async for``."""
        from .pages import AsyncPages

        return AsyncPages(self._list(status, workflow_id, without_workflow, page_size))

    async def conversation(self, id: str) -> tuple[Message, ...]:
        """The whole conversation of an agent. See :meth:`Agents.conversation`."""
        return await self._native.conversation(text("id", id))

    async def artifact(self, agent_id: str, artifact_id: str) -> Artifact:
        """One artifact with its content. See :meth:`Agents.artifact`."""
        return await self._native.artifact(text("agent_id", agent_id), text("artifact_id", artifact_id))

    async def stop(self, id: str) -> Agent:
        """Ask an agent to stop. See :meth:`Agents.stop`."""
        return await self._native.stop(text("id", id))

    async def delete(self, id: str) -> None:
        """Delete an agent. See :meth:`Agents.delete`."""
        await self._native.delete(text("id", id))

    async def attach(self, target: str) -> AsyncAgentRun:
        """Pick a run up again. See :meth:`Agents.attach`."""
        return AsyncAgentRun(await self._native.attach(text("target", target)))

    async def resume(
        self,
        target: str,
        prompt: str,
        *,
        images: Iterable[LaunchImage] = (),
        interrupt: bool = False,
        if_missing: str = "raise",
        timeout: float | None = None,
    ) -> AsyncAgentRun:
        """Ask an agent again, whatever became of it meanwhile. See :meth:`Agents.resume`."""
        return AsyncAgentRun(await self._resume(target, prompt, images, interrupt, if_missing, timeout))
