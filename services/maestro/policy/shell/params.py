"""What does `${...}` or `$((...))` come to? Computed where all of it is known, followed where it holds commands."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

from maestro.policy.shell import words
from maestro.policy.shell.syntax import Node
from maestro.policy.shell.text import ANYTHING, UNKNOWN, Text, joined

if TYPE_CHECKING:
    from maestro.policy.shell.words import Shell

_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|\d+#[0-9a-zA-Z]+|\d+)")


def is_list(part: Node) -> bool:
    """`$@` and `${array[@]}`: inside quotes still many words."""
    name = part.get("Param", {}).get("Value")
    return name == "@" or _index_text(part) == "@"


def _index_text(part: Node) -> str:
    index = part.get("Index") or {}
    parts = index.get("Parts") or [{}]
    return str(parts[0].get("Value", "")) if len(parts) == 1 else ""


def parameter(part: Node, shell: Shell) -> list[Text]:
    """The words that it stands for."""
    name = part.get("Param", {}).get("Value", "")
    found = shell.variable(name)
    if part.get("Index"):
        found = _element(found, part, shell)
    if part.get("Excl") and not part.get("Names"):
        found = _indirect(found, shell)
    elif part.get("Names"):
        return [ANYTHING]
    if part.get("Length"):
        whole = joined(found or [ANYTHING], " ")
        return [Text(str(len(whole.value)) if found and whole.known else "1")]
    if part.get("Exp"):
        return _expansion(name, found, part["Exp"], shell)
    if part.get("Slice"):
        return _slice(found, part["Slice"], shell)
    if part.get("Repl"):
        return _replace(found, part["Repl"], shell)
    return [ANYTHING] if found is None else found


def _element(found: list[Text] | None, part: Node, shell: Shell) -> list[Text] | None:
    if _index_text(part) in ("@", "*"):
        return found
    index = arithmetic(part.get("Index"), shell)
    if found is None or index is None or not -len(found) <= index < len(found):
        return None
    return [found[index]]


def _indirect(found: list[Text] | None, shell: Shell) -> list[Text] | None:
    if not found or len(found) != 1 or not found[0].known:
        return None
    return shell.variable(found[0].value)


def _expansion(name: str, found: list[Text] | None, expansion: Node, shell: Shell) -> list[Text]:
    operator = expansion.get("Op", "")
    other = words.value_of(expansion.get("Word"), shell)
    if operator in (":-", "-", ":=", "="):
        return _default(name, found, operator, other, shell)
    if operator in (":?", "?"):
        return [ANYTHING] if found is None else found
    if operator in (":+", "+"):
        return (
            [other] if found is not None and joined(found).value else [Text(UNKNOWN + other.value, False, other.marks)]
        )
    if operator == "@" and other.value == "P":
        shell.expanded_again(joined(found or [ANYTHING]))
    if found is None:
        return [ANYTHING]
    return [_changed(text, operator, other) for text in found]


def _default(name: str, found: list[Text] | None, operator: str, other: Text, shell: Shell) -> list[Text]:
    """Where nothing in the text sets it, the environment still may: then it is one of two."""
    if found is not None and joined(found).value:
        return found
    if operator.endswith("="):
        shell.assign(name, [other] if found is not None else [other.having("default")])
    if found is not None or name.startswith("_"):
        return [other]
    return [Text(UNKNOWN, marks=other.marks)] if not other.known else [other.having("default")]


def _changed(text: Text, operator: str, other: Text) -> Text:
    if not (text.known and other.known):
        return Text(UNKNOWN, marks=text.marks)
    value = text.value
    match operator:
        case "#" | "##" | "%" | "%%":
            value = _without(value, other.value, operator)
        case "^":
            value = value[:1].upper() + value[1:]
        case "^^":
            value = value.upper()
        case ",":
            value = value[:1].lower() + value[1:]
        case ",,":
            value = value.lower()
        case "@":
            value = value if other.value in ("", "Q") else _at(value, other.value)
        case _:
            value = UNKNOWN
    return Text(value, text.glob, text.marks)


def _at(value: str, how: str) -> str:
    return {"U": value.upper(), "u": value[:1].upper() + value[1:], "L": value.lower()}.get(how, UNKNOWN)


def _without(value: str, pattern: str, operator: str) -> str:
    matcher = re.compile(translate(pattern))
    lengths = range(len(value) + 1)
    cuts = lengths if operator in ("#", "%") else reversed(lengths)
    for cut in cuts:
        if operator.startswith("#") and matcher.match(value[:cut]):
            return value[cut:]
        if operator.startswith("%") and matcher.match(value[len(value) - cut :]):
            return value[: len(value) - cut]
    return value


def _slice(found: list[Text] | None, part: Node, shell: Shell) -> list[Text]:
    start, length = arithmetic(part.get("Offset"), shell), arithmetic(part.get("Length"), shell)
    if found is None or start is None or (part.get("Length") and length is None):
        return [ANYTHING]
    if len(found) != 1:
        return found
    text = found[0]
    if not text.known:
        return [Text(UNKNOWN, marks=text.marks)]
    end = None if length is None else start + length if length >= 0 else length
    return [Text(text.value[start:end], text.glob, text.marks)]


def _replace(found: list[Text] | None, part: Node, shell: Shell) -> list[Text]:
    old, new = words.value_of(part.get("Orig"), shell), words.value_of(part.get("With"), shell)
    if found is None or not (old.known and new.known):
        return [ANYTHING]
    pattern = translate(old.value.lstrip("#%")).replace("(?s:", "").removesuffix(r")\Z").removesuffix(r")\z")
    try:
        matcher = re.compile(pattern, re.S)
        changed = [matcher.sub(lambda _: new.value, text.value, count=0 if part.get("All") else 1) for text in found]
    except re.error:
        return [ANYTHING]
    return [
        Text(value if text.known else UNKNOWN, text.glob, text.marks | new.marks)
        for text, value in zip(found, changed, strict=True)
    ]


# --- numbers ---------------------------------------------------------------------------


_CERTAIN: frozenset[str] = frozenset()
_SOME = frozenset({"number"})
"""A number, and nobody knows which."""


def arithmetic_text(node: Node | None, shell: Shell) -> Text:
    number = arithmetic(node, shell)
    return Text(str(number) if number is not None else "1", marks=_CERTAIN if number is not None else _SOME)


def arithmetic(node: Node | None, shell: Shell) -> int | None:
    """The number, None where it is not certain. Commands inside are followed in either case."""
    if not node:
        return None
    match node.get("Type", "Word"):
        case "Word":
            return _number(words.value_of(node, shell), shell)
        case "ParenArithm":
            return arithmetic(node.get("X"), shell)
        case "UnaryArithm":
            return _unary(node, shell)
        case "BinaryArithm":
            return _binary(node, shell)
    return None


def _number(text: Text, shell: Shell, depth: int = 0) -> int | None:
    value = text.value.strip()
    if "number" in text.marks:
        return None
    if _NUMBER.fullmatch(value) and len(value) < 20:
        try:
            base, _, digits = value.rpartition("#")
            return int(digits, int(base)) if base else int(value, 16 if "x" in value.lower() else 10)
        except ValueError:
            return None
    if value.isidentifier() and depth < 4:
        found = shell.variable(value)
        return _number(found[0], shell, depth + 1) if found and len(found) == 1 else None
    return None


def _unary(node: Node, shell: Shell) -> int | None:
    number = arithmetic(node.get("X"), shell)
    operator = node.get("Op")
    if operator in ("++", "--"):
        _change(node.get("X"), shell)
        return None
    if number is None:
        return None
    return {"-": -number, "+": number, "!": int(not number), "~": ~number}.get(str(operator))


def _change(target: Node | None, shell: Shell) -> None:
    name = words.value_of(target, shell).value if target and "Parts" in target else ""
    if name.isidentifier():
        shell.assign(name, [Text("1", marks=frozenset({"number"}))])


def _binary(node: Node, shell: Shell) -> int | None:
    operator = str(node.get("Op"))
    if operator.endswith("=") and operator not in ("==", "!=", "<=", ">="):
        value = arithmetic(node.get("Y"), shell)
        name = words.value_of(node.get("X"), shell).value
        if name.isidentifier():
            known = operator == "=" and value is not None
            shell.assign(
                name, [Text(str(value) if known else "1", marks=frozenset() if known else frozenset({"number"}))]
            )
        return value if operator == "=" else None
    left, right = arithmetic(node.get("X"), shell), arithmetic(node.get("Y"), shell)
    if left is None or right is None:
        return None
    return _computed(operator, left, right)


def _computed(operator: str, left: int, right: int) -> int | None:
    if operator in ("/", "%") and right == 0:
        return None
    if operator in ("**", "<<") and not 0 <= right < 64:
        return None
    if abs(left) > 1 << 63 or abs(right) > 1 << 63:
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return int(left / right)
        case "%":
            return left % right
        case "**":
            return int(left**right)
        case "<<":
            return left << right
        case ">>":
            return left >> right if right >= 0 else None
        case ",":
            return right
    return None
