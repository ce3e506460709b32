"""How records look in a notebook.

What platforms and agents say is untrusted. It is read into the closed set of shapes in ``shapes``, whose text is only
text and whose links are checked; ``html`` and ``markdown`` write these shapes and nothing else. So no markup of
theirs can come out, whatever it says.
"""

from __future__ import annotations

from .html import html
from .markdown import markdown
from .show import show

__all__ = ["html", "markdown", "show"]
