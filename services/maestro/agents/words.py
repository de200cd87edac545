"""What of a program's output may be shown and kept? Its words, without what steers a terminal, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STEERING = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.|[^\n\t\x20-\x7e\x85\xa0-\U0010ffff]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
SHORTEST_SECRET = 6
HIDDEN = "***"


def plain(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without escape sequences, control characters, halves of characters, and without these secrets."""
    text = _SURROGATES.sub("�", _STEERING.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text
