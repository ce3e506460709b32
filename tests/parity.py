"""Compares what the packages offer: every class, method and parameter of Python's is in the others, and nothing else.

Python is asked; TypeScript's declarations (``node/dist/*.d.ts``) and the sources of Kotlin and Swift are read. It says
what differs, and which difference that was explained is no more.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nomkit
from surfaces import Members, kotlin, sources, swift

DECLARATIONS = Path(__file__).parents[1] / "node" / "dist"
SPELT = {"progress": "onProgress"}
"""Parameters that are called otherwise in Python."""
PLAIN = "in Python a path, bytes or a file object is a source"
WITHIN = "a source that is a stream has its size with it"
WORDS = "a word is an enum with what the platform may add; in Python it is a string"
LOGGED = "in Python it is the logger `nomkit`"
CHANGE = "one change at a time is a case of an enum"
EXPLAINED = {
    "TypeScript": {
        "Source": PLAIN,
        "Completed.close": "`return` does it",
        "Completed.next": "the protocol of iteration",
        "Completed.return": "the protocol of iteration",
        "Emulator.asyncNomic": "there is one client",
        "Nomic.constructor(onevent)": LOGGED,
        "Pages.next": "the protocol of iteration",
        "Pages.return": "the protocol of iteration",
        "Updates.next": "the protocol of iteration",
        "Updates.return": "the protocol of iteration",
    },
    "Kotlin": {
        "Source": PLAIN,
        "Image": PLAIN,
        "JsonValue": "in Python it is what `json` makes of it",
        "Emulator.asyncNomic": "there is one client",
        "Emulator.close": "`use` calls it",
        "Files.upload(size)": WITHIN,
        "Completed": "a Flow",
        "Updates": "a Flow",
        "Nomic.constructor(onevent)": LOGGED,
    },
    "Swift": {
        "Source": PLAIN,
        "Picture": PLAIN,
        "JsonValue": "in Python it is what `json` makes of it",
        "NomkitError": "one error with a kind; in Python each kind is a class",
        "Deadline": "a span of time, or without end",
        **dict.fromkeys(["AgentStatus", "ArtifactKind", "EventKind", "EventLevel", "RequestOutcome", "Role"], WORDS),
        "Emulator.asyncNomic": "there is one client",
        **{f"Emulator.clock({name})": CHANGE for name in ["now", "advance", "offset", "change"]},
        "Emulator.customMirror": "what `dump` shows",
        "Files.upload(size)": WITHIN,
        "Nomic.constructor(onevent)": LOGGED,
        "Completed.close": "letting go of it does it, and the end of its task",
        "Completed.makeAsyncIterator": "the protocol of iteration",
        "Pages.makeAsyncIterator": "the protocol of iteration",
        "Updates.makeAsyncIterator": "the protocol of iteration",
    },
}
"""Where the languages do the same in their own way."""


def main() -> int:
    declared = Declarations("\n".join(path.read_text() for path in sorted(DECLARATIONS.glob("*.d.ts"))))
    python = python_classes()
    others = {
        "TypeScript": declared.classes(),
        "Kotlin": kotlin(sources("kotlin/src/main/kotlin/dev/nomkit/*.kt")),
        "Swift": swift(sources("swift/Sources/Nomkit/*.swift")),
    }
    problems = []
    for language, classes in others.items():
        found = dict(differences(python, classes, language))
        explained = EXPLAINED[language]
        problems += [text for name, text in found.items() if name not in explained]
        problems += [
            f"{name} is explained for {language}, but does not differ" for name in explained if name not in found
        ]
    for problem in problems:
        print(problem)
    print(f"{len(problems)} differences among {len(python)} classes with {sum(map(len, python.values()))} members")
    return 1 if problems or len(python) < 8 else 0


def differences(python: dict[str, Members], other: dict[str, Members], language: str) -> Iterator[tuple[str, str]]:
    """What differs, by its name, and how."""
    for name in sorted(set(python) ^ set(other)):
        if name in python or any(parameters is not None for parameters in other[name].values()):
            yield name, f"{name} is {'not' if name in python else 'only'} in {language}"
    for name in sorted(set(python) & set(other)):
        for member in sorted(set(python[name]) ^ set(other[name])):
            yield f"{name}.{member}", f"{name}.{member} is {'not' if member in python[name] else 'only'} in {language}"
        for member in sorted(set(python[name]) & set(other[name])):
            ours, theirs = python[name][member] or set(), other[name][member] or set()
            # Languages write `URL` and `url`.
            here, there = ({parameter.lower() for parameter in given} for given in (ours, theirs - {"signal"}))
            for parameter in sorted(here ^ there if "**" not in ours else ()):
                where = "not" if parameter in here else "only"
                yield f"{name}.{member}({parameter})", f"{name}.{member} has `{parameter}` {where} in {language}"


def python_classes() -> dict[str, Members]:
    """The public classes that have methods; those for asyncio have the same names, which another test compares."""
    classes: dict[str, Members] = {}
    for module in pkgutil.iter_modules(nomkit.__path__):
        if module.name.startswith("_") or module.name == "errors":
            continue
        home = importlib.import_module(f"nomkit.{module.name}")
        for name, cls in vars(home).items():
            if inspect.isclass(cls) and cls.__module__ == home.__name__ and not name.startswith(("_", "Async")):
                methods = [base for base in cls.__mro__ if base.__module__.startswith("nomkit")]
                members = {key: value for base in reversed(methods) for key, value in vars(base).items()}
                own = {camel(key): parameters(value) for key, value in members.items() if is_public(key, value)}
                fields = getattr(cls, "__annotations__", {}) if module.name != "records" else {}
                if own or "__next__" in members:
                    classes[name] = {**{camel(key): None for key in fields}, **own, **constructor(cls)}
    return classes


def is_public(name: str, value: object) -> bool:
    return not name.startswith("_") and (callable(value) or isinstance(value, (property, classmethod, staticmethod)))


def parameters(value: object) -> set[str] | None:
    if isinstance(value, property):
        return None
    function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
    found = list(inspect.signature(function).parameters.values())[1:]  # type: ignore[arg-type]
    free = {"**"} if any(parameter.kind is parameter.VAR_KEYWORD for parameter in found) else set()
    return {camel(SPELT.get(parameter.name, parameter.name)) for parameter in found} | free


def constructor(cls: type) -> Members:
    """What makes one; an emulator is started, which TypeScript has to await."""
    given = vars(cls).get("__init__") or getattr(cls, "__init__", None)
    if cls.__name__ not in ("Nomic", "Emulator") or given is None:
        return {}
    return {"start" if cls.__name__ == "Emulator" else "constructor": parameters(given)}


def camel(snake: str) -> str:
    return re.sub(r"_(.)", lambda found: found[1].upper(), snake)


class Declarations:
    """What TypeScript's compiler wrote: one member a line."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"/\*\*.*?\*/", "", text, flags=re.DOTALL)
        block = r"^export (?:declare )?(?:abstract )?(class|interface) (\w+)(?:<[^{]*?>)?([^{]*)\{\n(.*?)^\}"
        found = re.findall(block, text, flags=re.DOTALL | re.MULTILINE)
        self._interfaces = {name: (heritage, body) for kind, name, heritage, body in found if kind == "interface"}
        self._classes = {name: (heritage, body) for kind, name, heritage, body in found if kind == "class"}

    def classes(self) -> dict[str, Members]:
        """Those that users can name and that have methods; the generator answers for errors and records."""
        classes = {}
        for name, (heritage, body) in self._classes.items():
            behaviour = re.search(r"behaviour\.(\w+)", heritage)
            members = self._members(self._classes[behaviour[1]][1] if behaviour else body)
            if not name.endswith(("Error", "Behaviour")):
                classes[name] = members
        return classes

    def _members(self, body: str) -> Members:
        members: Members = {}
        for line in body.splitlines():
            method = re.match(r"^    (?:static )?(\w+)(?:<.*?>)?\((.*)\)(?:: .*)?;$", line)
            held = re.match(r"^    (?:get |readonly )(\w+)", line)
            if held:
                members[held[1]] = None
            elif method:
                members[method[1]] = self._parameters(method[2])
        return members

    def _parameters(self, text: str) -> set[str]:
        named = re.findall(r"(?:^|, )(\w+)\??: (\w+)", text)
        return set().union(*(self._options(kind) or {name} for name, kind in named if name != "this"))

    def _options(self, name: str) -> set[str]:
        if name not in self._interfaces:
            return set()
        heritage, body = self._interfaces[name]
        own = set(re.findall(r"^    readonly (\w+)\??:", body, flags=re.MULTILINE))
        for base, left_out in re.findall(
            r"(?:Omit<)?(\w+)(?:, ((?:'\w+'(?: \| )?)+)>)?", heritage.replace("extends", "")
        ):
            own |= self._options(base) - set(re.findall(r"'(\w+)'", left_out))
        return own


if __name__ == "__main__":
    sys.exit(main())
