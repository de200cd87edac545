"""Do two folds come to the same state? One canonical text for a state, and its hash.

The text depends on what the state says and on nothing else: not on the order in which a mapping was filled, not on the
Python that folded it, not on its hash seed. An event says of which type it is: two types may have the same fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from maestro.runs.fold import FOLD_VERSION
from maestro.runs.state import RunState
from maestro_contracts.events import Event

MAGIC = "maestro/state/v1"


def state_hash(state: RunState) -> str:
    """The SHA-256 of the canonical text, hexadecimal."""
    return hashlib.sha256(canonical_text(state)).hexdigest()


def canonical_text(state: RunState) -> bytes:
    """Three lines: `maestro/state/v1`, the fold's version, and the state as JSON: keys sorted, no spaces, ASCII."""
    text = json.dumps(canonical(state), sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return f"{MAGIC}\n{FOLD_VERSION}\n{text}\n".encode("ascii")


def canonical(value: Any) -> Any:
    """What JSON can say of a part of a state. Raises TypeError for what no state holds."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Event():
            return {"event": type(value).__name__, "says": _fields(value)}
        case msgspec.Struct():
            return _fields(value)
        case dict():
            return {key_name(key): canonical(inner) for key, inner in value.items()}
        case list() | tuple():
            return [canonical(inner) for inner in value]
        case _:
            raise TypeError(f"a state holds no {type(value).__name__}")


def _fields(value: msgspec.Struct) -> dict[str, Any]:
    return {name: canonical(getattr(value, name)) for name in value.__struct_fields__}


def key_name(key: Any) -> str:
    """A mapping's key as text: a gate and its visit are `approve-plan@1`."""
    return "@".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """A state's leaves by their path: `tasks.T-001.status`."""
    return dict(_leaves(value, path))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key_name(key)}" if path else key_name(key))
    elif isinstance(value, list | tuple) and any(
        isinstance(item, msgspec.Struct | dict | list | tuple) for item in value
    ):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, list(value) if isinstance(value, tuple) else value
