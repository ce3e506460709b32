"""What users pass, in the forms that the native module takes."""

from __future__ import annotations

import os

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .records import File, FileHit, Progress

    UploadSource = str | os.PathLike[str] | bytes | bytearray | memoryview
    LaunchFile = os.PathLike[str] | File | FileHit
    OnProgress = bool | Callable[[Progress], object] | None


def invalid(argument: str, message: str) -> Exception:
    """The error for an argument that is wrong."""
    from .errors import InvalidInputError

    return InvalidInputError(message, argument=argument)


def upload_source(source: UploadSource, name: str | None, path: str | None) -> _native.Source:
    """A path or bytes to upload."""
    if isinstance(source, (str, os.PathLike)):
        return _native.Source.path(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        content = bytes(source) if isinstance(source, memoryview) else source
        return _native.Source.bytes(content, name or (path or "").rpartition("/")[2])
    kind = type(source).__name__
    raise invalid("source", f"`source` is a path or bytes, not {kind}. Read a stream and give its bytes.")


def launch_files(files: Iterable[LaunchFile]) -> list[_native.Source]:
    """What an agent is given: local paths to upload, and files on the platform."""
    if isinstance(files, (str, bytes, os.PathLike)):
        raise invalid("files", "`files` is a list. Put the file into one: files=[Path(...)].")
    return [_launch_file(file) for file in files]


def _launch_file(file: LaunchFile) -> _native.Source:
    if isinstance(file, str):
        # A service that passes its users' text on must never upload a local file by accident.
        text = "`files` holds paths and files, not text. For a local file give Path(...), for an id use `file_ids=`."
        raise invalid("files", text)
    if isinstance(file, os.PathLike):
        return _native.Source.path(file)
    file_id = getattr(file, "id", None)
    if isinstance(file_id, str):
        return _native.Source.file(file_id)
    raise invalid("files", f"`files` holds paths and files, not {type(file).__name__}.")


def listener(progress: OnProgress) -> Callable[[Progress], object] | None:
    """``True`` means a line on standard error."""
    if progress is None or progress is False:
        return None
    if progress is True:
        from ._progress import Line

        return Line()
    if callable(progress):
        return progress
    raise invalid("progress", "`progress` is True or a callable that takes a Progress.")


def wait_options(timeout: float | None) -> dict[str, Any]:
    """``None`` is written out, and means without end."""
    return {"endless": True} if timeout is None else {"timeout": timeout}
