"""What does a person's revision of a PRD change? Its edits in the forms below; all else becomes a constraint.

    add: the log is rotated daily (should). Check: `make check-log`
    drop R-2
    R-3: the new text of this requirement
    check R-1: pytest -q tests/test_one.py
    files R-1: src/a.py, tests/test_a.py
    depends R-3: R-1
    priority R-4: could

One edit a line, with or without a bullet before it. A revision that starts with `# ` or `---` is a whole new
specification in place of the old one. Without a language model nothing else is understood, and nothing is guessed:
every other paragraph is passed to the agents, as it was written, as a constraint. An edit that cannot be carried out
changes nothing and is said to have been left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from maestro.planner import notation
from maestro.planner.blocks import clean
from maestro.planner.errors import SpecificationError
from maestro.planner.notation import Item, key_of
from maestro.planner.resolve import finish, item_of
from maestro_contracts.records import Prd, Requirement

_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_ID = r"(?P<id>[A-Za-z][\w.-]*\d[\w]*)"
_ADD = re.compile(r"add\s*:\s*(?P<text>.+)", re.IGNORECASE)
_DROP = re.compile(rf"(?:drop|remove)\s*:?\s+{_ID}[.,]?", re.IGNORECASE)
_SET = re.compile(rf"(?P<what>check|files?|depends(?: on)?|priority|role)\s+{_ID}\s*:\s*(?P<value>.+)", re.IGNORECASE)
_TEXT = re.compile(rf"\*{{0,2}}{_ID}\*{{0,2}}\s*:\s*(?P<text>.+)")
_Change = Callable[[list[Item]], None]


@dataclass(slots=True)
class Revision:
    """A revision being carried out. `applied` and `left_out` tell what was done with each edit, for people."""

    requirements: tuple[Requirement, ...]
    applied: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


def is_specification(text: str) -> bool:
    return text.lstrip().startswith(("# ", "---\n"))


def revise(previous: Prd, text: str, version: int) -> tuple[Prd, Revision]:
    """The next version of a PRD, and what became of each edit."""
    revision = Revision(previous.requirements)
    for paragraph in re.split(r"\n\s*\n", clean(text).strip()):
        _paragraph(revision, paragraph)
    constraints = tuple(dict.fromkeys([*previous.constraints, *revision.constraints]))
    prd = msgspec.structs.replace(
        previous,
        version=version,
        requirements=revision.requirements,
        constraints=constraints,
        body=_with_changes(previous.body, revision, version),
    )
    return prd, revision


def keep(previous: Prd, text: str, version: int, reason: str) -> tuple[Prd, Revision]:
    """The next version as the last one was, saying that the revision was left out as a whole, and why."""
    first = next((line.strip() for line in clean(text).split("\n") if line.strip()), "")
    revision = Revision(previous.requirements, left_out=[f"{first[:100]} ... ({reason})"])
    body = _with_changes(previous.body, revision, version)
    return msgspec.structs.replace(previous, version=version, body=body), revision


def _paragraph(revision: Revision, paragraph: str) -> None:
    """Its edits, line by line; the lines between them, joined, are constraints."""
    words: list[str] = []
    for line in paragraph.split("\n"):
        bullet = _BULLET.match(line)
        text = line[bullet.end() if bullet else 0 :].strip()
        edited = bool(text) and _edit(revision, text)
        if edited or bullet:
            _constrain(revision, words)
        if not edited:
            words.append(text)
    _constrain(revision, words)


def _constrain(revision: Revision, words: list[str]) -> None:
    if text := " ".join(word for word in words if word):
        revision.constraints.append(text)
    words.clear()


def _edit(revision: Revision, line: str) -> bool:
    """Carry out one line; False where it is no edit."""
    if match := _ADD.fullmatch(line):
        change = _adding(match["text"])
    elif match := _DROP.fullmatch(line):
        change = _dropping(match["id"])
    elif match := _SET.fullmatch(line):
        change = _setting(match["id"], match["what"].lower(), match["value"].strip())
    elif (match := _TEXT.fullmatch(line)) and notation.starts_with_id(f"{match['id']}: "):
        change = _rewording(match["id"], match["text"])
    else:
        return False
    try:
        items = [item_of(requirement) for requirement in revision.requirements]
        change(items)
        revision.requirements = finish(items, {}, [])
        revision.applied.append(line)
    except SpecificationError as error:
        revision.left_out.append(f"{line} ({error.reason})")
    return True


def _adding(text: str) -> _Change:
    def change(items: list[Item]) -> None:
        item = Item(0)
        notation.read_first_line(item, text)
        if any(other.says == item.says for other in items):
            raise SpecificationError(0, "the PRD says so already", "")
        items.append(item)

    return change


def _dropping(id: str) -> _Change:
    def change(items: list[Item]) -> None:
        if len(items) == 1:
            raise SpecificationError(0, "nothing would be left", "")
        items.remove(_find(items, id))

    return change


def _rewording(id: str, text: str) -> _Change:
    """New text; attributes that it does not give stay as they were."""

    def change(items: list[Item]) -> None:
        old, new = _find(items, id), Item(0)
        notation.read_first_line(new, text)
        if not new.text:
            raise SpecificationError(0, "it gives no text", "")
        old.text = new.text
        old.checks = new.checks or old.checks
        old.files = new.files or old.files
        old.needs = new.needs or old.needs
        old.role = new.role or old.role
        old.priority = new.priority or old.priority

    return change


def _setting(id: str, what: str, value: str) -> _Change:
    def change(items: list[Item]) -> None:
        item, new = _find(items, id), Item(0)
        if what == "check":
            item.checks = [re.sub(r"^(`+)(.+)\1$", r"\2", value).strip()]
            return
        key = "Files" if what.startswith("file") else "Depends on" if what.startswith("depends") else what
        notation.read_line(new, f"{key}: {value}", 0)
        if new.text:
            raise SpecificationError(0, f"{value!r} is not understood", "")
        match key:
            case "Files":
                item.files = new.files
            case "Depends on":
                item.needs = new.needs
            case "priority":
                item.priority = new.priority
            case _:
                item.role = new.role

    return change


def _find(items: list[Item], id: str) -> Item:
    found = next((item for item in items if key_of(item.id) == key_of(id)), None)
    if found is None:
        raise SpecificationError(0, f"there is no requirement {id}", "")
    return found


def _with_changes(body: str, revision: Revision, version: int) -> str:
    """The PRD's prose with what this version changed, so that the readers at the gate see it."""
    lines = [f"- done: {line}" for line in revision.applied]
    lines += [f"- not done: {line}" for line in revision.left_out]
    lines += [f"- constraint: {text}" for text in revision.constraints]
    if not lines:
        return body
    return "\n\n".join(part for part in (body, f"## Changes in v{version}", "\n".join(lines)) if part)
