"""How does a text lose the secrets in it before anybody keeps or shows it? detect-secrets finds them; their values go.

Used on what agents and programs say, before it becomes an event: what is in the log once is there for good. A hash or
an id looks like a secret to entropy alone, so that only shapes of real keys and values that are named as secrets count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from maestro.policy.secrets import is_placeholder, is_word, may_hold, plugins

SHORTEST = 6
"""A shorter value is no secret worth hiding, and would take words out of texts."""
PIECE, OVERLAP = 2_000, 200
"""Characters of a line that are looked at together, and how many of them again with the next: no key that is known here
by its shape is longer, and some expressions take the square of a text's length."""
_KEY_BLOCK = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY[A-Z ]*)-----.*?(?:-----END \1-----|\Z)", re.S)
_TOKEN = re.compile(
    r"\b(?:github_pat_\w{22,}|(?:sk|sk-ant|sk-proj|sk-or)-[\w-]{20,}|npm_[A-Za-z0-9]{36}|AIza[\w-]{35}|hf_[A-Za-z]{30,})"
    r"|\bbearer\s+([\w.~+/-]{16,}=*)",
    re.I,
)
"""Keys that gitleaks knows by their shape and detect-secrets does not, and what RFC 6750 (2.1) sends as one."""


def redacted(text: str) -> str:
    """The text with `[... removed]` in the place of each secret's value. Its lines stay what they are."""
    if not may_hold(text):
        return text
    text = _KEY_BLOCK.sub(r"[\1 removed]", text)
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if not may_hold(line):
        return line
    found: dict[str, str] = {}
    for start in range(0, max(1, len(line) - OVERLAP), PIECE - OVERLAP):
        found |= _values(line[start : start + PIECE])
    for value, what in sorted(found.items(), key=lambda pair: -len(pair[0])):
        line = line.replace(value, f"[{what} removed]")
    return line


def _values(text: str) -> dict[str, str]:
    """Secrets in a piece of a line, and what they are."""
    shapes, keyword, _ = plugins()
    found: dict[str, str] = {}
    for plugin in shapes:
        for value in _of_shape(plugin, text):
            found.setdefault(value, str(plugin.secret_type))
    for match in _TOKEN.finditer(text):
        found.setdefault(_secret(match), "token")
    for secret in keyword.analyze_line(filename="text.yaml", line=text, line_number=1):
        value = str(secret.secret_value or "")
        if not is_placeholder(value) and not is_word(value):
            found.setdefault(value, "secret")
    return {value: what for value, what in found.items() if len(value) >= SHORTEST and what != "Private Key"}


def _of_shape(plugin: Any, text: str) -> Iterator[str]:
    """What the plugin finds. Of an expression with groups it tells the groups alone: of a token only how it begins."""
    if not any(shape.groups for shape in plugin.denylist):
        yield from map(str, plugin.analyze_string(text))
        return
    for shape in plugin.denylist:
        yield from map(_secret, shape.finditer(text))


def _secret(match: re.Match[str]) -> str:
    """The value within what was found: a group behind its name, where there is one, else all of it."""
    groups = (match.group(n) for n in range(1, match.re.groups + 1) if match.start(n) > match.start())
    return max((group for group in groups if len(group) >= SHORTEST), key=len, default=match.group())
