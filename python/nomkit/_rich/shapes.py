"""What can be shown: a closed set of shapes that hold text, and links that were checked."""

from __future__ import annotations

import re
from typing import NamedTuple

MOST = 100_000
"""How many characters of one text are shown."""


class Code(NamedTuple):
    """Words that are kept as they are."""

    text: str


class Strong(NamedTuple):
    """Heavy words."""

    inside: Inlines


class Emphasis(NamedTuple):
    """Slanted words."""

    inside: Inlines


class Link(NamedTuple):
    """Words that lead to an address; only :func:`checked` ones."""

    address: str
    inside: Inlines


class Break(NamedTuple):
    """A new line within a paragraph."""


class Heading(NamedTuple):
    """A heading of level 1 to 6."""

    level: int
    inside: Inlines


class Paragraph(NamedTuple):
    """Running text."""

    inside: Inlines


class Verbatim(NamedTuple):
    """Lines that are kept as they are."""

    text: str


class Quote(NamedTuple):
    """What is quoted."""

    inside: Blocks


class Items(NamedTuple):
    """A list, numbered from ``start`` on unless that is ``None``."""

    start: int | None
    items: tuple[Blocks, ...]


class Rule(NamedTuple):
    """A line across."""


class Table(NamedTuple):
    """Rows under headings; ``right`` says which columns stand on the right."""

    heads: tuple[Inlines, ...]
    right: tuple[bool, ...]
    rows: tuple[tuple[Inlines, ...], ...]


Inline = str | Code | Strong | Emphasis | Link | Break
Inlines = tuple[Inline, ...]
Block = Heading | Paragraph | Verbatim | Quote | Items | Rule | Table
Blocks = tuple[Block, ...]

_ADDRESS = re.compile(
    r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?([/?#][a-z0-9._~:/?#\[\]@!&()*+,;=%-]*)?"
    r"|mailto:[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,253}",
    re.ASCII | re.IGNORECASE,
)


def checked(address: str) -> str | None:
    """The address if a link may lead there: the web or mail, written plainly from its first letter on."""
    return address if len(address) <= 2000 and _ADDRESS.fullmatch(address) else None


# Controls, and marks that turn the direction of what follows: both make text look like another.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    """Text without what only serves to disguise it; lines end in a line feed."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def cut(text: str, most: int = MOST) -> str:
    """Text that is not too long to be shown."""
    return text if len(text) <= most else f"{text[:most]}… {len(text) - most:,} more characters"
