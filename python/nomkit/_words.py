"""Open enums: strings with known values, and perhaps others."""

from __future__ import annotations

from typing import Any


class Word(str):
    """A string with known values. The platforms may add words at any time, so any string can be one."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        for name, word in list(vars(cls).items()):
            if name.isupper():
                setattr(cls, name, cls(word))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str.__repr__(self)})"


def known(word: str) -> Any:
    """One of the words that this version knows."""
    return word
