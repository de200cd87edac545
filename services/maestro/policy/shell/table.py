"""How is a program described? As a table of lines `what is asked : what it does`, which anybody can read and add to.

    get|describe secret*      : credential/read
    delete --dry-run          : read
    delete                    : data-destroy

Left: words are the operands in their order (`a|b`, `*`), `-x|--xx` an option that is given, `--opt=a*` one with such a
value, `!-x` one that is not given, `~a*` an operand anywhere, `$` the end of the operands. The first line that fits
counts; lines that begin with `+` add to it. Right: effects as `kind@where/detail`, or what happens to the operands that
follow: `reads`, `writes`, `deletes`, `runs` (they are a command), `shell` (they are shell text), `code` (a
script), or `@name`, a function
of `maestro.policy.shell.special`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, cast, get_args

from maestro.policy.effects import EffectKind, Where
from maestro.policy.shell.options import Grammar, Parsed, fits

KINDS = frozenset(get_args(EffectKind))
ACTIONS = frozenset("reads writes deletes deletes-all runs shell code nothing".split())


@dataclass(frozen=True)
class Outcome:
    """One thing on the right of a line."""

    action: str
    kind: EffectKind = "read"
    where: Where = ""
    detail: str = ""


@dataclass(frozen=True)
class Rule:
    words: tuple[str, ...]
    conditions: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    adds: bool = False


@dataclass(frozen=True)
class Tool:
    """One program's description, as it was written."""

    rules: str
    values: str = ""
    optional: str = ""
    flags: str = ""
    reads: str = ""
    """Options whose value is a file that is read."""
    writes: str = ""
    shells: str = ""
    """Options whose value is run as shell text."""
    texts: str = ""
    """Options whose value is only text: a message, a pattern."""
    dry: str = ""
    """Options with which nothing happens."""
    help: str = "-h"
    single: bool = False
    first: bool = False
    abbreviates: bool = False
    network: bool = False
    """What it is given goes to a host."""
    only_text: bool = False
    """Its operands are text, no files: a path among them is only a word."""


@dataclass(frozen=True)
class Compiled:
    tool: Tool
    grammar: Grammar
    rules: tuple[Rule, ...]
    reads: frozenset[str]
    writes: frozenset[str]
    shells: frozenset[str]
    texts: frozenset[str]
    dry: tuple[str, ...]
    help: frozenset[str]


def compiled(tool: Tool) -> Compiled:
    return _compiled(tool)


@cache
def _compiled(tool: Tool) -> Compiled:
    rules = tuple(_rule(line) for line in tool.rules.strip().splitlines() if line.strip() and line.strip()[0] != "#")
    mentioned = {
        part.lstrip("!").partition("=")[0] for rule in rules for each in rule.conditions for part in each.split("|")
    }
    reads, writes, shells, texts = (
        frozenset(each.split()) for each in (tool.reads, tool.writes, tool.shells, tool.texts)
    )
    values = frozenset(tool.values.split()) | reads | writes | shells | texts
    dry = tuple(tool.dry.split())
    known = frozenset(tool.flags.split()) | mentioned | {each.partition("=")[0] for each in dry}
    grammar = Grammar(
        values, frozenset(tool.optional.split()), known, tool.single, tool.first, abbreviates=tool.abbreviates
    )
    return Compiled(tool, grammar, rules, reads, writes, shells, texts, dry, frozenset(tool.help.split()))


def _rule(line: str) -> Rule:
    left, _, right = f" {line.strip()}".rpartition(" : ")
    left = re.sub(r"\|\s+", "|", left.strip())
    adds = left.startswith("+")
    tokens = left.lstrip("+").split()
    words = tuple(token for token in tokens if token[0] not in "-!~")
    conditions = tuple(token for token in tokens if token[0] in "-!~")
    return Rule(words, conditions, tuple(_outcome(each) for each in right.split(",")), adds)


def _outcome(text: str) -> Outcome:
    text = text.strip()
    if text.startswith("@") or text in ACTIONS:
        return Outcome(text)
    spec, _, detail = text.partition("/")
    kind, _, where = spec.partition("@")
    if kind not in KINDS or (where and where not in get_args(Where)):
        raise ValueError(f"{text!r} is no effect")
    return Outcome("", cast(Any, kind), cast(Any, where), detail)


def matched(rule: Rule, parsed: Parsed) -> int | None:
    """How many operands the line's words took; None where it does not fit."""
    words = parsed.words()
    taken = 0
    for pattern in rule.words:
        if "$" in pattern.split("|") and len(words) == taken:
            continue
        if pattern == "$":
            return None
        if taken >= len(words) or not fits(pattern, words[taken]):
            return None
        taken += 1
    return taken if all(_holds(each, parsed, words) for each in rule.conditions) else None


def _holds(condition: str, parsed: Parsed, words: list[str]) -> bool:
    if condition.startswith("!"):
        return not _holds(condition[1:], parsed, words)
    if condition.startswith("~"):
        return any(fits(condition[1:], word) for word in words)
    return any(_given(each, parsed) for each in condition.split("|"))


def _given(option: str, parsed: Parsed) -> bool:
    name, equals, wanted = option.partition("=")
    if not equals:
        return parsed.on(name) if "*" not in name else any(fits(name, given) for given in parsed.options)
    return any(fits(wanted.replace("/", "|"), value.value) for value in parsed.values(name))
