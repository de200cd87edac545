"""How is a text that somebody else wrote shown, so that it can neither hide nor pretend anything?

Control and format characters become visible escapes (`\\x1b`, `\\u202e`); Markdown's own characters lose their meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Format characters that scripts and emoji need, and that hide nothing."""
_SPECIAL = re.compile(r"[\\`*\[\]~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK_START = re.compile(r"^(\d{1,9})?([#+\-=.)])")
_AUTOLINK = re.compile(r"(?i)\b(www)\.|(:)//|(?<=[A-Za-z0-9._+-])(@)(?=[A-Za-z0-9])|\b(mailto|xmpp|https?|ftp):")
_GAP = re.compile(r"[ \t\r\n]+")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text on one line, with every character that cannot be seen written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(char) for char in text)


def _seen(char: str) -> str:
    if char in _JOINERS or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str, limit: int = 0) -> str:
    """The text's words on one visible line, cut off after `limit` characters (0: never)."""
    line = visible(_GAP.sub(" ", text).strip(" "))
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def prose(text: str, limit: int = 0) -> str:
    """The text as inline Markdown that renders as itself: no markup, no links, no HTML, one line."""
    line = one_line(text, limit)
    line = _SPECIAL.sub(lambda match: "\\" + match[0], line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _AUTOLINK.sub(lambda match: match[0].replace(".", "\\.").replace(":", "\\:").replace("@", "\\@"), line)
    return _BLOCK_START.sub(lambda match: f"{match[1] or ''}\\{match[2]}", line)


def code(text: str, limit: int = 0) -> str:
    """The text as a Markdown code span, whatever backticks it holds; nothing for an empty text."""
    line = one_line(text, limit)
    if not line:
        return ""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def cell_code(text: str, limit: int = 0) -> str:
    """A code span that may stand in a table, where a bar would end the cell even inside of backticks."""
    if "|" not in text:
        return code(text, limit)
    return f"<code>{prose(text, limit).replace('|', '&#124;')}</code>"


def fence(text: str, language: str = "text") -> list[str]:
    """The text's lines as a fenced block that none of them can end."""
    # Not `splitlines`: it would swallow the control characters that it takes for line ends.
    lines = [visible(line) for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(lines))), default=0))
    return [f"{ticks}{language}", *lines, ticks]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; cells are inline Markdown already (`prose`, `cell_code`)."""
    lines = [_row(head), _row(["---"] * len(head))]
    return [*lines, *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def utc(ms: int) -> str:
    """A time as `2026-01-31T08:15:00.000Z`; empty where it is not known."""
    if not ms:
        return ""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{ms} ms"


def duration(ms: int) -> str:
    """A length of time for people: `0.8 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = ms / 1000
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(number: int, one: str, many: str = "") -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
