"""How does a text lose the secrets in it before anybody keeps or shows it? detect-secrets finds them; their values go.

Used on what agents and programs say, before it becomes an event: what is in the log once is there for good. A hash or
an id looks like a secret to entropy alone, so that only shapes of real keys and values that are named as secrets count.
"""

from __future__ import annotations

import re

from maestro.policy.secrets import is_placeholder, is_word, may_hold, plugins

SHORTEST = 6
"""A shorter value is no secret worth hiding, and would take words out of texts."""
MAX_LINE = 4_000
_KEY_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY[A-Z ]*)-----.*?(?:-----END \1-----|\Z)", re.S)


def redacted(text: str) -> str:
    """The text with `[... removed]` in the place of each secret's value. Its lines stay what they are."""
    if not may_hold(text):
        return text
    text = _KEY_BLOCK.sub(r"[\1 removed]", text)
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if not may_hold(line):
        return line
    head, tail = line[:MAX_LINE], line[MAX_LINE:]
    for value, what in _values(head):
        head = head.replace(value, f"[{what} removed]")
    return head + tail


def _values(line: str) -> list[tuple[str, str]]:
    """Secrets in a line and what they are, the longest first."""
    shapes, keyword, _ = plugins()
    found: dict[str, str] = {}
    for plugin in shapes:
        for value in plugin.analyze_string(line):
            found.setdefault(str(value), str(plugin.secret_type))
    for secret in keyword.analyze_line(filename="text.yaml", line=line, line_number=1):
        value = str(secret.secret_value or "")
        if not is_placeholder(value) and not is_word(value):
            found.setdefault(value, "secret")
    real = [(value, what) for value, what in found.items() if len(value) >= SHORTEST and what != "Private Key"]
    return sorted(real, key=lambda pair: -len(pair[0]))
