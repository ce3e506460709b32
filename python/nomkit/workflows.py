"""Workflows: what an instance has to launch."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import _native
    from .pages import AsyncPages, Pages
    from .records import Workflow


class _Workflows:
    def __init__(self, native: _native.Workflows) -> None:
        self._native = native

    def _list(self, project_id: str | None, page_size: int | None) -> _native.WorkflowPages:
        return self._native.list({"project_id": project_id, "page_size": page_size})


class Workflows(_Workflows):
    """``nomic.workflows``."""

    def list(self, *, project_id: str | None = None, page_size: int | None = None) -> Pages[Workflow]:
        """List the workflows that the user may launch.

        ``GET /workflows`` of the Files & Workflows page; scope ``developer:agent``, tier Standard.

        Args:
            project_id: Only those of this project.
            page_size: How many one request brings, 1 to 100.

        Returns:
            The workflows, lazy over all pages: iterate, or ``.first(n)``, or ``.pages()``. One without
            ``requested_files`` takes a prompt; the others take ``inputs``, which name their slots.

        Raises:
            InvalidInputError: An argument is wrong.
        """
        from .pages import Pages

        return Pages(self._list(project_id, page_size))


class AsyncWorkflows(_Workflows):
    """``nomic.workflows`` of :class:`AsyncNomic`: the same names."""

    def list(self, *, project_id: str | None = None, page_size: int | None = None) -> AsyncPages[Workflow]:
        """List the workflows. See :meth:`Workflows.list`; iterate with ``async for``."""
        from .pages import AsyncPages

        return AsyncPages(self._list(project_id, page_size))
