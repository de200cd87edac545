"""One use of a program: its arguments, and what its description may say about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maestro.policy.effects import EffectKind, Where
from maestro.policy.network import where_of_host
from maestro.policy.shell import files
from maestro.policy.shell.options import Grammar, Parsed, parse
from maestro.policy.shell.text import EMPTY, ENVIRONMENT, NETWORK, PERSONAL, SECRET, Text, anything

if TYPE_CHECKING:
    from maestro.policy.shell.redirect import Flow
    from maestro.policy.shell.walk import Reader

_CARRIED = frozenset({SECRET, NETWORK, PERSONAL, ENVIRONMENT, "decoded"})


@dataclass
class Use:
    reader: Reader
    name: str
    arguments: list[Text]
    stdin: Text
    flow: Flow
    parsed: Parsed = field(default_factory=Parsed)
    is_inner: bool = False
    """Started by another program, or by code inside a text."""
    is_quiet: bool = False
    """Set where a path among the arguments is only a name."""

    def parse(
        self,
        values: str = "",
        optional: str = "",
        known: str = "",
        *,
        single: bool = False,
        first: bool = False,
        abbreviates: bool = False,
    ) -> Parsed:
        grammar = Grammar(
            frozenset(values.split()),
            frozenset(optional.split()),
            frozenset(known.split()),
            single=single,
            first=first,
            abbreviates=abbreviates,
        )
        self.parsed = parse(self.arguments, grammar)
        return self.parsed

    def add(self, kind: EffectKind, target: str = "", where: Where = "", detail: str = "") -> None:
        self.reader.found.add(kind, target, where, detail)
        if kind == "run-code" and where == "project" and (path := files.code_from_elsewhere(self.reader)):
            self.opaque("remote", f"runs {path}, which the same command has fetched")

    def opaque(self, detail: str, why: str) -> None:
        self.reader.found.opaque(detail, f"{self.name}: {why}")

    def read(self, path: Text, *, deep: bool = False) -> Text:
        return files.read(self.reader, path, deep=deep)

    def write(self, path: Text, content: Text | None = None, *, appended: bool = False, deep: bool = False) -> None:
        files.written(self.reader, path, content or anything(), appended=appended, deep=deep)

    def delete(self, path: Text, *, recursive: bool = False) -> None:
        files.deleted(self.reader, path, recursive=recursive)

    def after(self, name: str) -> list[Text]:
        """The arguments behind the first word of that name, options and all."""
        for number, word in enumerate(self.arguments):
            if word.value == name:
                return self.arguments[number + 1 :]
        return []

    def run(self, command: Sequence[Text], stdin: Text | None = None) -> Text:
        """Another program, as this one starts it."""
        if not command:
            return EMPTY
        from maestro.policy.shell import calls

        return calls.call(self.reader, list(command), self.stdin if stdin is None else stdin, self.flow, wrapped=True)

    def shell(self, text: Text, stdin: Text | None = None) -> Text:
        return self.reader.nested(text, self.stdin if stdin is None else stdin)

    def carried(self, *more: Text) -> list[str]:
        """What the output carries on of what came in."""
        marks = set(self.stdin.marks)
        for text in more:
            marks |= text.marks
        return sorted(marks & _CARRIED)

    def output(self, *more: Text) -> Text:
        return anything(*self.carried(*more))

    def network(self, host: str, detail: str = "get") -> None:
        where: Where = where_of_host(host) if host else "remote"
        self.add("network", host, where, detail)
