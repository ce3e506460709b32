"""The emulator: the platform on this machine, with no account."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any

from ._error import NomkitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from subprocess import Popen

    from typing_extensions import Self

    from .client import AsyncNomic, Nomic

_PATIENCE = 2.0
"""Seconds that an emulator may take to end by itself."""


class Emulator:
    """A running emulator. Use it as a context manager, or call :meth:`stop`.

    It is the ``nomkit`` command of the package ``nomkit-cli`` (``pip install "nomkit[emulator]"``), or the program
    that ``NOMKIT_CLI`` names; it listens on loopback only, and ends with this process.

    Args:
        data: A folder to keep its state in; without it everything is forgotten.
        waiting: Seconds that an agent waits before it runs.
        running: Seconds that it runs.
        stopping: Seconds that it takes to stop.
        persona: ``plain``, or ``drifted`` for answers worded in every other way that the platform's documents allow.
        rates: Whether it refuses requests that come faster than the platform's limits allow.

    Raises:
        ConfigError: The command is not installed, or does not start.
    """

    url: str
    """Where it listens."""
    api_key: str
    """A key that may do everything; only this emulator knows it."""
    token: str
    """What the control routes want."""

    def __init__(
        self,
        *,
        data: str | os.PathLike[str] | None = None,
        waiting: float | None = None,
        running: float | None = None,
        stopping: float | None = None,
        persona: str | None = None,
        rates: bool = True,
    ) -> None:
        import subprocess

        command = [_command(), "emulator", "--until-stdin-closes"]
        options = {"data": data, "waiting": waiting, "running": running, "stopping": stopping, "persona": persona}
        for name, value in options.items():
            if value is not None:
                command += [f"--{name}", os.fspath(value) if isinstance(value, os.PathLike) else str(value)]
        if not rates:
            command.append("--no-rates")
        try:
            self._process: Popen[bytes] | None = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None
            )
        except OSError as error:
            raise _config(f"The emulator cannot be started: {error}.") from error
        ready = _pipe(self._process.stdout).readline()
        try:
            self._take(json.loads(ready))
        except (ValueError, TypeError, KeyError):
            self.stop()
            reason = f"`{command[0]}` is not the nomkit command" if ready else "its last words are above"
            raise _config(f"The emulator did not start; {reason}.") from None

    def _take(self, ready: Mapping[str, Any]) -> None:
        self.url, self.api_key, self.token = ready["url"].rstrip("/"), ready["api_key"], ready["token"]

    @classmethod
    def connect(cls, url: str, *, api_key: str | None = None, token: str | None = None) -> Self:
        """An emulator that runs already; ``nomkit emulator`` prints these three when it starts.

        Args:
            url: Where it listens.
            api_key: A key of it; the environment's ``NOMIC_API_KEY`` otherwise.
            token: Its control token; the environment's ``NOMKIT_EMULATOR_TOKEN`` otherwise.

        Raises:
            ConfigError: One is neither given nor in the environment.
        """
        emulator = cls.__new__(cls)
        emulator._process = None
        api_key, token = _given("NOMIC_API_KEY", api_key), _given("NOMKIT_EMULATOR_TOKEN", token)
        emulator._take({"url": url, "api_key": api_key, "token": token})
        return emulator

    def nomic(self, **options: Any) -> Nomic:
        """A client of this emulator."""
        from .client import Nomic

        return Nomic(base_url=self.url, **self._keyed(options))

    def async_nomic(self, **options: Any) -> AsyncNomic:
        """An asynchronous client of this emulator."""
        from .client import AsyncNomic

        return AsyncNomic(base_url=self.url, **self._keyed(options))

    def _keyed(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"api_key": self.api_key, **options}

    def fault(self, operation: str, fault: str, *, times: int | None = None, skip: int = 0, **parameters: Any) -> str:
        """Make something go wrong. ``docs/emulator.md`` lists the faults with their parameters.

        Args:
            operation: Method and path, such as ``"POST /agents"``; ``"*"`` is any.
            fault: Its name, such as ``lose_response``, ``status`` or ``stall``.
            times: How many requests it befalls: one, or as many as its script has values.
            skip: How many requests pass before it.
            **parameters: Those of the fault, such as ``status=503`` or ``seconds=3``.

        Returns:
            Its id, for :meth:`fault_report`.

        Raises:
            InvalidInputError: There is no such fault, it cannot befall this operation, or a parameter is wrong.
        """
        body = {"operation": operation, "fault": fault, "skip": skip, **parameters}
        if times is not None:
            body["times"] = times
        return str(self._control("POST", "faults", body)["id"])

    def fault_report(self, id: str) -> dict[str, Any]:
        """How many requests met a fault (``hits``), and how many felt it to its end (``completed``)."""
        return self._control("GET", f"faults/{id}")

    def clear_faults(self) -> None:
        """Take all waiting faults away, and what they left behind: keys that they revoked work again."""
        self._control("DELETE", "faults")

    def persona(self, persona: str) -> None:
        """Word answers as the platform's documents show them, ``plain``, or in every other way, ``drifted``."""
        self._control("PUT", "persona", {"persona": persona})

    def clock(
        self, *, now: datetime | None = None, advance: float | None = None, offset: float | None = None
    ) -> datetime:
        """The emulator's time, put right before if one argument is given. It goes on by itself.

        Turns, timestamps, the ``Date`` header, limits of rate, lags and stalls follow it.

        Args:
            now: The time that it is; one without a zone is in UTC.
            advance: Seconds by which it is moved on.
            offset: Seconds that it is ahead of this machine.

        Raises:
            InvalidInputError: More than one argument is given.
        """
        given = {"now": now and _instant(now), "advance": advance, "offset": offset}
        change = {name: value for name, value in given.items() if value is not None}
        answer = self._control("PUT", "clock", change) if change else self._control("GET", "clock")
        from datetime import datetime

        return datetime.fromisoformat(str(answer["now"]).replace("Z", "+00:00"))

    def rates(self, **limits: bool | int | None) -> dict[str, Any]:
        """The limits of rate, changed before as given; what was used of them is forgotten then.

        Args:
            **limits: ``enabled``; requests a minute for ``standard``, ``write``, ``heavy`` and ``search``; and
                ``burst``, how many may come at once (``None``: a whole minute's worth).
        """
        return self._control("PUT", "rates", limits) if limits else self._control("GET", "rates")

    def spend(self, launches: int | None) -> None:
        """Refuse launches and follow-ups after so many more, because the user's money is spent; ``None``: never."""
        self._control("PUT", "spend", {"limit": launches})

    def ledger(self) -> dict[str, Any]:
        """The server's truth: ``requests``, ``agents`` and ``files``."""
        return self._control("GET", "ledger")

    def key(self, scopes: Sequence[str]) -> str:
        """A new key with these scopes."""
        return str(self._control("POST", "keys", {"scopes": list(scopes)})["api_key"])

    def workflow(
        self,
        name: str,
        *,
        description: str | None = None,
        requested_files: Sequence[Mapping[str, Any]] = (),
        project_id: str | None = None,
    ) -> str:
        """Add a workflow to the samples that ship.

        Args:
            name: Its name.
            description: What it does. Its agents list what is to be done if this speaks of a list, such as a punch
                list; otherwise they summarise.
            requested_files: Its slots, each with ``name`` and, if they differ from ``""`` and ``False``,
                ``description``, ``optional`` and ``multiple``. Without slots it takes a prompt.
            project_id: The project that it belongs to.

        Returns:
            Its id.
        """
        slots = [dict(slot) for slot in requested_files]
        body = {"name": name, "description": description, "requestedFiles": slots, "projectId": project_id}
        return str(self._control("POST", "workflows", body)["id"])

    def timing(self, **seconds: float) -> None:
        """Set how long agents take: ``waiting``, ``running``, ``stopping``."""
        self._control("PUT", "timing", seconds)

    def reset(self) -> None:
        """Forget agents, files, faults and the ledger; put clock, limits and persona back. Keys and timing stay."""
        self._control("POST", "reset", {})

    def _control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        from http.client import HTTPConnection

        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        try:
            headers = {"X-Emulator-Token": self.token, "Content-Type": "application/json"}
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/_emulator/{path}", body=text, headers=headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 400:
            from ._arguments import invalid

            told = [answer.get("error", response.status), *(issue["message"] for issue in answer.get("issues", []))]
            raise invalid("emulator", f"The emulator refused: {': '.join(map(str, told))}")
        return dict(answer)

    def stop(self) -> None:
        """End it. An emulator that was connected to goes on."""
        process, self._process = self._process, None
        if process is not None:
            from subprocess import TimeoutExpired

            _pipe(process.stdin).close()
            try:
                process.wait(_PATIENCE)
            except TimeoutExpired:
                # A forked child of this process holds the other end open.
                process.terminate()
                process.wait()
            _pipe(process.stdout).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Emulator({self.url})"


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _instant(time: datetime) -> str:
    from datetime import timezone

    time = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return time.isoformat()


def _given(variable: str, value: str | None) -> str:
    value = os.environ.get(variable) if value is None else value
    if value:
        return value
    raise _config(f"An emulator that runs already is reached with its key and its token; {variable} is not set.")


def _command() -> str:
    named = os.environ.get("NOMKIT_CLI")
    if named:
        return named
    from importlib.metadata import PackageNotFoundError, files

    try:
        installed = files("nomkit-cli") or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.stem == "nomkit" and file.suffix in ("", ".exe"):
            return str(file.locate())
    raise _config('The emulator is not installed. Run: pip install "nomkit[emulator]"')


def _config(message: str) -> NomkitError:
    from .errors import ConfigError

    return ConfigError(message)
