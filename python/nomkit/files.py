"""Files: upload and search."""

from __future__ import annotations

from ._arguments import listener, upload_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import _native
    from ._arguments import OnProgress, UploadSource
    from .pages import AsyncPages, Pages
    from .records import File, FileHit


class _Files:
    def __init__(self, native: _native.Files) -> None:
        self._native = native

    def _upload(
        self, source: UploadSource, path: str | None, parent_id: str | None, name: str | None, progress: OnProgress
    ) -> _native.Pending[File]:
        options = {"path": path, "parent_id": parent_id, "name": name}
        return self._native.upload(upload_source(source), options, listener(progress))

    def _search(self, query: str, page_size: int | None, integration_id: str | None) -> _native.FilePages:
        return self._native.search({"query": query, "page_size": page_size, "integration_id": integration_id})


class Files(_Files):
    """``nomic.files``."""

    def upload(
        self,
        source: UploadSource,
        *,
        path: str | None = None,
        parent_id: str | None = None,
        name: str | None = None,
        progress: OnProgress = None,
    ) -> File:
        """Upload one file, streamed from where it is, in constant memory.

        ``POST /files/upload`` of the Files & Workflows page; scope ``developer:files``, tier Heavy.

        Args:
            source: A local path, or bytes; 1 byte to 500 MB.
            path: Where to put it, file name included: ``reports/2026/plan.pdf``. Folders are made.
            parent_id: An existing folder to put it into.
            name: Its name, where neither the path nor the source gives one.
            progress: ``True`` for a line on standard error, or a callable that is given a ``Progress``,
                at most ten times a second.

        Returns:
            The file. Its ``id`` is what agents are given.

        Raises:
            InvalidInputError: The source is a directory, empty, or has no name. Nothing was sent.
            LocalIoError: The source cannot be read. Nothing was sent.
            TooLargeError: It is larger than 500 MB.
            SourceChangedError: The file changed while it was being sent.
            OutcomeUnknownError: The answer was lost. It is never sent a second time.
        """
        return self._upload(source, path, parent_id, name, progress).wait()

    def search(self, query: str, *, page_size: int | None = None, integration_id: str | None = None) -> Pages[FileHit]:
        """Find files that the user may read by a part of their name, in any case.

        ``GET /files/search`` of the Files & Workflows page; scope ``developer:files``, tier Standard.

        Args:
            query: A part of the file's name.
            page_size: How many one request brings, 1 to 50.
            integration_id: Only files of this integration.

        Returns:
            The hits, lazy over all pages: iterate, or ``.first(n)``, or ``.pages()``.

        Raises:
            InvalidInputError: The query is empty.
        """
        from .pages import Pages

        return Pages(self._search(query, page_size, integration_id))


class AsyncFiles(_Files):
    """``nomic.files`` of :class:`AsyncNomic`: the same names, awaited."""

    async def upload(
        self,
        source: UploadSource,
        *,
        path: str | None = None,
        parent_id: str | None = None,
        name: str | None = None,
        progress: OnProgress = None,
    ) -> File:
        """Upload one file. See :meth:`Files.upload`."""
        return await self._upload(source, path, parent_id, name, progress)

    def search(
        self, query: str, *, page_size: int | None = None, integration_id: str | None = None
    ) -> AsyncPages[FileHit]:
        """Find files by a part of their name. See :meth:`Files.search`; iterate with ``async for``."""
        from .pages import AsyncPages

        return AsyncPages(self._search(query, page_size, integration_id))
