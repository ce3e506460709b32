"""Shapes as HTML. All tags and attributes are written here; what is shown is only ever text or a checked address."""

from __future__ import annotations

from html import escape

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

_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right"'


def html(blocks: Blocks) -> str:
    """The blocks, in one element of their own."""
    # The classes tell formula renderers to stay out; see also `text`.
    return f'<div class="nomkit mathjax_ignore tex2jax_ignore">{_blocks(blocks)}</div>'


def text(words: str) -> str:
    """Words as nothing but words.

    A notebook renders formulas in HTML too. Their marks begin with a dollar or a backslash and have to stand within
    one stretch of text; each of these characters therefore gets an element to itself.
    """
    escaped = escape(clean(words))
    return escaped.replace("\\", "<span>\\</span>").replace("$", "<span>$</span>")


def _blocks(blocks: Blocks) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        # One level down: the notebook's own headings stand above.
        level = min(max(block.level, 1) + 2, 6)
        return f"<h{level}>{_inlines(block.inside)}</h{level}>"
    if isinstance(block, Paragraph):
        return f"<p>{_inlines(block.inside)}</p>"
    if isinstance(block, Verbatim):
        return f"<pre><code>{text(block.text)}</code></pre>"
    if isinstance(block, Quote):
        return f"<blockquote>{_blocks(block.inside)}</blockquote>"
    if isinstance(block, Items):
        items = "".join(f"<li>{_item(item)}</li>" for item in block.items)
        return f"<ul>{items}</ul>" if block.start is None else f'<ol start="{block.start:d}">{items}</ol>'
    if isinstance(block, Table):
        return _table(block)
    assert isinstance(block, Rule)
    return "<hr>"


def _item(blocks: Blocks) -> str:
    """An item without a paragraph around its first words, so that the list stands close."""
    if blocks and isinstance(blocks[0], Paragraph):
        return _inlines(blocks[0].inside) + _blocks(blocks[1:])
    return _blocks(blocks)


def _table(table: Table) -> str:
    sides = [_RIGHT if right else _LEFT for right in table.right]
    heads = "".join(f"<th{side}>{_inlines(head)}</th>" for head, side in zip(table.heads, sides, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{side}>{_inlines(cell)}</td>" for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _inlines(inlines: Inlines) -> str:
    return "".join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    if isinstance(inline, str):
        return text(inline)
    if isinstance(inline, Code):
        return f"<code>{text(inline.text)}</code>"
    if isinstance(inline, Strong):
        return f"<strong>{_inlines(inline.inside)}</strong>"
    if isinstance(inline, Emphasis):
        return f"<em>{_inlines(inline.inside)}</em>"
    if isinstance(inline, Link):
        address = checked(inline.address)
        if address is None:
            return _inlines(inline.inside)
        return f'<a href="{escape(address)}" rel="noopener noreferrer" target="_blank">{_inlines(inline.inside)}</a>'
    assert isinstance(inline, Break)
    return "<br>"
