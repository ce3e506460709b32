"""The conformance driver of the Python client: ``driver.py sync`` or ``driver.py async``."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

Json = Any
Call = Callable[["Driver", dict[str, Any]], Coroutine[Any, Any, Any]]

OPERATIONS: dict[str, Call] = {}
"""What the runner may call."""


def operation(name: str) -> Callable[[Call], Call]:
    """Puts a function into the table."""

    def add(call: Call) -> Call:
        OPERATIONS[name] = call
        return call

    return add


async def settled(value: Any) -> Any:
    """What a method of either client gives: the value itself, or what is awaited."""
    return await value if isinstance(value, Awaitable) else value


async def collected(items: Iterator[Any] | AsyncIterator[Any]) -> list[Any]:
    """All items of what either client iterates over."""
    if hasattr(items, "__aiter__"):
        return [item async for item in items]
    return list(items)


class Driver:
    """The client, and the runs that the runner knows by a handle."""

    def __init__(self, client_class: type) -> None:
        self.client_class = client_class
        self.client: Any = None
        self.runs: dict[str, Any] = {}

    @property
    def nomic(self) -> Any:
        if self.client is None:
            raise LookupError("client.new comes first")
        return self.client

    def added(self, run: Any) -> Json:
        """Keeps a run and gives what the runner is told of it."""
        handle = f"r{len(self.runs) + 1}"
        self.runs[handle] = run
        told = {"turn": run.turn, "status": str(run.status), "token": run.token, "url": run.url}
        return {"$run": handle, "id": run.agent_id, **told, "recovered": run.recovered}

    def many(self, args: dict[str, Any]) -> list[Any]:
        """The runs that are named."""
        return [self.runs[handle] for handle in args.pop("runs")]

    def streamed(self, source: Path | bytes) -> Reader | AsyncReader:
        """The same, read block by block."""
        reader = Reader if self.client_class.__name__ == "Nomic" else AsyncReader
        return reader(source)

    async def answer(self, message: Json) -> Json:
        """The answer to one call."""
        from nomkit import NomkitError

        call_id, name = message["id"], message["call"]
        try:
            if name not in OPERATIONS:
                raise LookupError(f"there is no operation {name}")
            return {"id": call_id, "ok": plain(await OPERATIONS[name](self, dict(message.get("args") or {})))}
        except NomkitError as error:
            return {"id": call_id, "error": error_of(error)}
        except (LookupError, TypeError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            return {"id": call_id, "error": {"code": "driver", "message": told, "retryable": False}}


class Reader:
    """Neither a path nor a file on disk: its bytes are pulled."""

    def __init__(self, source: Path | bytes) -> None:
        self._file = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        self.name = source.name if isinstance(source, Path) else None

    def read(self, size: int) -> bytes:
        return self._file.read(size)


class AsyncReader(Reader):
    """The same, awaited."""

    async def read(self, size: int) -> bytes:  # type: ignore[override]
        return self._file.read(size)


def given(file: Json) -> Any:
    """A local file, or one on the platform."""
    from nomkit import FileRef

    return FileRef(file["id"], None, None) if isinstance(file, dict) else Path(file)


def ended(outcome: Any) -> Json:
    """What became of a run of many."""
    told = {"id": outcome.run.agent_id, "turn": outcome.run.turn, "ok": outcome.ok}
    return {**told, "result": outcome.result, "error": outcome.error}


def plain(value: Any) -> Json:
    """A value of the client as JSON: records as objects, instants as RFC 3339 text."""
    if isinstance(value, Exception):
        return error_of(value)
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def error_of(error: Any) -> Json:
    """An error: what every error has, and its class's own fields."""
    common = ("code", "message", "status", "server_code", "request_id", "attempts", "elapsed", "retryable", "outcome")
    fields = {name: getattr(error, name) for name in (*common, "uploaded")}
    return plain({**fields, **vars(error)})


@operation("client.new")
async def _(driver: Driver, args: dict[str, Any]) -> None:
    driver.client = driver.client_class(**args)


@operation("files.upload")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    source = Path(args.pop("path")) if "path" in args else base64.b64decode(args.pop("bytes_base64"))
    if args.pop("stream", False):
        source = driver.streamed(source)
    return await settled(driver.nomic.files.upload(source, **args.pop("options", {}), **args))


@operation("files.upload_folder")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.files.upload_folder(args.pop("folder"), **args))


@operation("files.search")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await collected(driver.nomic.files.search(args.pop("query"), page_size=args.pop("limit", None), **args))


