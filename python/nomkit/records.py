# Written by `cargo xtask records` from the core's model. Do not edit.
"""What the platforms send, as frozen dataclasses and open enums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from ._behaviour import ArtifactBehaviour
from ._error import NomkitError
from ._record import Record
from ._words import Word, known

__all__ = [
    "Agent",
    "AgentStatus",
    "Artifact",
    "ArtifactKind",
    "ArtifactRef",
    "Column",
    "Event",
    "EventKind",
    "EventLevel",
    "File",
    "FileHit",
    "FileRef",
    "Message",
    "Page",
    "Progress",
    "RequestedFile",
    "Role",
    "RunResult",
    "UploadOutcome",
    "Workflow",
]

T = TypeVar("T")


class AgentStatus(Word):
    """Where an agent stands."""

    __slots__ = ()

    WAITING: ClassVar[AgentStatus] = known("waiting")
    """Accepted, not yet started."""
    RUNNING: ClassVar[AgentStatus] = known("running")
    """At work."""
    AWAITING_TOOL: ClassVar[AgentStatus] = known("awaiting_tool")
    """Waiting for a tool of its own."""
    FINISHED: ClassVar[AgentStatus] = known("finished")
    """Done."""
    STOPPED: ClassVar[AgentStatus] = known("stopped")
    """Stopped before it was done."""
    FAILED: ClassVar[AgentStatus] = known("failed")
    """Failed; the conversation says why."""


class ArtifactKind(Word):
    """What an artifact is."""

    __slots__ = ()

    MARKDOWN: ClassVar[ArtifactKind] = known("markdown")
    """A Markdown document."""
    TABLE: ClassVar[ArtifactKind] = known("table")
    """Columns and rows."""


class EventKind(Word):
    """What happened."""

    __slots__ = ()

    ANSWERED: ClassVar[EventKind] = known("answered")
    """A request was answered."""
    FAILED: ClassVar[EventKind] = known("failed")
    """A request failed, or its answer was lost."""
    RETRYING: ClassVar[EventKind] = known("retrying")
    """It is sent again, after so many seconds."""
    THROTTLED: ClassVar[EventKind] = known("throttled")
    """It waits for its place within the rate limit."""
    PAUSED: ClassVar[EventKind] = known("paused")
    """The server asked all requests of a tier to pause."""
    RECOVERING: ClassVar[EventKind] = known("recovering")
    """What became of a request whose answer was lost is being looked for."""
    RECOVERED: ClassVar[EventKind] = known("recovered")
    """It was found."""
    LOST: ClassVar[EventKind] = known("lost")
    """It was not found, or cannot be told from others."""
    TWIN: ClassVar[EventKind] = known("twin")
    """An agent that was lost turned up after another had been launched in its place."""
    LOOKED: ClassVar[EventKind] = known("looked")
    """An agent was looked at."""
    SWEPT: ClassVar[EventKind] = known("swept")
    """A list was read for many agents at once."""
    OVER: ClassVar[EventKind] = known("over")
    """A turn is over, or cannot be told."""


class EventLevel(Word):
    """How much an event matters."""

    __slots__ = ()

    DEBUG: ClassVar[EventLevel] = known("debug")
    """Every request, every look."""
    INFO: ClassVar[EventLevel] = known("info")
    """What takes longer than it should, and what came of it."""
    WARNING: ClassVar[EventLevel] = known("warning")
    """What people should know of."""


class Role(Word):
    """Who speaks."""

    __slots__ = ()

    USER: ClassVar[Role] = known("user")
    """The user."""
    ASSISTANT: ClassVar[Role] = known("assistant")
    """The agent."""
    TOOL: ClassVar[Role] = known("tool")
    """A tool that the agent used."""
    ERROR: ClassVar[Role] = known("error")
    """Something that went wrong."""


@dataclass(frozen=True, slots=True, repr=False)
class File(Record):
    """A file on the platform, as an upload answers."""

    id: str
    """What agents are given."""
    name: str
    """The file's name."""
    mime_type: str | None
    """Its media type."""
    size: int | None
    """Its size in bytes."""
    file_type: str | None
    """`DOCUMENT` for uploaded files."""
    parent_id: str | None
    """The folder that holds it; absent at the root."""
    version_id: str | None
    """What parse and extract jobs are given."""
    created_at: datetime | None
    """When it was uploaded."""
    recovered: bool
    """Whether the answer to the upload was lost and the file found by its path. Its size and version are not known
    then. It never comes from the platform."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class FileHit(Record):
    """A file that a search found."""

    id: str
    """What agents are given."""
    name: str
    """The file's name."""
    mime_type: str | None
    """Its media type."""
    parent_id: str | None
    """The folder that holds it; absent at the root."""
    path: str | None
    """Where it stands, decoded: `Project Alpha/reports/quarterly.pdf`. Never a path of this machine."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class FileRef(Record):
    """A file that an agent was given. (Its fields are an assumption: the platform does not document them.)"""

    id: str
    """The file's id."""
    name: str | None
    """The file's name."""
    mime_type: str | None
    """Its media type."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class ArtifactRef(Record):
    """Something that an agent made. (Its fields are an assumption: the platform does not document them.)"""

    id: str
    """Its id, for `agents.artifact`."""
    name: str | None
    """Its display name; never a path of this machine."""
    kind: ArtifactKind | None
    """Whether it is text or a table."""
    created_at: datetime | None
    """When it was made."""
    updated_at: datetime | None
    """When it last changed."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class Agent(Record):
    """A background agent."""

    id: str
    """Its id, for `agents.get` and `agents.attach`."""
    status: AgentStatus
    """Where it stands; an unknown word counts as active."""
    workflow_id: str | None
    """The workflow that it runs, if any."""
    project_id: str | None
    """The project that it belongs to, if any."""
    artifacts: tuple[ArtifactRef, ...]
    """What it made; complete once it has finished. (The fields of an artifact reference are an assumption.)"""
    files: tuple[FileRef, ...]
    """The files that it was given; lists may leave them out."""
    created_at: datetime | None
    """When it was launched."""
    updated_at: datetime | None
    """When it last changed."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class Message(Record):
    """One row of a conversation. (Its fields are an assumption, and read tolerantly.)"""

    id: str | None
    """Its id."""
    role: Role
    """Who speaks."""
    text: str
    """What is said."""
    created_at: datetime | None
    """When it was written."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class Column(Record):
    """A column of a table."""

    id: str
    """The key in each row."""
    name: str | None
    """The heading."""


