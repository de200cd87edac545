"""What is known of a piece of text before it exists? The characters that are certain, and where the rest comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN = "\ue000"
"""Stands in a text for whatever nobody can know beforehand. One that somebody types means the same."""

MOST_TEXT = 100_000

NOTHING: frozenset[str] = frozenset()

# What a text carries with it. `path:` and a path: it is, or holds, names of files below there.
SECRET = "secret"
NETWORK = "network"
DECODED = "decoded"
PERSONAL = "personal"
STDIN = "stdin"
ENVIRONMENT = "environment"
"""All variables with their values, in whatever form; somebody may still pick harmless ones."""
OWN_CODE = "own-code"
"""Settings that a well-known program prints to be evaluated."""
OUTPUT = "output"
"""What a command has put out."""
PATH = "path:"


@dataclass(frozen=True, slots=True)
class Text:
    """`glob`: the shell makes file names of it. `marks`: what it carries."""

    value: str = ""
    glob: bool = False
    marks: frozenset[str] = NOTHING

    @property
    def known(self) -> bool:
        return UNKNOWN not in self.value

    def having(self, *marks: str) -> Text:
        return Text(self.value, self.glob, self.marks | set(marks))

    def paths(self) -> list[str]:
        """Where the files lie whose names this holds."""
        return sorted(mark.removeprefix(PATH) for mark in self.marks if mark.startswith(PATH))


EMPTY = Text()
ANYTHING = Text(UNKNOWN)


def anything(*marks: str) -> Text:
    return Text(UNKNOWN, marks=frozenset(marks))


def joined(texts: Iterable[Text], between: str = "") -> Text:
    """All of them in one, with all that they carry."""
    values: list[str] = []
    marks: frozenset[str] = NOTHING
    glob = False
    for text in texts:
        values.append(text.value)
        marks |= text.marks
        glob = glob or text.glob
    value = between.join(values)
    return Text(value if len(value) <= MOST_TEXT else UNKNOWN, glob, marks)
