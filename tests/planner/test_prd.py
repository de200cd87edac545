"""What a PRD looks like as a file, and what is read back from it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from maestro.planner import prd as prds
from maestro.planner import specification
from maestro.planner.blocks import clean
from maestro.planner.errors import SpecificationError
from maestro_contracts.records import Prd, Requirement

PRD = Prd(
    feature="Slugs for everyone",
    slug="slugs-for-everyone",
    version=2,
    priority="high",
    requirements=(
        Requirement("R-1", "Titles become `slugs`.\n- also long ones", check="make check", section="Names"),
        Requirement("R-2", "Quickly", "should", "set -e\na\nb", ("a b.py", "c/*.py"), ("R-1",), "Names", "backend"),
        Requirement("R-3", 'It says: "no" - 100%', check="echo '`x`'"),
    ),
    related_issues=("#12",),
    constraints=("no new package",),
    body="Why we do it.\n\n## Background\n\nLong ago.",
)

EXPECTED = """\
---
status: draft
feature: Slugs for everyone
slug: slugs-for-everyone
version: 2
priority: high
requirements:
  - id: R-1
    text: |-
      Titles become `slugs`.
      - also long ones
    priority: must
    check: make check
    section: Names
  - id: R-2
    text: Quickly
    priority: should
    check: |-
      set -e
      a
      b
    files:
      - a b.py
      - c/*.py
    depends_on:
      - R-1
    section: Names
    role: backend
  - id: R-3
    text: 'It says: "no" - 100%'
    priority: must
    check: echo '`x`'
related_issues:
  - '#12'
constraints:
  - no new package
---

# Slugs for everyone

Why we do it.

## Background

Long ago.

<!-- What follows is made from the front matter: change it there. -->

## Requirements

### Names

- **R-1** (must): Titles become `slugs`.
  - also long ones
  - Check: `make check`

- **R-2** (should): Quickly
  ```sh acceptance
  set -e
  a
  b
  ```
  - Files: `a b.py`, `c/*.py`
  - Depends on: R-1
  - Role: backend

### Others

- **R-3** (must): It says: "no" - 100%
  - Check: ``echo '`x`'``

## Constraints

- no new package

## Related issues

- #12
"""


def test_the_file_is_front_matter_and_the_same_for_people() -> None:
    assert prds.render(PRD) == EXPECTED


def test_the_front_matter_has_the_promised_keys() -> None:
    head = YAML(typ="safe").load(EXPECTED.split("---\n")[1])
    assert {"status", "feature", "version", "priority", "requirements", "related_issues"} <= set(head)
    for requirement in head["requirements"]:
        assert {"id", "text", "priority", "check"} <= set(requirement)


@pytest.mark.parametrize("status", ["approved", "implemented"])
def test_a_change_of_status_changes_one_line(status: prds.Status) -> None:
    assert prds.render(PRD, status) == EXPECTED.replace("status: draft", f"status: {status}", 1)


def test_what_was_written_is_read_back() -> None:
    assert prds.parse(EXPECTED) == (PRD, "draft")


def test_the_file_lies_where_everybody_expects_it() -> None:
    assert prds.path(PRD) == ".flow/prd-slugs-for-everyone-v2.md"


def test_a_prd_given_as_specification_asks_for_the_same() -> None:
    again = specification.parse(EXPECTED)
    assert (again.feature, again.requirements, again.priority) == (PRD.feature, PRD.requirements, PRD.priority)
    assert (again.constraints, again.related_issues) == (PRD.constraints, PRD.related_issues)


@pytest.mark.parametrize("text", ["", "# F\n", "---\nfeature: x\n---\n", "---\nstatus: lost\nversion: 1\n---\n"])
def test_another_file_is_no_prd(text: str) -> None:
    with pytest.raises(SpecificationError, match="no PRD"):
        prds.parse(text)


@pytest.mark.parametrize(
    ("feature", "slug"),
    [
        ("Slugs for everyone!", "slugs-for-everyone"),
        ("Größe & Œuvre", "groe-uvre"),
        ("a/b\\c..d", "a-b-c-d"),
        ("x" * 100, None),
        ("日本語", None),
        ("", None),
        ("one two three four five six seven eight nine ten", "one-two-three-four-five-six-seven-eight"),
    ],
)
def test_slugs_are_fit_for_files_and_branches(feature: str, slug: str | None) -> None:
    made = prds.slug(feature)
    assert slug is None or made == slug
    assert made == prds.slug(feature)
    assert 0 < len(made) <= prds.MAX_SLUG and set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


TEXT = st.text(max_size=60).map(lambda text: clean(text).strip())
SAID = TEXT.filter(bool)
FILES = st.lists(st.from_regex(r"[a-zä*][a-zä *]{0,4}\.py", fullmatch=True), max_size=2, unique=True)


@st.composite
def any_prd(draw: st.DrawFn) -> Prd:
    ids = [f"R-{n}" for n in range(1, draw(st.integers(1, 4)) + 1)]
    requirements = tuple(
        Requirement(
            id,
            draw(SAID),
            draw(st.sampled_from(["must", "should", "could"])),
            draw(TEXT),
            tuple(draw(FILES)),
            tuple(draw(st.lists(st.sampled_from(ids[:place]), unique=True, max_size=2))) if place else (),
            draw(TEXT),
            draw(TEXT),
        )
        for place, id in enumerate(ids)
    )
    return Prd(
        feature=draw(SAID.map(lambda text: " ".join(text.split())).filter(bool)),
        slug="a-slug",
        version=draw(st.integers(1, 99)),
        priority=draw(st.sampled_from(["high", "medium", "low"])),
        requirements=requirements,
        related_issues=tuple(draw(st.lists(SAID, max_size=2))),
        constraints=tuple(draw(st.lists(SAID, max_size=2))),
        body=draw(TEXT).strip("\n"),
    )


@settings(max_examples=100, deadline=None)
@given(any_prd(), st.sampled_from(["draft", "approved", "implemented"]))
def test_every_prd_is_read_back_as_it_was_written(prd: Prd, status: prds.Status) -> None:
    text = prds.render(prd, status)
    assert prds.parse(text) == (prd, status)
    assert text.split("\n")[1] == f"status: {status}"
    assert prds.render(prd, status) == text


def test_what_the_specification_allows_stands_in_the_prd_and_is_read_back() -> None:
    text = "---\nallows: [dependency requests, ci Dockerfile]\n---\n# F\n\n- R-1: it works. Check: `make test`\n"
    made = Prd("F", "f", 1, "medium", specification.parse(text).requirements, allows=specification.parse(text).allows)
    assert "- `dependency requests`" in prds.render(made)
    assert prds.parse(prds.render(made))[0].allows == ("dependency requests", "ci Dockerfile")
