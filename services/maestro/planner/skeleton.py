"""What does a person fill in where only a sentence was given? A specification to be written, with nothing in it yet."""

from __future__ import annotations

_SKELETON = """\
# {feature}
{quoted}
<!--
Write one list item for each thing that must be true at the end. Maestro adds none of its own.
What stands between these marks is not read. An example:

- R-1: `slugify("Ä b")` returns "a-b" (must)
  - Check: `python -m pytest -q tests/test_slug.py`
  - Files: src/slug.py, tests/test_slug.py
- R-2: the README shows it (should)
  - Depends on: R-1

`Check` is a command whose exit code 0 proves the requirement. Ids, priorities (must, should, could), checks, files
and dependencies may be left out.
-->

## Requirements

-

## Constraints

-

## Out of scope

-
"""


def skeleton(feature: str, text: str = "") -> str:
    """The specification's form for this feature. As it stands it has no requirements, and is refused as such."""
    title = " ".join(feature.split()) or "What is to be built"
    quoted = "\n".join(f"> {line}" for line in text.strip().splitlines()) if " ".join(text.split()) != title else ""
    return _SKELETON.format(feature=title, quoted=f"\n{quoted}\n" if quoted else "")