@dataclass(frozen=True, slots=True, repr=False)
class Artifact(ArtifactBehaviour):
    """Something that an agent made, with its content. (Its fields are an assumption.)"""

    id: str
    """Its id."""
    name: str | None
    """Its display name; never a path of this machine."""
    kind: ArtifactKind | None
    """Whether it is text or a table."""
    text: str | None
    """The content of a document."""
    columns: tuple[Column, ...]
    """The columns of a table, in order; the keys of its rows where it names none."""
    rows: tuple[dict[str, Any], ...] = field(hash=False)
    """The rows of a table: each maps a column's id to its value."""
    error: str | None
    """Why there is no content, where it could not be read with the result; `agents.artifact` reads it again."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class RunResult(Record):
    """What a turn gave."""

    agent: Agent
    """The agent as it stood when the turn was over."""
    turn: int
    """Which turn: 1 is the launch, each follow-up the next."""
    text: str
    """The turn's answer: its assistant rows, joined by a blank line."""
    messages: tuple[Message, ...]
    """The turn's rows: after its own user row, tool and error rows included."""
    artifacts: tuple[Artifact, ...]
    """What this turn made, with content; `agent.artifacts` names those of earlier turns too."""


@dataclass(frozen=True, slots=True, repr=False)
class Workflow(Record):
    """A template that agents can be launched from."""

    id: str
    """Its id, for launches of it."""
    name: str
    """Its name."""
    description: str | None
    """What it does."""
    requested_files: tuple[RequestedFile, ...]
    """The slots that it wants files in: the keys of a launch's `inputs`. Without any it is driven by a prompt."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class RequestedFile(Record):
    """A slot of a workflow."""

    name: str
    """Its name: the key in a launch's `inputs`."""
    description: str | None
    """What it expects."""
    optional: bool
    """Whether it may be left out."""
    multiple: bool
    """Whether it takes more than one file."""
    extra: dict[str, Any] = field(default_factory=dict, hash=False, repr=False)
    """What the server sent and this version does not know."""


@dataclass(frozen=True, slots=True, repr=False)
class UploadOutcome(Record):
    """What became of one file of a folder."""

    source: str
    """The file's place in the folder, with `/`."""
    file: File | None
    """The file on the platform, if it is there."""
    error: NomkitError | None = field(hash=False)
    """Why it is not there."""
    same_as: str | None
    """The `source` of an earlier file with the same content, which was sent instead."""


@dataclass(frozen=True, slots=True, repr=False)
class Progress(Record):
    """How far a call is."""

    phase: str
    """`reading` (a stream of unknown size), `sending` and `accepted` of an upload; the agent's status of a wait;
    `throttled` of any of them while a request waits for the platform's limits, with `eta`."""
    done: float
    """Bytes sent, or seconds waited."""
    total: float | None
    """Of how many, if that is known."""
    rate: float | None
    """Bytes a second."""
    eta: float | None
    """Seconds that are left: at this rate, or until a request's turn comes."""


@dataclass(frozen=True, slots=True, repr=False)
class Event(Record):
    """Something that a client did, or that befell it."""

    at: datetime
    """When, by this machine's clock."""
    level: EventLevel
    """How much it matters."""
    kind: EventKind
    """What kind of thing it is."""
    operation: str
    """The operation that it belongs to, such as `agents.launch`."""
    agent_id: str | None
    """The agent that it is about, if that is known."""
    text: str
    """What happened, for people."""
    seconds: float | None
    """Seconds that it took, or will take."""
    status: int | None
    """The status that the server answered."""
    attempt: int | None
    """Which request of its operation it was, from 1."""
    request_id: str | None
    """What the server calls the request."""


@dataclass(frozen=True, repr=False)
class Page(Record, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    """Its items."""
    total_count: int | None
    """How many the whole list has, if the server said so."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)