@operation("agents.launch")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    if "inputs" in args:
        args["inputs"] = {slot: [given(file) for file in files] for slot, files in args["inputs"].items()}
    for name in ("files", "images"):
        args[name] = [Path(path) for path in args.get(name, ())]
    return driver.added(await settled(driver.nomic.agents.launch(args.pop("prompt", None), **args)))


@operation("agents.get")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.agents.get(**args))


@operation("agents.list")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await collected(driver.nomic.agents.list(page_size=args.pop("limit", None), **args))


@operation("agents.attach")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return driver.added(await settled(driver.nomic.agents.attach(**args)))


@operation("agents.resume")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    args["images"] = [Path(path) for path in args.get("images", ())]
    return driver.added(await settled(driver.nomic.agents.resume(args.pop("target"), args.pop("prompt"), **args)))


@operation("nomic.wait_all")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return [ended(outcome) for outcome in await settled(driver.nomic.wait_all(driver.many(args), **args))]


@operation("nomic.as_completed")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return [ended(outcome) for outcome in await collected(driver.nomic.as_completed(driver.many(args), **args))]


@operation("agents.artifact")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.agents.artifact(**args))


@operation("agents.conversation")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.agents.conversation(**args))


@operation("agents.delete")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.agents.delete(**args))


@operation("agents.stop")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.nomic.agents.stop(**args))


@operation("workflows.list")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await collected(driver.nomic.workflows.list(page_size=args.pop("limit", None), **args))


@operation("run.refresh")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.runs[args["run"]].refresh())


@operation("run.wait")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.runs[args.pop("run")].wait(**args))


@operation("run.updates")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return [agent.status for agent in await collected(driver.runs[args.pop("run")].updates(**args))]


@operation("run.follow_up")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    args["images"] = [Path(path) for path in args.get("images", ())]
    return driver.added(await settled(driver.runs[args.pop("run")].follow_up(**args)))


@operation("run.stop")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.runs[args.pop("run")].stop(**args))


@operation("run.conversation")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.runs[args["run"]].conversation())


@operation("run.artifact")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return await settled(driver.runs[args.pop("run")].artifact(**args))


@operation("run.explain")
async def _(driver: Driver, args: dict[str, Any]) -> Any:
    return driver.runs[args["run"]].explain()


def write(message: Json) -> None:
    """One line on standard output."""
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def messages() -> Iterator[Json]:
    """What the runner says, up to ``close``."""
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("close"):
            return
        yield message


def run_sync(driver: Driver) -> None:
    """Call after call, in this thread."""
    for message in messages():
        if "call" in message:
            answer = driver.answer(message)
            try:
                # Nothing in it waits for a loop, so it runs to its end at once.
                answer.send(None)
            except StopIteration as done:
                write(done.value)


async def run_async(driver: Driver) -> None:
    """Each call is a task of its own."""
    import asyncio

    loop, incoming = asyncio.get_running_loop(), asyncio.Queue[Json]()

    def read() -> None:
        for message in messages():
            loop.call_soon_threadsafe(incoming.put_nowait, message)
        loop.call_soon_threadsafe(incoming.put_nowait, None)

    async def call(message: Json) -> None:
        try:
            write(await driver.answer(message))
        except asyncio.CancelledError:
            write({"id": message["id"], "cancelled": True})
        finally:
            del tasks[message["id"]]

    tasks: dict[int, asyncio.Task[None]] = {}
    threading.Thread(target=read, daemon=True).start()
    while (message := await incoming.get()) is not None:
        if "call" in message:
            tasks[message["id"]] = asyncio.create_task(call(message))
        elif message.get("cancel") in tasks:
            tasks[message["cancel"]].cancel()


def main(kind: str) -> None:
    """Says what it can, and serves the runner."""
    try:
        import nomkit

        client_class = {"sync": "Nomic", "async": "AsyncNomic"}[kind]
        driver = Driver(getattr(nomkit, client_class))
    except ImportError as error:
        write({"ready": False, "driver": f"python-{kind}", "reason": f"nomkit cannot be imported: {error}"})
        return
    unsupported = {} if kind == "async" else {"cancel": "a blocking call is its thread's own"}
    write({"ready": True, "driver": f"python-{kind}", "unsupported": unsupported})
    if kind == "async":
        import asyncio

        asyncio.run(run_async(driver))
    else:
        run_sync(driver)


if __name__ == "__main__":
    main(sys.argv[1])
