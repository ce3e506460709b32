"""Compares what Python and TypeScript offer: every class, method and parameter of one is in the other.

Python is asked, TypeScript's declarations (``node/dist/*.d.ts``) are read. It says what differs.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import nomkit

DECLARATIONS = Path(__file__).parents[1] / "node" / "dist"

Members = dict[str, "set[str] | None"]
"""The members of a class: a method with its parameters, a property with ``None``."""

# Where the languages do the same in their own way.
ITERATION = {"next", "return", "toJSON"}
"""Protocols that have methods with names of their own in TypeScript only."""
SPELT = {"progress": "onProgress"}
"""Parameters that are called otherwise there."""
ONLY_PYTHON = {"Emulator.asyncNomic"}
"""There is one client in TypeScript."""
ONLY_TYPESCRIPT = {"Source"}
"""What can be uploaded has types of its own in Python: paths, bytes, file objects."""


def main() -> int:
    declared = Declarations("\n".join(path.read_text() for path in sorted(DECLARATIONS.glob("*.d.ts"))))
    python, typescript = python_classes(), declared.classes()
    problems = [f"{name} is in Python only" for name in sorted(set(python) - set(typescript))]
    problems += [f"{name} is in TypeScript only" for name in sorted(set(typescript) - set(python) - ONLY_TYPESCRIPT)]
    for name in sorted(set(python) & set(typescript)):
        problems += differences(name, python[name], typescript[name])
    for problem in problems:
        print(problem)
    print(f"{len(problems)} differences among {len(python)} classes with {sum(map(len, python.values()))} members")
    return 1 if problems or len(python) < 8 else 0


def differences(name: str, python: Members, typescript: Members) -> list[str]:
    members = [f"{name}.{member}" for member in sorted(set(python) - set(typescript))]
    found = [f"{member} is in Python only" for member in members if member not in ONLY_PYTHON]
    found += [f"{name}.{member} is in TypeScript only" for member in sorted(set(typescript) - set(python) - ITERATION)]
    for member in sorted(set(python) & set(typescript)):
        ours, theirs = python[member], typescript[member]
        if ours is not None and theirs is not None and "**" not in ours and ours != theirs - {"signal"}:
            found.append(f"{name}.{member} takes {sorted(ours)} in Python, {sorted(theirs)} in TypeScript")
    return found


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
