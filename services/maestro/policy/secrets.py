"""Does this text hold a secret? detect-secrets knows what secrets look like; this page says where its findings count.

A password in a test or in documentation is an example, unless it has the shape of a real service's key. Nothing here
returns a secret's value: findings name the line and what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from maestro.policy.changes import Line

MAX_LINE = 4_000
CHUNK, OVERLAP = 200, 60
"""Characters of a line that are looked at; minified code has nothing that a person wrote."""


class Finding(NamedTuple):
    line: int
    what: str


def secrets_in(lines: Iterable[Line], name: str, *, example: bool = False) -> Iterator[Finding]:
    """Findings in lines of a file of that name. `example`: only keys that have a real service's shape count."""
    shapes, keyword, entropy = plugins()
    source = re.search(
        r"\.(?:py|[cm]?[jt]sx?|go|rs|rb|java|kts?|scala|cs|swift|php|c|cc|cpp|h|hpp|m|dart|vue|svelte)$", name, re.I
    )
    as_name = name if source or name.lower().endswith(".json") else f"{name}.yaml"
    for line in lines:
        text = line.text[:MAX_LINE]
        if may_hold(text):
            what = _shape(shapes, text, example) or (
                "" if example else _keyword(keyword, text, as_name, bool(source)) or _entropy(entropy, text)
            )
            if what:
                yield Finding(line.number, what)


def secrets_in_text(text: str, name: str = "", *, example: bool = False) -> list[Finding]:
    lines = (Line("+", each, number) for number, each in enumerate(text.splitlines(), 1))
    return list(secrets_in(lines, name, example=example))


_HINT = re.compile(
    r"-----BEGIN|[A-Za-z0-9+/=_-]{16,}|://[^\s/]*:[^\s/]*@|pass|pwd|secret|token|key|auth|cred|private|account", re.I
)


def may_hold(text: str) -> bool:
    """A cheap look first: most lines of most files hold nothing."""
    return _HINT.search(text) is not None


@cache
def plugins() -> tuple[list[Any], Any, Any]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
    from detect_secrets.plugins.keyword import KeywordDetector

    apart = ("High Entropy", "Keyword", "Public IP")
    mapping: dict[str, Any] = get_mapping_from_secret_type_to_class()
    shapes: list[Any] = [kind() for name, kind in mapping.items() if not any(word in name for word in apart)]
    return shapes, KeywordDetector(), Base64HighEntropyString(limit=4.5)


_EXAMPLE = re.compile(r"example|dummy|fake|sample|placeholder|redacted|x{4,}|\*{3,}|\.\.\.|0{6,}|1234567", re.I)


def _shape(shapes: list[Any], text: str, example: bool) -> str:
    for plugin in shapes:
        for value in plugin.analyze_string(text):
            if plugin.secret_type == "Basic Auth Credentials" and (example or is_placeholder(value)):
                continue
            if plugin.secret_type == "Private Key" and re.search(
                r"[\"'`(\[/^][^\n]*-----BEGIN[^\n]*(?:in\b|\(|match|includes|startswith)", text, re.I
            ):
                continue
            if not (example and (_EXAMPLE.search(text) or plugin.secret_type == "JSON Web Token")):
                return str(plugin.secret_type)
    return ""


def _keyword(keyword: Any, text: str, name: str, is_source: bool) -> str:
    for start in range(0, max(1, len(text) - OVERLAP), CHUNK - OVERLAP):
        # In pieces: its expressions take the square of a line's length.
        for secret in keyword.analyze_line(filename=name, line=text[start : start + CHUNK], line_number=1):
            value = str(secret.secret_value or "")
            if not is_placeholder(value) and not (is_source and is_word(value)):
                return str(secret.type)
    return ""


def _entropy(plugin: Any, text: str) -> str:
    if re.search(
        r"integrity|sha\d|sha-|hash|digest|checksum|uuid|nonce|data:|base64,|import |from |https?://|svg", text, re.I
    ):
        return ""
    for value in plugin.analyze_string(text):
        mixed = all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
        random_enough = plugin.calculate_shannon_entropy(value) >= plugin.entropy_limit
        if mixed and random_enough and 20 <= len(value) <= 200 and value.count("/") <= 3 and not _words_joined(value):
            return str(plugin.secret_type)
    return ""


def _words_joined(value: str) -> bool:
    """camelCase, snake_case and paths: long, varied, and made by people."""
    return sum(len(word) for word in re.findall(r"[A-Z]?[a-z]{3,}", value)) >= 0.6 * len(value)


_PLACEHOLDER = re.compile(
    r"(?:change[-_]?(?:me|this|it)|your[-_ ].*|my[-_ ]?(?:secret|password|token|key)|<.*>?|\{.*|\$.*|%.*|x+|\*+|\.+|"
    r"todo.*|"
    r"example.*|placeholder.*|dummy.*|none|null|nil|true|false|undefined|secret|password|passwd|token|test|testing|"
    r"required|optional|string|str|user|username|admin|root|postgres|pass|key|value|default|redacted|replace.*|fixme)",
    re.I,
)


def is_placeholder(value: str) -> bool:
    from detect_secrets.filters import heuristic

    if len(value) < 4 or re.search(r"\s", value.strip()) or _PLACEHOLDER.fullmatch(value.strip("\"'`")):
        return True
    templated = heuristic.is_templated_secret(value) or heuristic.is_not_alphanumeric_string(value)
    is_code = re.search(
        r"[({]|\b(?:os|process|self|this|config|settings|env|req|request|args|params|options)\.\w", value
    )
    return bool(templated or heuristic.is_sequential_string(value) or is_code)


def is_word(value: str) -> bool:
    """An identifier or a label: names of fields and messages are no secrets."""
    return re.fullmatch(r"[A-Za-z][a-z]*(?:[-_ .:/]?[A-Za-z][a-z]*)*", value) is not None
