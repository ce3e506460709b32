"""What records can do. The records themselves are generated and inherit from these."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ._record import Record

if TYPE_CHECKING:
    from .records import Artifact


class ArtifactBehaviour(Record):
    """The methods of an artifact."""

    __slots__ = ()

    def download(self, folder: str | os.PathLike[str]) -> Path:
        """Write the artifact into a folder, which is made if need be: a document as it is, a table as CSV.

        The file appears whole or not at all. Nothing is overwritten: where the name is taken, the artifact's id is
        added to it. Its name comes from the platform and is never trusted as a path.

        Args:
            folder: Where to put the file.

        Returns:
            The file's path.

        Raises:
            LocalIoError: The folder cannot be written to, or both names are taken.
        """
        from . import _native
        from ._arguments import local_path

        artifact = cast("Artifact", self)
        columns = [{"id": column.id, "name": column.name} for column in artifact.columns]
        wire = {
            "id": artifact.id,
            "name": artifact.name,
            "type": artifact.kind,
            "content": artifact.text,
            "columns": columns,
            "rows": list(artifact.rows),
            "error": artifact.error,
        }
        return Path(_native.download(wire, local_path("folder", folder)))
