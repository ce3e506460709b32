"""What all records have: how they look."""

from __future__ import annotations

from typing import Any, TypeVar

from ._notebook import Rich

T = TypeVar("T")


class Record(Rich):
    """A record prints on a line or two: what is absent is left out, what is long is cut."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _record(self, None)


class ListOf(Rich, list[T]):
    """A list of records, which a notebook shows as a table."""

    __slots__ = ()


class TupleOf(Rich, tuple[T, ...]):
    """A tuple of records, which a notebook shows as a table."""

    __slots__ = ()


_MOST_LETTERS = 80
_MOST_ITEMS = 3


def _record(record: Record, most: int | None) -> str:
    """Its fields; of one within another only the first."""
    from dataclasses import fields

    named = [(field.name, getattr(record, field.name)) for field in fields(record) if field.repr]  # type: ignore[arg-type]
    given = [(name, value) for name, value in named if value not in (None, (), {})]
    shown = [f"{name}={_value(value)}" for name, value in given[:most]]
    rest = ["…"] if len(shown) < len(given) else []
    return f"{type(record).__name__}({', '.join(shown + rest)})"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return repr(str(value) if len(value) <= _MOST_LETTERS else f"{value[: _MOST_LETTERS - 1]}…")
    if isinstance(value, Record):
        return _record(value, 3)
    if isinstance(value, (tuple, list)):
        shown, more = [_value(item) for item in value[:_MOST_ITEMS]], len(value) - _MOST_ITEMS
        return f"({', '.join(shown)}{f', … {more} more' if more > 0 else ''})"
    if isinstance(value, dict):
        entries, more = list(value.items())[:_MOST_ITEMS], len(value) - _MOST_ITEMS
        inside = ", ".join(f"{key!r}: {_value(item)}" for key, item in entries)
        return f"{{{inside}{f', … {more} more' if more > 0 else ''}}}"
    if hasattr(value, "isoformat"):
        return repr(value.isoformat())
    return repr(value)
