"""What users pass, in the forms that the native module takes."""

from __future__ import annotations

import os

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    from ._progress import Shown
    from .records import Progress

    T = TypeVar("T")

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


def runs_of(kind: str, runs: Iterable[T]) -> list[T]:
    """Runs of this kind of client, in a list."""
    try:
        given = list(runs)
    except TypeError:
        given, other = [], type(runs).__name__
    else:
        other = next((type(run).__name__ for run in given if type(run).__name__ != kind), "")
    if other:
        raise invalid("runs", f"`runs` should be a list of `{kind}`; what is given is, or holds, a `{other}`.")
    return given


def launch_options(
    prompt: str | None,
    file_ids: Sequence[str],
    workflow_id: str | None,
    project_id: str | None,
    timeout: float | None = None,
) -> _native.Options:
    """The options of a launch."""
    options = {"prompt": prompt, "file_ids": file_ids, "workflow_id": workflow_id}
    return {**options, "project_id": project_id, "timeout": timeout}


def told(
    progress: OnProgress,
    call: Callable[[Callable[[Progress], object] | None], _native.Pending[T]],
    attach: Callable[[], str] | None = None,
) -> _native.Pending[T] | Shown[T]:
    """The call that is made with who is told of its progress; ``True`` means a display of its own."""
    if progress is True:
        from ._progress import Display, Shown

        display = Display(attach)
        return Shown(call(display), display)
    if progress is None or progress is False:
        return call(None)
    if callable(progress):
        return call(progress)
    raise invalid("progress", "`progress` is True or a callable that takes a Progress.")


def wait_options(timeout: float | None) -> dict[str, Any]:
    """``None`` is written out, and means without end."""
    return {"endless": True} if timeout is None else {"timeout": timeout}
