"""Which shapes a record has."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .read import read
from .shapes import (
    Blocks,
    Code,
    Emphasis,
    Inline,
    Inlines,
    Items,
    Link,
    Paragraph,
    Strong,
    Table,
    Verbatim,
    checked,
    cut,
)

if TYPE_CHECKING:
    from ..agent_run import AgentRun
    from ..completed import RunOutcome
    from ..records import Artifact, Page, RunResult

_MOST_ROWS = 50
_MOST_COLUMNS = 30
_MOST_IN_CELL = 500


def show(thing: Any) -> Blocks:
    """The shapes of a record, of a run, or of a list of records."""
    return _list(thing) if isinstance(thing, (list, tuple)) else _SHOWN.get(type(thing).__name__, _record)(thing)


def _run_result(result: RunResult) -> Blocks:
    agent = result.agent
    about = Paragraph(
        (Emphasis((f"turn {result.turn} of agent ", Code(cut(agent.id, 200)), f", {_word(agent.status)}")),)
    )
    made = tuple(
        (Paragraph((Code(f".artifacts[{at}]"), " ", *_caption(artifact))),)
        for at, artifact in enumerate(result.artifacts[:_MOST_ROWS])
    )
    return (*read(result.text), *((Items(None, made),) if made else ()), about)


def _artifact(artifact: Artifact) -> Blocks:
    return (Paragraph(_caption(artifact)), *_content(artifact))


def _caption(artifact: Artifact) -> Inlines:
    about = [] if artifact.kind is None else [_word(artifact.kind)]
    if artifact.rows:
        about.append(f"{len(artifact.rows):,} rows")
    return (Strong((cut(artifact.name or artifact.id, 200),)), f" ({', '.join(about)})" if about else "")


def _content(artifact: Artifact) -> Blocks:
    if artifact.error:
        return (Paragraph(("It could not be read: ", cut(artifact.error, _MOST_IN_CELL))),)
    if artifact.columns or artifact.rows:
        columns = [(column.id, column.name or column.id) for column in artifact.columns]
        columns = columns or [(key, key) for key in dict.fromkeys(key for row in artifact.rows for key in row)]
        return table([name for _, name in columns], [[row.get(key) for key, _ in columns] for row in artifact.rows])
    if artifact.text is None:
        return ()
    return read(artifact.text) if artifact.kind == "markdown" else (Verbatim(cut(artifact.text)),)


def _agent_run(run: AgentRun) -> Blocks:
    address = checked(run.url)
    where: Inline = Link(address, (address,)) if address else run.url
    rows: list[tuple[str, Inline]] = [
        ("agent", Code(run.agent_id)),
        ("turn", str(run.turn)),
        ("status", _word(run.status)),
        ("where", where),
        ("attach", Code(f'nomic.agents.attach("{run.token}")')),
    ]
    return (_pairs("AgentRun", [(name, (value,)) for name, value in rows]),)


def _run_outcome(outcome: RunOutcome[Any]) -> Blocks:
    if outcome.result is not None:
        return _run_result(outcome.result)
    why = Paragraph((Strong((type(outcome.error).__name__,)), f": {cut(str(outcome.error), _MOST_IN_CELL)}"))
    return (why, *_agent_run(outcome.run))


def _page(page: Page[Any]) -> Blocks:
    total = () if page.total_count is None else (Paragraph((f"{page.total_count:,} in all",)),)
    return (*_list(page.items), *total)


def _list(records: Sequence[Any]) -> Blocks:
    if not records:
        return (Paragraph((Emphasis(("nothing",)),)),)
    shown = records[:_MOST_ROWS]
    names = [name for name in _names(records[0]) if any(getattr(record, name) not in (None, ()) for record in shown)]
    return table(names, [[getattr(record, name) for name in names] for record in records])


def _record(record: Any) -> Blocks:
    values = [(name, getattr(record, name)) for name in _names(record)]
    return (_pairs(type(record).__name__, [(name, _cell(value)) for name, value in values if value not in (None, ())]),)


def _names(record: Any) -> list[str]:
    return [field.name for field in fields(record) if field.repr]


def _pairs(head: str, pairs: Sequence[tuple[str, Inlines]]) -> Table:
    return Table(((head,), ()), (False, False), tuple(((name,), value) for name, value in pairs))


def table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Blocks:
    """Rows of any values under headings; those that are too many are counted."""
    names, shown = names[:_MOST_COLUMNS], [row[:_MOST_COLUMNS] for row in rows[:_MOST_ROWS]]
    heads = tuple((cut(str(name), 200),) for name in names)
    right = tuple(_is_numeric([row[at] for row in shown]) for at in range(len(names)))
    cells = tuple(tuple(map(_cell, row)) for row in shown)
    more = len(rows) - len(shown)
    rest = (Paragraph((Emphasis((f"… {more:,} more rows",)),)),) if more else ()
    return (Table(heads, right, cells), *rest)


def _is_numeric(values: Sequence[Any]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in given)


def _cell(value: Any) -> Inlines:
    if value is None:
        return ()
    if isinstance(value, str):
        return (cut(value, _MOST_IN_CELL),)
    if isinstance(value, datetime):
        return (f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC",)
    if hasattr(value, "__dataclass_fields__"):
        return (cut(_named(value), _MOST_IN_CELL),)
    if isinstance(value, tuple) and value and hasattr(value[0], "__dataclass_fields__"):
        return (cut(", ".join(map(_named, value[:_MOST_COLUMNS])), _MOST_IN_CELL),)
    return (cut(json.dumps(value, ensure_ascii=False, default=str), _MOST_IN_CELL),)


def _named(record: Any) -> str:
    """What people call it, or what it is known by."""
    return str(getattr(record, "name", None) or getattr(record, "id", None) or type(record).__name__)


def _word(word: str) -> str:
    return cut(str(word), 40)


_SHOWN: dict[str, Callable[[Any], Blocks]] = {
    "RunResult": _run_result,
    "Artifact": _artifact,
    "AgentRun": _agent_run,
    "AsyncAgentRun": _agent_run,
    "RunOutcome": _run_outcome,
    "Page": _page,
}
