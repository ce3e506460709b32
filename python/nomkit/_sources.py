"""What users give to be read, in the forms that the native module takes.

Paths, bytes and files on disk are read by the core by itself. Everything else is pulled: block by block, by the thread
that drives the call, or in the asynchronous client by its event loop.
"""

from __future__ import annotations

import io
import os

from . import _native
from ._arguments import invalid, local_path, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
    from typing import Any, Protocol

    from .records import File, FileHit, FileRef

    class BinaryFile(Protocol):
        """Whatever gives bytes when it is read, and none at its end."""

        def read(self, size: int, /) -> bytes: ...

    class AsyncBinaryFile(Protocol):
        """Whatever gives bytes when it is read and awaited, and none at its end."""

        def read(self, size: int, /) -> Awaitable[bytes]: ...

    Buffer = bytes | bytearray | memoryview
    UploadSource = str | os.PathLike[str] | Buffer | BinaryFile | Iterable[Buffer]
    AsyncUploadSource = UploadSource | AsyncBinaryFile | AsyncIterable[Buffer]
    LaunchFile = os.PathLike[str] | File | FileHit | FileRef | BinaryFile
    AsyncLaunchFile = LaunchFile | AsyncBinaryFile
    LaunchImage = os.PathLike[str] | Buffer | tuple[Buffer, str]
    Pull = Callable[[], Any]

_BLOCK = 256 * 1024


def upload_source(source: AsyncUploadSource, size: int | None, readers: type[Readers]) -> _native.Source:
    """A path, bytes, a file object or blocks of bytes to upload."""
    if isinstance(source, (str, os.PathLike)):
        return _sized("a path", size, _native.Source.path(local_path("source", source)))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _sized("bytes", size, _native.Source.bytes(_whole(source)))
    if hasattr(source, "read"):
        return _file_object("source", source, size, readers)
    return _native.Source.stream(readers("source").blocks(source), "", _size(size))


def attachments(files: Any, inputs: Any, images: Any, readers: type[Readers]) -> _native.Attachments:
    """What a launch is given besides its options."""
    return {
        "files": _launch_files("files", files, readers),
        "inputs": {} if inputs is None else _workflow_inputs(inputs, readers),
        "images": prompt_images(images),
    }


def _launch_files(argument: str, files: Any, readers: type[Readers]) -> list[_native.Source]:
    """What an agent is given: local files to upload, and files on the platform."""
    if isinstance(files, (str, bytes, os.PathLike)) or hasattr(files, "read"):
        raise invalid(argument, f"`{argument}` is a list. Put the file into one: {argument}=[Path(...)].")
    if not hasattr(files, "__iter__"):
        raise invalid(argument, f"`{argument}` is a list of paths and files, not {type(files).__name__}.")
    return [_launch_file(argument, file, readers) for file in files]


def _workflow_inputs(inputs: Any, readers: type[Readers]) -> dict[str, list[_native.Source]]:
    """The files of each of a workflow's slots."""
    if not hasattr(inputs, "items"):
        raise invalid("inputs", f"`inputs` maps a slot's name to its files; it is no {type(inputs).__name__}.")
    slots = {text("inputs", slot): files for slot, files in inputs.items()}
    return {slot: _slot_files(files, readers) for slot, files in slots.items()}


def prompt_images(images: Any) -> list[_native.Image]:
    """Pictures that go with a prompt."""
    if isinstance(images, (str, bytes, bytearray, memoryview, os.PathLike)) or not hasattr(images, "__iter__"):
        raise invalid("images", "`images` is a list. Put the image into one: images=[Path(...)].")
    return [_image(image) for image in images]


class Readers:
    """Makes of a file object, or of blocks of bytes, what gives the next block when it is called."""

    def __init__(self, argument: str) -> None:
        self._argument = argument

    def file(self, source: Any) -> Pull:
        """The blocks of a file object."""
        read = source.read
        return lambda: self._block(read(_BLOCK)) or None

    def blocks(self, source: Any) -> Pull:
        """The blocks of an iterable."""
        if hasattr(source, "__aiter__"):
            raise invalid(self._argument, f"`{self._argument}` is asynchronous; AsyncNomic takes it.")
        following = self._iterator(source)
        return lambda: self._following(following)

    def _iterator(self, source: Any) -> Iterator[Any]:
        if isinstance(source, dict) or not hasattr(source, "__iter__"):
            what = "a path, bytes, a binary file object, or an iterable of bytes"
            raise invalid(self._argument, f"`{self._argument}` is {what}, not {type(source).__name__}.")
        return iter(source)

    def _following(self, blocks: Iterator[Any]) -> bytes | None:
        for block in blocks:
            if full := self._block(block):
                return full
        return None

    def _block(self, block: Any) -> bytes:
        if isinstance(block, bytes):
            return block
        if isinstance(block, (bytearray, memoryview)):
            return bytes(block)
        argument, kind = self._argument, type(block).__name__
        if isinstance(block, str):
            raise invalid(argument, f'`{argument}` gives text. Open the file in binary mode: open(..., "rb").')
        if hasattr(block, "__await__"):
            if hasattr(block, "close"):
                block.close()  # A coroutine that nobody awaits would warn.
            raise invalid(argument, f"`{argument}` is asynchronous; AsyncNomic takes it.")
        raise invalid(argument, f"`{argument}` should give bytes; it gave a `{kind}`.")


