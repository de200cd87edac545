"""Which characters of a text would a reader not see?"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""What some scripts and emoji cannot be written without; it hides nothing."""


def hidden(text: str) -> list[str]:
    """Control, format, surrogate, private and unassigned characters, and line separators. Spaces can be seen."""
    return [char for char in text if _is_hidden(char)]


def _is_hidden(char: str) -> bool:
    return char in "\u2028\u2029" or (unicodedata.category(char)[0] == "C" and char not in JOINERS)
