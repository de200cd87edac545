"""How does one requirement say its id, priority, check, files, dependencies and role? The notation of a single item.

    R-1: Text (should). Check: `command`. Files: a.py, b/*.py. Depends on: R-2. Role: backend

Every part but the text may be left out, and may stand on a line or a nested bullet of its own. What looks like a part
but is not (`Check: that it works` has no command) stays text: words are never run as a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from maestro.planner.errors import SpecificationError

Priority = Literal["must", "should", "could"]

PRIORITIES: dict[str, Priority] = {
    "must": "must", "shall": "must", "high": "must", "critical": "must", "required": "must", "p0": "must",
    "p1": "must", "should": "should", "medium": "should", "p2": "should", "could": "could", "may": "could",
    "low": "could", "optional": "could", "nice to have": "could", "p3": "could",
}  # fmt: skip

# Names of standards and products look like ids: `UTF-8: ...` is a text about UTF-8, `S3: ...` one about storage.
_NO_IDS = frozenset({
    "UTF", "ISO", "SHA", "MD", "RFC", "PEP", "HTTP", "IPV", "ES", "UTC", "GMT", "BASE", "CP", "CVE", "TLS", "X", "P",
    "H",
})  # fmt: skip
_IDS_WITHOUT_HYPHEN = frozenset({
    "R", "REQ", "FR", "NFR", "US", "UC", "AC", "BR", "TR", "SR", "F", "T", "TASK", "STORY", "FEAT",
})  # fmt: skip
_ID = r"[A-Z]{1,10}(?:-[A-Z]{1,10})?-?\d{1,5}(?:\.\d{1,4}){0,3}"
_PRIORITY_WORDS = "|".join(sorted(PRIORITIES, key=len, reverse=True))
_WRITTEN_ID = re.compile(
    rf"(?:\*\*|__)(?P<bold>{_ID})\s*[:.]?(?:\*\*|__)\s*(?:[:.–—-]\s+|:?\s*)"
    rf"|(?P<open>\*\*|__)(?P<half>{_ID}):\s+"
    rf"|\[(?P<bracket>{_ID})\]\s*:?\s+|`(?P<code>{_ID})`\s*:\s+"
    rf"|(?P<plain>{_ID})(?::(?:\s+|$)|(?=\s*[(\[](?i:{_PRIORITY_WORDS})[)\]]\s*:\s))"
)
_ID_ALONE = re.compile(rf"(?i:{_ID})|\d{{1,5}}")
_CHECKBOX = re.compile(r"\[(?P<mark>[ xX])\]\s+")
_PRIORITY_FIRST = re.compile(rf"\s*[(\[]?(?P<word>(?i:{_PRIORITY_WORDS}))[)\]]?(?:\s*:\s+|(?<=[)\]])\s+)")
_PRIORITY_MARK = re.compile(rf"\s*[(\[](?P<word>(?i:{_PRIORITY_WORDS}))[)\]]")
_PRIORITY_LOUD = re.compile(r"\b(MUST|SHALL|SHOULD|COULD|MAY)\b")
_KEYS = {
    "acceptance": "check", "acceptance check": "check", "acceptance test": "check", "acceptance criteria": "check",
    "acceptance criterion": "check", "check": "check", "verify": "check", "file": "files", "files": "files",
    "depends on": "depends", "dependencies": "depends", "role": "role", "priority": "priority",
}  # fmt: skip
_KEY_WORDS = "|".join(sorted(_KEYS, key=len, reverse=True))
_KEY = re.compile(
    rf"(?:^\W{{0,3}}(?P<first>(?i:{_KEY_WORDS}))"
    rf"|(?:(?<=[.;,)\x00])\s+\W{{0,3}}|\s+[(–—-]\s*)(?P<later>{'|'.join(map(str.capitalize, _KEY_WORDS.split('|')))}))"
    rf"(?:\*\*|__)?:(?:\*\*|__)?(?:\s+|$|(?=\x00))"
)
_CODE = re.compile(r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_PATH = re.compile(r"[^\s`\"'<>|]+")
_ROLE = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?: [A-Za-z0-9-]+)?")


@dataclass(slots=True)
class Item:
    """A requirement while it is being read. `line` is where it starts; `needs` keeps the line of each dependency."""

    line: int
    id: str = ""
    explicit: bool = False
    checkbox: str = ""
    priority: Priority | None = None
    section: str = ""
    role: str = ""
    text: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    needs: list[tuple[str, int]] = field(default_factory=list)
    worded_checks: list[str] = field(default_factory=list)

    @property
    def says(self) -> str:
        return "\n".join(self.text).strip()

    def take_from(self, other: Item) -> None:
        """Attributes that a part of this item's text gave."""
        self.checks += other.checks
        self.files += other.files
        self.needs += other.needs
        self.worded_checks += other.worded_checks
        self.role = other.role or self.role
        self.priority = other.priority or self.priority

    def inherit(self, parent: Item) -> None:
        """What holds for a group holds for each of it, unless it says otherwise."""
        self.files = self.files or list(parent.files)
        self.role = self.role or parent.role
        self.needs += parent.needs


