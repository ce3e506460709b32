"""Files: upload and search."""

from __future__ import annotations

from ._arguments import local_path, told
from ._sources import AsyncReaders, Readers, upload_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from . import _native
    from ._arguments import OnProgress
    from ._progress import Shown
    from ._sources import AsyncUploadSource, UploadSource
    from .pages import AsyncPages, Pages
    from .records import File, FileHit, UploadOutcome


class _Files:
    _readers = Readers

    def __init__(self, native: _native.Files) -> None:
        self._native = native

    def _upload(
        self,
        source: AsyncUploadSource,
        path: str | None,
        parent_id: str | None,
        name: str | None,
        size: int | None,
        timeout: float | None,
        progress: OnProgress,
    ) -> _native.Pending[File] | Shown[File]:
        options = {"path": path, "parent_id": parent_id, "name": name, "timeout": timeout}
        given = upload_source(source, size, self._readers)
        return told(progress, lambda listener: self._native.upload(given, options, listener))

    def _upload_folder(
        self,
        folder: str | os.PathLike[str],
        pattern: str,
        path: str | None,
        parent_id: str | None,
        timeout: float | None,
        progress: OnProgress,
    ) -> _native.Pending[tuple[UploadOutcome, ...]] | Shown[tuple[UploadOutcome, ...]]:
        options = {"pattern": pattern, "path": path, "parent_id": parent_id, "timeout": timeout}
        given = local_path("folder", folder)
        return told(progress, lambda listener: self._native.upload_folder(given, options, listener))

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
        size: int | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> File:
        """Upload one file, streamed from where it is, in constant memory.

        ``POST /files/upload`` of the Files & Workflows page; scope ``developer:files``, tier Heavy.

        A file object is read from where it stands, in this thread; it is not closed. After a success it stands behind
        what was sent. Paths, bytes, ``BytesIO`` and open files on disk are read by the core, without holding up other
        threads, and are sent again after a rate limit; other file objects and iterables can be read only once.

        Args:
            source: A local path, bytes, a file object that was opened in binary mode, or an iterable of bytes;
                1 byte to 500 MB.
            path: Where to put it, file name included: ``reports/2026/plan.pdf``. Folders are made.
            parent_id: An existing folder to put it into.
            name: Its name, where neither the path nor the source gives one.
            size: How many bytes a file object or an iterable gives, if that is known. Without it they are first
                written to a private temporary file, because the platform wants to know the length.
            timeout: Seconds that the upload may take in all; by default it may take as long as bytes move.
            progress: ``True`` for a display (an output in a notebook, a line on standard error elsewhere), or a
                callable that is given a ``Progress``, at most ten times a second.

        Returns:
            The file. Its ``id`` is what agents are given.

        Raises:
            InvalidInputError: The source is a directory, empty, in text mode, or has no name. Nothing was sent.
            LocalIoError: The source cannot be read. Nothing was sent.
            TooLargeError: It is larger than 500 MB.
            SourceChangedError: The file changed while it was being sent, or the source does not have ``size`` bytes.
            OutcomeUnknownError: The answer was lost. It is never sent a second time; with ``path`` the file is looked
                for first, and what is found is given, with ``recovered``.
            BaseException: Whatever a file object or an iterable raises comes out as it is. No file is on the platform.
        """
        return self._upload(source, path, parent_id, name, size, timeout, progress).wait()

    def upload_folder(
        self,
        folder: str | os.PathLike[str],
        pattern: str = "**/*",
        *,
        path: str | None = None,
        parent_id: str | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> tuple[UploadOutcome, ...]:
        """Upload the files of a folder, one after another. Each has an outcome of its own; a failed one stops no other.

        ``POST /files/upload`` of the Files & Workflows page, for each file; scope ``developer:files``, tier Heavy.
        Hidden files are left out, and links to folders are not followed. The same content is uploaded once.

        Args:
            folder: A local folder.
            pattern: Which of its files: ``*`` stands for a part of a name, ``**/`` for any folders.
            path: Where to put them: ``reports/2026``. Below it the folders are as they are here.
            parent_id: An existing folder to put them into.
            timeout: Seconds that each upload may take in all.
            progress: ``True`` or a callable; is told of each upload.

        Returns:
            The outcomes, sorted by name. Each has a ``file`` or an ``error``; ``same_as`` names the earlier file that
            has the same content.

        Raises:
            InvalidInputError: It is no folder, or nothing in it matches.
        """
        from ._record import TupleOf

        return TupleOf(self._upload_folder(folder, pattern, path, parent_id, timeout, progress).wait())

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

    _readers = AsyncReaders

    async def upload(
        self,
        source: AsyncUploadSource,
        *,
        path: str | None = None,
        parent_id: str | None = None,
        name: str | None = None,
        size: int | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> File:
        """Upload one file. See :meth:`Files.upload`.

        File objects whose ``read`` is awaited and asynchronous iterables are taken too. They are read by the event
        loop; other file objects and iterables in its executor, so that they hold up nobody.
        """
        return await self._upload(source, path, parent_id, name, size, timeout, progress)

    async def upload_folder(
        self,
        folder: str | os.PathLike[str],
        pattern: str = "**/*",
        *,
        path: str | None = None,
        parent_id: str | None = None,
        timeout: float | None = None,
        progress: OnProgress = None,
    ) -> tuple[UploadOutcome, ...]:
        """Upload the files of a folder. See :meth:`Files.upload_folder`."""
        from ._record import TupleOf

        return TupleOf(await self._upload_folder(folder, pattern, path, parent_id, timeout, progress))

    def search(
        self, query: str, *, page_size: int | None = None, integration_id: str | None = None
    ) -> AsyncPages[FileHit]:
        """Find files by a part of their name. See :meth:`Files.search`; iterate with ``async for``."""
        from .pages import AsyncPages

        return AsyncPages(self._search(query, page_size, integration_id))
