"""Lists: lazy over all their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ._record import ListOf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ._native import Pending
    from .records import Page

T = TypeVar("T")


class _Native(Protocol[T]):
    def next_page(self) -> Pending[Page[T] | None]: ...


class _Pages(Generic[T]):
    def __init__(self, native: _Native[T]) -> None:
        self._native = native
        self._ready: list[T] = []
        self._total: int | None = None

    def _take(self, page: Page[T]) -> None:
        self._ready, self._total = list(page.items)[::-1], page.total_count

    def _rest(self) -> Page[T] | None:
        """What is left of the page in hand; it is handed out once."""
        if not self._ready:
            return None
        from .records import Page

        items, self._ready = tuple(self._ready[::-1]), []
        return Page(items, self._total)


class Pages(_Pages[T]):
    """A list that is read page by page, as far as it is asked for. It can be walked once."""

    def pages(self) -> Iterator[Page[T]]:
        """Page by page; the first holds what is left of one that was begun."""
        while (page := self._rest() or self._native.next_page().wait()) is not None:
            yield page

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._ready:
            page = self._native.next_page().wait()
            if page is None:
                raise StopIteration
            self._take(page)
        return self._ready.pop()

    def first(self, count: int) -> list[T]:
        """The next items, ``count`` at most; no page is read that is not needed."""
        return ListOf(item for _, item in zip(range(count), self, strict=False))


# No generators below: a step of one that is cancelled ends it, and its list would look complete.
class _PageByPage(Generic[T]):
    def __init__(self, pages: _Pages[T]) -> None:
        self._pages = pages

    def __aiter__(self) -> AsyncIterator[Page[T]]:
        return self

    async def __anext__(self) -> Page[T]:
        page = self._pages._rest() or await self._pages._native.next_page()
        if page is None:
            raise StopAsyncIteration
        return page


class AsyncPages(_Pages[T]):
    """A list that is read page by page, as far as it is asked for. It can be walked once."""

    def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page; the first holds what is left of one that was begun."""
        return _PageByPage(self)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            page = await self._native.next_page()
            if page is None:
                raise StopAsyncIteration
            self._take(page)
        return self._ready.pop()

    async def first(self, count: int) -> list[T]:
        """The next items, ``count`` at most; no page is read that is not needed."""
        items: ListOf[T] = ListOf()
        while len(items) < count:
            try:
                items.append(await self.__anext__())
            except StopAsyncIteration:
                break
        return items