def key_of(id: str) -> str:
    """What makes two ids the same: `R1`, `r-1` and `R-1` are one."""
    return id.upper().replace("-", "")


def starts_with_id(text: str) -> bool:
    return _take_id(text)[0] != ""


def read_first_line(item: Item, text: str) -> None:
    """The line that opens an item: checkbox, id, priority, then text and attributes."""
    if box := _CHECKBOX.match(text):
        item.checkbox = box["mark"].lower()
        text = text[box.end() :]
    text = _take_first_priority(item, text)
    id, text = _take_id(text)
    if id:
        item.id, item.explicit = id, True
    read_line(item, _take_first_priority(item, text), item.line)


def read_line(item: Item, text: str, line: int) -> None:
    """One more line of an item: attributes are taken, the rest is text."""
    hidden = _hide_code(text)
    matches = list(_KEY.finditer(hidden))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    said = text[: matches[0].start()] if matches else text
    kept = [_take_priority_marks(item, said)]
    for match, end in zip(matches, ends, strict=False):
        kind = _KEYS[(match["first"] or match["later"]).lower()]
        value = text[match.end() : end].strip()
        rest = _TAKE[kind](item, value, line)
        if rest is value:
            kept.append(text[match.start() : end].strip())
        elif rest:
            kept.append(rest)
    if said := " ".join(part for part in (part.strip() for part in kept) if part):
        item.text.append(said)


def starts_with_key(text: str) -> bool:
    """Whether a line starts with an attribute's name (`Check:`)."""
    match = _KEY.match(text.strip())
    return match is not None and match["first"] is not None


def is_bare_key(text: str) -> bool:
    """Whether a line is an attribute's name alone, its values being in the list or block below."""
    match = _KEY.match(text.strip())
    return match is not None and match.end() == len(text.strip())


def add_check(item: Item, script: str) -> None:
    """A fenced block as check: every line of it must succeed."""
    lines = [line for line in script.strip("\n").split("\n") if line.strip()]
    if lines:
        item.checks.append(lines[0].strip() if len(lines) == 1 else "\n".join(["set -e", *lines]))


def _take_id(text: str) -> tuple[str, str]:
    """The id at the start of a text, and the text behind it."""
    match = _WRITTEN_ID.match(text)
    if match is None:
        return "", text
    id = next(match[name] for name in ("bold", "half", "bracket", "code", "plain") if match[name])
    prefix = re.split(r"-?\d", id)[0]
    if prefix in _NO_IDS or (prefix not in _IDS_WITHOUT_HYPHEN and f"{prefix}-" not in id):
        return "", text
    rest = text[match.end() :]
    return id, rest.replace(match["open"], "", 1) if match["half"] else rest


