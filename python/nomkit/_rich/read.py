"""Reads Markdown into shapes: headings, lists, quotes, tables, code. The rest is paragraphs of plain words."""

from __future__ import annotations

import re

from .inline import inlines
from .shapes import Block, Blocks, Heading, Inlines, Items, Paragraph, Quote, Rule, Table, Verbatim, clean, cut

_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
_RULE = re.compile(r" {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})")
_ITEM = re.compile(r"( {0,3})([-*+]|([0-9]{1,9})[.)])( {1,4}|$)")
_QUOTE = re.compile(r" {0,3}> ?")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)\s*")
_DEPTH = 6


def read(text: str) -> Blocks:
    """A text's shapes; what is too long is cut."""
    return _blocks(cut(clean(text)).split("\n"), 0)


def _blocks(lines: list[str], depth: int) -> Blocks:
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif fence := _FENCE.fullmatch(line):
            block, at = _verbatim(lines, at + 1, fence[1])
            blocks.append(block)
        elif heading := _HEADING.match(line):
            blocks.append(Heading(len(heading[1]), inlines(line[heading.end() :].rstrip("# ").strip())))
            at += 1
        elif _RULE.fullmatch(line):
            blocks.append(Rule())
            at += 1
        elif depth < _DEPTH and _QUOTE.match(line):
            block, at = _quote(lines, at, depth)
            blocks.append(block)
        elif depth < _DEPTH and _ITEM.match(line):
            block, at = _items(lines, at, depth)
            blocks.append(block)
        elif _is_table(lines, at):
            block, at = _table(lines, at)
            blocks.append(block)
        else:
            block, at = _paragraph(lines, at, depth)
            blocks.append(block)
    return tuple(blocks)


def _verbatim(lines: list[str], at: int, fence: str) -> tuple[Block, int]:
    start = at
    while at < len(lines) and not (lines[at].strip().startswith(fence) and not lines[at].strip(f" {fence[0]}")):
        at += 1
    return Verbatim("\n".join(lines[start:at])), at + 1


def _quote(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    inside: list[str] = []
    while at < len(lines) and (mark := _QUOTE.match(lines[at])):
        inside.append(lines[at][mark.end() :])
        at += 1
    return Quote(_blocks(inside, depth + 1)), at


def _items(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    """The items of one list: those with the same kind of mark."""
    items: list[Blocks] = []
    first = _ITEM.match(lines[at])
    kind, start = (first[2][-1], first[3]) if first else ("", None)
    while at < len(lines) and (mark := _ITEM.match(lines[at])) and mark[2][-1] == kind:
        if _RULE.fullmatch(lines[at]):
            break
        inside, at = _item(lines, at, mark)
        items.append(_blocks(inside, depth + 1))
    return Items(int(start) if start else None, tuple(items)), at


def _item(lines: list[str], at: int, mark: re.Match[str]) -> tuple[list[str], int]:
    """One item's lines without their indent, and where the next thing begins."""
    indent = mark.end()
    inside = [lines[at][indent:]]
    at += 1
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            following = next((other for other in lines[at + 1 : at + 3] if other.strip()), "")
            if not following.startswith(" " * indent):
                # A single empty line between two items does not end their list.
                return inside, at + 1 if _ITEM.match(following) else at
            inside.append("")
        elif line.startswith(" " * indent):
            inside.append(line[indent:])
        elif _begins(line) or not inside[-1].strip():
            break
        else:
            inside.append(line.strip())
        at += 1
    return inside, at


def _paragraph(lines: list[str], at: int, depth: int) -> tuple[Block, int]:
    inside = [lines[at]]
    at += 1
    while at < len(lines) and lines[at].strip():
        if _UNDERLINE.fullmatch(lines[at]):
            return Heading(1 if "=" in lines[at] else 2, _words(inside)), at + 1
        if (_begins(lines[at]) and (depth < _DEPTH or not _nests(lines[at]))) or _is_table(lines, at):
            break
        inside.append(lines[at])
        at += 1
    return Paragraph(_words(inside)), at


def _words(lines: list[str]) -> Inlines:
    return inlines("\n".join(line.lstrip() for line in lines).rstrip())


def _begins(line: str) -> bool:
    """Whether something other than running text begins with this line."""
    return bool(_FENCE.fullmatch(line) or _HEADING.match(line) or _RULE.fullmatch(line)) or _nests(line)


def _nests(line: str) -> bool:
    return bool(_QUOTE.match(line) or _ITEM.match(line))


def _is_table(lines: list[str], at: int) -> bool:
    if "|" not in lines[at] or at + 1 >= len(lines) or "-" not in lines[at + 1]:
        return False
    sides = _cells(lines[at + 1])
    return all(re.fullmatch(":?-+:?", side) for side in sides) and len(sides) == len(_cells(lines[at]))


def _table(lines: list[str], at: int) -> tuple[Block, int]:
    heads, sides = _cells(lines[at]), _cells(lines[at + 1])
    rows: list[tuple[Inlines, ...]] = []
    at += 2
    while at < len(lines) and lines[at].strip() and not _begins(lines[at]):
        cells = [*_cells(lines[at]), *[""] * len(heads)][: len(heads)]
        rows.append(tuple(map(inlines, cells)))
        at += 1
    right = tuple(side.endswith(":") and not side.startswith(":") for side in sides)
    return Table(tuple(map(inlines, heads)), right, tuple(rows)), at


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
