"""Which of a program's arguments are options, which are options' values, and which are what it works on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from maestro.policy.shell.text import EMPTY, Text


@dataclass(frozen=True)
class Grammar:
    """How a program reads its arguments. `values`: options that take one. `optional`: only one that is attached.
    `single`: long options have one dash. `first`: options end where the first operand stands."""

    values: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    single: bool = False
    first: bool = False
    plus: bool = False
    abbreviates: bool = False
    """The beginning of a long option stands for the whole, as in GNU programs and git."""


@dataclass
class Parsed:
    """`options` holds each option's values, an empty text where it has none; `rest` is what follows `--`."""

    options: dict[str, list[Text]] = field(default_factory=dict)
    operands: list[Text] = field(default_factory=list)
    rest: list[Text] | None = None
    asks_for_help: bool = False

    def has(self, *names: str) -> bool:
        return any(name in self.options for name in names)

    def values(self, *names: str) -> list[Text]:
        return [value for name in names for value in self.options.get(name, [])]

    def value(self, *names: str) -> Text:
        found = self.values(*names)
        return found[-1] if found else EMPTY

    def words(self) -> list[str]:
        return [operand.value for operand in self.operands]

    def on(self, *names: str) -> bool:
        """Given, and not as `--option=false`."""
        return any(value.value.lower() not in ("false", "0", "no", "none") for value in self.values(*names))


_HELP = ("--help", "--version", "-help", "-version")


def parse(arguments: Sequence[Text], grammar: Grammar) -> Parsed:
    parsed = Parsed()
    pending = list(arguments)
    after_strange = False
    while pending:
        argument = pending.pop(0)
        text = argument.value
        if text == "--":
            parsed.rest = pending
            parsed.operands += pending
            break
        if text in _HELP and not after_strange and text not in grammar.values:
            parsed.asks_for_help |= "version" not in text or not parsed.operands
        is_option = (len(text) > 1 and text[0] == "-") or (grammar.plus and text.startswith("+"))
        if not is_option:
            parsed.operands.append(argument)
            if grammar.first:
                parsed.operands += pending
                break
            after_strange = False
        elif text[1:].isdigit():
            parsed.options.setdefault(text, []).append(EMPTY)
        elif text.startswith("--") or grammar.single:
            after_strange = _long(argument, pending, grammar, parsed)
        else:
            after_strange = _cluster(argument, pending, grammar, parsed)
    return parsed


def _long(argument: Text, pending: list[Text], grammar: Grammar, parsed: Parsed) -> bool:
    """Adds a long option; whether the next word may be its value without anybody knowing."""
    name, equals, value = argument.value.partition("=")
    name = _in_full(name, grammar)
    if equals:
        parsed.options.setdefault(name, []).append(Text(value, argument.glob, argument.marks))
        return False
    if name in grammar.values and pending:
        parsed.options.setdefault(name, []).append(pending.pop(0))
        return False
    parsed.options.setdefault(name, []).append(EMPTY)
    return name not in grammar.known and name not in _HELP


def _in_full(name: str, grammar: Grammar) -> str:
    """GNU programs take the beginning of a long option for the whole."""
    if not grammar.abbreviates or name in grammar.known or name in grammar.values or len(name) < 3:
        return name
    longer = {each for each in grammar.known | grammar.values if each.startswith(name)}
    return longer.pop() if len(longer) == 1 else name


def _cluster(argument: Text, pending: list[Text], grammar: Grammar, parsed: Parsed) -> bool:
    letters = argument.value[1:]
    strange = False
    for place, letter in enumerate(letters):
        name = f"-{letter}"
        rest = letters[place + 1 :]
        if name in grammar.values:
            if rest:
                value = Text(rest.removeprefix("="), argument.glob, argument.marks)
            else:
                value = pending.pop(0) if pending else EMPTY
            parsed.options.setdefault(name, []).append(value)
            return False
        if name in grammar.optional:
            parsed.options.setdefault(name, []).append(Text(rest, argument.glob, argument.marks))
            return False
        parsed.options.setdefault(name, []).append(EMPTY)
        strange = name not in grammar.known
    return strange


def fits(pattern: str, text: str) -> bool:
    """`a|b*`: one of these, `*` for any letters."""
    return any(fnmatchcase(text, each) if "*" in each or "?" in each else text == each for each in pattern.split("|"))
