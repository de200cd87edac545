"""How does an old event still read? One function per step from a version to the next, applied on reading only.

An entry's bytes are never rewritten: its author signed them. `UPCASTS[(type, version)]` turns the data of that
version into the data of the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Data = dict[str, Any]

CURRENT: dict[str, int] = {"GateDecided": 2}
"""The newest version of each type that ever changed; all others are at 1."""


def _gate_decided_1(data: Data) -> Data:
    """Version 1 had no `via` (a person at the command line was the only channel) and called the text `comment`."""
    new = {key: value for key, value in data.items() if key != "comment"}
    return {**new, "text": data.get("comment", ""), "via": "cli"}


UPCASTS: dict[tuple[str, int], Callable[[Data], Data]] = {("GateDecided", 1): _gate_decided_1}


def current_version(event_type: str) -> int:
    return CURRENT.get(event_type, 1)


def upcast(event_type: str, version: int, data: Data) -> Data:
    """The data as the newest version has it. Raises LookupError for a version nobody knows how to read."""
    while version < current_version(event_type):
        data = UPCASTS[event_type, version](data)
        version += 1
    if version != current_version(event_type):
        raise LookupError(f"{event_type} version {version} is newer than this Maestro reads; upgrade it")
    return data
