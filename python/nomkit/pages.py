"""Lists: lazy over all their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ._native import Pending
    from .records import Page

T = TypeVar("T")


class _Native(Protocol[T]):
    def next_page(self) -> Pending[Page[T] | None]: ...


class Pages(Generic[T]):
    """A list that is read page by page, as far as it is asked for. It can be walked once."""

    def __init__(self, native: _Native[T]) -> None:
        self._native = native

    def pages(self) -> Iterator[Page[T]]:
        """Page by page."""
        while (page := self._native.next_page().wait()) is not None:
            yield page

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    def first(self, count: int) -> list[T]:
        """The next items, ``count`` at most; no page is read that is not needed."""
        items: list[T] = []
        for item in self if count > 0 else ():
            items.append(item)
            if len(items) >= count:
                break
        return items


class AsyncPages(Generic[T]):
    """A list that is read page by page, as far as it is asked for. It can be walked once."""

    def __init__(self, native: _Native[T]) -> None:
        self._native = native

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page."""
        while (page := await self._native.next_page()) is not None:
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        while (page := await self._native.next_page()) is not None:
            for item in page.items:
                yield item

    async def first(self, count: int) -> list[T]:
        """The next items, ``count`` at most; no page is read that is not needed."""
        items: list[T] = []
        while len(items) < count and (page := await self._native.next_page()) is not None:
            items.extend(page.items)
        return items[:count]
