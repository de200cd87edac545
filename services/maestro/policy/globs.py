"""What does a glob match? The one language of patterns here, for tables of paths and for policies.

`*` and `?` stay within one name, `**` does not, `/**` at the end also means the folder itself. A pattern without a
slash is a name anywhere; one that begins with `/` or `~/` stands where it says. Letters match in either case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def translated(pattern: str) -> str:
    """A regular expression for `fullmatch`."""
    anchored = pattern.startswith(("/", "~/"))
    tree = pattern.endswith("/**")
    body = pattern.removesuffix("/**") if tree else pattern
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", body)
    regex = "".join(_WILD.get(part) or (_class(part) if part.startswith("[") else re.escape(part)) for part in parts)
    return f"{'' if anchored else '(?:.*/)?'}{regex}{'(?:/.*)?' if tree else ''}"


def _class(part: str) -> str:
    inner = part[1:-1].replace("\\", "\\\\")
    return f"[^{inner[1:]}]" if inner.startswith("!") and len(inner) > 1 else f"[{inner}]"


def compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(translated(pattern) for pattern in patterns), re.I | re.S)


@lru_cache(maxsize=4_096)
def as_regex(pattern: str) -> re.Pattern[str]:
    """Never raises: a pattern that is none matches itself."""
    try:
        return re.compile(translated(pattern), re.I | re.S)
    except re.error:
        return re.compile(re.escape(pattern), re.I | re.S)
