"""What would this shell command do? From its text to its effects, through shfmt's syntax tree.

Pure but for shfmt, which is a process of its own without any rights of ours; nothing that the text names is run, opened
or looked up. Never raises: what cannot be read is opaque, and an opaque command is never allowed unasked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from maestro.policy.effects import Effect
from maestro.policy.shell import syntax
from maestro.policy.shell.state import Findings, State

HOME = "/home/user"
"""Whose home it is, where nobody says."""
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)

_EMOJI = re.compile(
    "(?<=[\u203c-\u3299\U0001f000-\U0001faff#*0-9])[\ufe0e\ufe0f]\u200d?|(?<=[\U0001f000-\U0001faff])\u200d"
)


class Reading(msgspec.Struct, frozen=True):
    """What a command would do. `problems`: why something of it could not be seen."""

    effects: tuple[Effect, ...]
    problems: tuple[str, ...] = ()


def effects_of_command(command: str, cwd: str = ".", home: str = "~") -> Reading:
    """Effects sorted, never empty."""
    try:
        return _reading(command, cwd, home)
    except syntax.NoParser as error:  # not remembered: it says nothing of the command
        return _opaque(str(error), "no parser")


def prepare(commands: Iterable[str]) -> None:
    """Before many commands are read: shfmt is asked about all of them at once."""
    syntax.prepare(command for command in commands if not _hidden(command))


@lru_cache(maxsize=4096)
def _reading(command: str, cwd: str, home: str) -> Reading:
    if hidden := _hidden(command):
        return _opaque(f"holds a character that is not seen: U+{ord(hidden[0]):04X}", "hidden character")
    found = Findings()
    try:
        read(command, cwd, home, found)
    except syntax.NoParser:
        raise
    except RecursionError:
        found.opaque("unparsable", "nested deeper than anybody follows")
    except Exception as error:  # a mistake of ours must not let anything pass
        found.opaque("unparsable", f"could not be read: {type(error).__name__}")
    effects = found.effects or {Effect("read"): None}
    return Reading(tuple(sorted(effects)), tuple(found.problems))


def _hidden(command: str) -> re.Match[str] | None:
    """What a person does not see in the text. The selectors and joiners of emoji are part of what they see."""
    return _HIDDEN.search(_EMOJI.sub("", command))


def _opaque(problem: str, detail: str) -> Reading:
    return Reading((Effect("opaque", detail=detail),), (problem,))


def read(command: str, cwd: str, home: str, found: Findings) -> None:
    """Adds what is found. Raises RecursionError, and nothing else that is no mistake of ours."""
    from maestro.policy.shell.walk import Reader, TooMuch

    folder = cwd if cwd.startswith(("/", "~")) or re.fullmatch(r"[\w./-]*", cwd) else "."
    try:
        Reader(State(home if home.startswith("/") else HOME, folder or "."), found).text(command)
    except TooMuch as error:
        found.opaque("unparsable", str(error))
