"""What holds for every text that may be given as a specification?"""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.planner.errors import SpecificationError
from maestro.planner.notation import key_of
from maestro.planner.specification import parse

MARKS = [
    "# ",
    "## ",
    "### ",
    "- ",
    "  - ",
    "1. ",
    "> ",
    "    ",
    "\n",
    "\n\n",
    "---\n",
    "```",
    "`",
    "``",
    "**",
    "_",
    "\t",
]
WORDS = [
    "Requirements",
    "Constraints",
    "Out of scope",
    "Related issues",
    "Acceptance",
    "Overview",
    "a text ",
    "ä",
    "#12",
]
IDS = ["R-1", "R-2: ", "**R3** ", "R-1.1: ", "[ ] ", "[x] ", "| ID | Requirement |\n|--|--|\n| R-9 | x |\n"]
KEYS = [
    "Check: ",
    "Acceptance: ",
    "Files: ",
    "Depends on: ",
    "Role: ",
    "Priority: ",
    "a.py",
    "../x",
    "(should)",
    "MUST ",
]
OTHERS = [
    ", ",
    ". ",
    "<!--",
    "-->",
    "```sh acceptance\n",
    "requirements:",
    "feature: ",
    "  id: ",
    "&a [*a]",
    "!!x ",
    "{",
    "[",
]
HOSTILE = ["[", "ä", ", ", "MUST ", "\x00", "\u2028", "\ud800", "\x85", "\ufeff", "\t", "]"]
PIECES = st.sampled_from([*MARKS, *WORDS, *IDS, *KEYS, *OTHERS, *HOSTILE])
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join))
HEADED = TEXTS.map(lambda text: f"---\n{text}\n---\n- a\n")


@settings(max_examples=600, deadline=None)
@given(st.one_of(TEXTS, HEADED))
def test_the_parser_raises_nothing_but_its_own_error(text: str) -> None:
    try:
        specification = parse(text)
    except SpecificationError as error:
        assert error.reason and error.mend
        return
    ids = [key_of(requirement.id) for requirement in specification.requirements]
    assert len(ids) == len(set(ids)) > 0
    for requirement in specification.requirements:
        assert requirement.text
        assert {key_of(id) for id in requirement.depends_on} <= set(ids)
    assert parse(text) == specification


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.sampled_from(["- ", "> ", "1. ", "[", "`", "*", "  - a\n"]))
def test_deep_nesting_is_read_or_refused(depth: int, mark: str) -> None:
    with contextlib.suppress(SpecificationError):
        parse("# F\n" + mark * depth + "a\n")
