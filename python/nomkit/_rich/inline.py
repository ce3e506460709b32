"""Reads the words of a line: the little of Markdown that agents use. What is not understood stays as it is written."""

from __future__ import annotations

import html
import re
from itertools import groupby

from .shapes import Break, Code, Emphasis, Inline, Inlines, Link, Strong, checked

# Where something may begin. Each is looked at once, and looks ahead no further than `_REACH`: hostile text costs time
# in proportion to its length.
_BEGINS = re.compile(r"\\.|`+|!?\[|\*+|_+|<(?=[hm])|&(?=[#a-zA-Z])|(?<![A-Za-z0-9])https?://|(?<! ) {2,}\n", re.DOTALL)
_REACH = 1000
_DEPTH = 8
_LONGEST = 30
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TITLE = r"(?:\s{1,9}(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))?"
_TARGET = re.compile(
    rf"\(\s{{0,9}}(?:<([^<>\n]{{0,2000}})>|((?:[^\s<>()]|\([^\s<>()]{{0,200}}\)){{0,2000}})){_TITLE}\s{{0,9}}\)"
)
_BARE = re.compile(r"https?://[^\s<>\"'`\\$|]{1,2000}")
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def inlines(words: str, depth: int = 0) -> Inlines:
    """The words with their marks understood."""
    return _Reader(words, depth).read()


class _Reader:
    def __init__(self, words: str, depth: int) -> None:
        self.words = words
        self.depth = depth
        # What was begun and not ended: its mark, and what stands within so far. The first is the line itself.
        self.open: list[tuple[str, list[Inline]]] = [("", [])]

    def read(self) -> Inlines:
        at = 0
        while begin := _BEGINS.search(self.words, at):
            self.add(self.words[at : begin.start()])
            at = self.take(begin[0], begin.start(), begin.end())
        self.add(self.words[at:])
        while len(self.open) > 1:
            self.undo()
        return _merged(self.open[0][1])

    def add(self, *pieces: Inline) -> None:
        self.open[-1][1].extend(pieces)

    def take(self, mark: str, start: int, end: int) -> int:
        """Takes what begins here; gives where to go on."""
        first = mark[0]
        if first == "\\":
            self.add(Break() if mark[1] == "\n" else mark[1] if mark[1] in _PUNCTUATION else mark)
            return end
        if first == " ":
            self.add(Break())
            return end
        if first == "`":
            return self.code(mark, start, end)
        if first in "![":
            return self.link(mark, start, end)
        if first == "&" or first == "<" or first == "h":
            return self.short(first, start, end)
        self.emphasis(mark, start, end)
        return end

    def code(self, mark: str, start: int, end: int) -> int:
        if len(mark) > _LONGEST:
            self.add(mark)
            return end
        close = re.compile(f"(?<!`){mark}(?!`)").search(self.words, end, end + 10 * _REACH)
        if close is None:
            self.add(mark)
            return end
        inside = self.words[end : close.start()].replace("\n", " ")
        padded = len(inside) > 2 and inside[0] == inside[-1] == " " and inside.strip()
        self.add(Code(inside[1:-1] if padded else inside))
        return close.end()

    def link(self, mark: str, start: int, end: int) -> int:
        label_end = self.bracket(end)
        target = _TARGET.match(self.words, label_end + 1) if label_end else None
        if target is None or self.depth >= _DEPTH:
            # No definitions are read, so that a citation in brackets stays one.
            self.add(mark)
            return end
        label = self.words[end:label_end]
        if mark == "![":
            # Nothing is fetched by looking at a result.
            self.add(f"[image: {label}]" if label.strip() else "[image]")
            return target.end()
        address = checked(target[1] if target[1] is not None else target[2])
        inside = inlines(label, self.depth + 1)
        self.add(Link(address, _unlinked(inside))) if address else self.add(*inside)
        return target.end()

    def bracket(self, at: int) -> int:
        """Where the bracket that was opened before ends; 0 if it does not."""
        depth = 1
        for bracket in re.compile(r"\\.|[\[\]]", re.DOTALL).finditer(self.words, at, at + _REACH):
            depth += {"[": 1, "]": -1}.get(bracket[0], 0)
            if depth == 0:
                return bracket.start()
            if depth > _DEPTH:
                break
        return 0

    def short(self, first: str, start: int, end: int) -> int:
        """An entity, an address in angles, or a bare one."""
        if first == "&":
            entity = _ENTITY.match(self.words, start)
            self.add(html.unescape(entity[0]) if entity else first)
            return entity.end() if entity else end
        if first == "<":
            close = self.words.find(">", end, end + _REACH)
            address = checked(self.words[end:close]) if close > 0 else None
            self.add(Link(address, (address,)) if address else first)
            return close + 1 if address else end
        bare = _BARE.match(self.words, start)
        shown = bare[0].rstrip(".,;:!?*_~)]") if bare else self.words[start:end]
        address = checked(shown)
        self.add(Link(address, (shown,)) if address else shown)
        return start + len(shown)

    def emphasis(self, mark: str, start: int, end: int) -> None:
        before, after = self.words[start - 1 : start] or " ", self.words[end : end + 1] or " "
        in_word = mark[0] == "_" and before.isalnum() and after.isalnum()
        rest = mark if len(mark) <= 3 and not in_word else ""
        if not rest:
            self.add(mark)
            return
        while rest and not before.isspace() and self.open[-1][0] and rest.startswith(self.open[-1][0]):
            closed, inside = self.open.pop()
            rest = rest[len(closed) :]
            self.add((Strong if len(closed) == 2 else Emphasis)(_merged(inside)))
        while rest and not after.isspace() and len(self.open) < _DEPTH:
            opened = rest[:2] if len(rest) >= 2 else rest
            self.open.append((opened, []))
            rest = rest[len(opened) :]
        self.add(rest)

    def undo(self) -> None:
        """What was begun and never ended was no mark."""
        mark, inside = self.open.pop()
        self.add(mark, *inside)


def _merged(pieces: list[Inline]) -> Inlines:
    """Words that stand side by side as one."""
    merged: list[Inline] = []
    for are_words, run in groupby(pieces, lambda piece: isinstance(piece, str)):
        side_by_side = list(run)
        merged += ["".join(map(str, side_by_side))] if are_words else side_by_side
    return tuple(piece for piece in merged if piece != "")


def _unlinked(inside: Inlines) -> Inlines:
    """Without links: one cannot stand within another."""
    plain: list[Inline] = []
    for piece in inside:
        if isinstance(piece, Link):
            plain += piece.inside
        elif isinstance(piece, (Strong, Emphasis)):
            plain.append(type(piece)(_unlinked(piece.inside)))
        else:
            plain.append(piece)
    return tuple(plain)
