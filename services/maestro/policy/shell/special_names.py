"""Small questions about texts that several programs ask."""

from __future__ import annotations

from maestro.policy.shell.text import PATH, Text


def from_pipe(stdin: Text) -> bool:
    """Whether something says where the names on the input lie."""
    return any(mark.startswith(PATH) for mark in stdin.marks)
