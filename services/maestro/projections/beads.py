"""How do our issues go into a file that holds other people's too? Line by line, by their ids."""

from __future__ import annotations

import json

BEADS_FILE = ".beads/issues.jsonl"


def merged(theirs: bytes, ours: bytes) -> bytes:
    """Their lines as they are, byte for byte; ours in the place of those with the same id, new ones at the end."""
    new = {_id(line): line for line in ours.splitlines() if line.strip()}
    lines = []
    for line in theirs.removesuffix(b"\n").split(b"\n") if theirs else []:
        lines.append(new.pop(_id(line), line))
    return b"".join(line + b"\n" for line in [*lines, *new.values()])


def _id(line: bytes) -> str | None:
    """The id of an issue's line; None for what is no issue."""
    try:
        issue = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = issue.get("id") if isinstance(issue, dict) else None
    return found if isinstance(found, str) else None