def _take_first_priority(item: Item, text: str) -> str:
    match = _PRIORITY_FIRST.match(text)
    if match is None:
        return text
    item.priority = PRIORITIES[match["word"].lower()]
    return text[match.end() :]


def _take_priority_marks(item: Item, text: str) -> str:
    """Take `(should)` away; a loud SHOULD stays in the text, and counts where nothing else is said."""
    hidden = _hide_code(text)
    if mark := _PRIORITY_MARK.search(hidden):
        item.priority = PRIORITIES[mark["word"].lower()]
        text = text[: mark.start()] + text[mark.end() :]
    elif item.priority is None and (loud := _PRIORITY_LOUD.search(hidden)):
        item.priority = PRIORITIES[loud[1].lower()]
    return text


def _hide_code(text: str) -> str:
    """The text with its code spans blanked out, at the same length."""
    return _CODE.sub(lambda match: "\0" * len(match[0]), text)


# --- attributes: each takes its value and returns what it did not understand (the value itself: nothing at all) ------


def _take_check(item: Item, value: str, line: int) -> str:
    commands: list[str] = []
    at = 0
    while match := re.compile(r"(?:[\s,;]|and\b|&&)*").match(value, at):
        code = _CODE.match(value, match.end())
        if code is None:
            break
        commands.append(code["code"].strip())
        at = code.end()
    if not commands:
        if value:
            item.worded_checks.append(value)
        return value
    item.checks += [command for command in commands if command]
    rest = value[at:].strip()
    return rest if re.search(r"\w", rest) else ""


def _take_files(item: Item, value: str, line: int) -> str:
    spans = [match["code"].strip() for match in _CODE.finditer(value)]
    outside = _CODE.sub(" ", value)
    if spans and re.search(r"\w", outside.replace(" and ", " ")) is None:
        paths = [path for span in spans for path in span.split(",")]
    else:
        paths = re.split(r"\s*,\s*|\s+and\s+", value.replace("`", "").strip())
    paths = [_unpunctuated(path) for path in paths]
    paths = [path for path in paths if path]
    if not paths or not all(_PATH.fullmatch(path) or path in spans for path in paths):
        return value
    item.files += [inside(path, line) for path in paths]
    return ""


def _unpunctuated(path: str) -> str:
    path = path.strip().rstrip(".;")
    return path if "(" in path else path.rstrip(")")


def inside(path: str, line: int) -> str:
    """The path as git writes it. Raises SpecificationError where it leaves the repository."""
    clean = re.sub(r"/{2,}", "/", path.replace("\\", "/")).removeprefix("./")
    if clean.startswith(("/", "~")) or ".." in clean.split("/") or re.match(r"[A-Za-z]:", clean):
        mend = "Name files by their path from the repository's root"
        raise SpecificationError(line, f"the file {path!r} lies outside the repository", mend)
    return clean


def _take_depends(item: Item, value: str, line: int) -> str:
    words = [word.strip("`*[](). ") for word in re.split(r"[\s,;]+|\band\b", value)]
    words = [word for word in words if word and word.lower() not in ("and", "none", "nothing", "-", "–")]
    if not words:
        return "" if value else value
    if not _ID_ALONE.fullmatch(words[0]):
        return value
    names = [word for word in words if _ID_ALONE.fullmatch(word)]
    item.needs += [(f"R-{name}" if name.isdigit() else name, line) for name in names]
    return ""


def _take_role(item: Item, value: str, line: int) -> str:
    word = value.strip("`*_. ")
    if not _ROLE.fullmatch(word) or len(word) > 30:
        return value
    item.role = word.lower()
    return ""


def _take_priority(item: Item, value: str, line: int) -> str:
    word = value.strip("`*_. ").lower()
    if word not in PRIORITIES:
        return value
    item.priority = PRIORITIES[word]
    return ""


_TAKE: dict[str, Callable[[Item, str, int], str]] = {
    "check": _take_check,
    "files": _take_files,
    "depends": _take_depends,
    "role": _take_role,
    "priority": _take_priority,
}
