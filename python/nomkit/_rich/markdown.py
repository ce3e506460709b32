"""Shapes as Markdown. All marks are written here; whatever could be one in the text is written as an entity."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .shapes import (
    Block,
    Blocks,
    Break,
    Code,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    Items,
    Link,
    Paragraph,
    Quote,
    Rule,
    Strong,
    Table,
    Verbatim,
    checked,
    clean,
)

# An entity is never structure. Kept as they are, so that the source can be read: letters and digits, what no Markdown
# gives a meaning, a hyphen within a word, and a full stop or colon at the end of one. No piece ends in an exclamation
# mark, which would make an image of a link behind it.
_MARK = re.compile(
    r"[!#$%&*+/<=>@\[\\\]^_`{|}~]|(?<![A-Za-z0-9])[-:]|[.:](?!\s|\Z)|(?:(?<=\d)|\A)[.)]",
)
# Formula renderers look at what was rendered, where an entity is a character again; they leave code alone.
_FORMULA = re.compile(r"([$\\]+)")
_NOTHING = "&#8203;"


def markdown(blocks: Blocks) -> str:
    """The blocks, parted by empty lines."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def text(words: str) -> str:
    """Words as nothing but words."""
    words = re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", clean(words)))
    parts = _FORMULA.split(words)
    return _join(_code(part) if at % 2 else _MARK.sub(_entity, part) for at, part in enumerate(parts))


def _entity(mark: re.Match[str]) -> str:
    return f"&#{ord(mark[0])};"


def _join(parts: Iterable[str]) -> str:
    """One after another; the fences of two code spans do not touch."""
    joined: list[str] = []
    for part in parts:
        if joined and joined[-1].endswith("`") and part.startswith("`"):
            joined.append(_NOTHING)
        if part:
            joined.append(part)
    return "".join(joined)


def _code(words: str) -> str:
    """A code span; its fence is longer than any within."""
    words = clean(words).replace("\n", " ")
    if not words.strip():
        return " "
    fence = "`" * (_longest(words) + 1)
    pad = " " if words[0] in "` " or words[-1] in "` " else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _longest(words: str) -> int:
    return max((len(run) for run in re.findall("`+", words)), default=0)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * min(max(block.level, 1) + 2, 6)} {_line(block.inside)}"
    if isinstance(block, Paragraph):
        return _inlines(block.inside).strip() or _NOTHING
    if isinstance(block, Verbatim):
        lines = clean(block.text)
        fence = "`" * max(_longest(lines) + 1, 3)
        return f"{fence}\n{lines}\n{fence}"
    if isinstance(block, Quote):
        return _indent("> ", "> ", markdown(block.inside).rstrip("\n"))
    if isinstance(block, Items):
        marks = ("-" if block.start is None else f"{block.start + at:d}." for at in range(len(block.items)))
        return "\n".join(
            _indent(f"{mark} ", " " * (len(mark) + 1), markdown(item).rstrip("\n") or _NOTHING)
            for mark, item in zip(marks, block.items, strict=False)
        )
    if isinstance(block, Table):
        return _table(block)
    assert isinstance(block, Rule)
    return "***"


def _indent(first: str, rest: str, lines: str) -> str:
    return first + lines.replace("\n", f"\n{rest}")


def _table(table: Table) -> str:
    rows = [" | ".join(map(_cell, row)) for row in (table.heads, *table.rows)]
    rows.insert(1, " | ".join("---:" if right else ":---" for right in table.right))
    return "\n".join(f"| {row} |" for row in rows)


def _cell(inlines: Inlines) -> str:
    # A bar parts cells even in code, and only there it is none of our entities.
    return _line(inlines).replace("|", "\\|")


def _line(inlines: Inlines) -> str:
    return " ".join(_inlines(tuple(" " if isinstance(inline, Break) else inline for inline in inlines)).split())


def _inlines(inlines: Inlines) -> str:
    return _join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    if isinstance(inline, str):
        return text(inline)
    if isinstance(inline, Code):
        return _code(inline.text)
    if isinstance(inline, Strong):
        return _marked("**", inline.inside)
    if isinstance(inline, Emphasis):
        return _marked("*", inline.inside)
    if isinstance(inline, Link):
        address, words = checked(inline.address), _line(inline.inside)
        return words if address is None else f"[{words}](<{address.replace('&', '&amp;')}>)"
    assert isinstance(inline, Break)
    return "  \n"


def _marked(mark: str, inlines: Inlines) -> str:
    words = _inlines(inlines).strip()
    return f"{mark}{words}{mark}" if words else ""