class AsyncReaders(Readers):
    """The same, awaited: what may block runs in the loop's executor."""

    def file(self, source: Any) -> Pull:
        """The blocks of a file object."""
        from inspect import iscoroutinefunction

        read = source.read
        if iscoroutinefunction(read):

            async def pull() -> bytes | None:
                return self._block(await read(_BLOCK)) or None

            return pull

        async def pull_in_thread() -> bytes | None:
            block = await _in_thread(read, _BLOCK)
            return self._block(await block if hasattr(block, "__await__") else block) or None

        return pull_in_thread

    def blocks(self, source: Any) -> Pull:
        """The blocks of an iterable, or of an asynchronous one."""
        if hasattr(source, "__aiter__"):
            awaited = aiter(source)

            async def pull() -> bytes | None:
                async for block in awaited:
                    if full := self._block(block):
                        return full
                return None

            return pull
        following = self._iterator(source)
        return lambda: _in_thread(self._following, following)


async def _in_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    from asyncio import to_thread

    def called() -> Any:
        try:
            return call(*arguments)
        except StopIteration as error:  # No future can carry it.
            raise RuntimeError("the reader raised StopIteration") from error

    return await to_thread(called)


def _file_object(argument: str, source: Any, size: int | None, readers: type[Readers]) -> _native.Source:
    """A file object, from where it stands."""
    if isinstance(source, io.TextIOBase):
        raise invalid(argument, f'`{argument}` is open in text mode. Open it in binary mode: open(..., "rb").')
    if getattr(source, "closed", False) is True:
        raise invalid(argument, f"`{argument}` is a file object that was closed.")
    name, size = _name(source), _size(size)
    if type(source) is io.BytesIO and size is None:
        value, start = source.getvalue(), source.tell()
        return _native.Source.bytes(value, name, start, _standing(source, max(start, len(value))))
    if _is_on_disk(source):
        start, end = source.tell(), os.fstat(source.fileno()).st_size
        if end > start and size in (None, end - start):
            return _native.Source.open_file(source.fileno(), name, start, _standing(source, end))
    return _native.Source.stream(readers(argument).file(source), name, size)


def _standing(source: Any, end: int) -> Callable[[], None]:
    from contextlib import suppress

    def stand() -> None:
        with suppress(ValueError, OSError):  # Closed meanwhile; that undoes no upload, and no launch.
            source.seek(end)

    return stand


def _is_on_disk(source: Any) -> bool:
    """Whether the bytes behind the descriptor are those that `read` gives, as with no wrapper around a file."""
    raw = getattr(source, "raw", None) if type(source) in (io.BufferedReader, io.BufferedRandom) else source
    if type(raw) is not io.FileIO or not raw.readable():
        return False
    if raw.writable():
        source.flush()
    return os.fstat(raw.fileno()).st_mode & 0o170000 == 0o100000


def _name(source: Any) -> str:
    """The name of a file object, if it is a file's."""
    name = getattr(source, "name", None)
    if not isinstance(name, (str, bytes, os.PathLike)):
        return ""
    name = os.path.basename(os.fsdecode(name))
    is_text = name.encode(errors="ignore").decode() == name
    return name if is_text and not name.startswith("<") else ""


def _size(size: int | None) -> int | None:
    if size is None or (isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 63):
        return size
    raise invalid("size", "`size` is a number of bytes, 0 or more.")


def _sized(kind: str, size: int | None, source: _native.Source) -> _native.Source:
    if size is None:
        return source
    raise invalid("size", f"`size` is for file objects and iterables; the size of {kind} is known.")


def _whole(buffer: bytes | bytearray | memoryview[Any]) -> bytes:
    """What may change while it is sent is copied; bytes are not."""
    if isinstance(buffer, memoryview) and type(buffer.obj) is bytes and buffer.nbytes == len(buffer.obj):
        return buffer.obj if buffer.c_contiguous else buffer.tobytes()
    return bytes(buffer)


def _slot_files(files: Any, readers: type[Readers]) -> list[_native.Source]:
    single = isinstance(files, (str, os.PathLike)) or hasattr(files, "read") or isinstance(_id(files), str)
    return _launch_files("inputs", [files] if single else files, readers)


def _launch_file(argument: str, file: Any, readers: type[Readers]) -> _native.Source:
    if isinstance(file, str):
        # A service that passes its users' text on must never upload a local file by accident.
        ids = "`file_ids=`" if argument == "files" else "`FileRef(id, None, None)`"
        raise invalid(
            argument, f"`{argument}` holds paths and files, not text. For a local file give Path(...), for an id {ids}."
        )
    if isinstance(file, os.PathLike):
        return _native.Source.path(local_path(argument, file))
    if isinstance(file_id := _id(file), str):
        return _native.Source.file(text(argument, file_id))
    if hasattr(file, "read"):
        source = _file_object(argument, file, None, readers)
        if _name(file):
            return source
        remedy = "Upload it with `files.upload(..., name=...)`, and give what that returns."
        raise invalid(argument, f"`{argument}` holds a file object that has no name. {remedy}")
    raise invalid(argument, f"`{argument}` holds paths and files, not {type(file).__name__}.")


def _id(file: Any) -> Any:
    return getattr(file, "id", None)


def _image(image: LaunchImage) -> _native.Image:
    if isinstance(image, os.PathLike):
        return _native.Image.path(local_path("images", image))
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _native.Image.bytes(_whole(image))
    if isinstance(image, tuple) and len(image) == 2 and isinstance(image[0], (bytes, bytearray, memoryview)):
        return _native.Image.typed(_whole(image[0]), text("images", image[1]))
    if isinstance(image, str):
        raise invalid("images", "`images` holds paths and bytes, not text. For a local file give Path(...).")
    kind = type(image).__name__
    raise invalid("images", f"`images` holds paths, bytes, and pairs of bytes and a media type, not {kind}.")
