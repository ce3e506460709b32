"""What users pass, in the forms that the native module takes."""

from __future__ import annotations

import os

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from .records import File, FileHit, Progress

    UploadSource = str | os.PathLike[str] | bytes | bytearray | memoryview
    LaunchFile = os.PathLike[str] | File | FileHit
    OnProgress = bool | Callable[[Progress], object] | None


def invalid(argument: str, message: str) -> Exception:
    """The error for an argument that is wrong."""
    from .errors import InvalidInputError

    return InvalidInputError(message, argument=argument)


def text(argument: str, value: str) -> str:
    """Text as it is; anything else is refused by its type, never quoted."""
    if not isinstance(value, str):
        raise invalid(argument, f"`{argument}` should be text; what is given is a `{type(value).__name__}`.")
    try:
        value.encode()
    except UnicodeEncodeError:
        half = f"`{argument}` holds half a character (a lone surrogate); it cannot be sent."
    else:
        return value
    raise invalid(argument, half)


def local_path(argument: str, path: str | os.PathLike[str]) -> str:
    """A path of this machine as text."""
    try:
        name = os.fsdecode(path)
        os.fsencode(name)
    except (TypeError, UnicodeError):
        pass
    else:
        return name
    raise invalid(argument, f"`{argument}` should be a path; what is given is a `{type(path).__name__}` that is none.")


def upload_source(source: UploadSource) -> _native.Source:
    """A path or bytes to upload."""
    if isinstance(source, (str, os.PathLike)):
        return _native.Source.path(local_path("source", source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _native.Source.bytes(bytes(source) if isinstance(source, memoryview) else source)
    kind = type(source).__name__
    raise invalid("source", f"`source` is a path or bytes, not {kind}. Read a stream and give its bytes.")


def launch_options(
    prompt: str, file_ids: Sequence[str], project_id: str | None, timeout: float | None = None
) -> _native.Options:
    """The options of a launch."""
    return {"prompt": prompt, "file_ids": file_ids, "project_id": project_id, "timeout": timeout}


def launch_files(files: Iterable[LaunchFile]) -> list[_native.Source]:
    """What an agent is given: local paths to upload, and files on the platform."""
    if isinstance(files, (str, bytes, os.PathLike)):
        raise invalid("files", "`files` is a list. Put the file into one: files=[Path(...)].")
    if not hasattr(files, "__iter__"):
        raise invalid("files", f"`files` is a list of paths and files, not {type(files).__name__}.")
    return [_launch_file(file) for file in files]


def _launch_file(file: LaunchFile) -> _native.Source:
    if isinstance(file, str):
        # A service that passes its users' text on must never upload a local file by accident.
        text_in_files = (
            "`files` holds paths and files, not text. For a local file give Path(...), for an id `file_ids=`."
        )
        raise invalid("files", text_in_files)
    if isinstance(file, os.PathLike):
        return _native.Source.path(local_path("files", file))
    file_id = getattr(file, "id", None)
    if isinstance(file_id, str):
        return _native.Source.file(text("files", file_id))
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
