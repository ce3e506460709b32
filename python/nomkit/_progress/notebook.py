"""In a notebook one output, updated in place. The kernel is used if it is there, and never imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from uuid import uuid4

from .._rich.html import text as words

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .story import Story


def publisher() -> Callable[..., Any] | None:
    """What publishes outputs, if this process is a notebook's kernel."""
    ipython: Any = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    if getattr(shell, "kernel", None) is None:
        return None
    publish: Callable[..., Any] = shell.display_pub.publish
    return publish


class Cell:
    """One call in a cell's output."""

    def __init__(self, publish: Callable[..., Any]) -> None:
        self._publish = publish
        self._id = uuid4().hex
        self._begun = False

    def show(self, story: Story) -> None:
        update, self._begun = self._begun, True
        data = {"text/plain": story.text, "text/html": _html(story)}
        self._publish(data=data, metadata={}, transient={"display_id": self._id}, update=update)


def _html(story: Story) -> str:
    if story.is_over:
        return f"<div>{words(story.text)}</div>"
    share = "" if story.share is None else f' value="{story.share:.3f}"'
    hint = f"<div>{words(story.hint)}</div>" if story.hint else ""
    return f"<div><progress{share}></progress> {words(story.text)}</div>{hint}"
