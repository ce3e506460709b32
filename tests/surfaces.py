"""What Kotlin and Swift offer, read from their sources as their formatters lay them out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

Members = dict[str, "set[str] | None"]
"""The members of a class: a method with its parameters, a property with ``None``."""

COMMENT = re.compile(r"/\*.*?\*/|^ *//[^\n]*|^ *@\w+(\([^\n]*?\))?$", re.DOTALL | re.MULTILINE)

DESCRIBED = ("toString", "equals", "hashCode", "description")
"""What every class has."""


def kotlin(text: str) -> dict[str, Members]:
    """Of sources, one after another. What belongs to a companion is a member too."""
    return _read(
        text,
        kind=re.compile(r"(?:(?:data|sealed|open|value|fun) )*(?:class|interface|object) (?P<name>\w+)"),
        member=re.compile(
            r"(?:@\w+ )?(?:(?:override|suspend|open|operator|inline) )*(?P<kind>fun|val) (?:<.*?> )?(?P<name>\w+)"
        ),
        static=re.compile(r"    companion object \{"),
        extension=re.compile(r"(?:suspend )?fun (?P<type>\w+)\.(?P<name>\w+)"),
    )


def swift(text: str) -> dict[str, Members]:
    """Of sources, one after another."""
    return _read(
        text,
        kind=re.compile(r"(?:public (?:final )?(?:class|struct|enum|actor)|extension) (?P<name>\w+)"),
        member=re.compile(
            r"(?:@\w+ )?public (?:(?:static|mutating) )*(?P<kind>func|var|let|) ?(?P<name>(?!struct|enum|typealias)\w+)"
        ),
        static=re.compile(r"(?!)"),
        extension=re.compile(r"(?!)"),
    )


def sources(pattern: str) -> str:
    return "\n".join(path.read_text() for path in sorted(ROOT.glob(pattern)))


def _read(
    text: str, kind: re.Pattern[str], member: re.Pattern[str], static: re.Pattern[str], extension: re.Pattern[str]
) -> dict[str, Members]:
    text = COMMENT.sub("", text)
    classes: dict[str, Members] = {}
    current, within = None, False
    for line in re.finditer(r"^.+$", text, re.MULTILINE):
        start = line.start()
        indent = len(line[0]) - len(line[0].lstrip())
        if indent == 0 and re.match(r"[)}#]|import |package ", line[0]) is None:
            current, within = None, False
            if found := extension.match(text, start):
                classes.setdefault(found["type"], {})[found["name"]] = _parameters(text, found.end())
            elif found := kind.match(text, start):
                current = classes.setdefault(found["name"], {})
                _header(text, found.end(), current)
        elif indent == 4 and static.match(text, start):
            within = True
        elif current is not None and indent == (8 if within else 4) and (found := member.match(text, start + indent)):
            _add(current, found, text)
    return classes


def _add(members: Members, found: re.Match[str], text: str) -> None:
    name = "constructor" if found["name"] == "init" else found["name"]
    if name in DESCRIBED:
        return
    if found["kind"].strip() in ("val", "var", "let"):
        members[name] = None
    else:
        # The parameters of all that are called so.
        members[name] = (members.get(name) or set()) | _parameters(text, found.end())


def _header(text: str, end: int, members: Members) -> None:
    """A class of Kotlin whose constructor is its head."""
    head = re.compile(r"(?:<[^\n]*?>)?(?: (?P<hidden>private|internal) constructor)?(?=\()").match(text, end)
    if head:
        given = _between(text, head.end())
        members.update({name: None for name in re.findall(r"^ *val (\w+):", given, re.MULTILINE)})
        if not head["hidden"] and "val " not in given:
            members["constructor"] = _parameters(text, head.end())


def _parameters(text: str, end: int) -> set[str]:
    """What a caller names, or would if it had a name: the last word before the colon."""
    start = text.index("(", end)
    depth, flat = 0, []
    for character in _between(text, start):
        depth -= character in ")]}>"
        flat.append(character if depth == 0 else " ")
        depth += character in "([{<"
    return set(re.findall(r"(\w+) *:", "".join(flat)))


def _between(text: str, start: int) -> str:
    """What stands between this bracket and its counterpart."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return text[start + 1 : at]
    raise ValueError(f"a bracket is never closed: {text[start : start + 80]}")
