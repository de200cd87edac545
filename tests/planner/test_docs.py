"""Does the page about specifications say what is true? Its examples are read as it says."""

from __future__ import annotations

import re
from pathlib import Path

from maestro.planner.revision import revise
from maestro.planner.specification import MINIMAL, parse
from maestro_contracts.records import Prd, Requirement

PAGE = (Path(__file__).parents[2] / "docs" / "specification.md").read_text()
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_the_least_form_is_the_one_that_errors_show() -> None:
    assert BLOCKS["markdown"] == MINIMAL
    assert parse(BLOCKS["markdown"]).requirements


def test_every_edit_shown_is_carried_out() -> None:
    requirements = tuple(Requirement(f"R-{n}", f"text {n}") for n in range(1, 4))
    edits = BLOCKS["text"]
    _, revision = revise(Prd("F", "f", 1, "high", requirements), edits, 2)
    assert (revision.left_out, revision.constraints) == ([], [])
    assert len(revision.applied) == len(edits.strip().split("\n"))
