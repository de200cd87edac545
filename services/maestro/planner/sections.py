"""What does a heading announce? Requirements, constraints, what is out of scope, related issues, or prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from maestro.planner.notation import Priority

Kind = Literal["requirements", "acceptance", "constraints", "out_of_scope", "related", "info", "other"]

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("out_of_scope", r"out[ -]of[ -]scope|not in scope|non[ -]?goals?|no goals|will not|won['’]?t( have)?"),
    ("constraints", r"constraints?|limitations?|assumptions?|rules"),
    ("related", r"related( issues| work| tickets)?|issues|tickets|references|links|see also"),
    (
        "info",
        (
            r"(executive )?summary|overview|background|context|motivation|introduction|problem( statement)?|why|goals?|"
            r"objectives?|notes?|open questions|questions|glossary|risks?|design|architecture|approach|alternatives|"
            r"examples?|appendix|changelog|history|changes in v\d+|(success )?metrics|stakeholders|timeline|milestones"
        ),
    ),
    ("acceptance", r"acceptance( criteria| tests?| checks?)?|definition of done"),
    (
        "requirements",
        (
            r"(.*\b)?requirements?|features?|user stories|stories|tasks|to[ -]?dos?|(in )?scope|what (must|should) .*|"
            r"deliverables|functionality|(must|should|could)([ -]have)?s?|nice to haves?"
        ),
    ),
)
_NUMBER = re.compile(r"\d+(?:\.\d+)*[.)]?\s+")
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)
_PRIORITY: tuple[tuple[Priority, re.Pattern[str]], ...] = (
    ("must", re.compile(r"must([ -]have)?s?\b", re.IGNORECASE)),
    ("should", re.compile(r"should([ -]have)?s?\b", re.IGNORECASE)),
    ("could", re.compile(r"(could([ -]have)?s?|nice to haves?)\b", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading's part of the document. `name` is empty where the heading only says what kind of part it is."""

    name: str
    level: int
    kind: Kind
    priority: Priority | None = None


def classify(heading: str, level: int, above: Kind) -> Section:
    """The section that a heading opens below one of the kind `above`."""
    text = _NUMBER.sub("", heading.strip().rstrip(":").strip(), count=1)
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(text):
            generic = kind == "requirements" and not re.search(r"\w+ requirements?$", text, re.IGNORECASE)
            return Section("" if generic else text, level, kind, _priority(text))
    return Section(text, level, above, None)


def _priority(text: str) -> Priority | None:
    for priority, pattern in _PRIORITY:
        if pattern.match(text):
            return priority
    return None
