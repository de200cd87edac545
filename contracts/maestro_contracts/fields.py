"""Which kinds of values do manifest and configuration share? Names, durations, and how a wrong one is mended."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

NAME_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
"""A step's name is part of ids, refs and folders."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
MAX_DURATION = 366 * 86400.0


def wrong(reason: str, mend: str = "") -> PydanticCustomError:
    """What a validator raises: shown to people word by word."""
    return PydanticCustomError("wrong", "{reason}", {"reason": reason, "mend": mend})


def seconds(given: Any) -> float:
    """Seconds from a number or a text such as `90`, `30s`, `1h30m`, `2d`. Raises a PydanticCustomError."""
    if isinstance(given, str):
        text = given.strip()
        value = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else _from_parts(text)
    elif isinstance(given, int | float) and not isinstance(given, bool):
        value = float(given)
    else:
        raise wrong("must be a duration", "write seconds or something like 30s, 10m, 2h, 1d")
    if not 0 < value <= MAX_DURATION:
        raise wrong("must be more than 0 seconds and at most 366 days", "leave it out for no limit")
    return value


def _from_parts(text: str) -> float:
    if not text or _PART.sub("", text).strip():
        raise wrong(f"{text!r} is no duration", "write seconds or something like 30s, 10m, 2h, 1h30m, 1d")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _name(given: Any) -> Any:
    if isinstance(given, str) and not re.match(NAME_PATTERN, given):
        mend = "use up to 40 lower-case letters, digits, '-' and '_', with a letter first"
        raise wrong(f"{given!r} cannot be a name", mend)
    return given


_DURATION_SCHEMA = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}],
    "examples": [90, "30s", "10m", "1h30m", "2d"],
}

Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(_DURATION_SCHEMA)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x7f][^\x00-\x1f\x7f]*$")
]
"""One line of text that can be seen."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=16_384)]
"""Some lines of text."""
RoleName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""A role of people."""
Count = Annotated[int, Field(ge=1)]
