"""Which words does the shell make of one of the tree? Quotes, braces, tilde, parameters, substitutions, splitting."""

from __future__ import annotations

import re
from typing import Protocol

from maestro.policy.shell import params
from maestro.policy.shell.quoting import MOST_WORDS, Piece, ansi_c, braces, is_glob, unescaped, unescaped_in_quotes
from maestro.policy.shell.syntax import Node
from maestro.policy.shell.text import ANYTHING, NOTHING, UNKNOWN, Text, joined


class Shell(Protocol):
    """What expanding needs of whoever walks the tree."""

    def variable(self, name: str) -> list[Text] | None: ...
    def assign(self, name: str, value: list[Text]) -> None: ...
    def substituted(self, node: Node) -> Text: ...
    def process_substituted(self, node: Node) -> Text: ...
    def expanded_again(self, text: Text) -> None: ...
    @property
    def home(self) -> str: ...
    @property
    def separators(self) -> str: ...


class _Fields:
    """The words that become of one, while it is read."""

    def __init__(self, separators: str) -> None:
        self.done: list[Text] = []
        self.open: list[Text] = []
        self._separators = re.compile(f"[{re.escape(separators)}]+") if separators else None

    def add(self, text: Text) -> None:
        self.open.append(text)

    def add_split(self, text: Text) -> None:
        parts = self._separators.split(text.value) if self._separators else [text.value]
        for number, part in enumerate(parts):
            if number:
                self.end()
            if part:
                self.open.append(Text(part, is_glob(part), text.marks))

    def add_list(self, texts: list[Text]) -> None:
        """`"$@"`: each is a word of its own."""
        for number, text in enumerate(texts):
            if number:
                self.end()
            self.open.append(text)

    def end(self) -> None:
        if self.open:
            self.done.append(joined(self.open))
            self.open = []


def expand(word: Node, shell: Shell) -> list[Text]:
    """All words that this one becomes; none where only empty parameters stand in it."""
    parts = word.get("Parts", [])
    pieces: list[Piece] = [part.get("Value", "") if part.get("Type") == "Lit" else part for part in parts]
    if not any(isinstance(piece, str) and "{" in piece for piece in pieces):
        return _expand_pieces(pieces, shell)
    choices = braces(pieces)
    texts = [text for choice in choices for text in _expand_pieces(_merged(choice), shell)]
    return texts if len(choices) < MOST_WORDS else [*texts, ANYTHING]  # the rest may be anything


def _merged(pieces: list[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _expand_pieces(pieces: list[Piece], shell: Shell) -> list[Text]:
    fields = _Fields(shell.separators)
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            fields.add(_literal(piece, number == 0, shell))
        elif isinstance(piece, dict):
            _add_part(piece, fields, shell)
    fields.end()
    return fields.done


def _literal(text: str, first: bool, shell: Shell) -> Text:
    if first and text.startswith("~"):
        text = _tilde(text, shell.home)
    text = re.sub(r"([=:])~(?=/|$)", lambda found: found[1] + shell.home, text)
    return Text(unescaped(text) if "\\" in text else text, is_glob(text))


def _tilde(text: str, home: str) -> str:
    if text == "~" or text.startswith("~/"):
        return home + text[1:]
    if text.startswith(("~+", "~-")):
        return ("." if text[1] == "+" else UNKNOWN) + text[2:]
    return text


def _add_part(part: Node, fields: _Fields, shell: Shell) -> None:
    match part.get("Type"):
        case "SglQuoted":
            fields.add(_single(part))
        case "DblQuoted":
            _add_double(part, fields, shell)
        case "ParamExp":
            for number, text in enumerate(params.parameter(part, shell)):
                if number:
                    fields.end()
                fields.add_split(text)
        case "CmdSubst":
            fields.add_split(_trimmed(shell.substituted(part)))
        case "ArithmExp":
            fields.add(params.arithmetic_text(part.get("X"), shell))
        case "ProcSubst":
            fields.add(shell.process_substituted(part))
        case "ExtGlob":
            shell.expanded_again(Text(part.get("Pattern", {}).get("Value", "")))
            fields.add(Text(part.get("Op", "") + part.get("Pattern", {}).get("Value", "") + ")", glob=True))
        case _:
            fields.add(ANYTHING)


def _single(part: Node) -> Text:
    value = part.get("Value", "")
    return Text(ansi_c(value) if part.get("Dollar") else value)


def _add_double(part: Node, fields: _Fields, shell: Shell) -> None:
    inner = part.get("Parts", [])
    fields.add(Text())
    for each in inner:
        if each.get("Type") == "ParamExp" and params.is_list(each):
            fields.add_list(params.parameter(each, shell))
        else:
            fields.add(quoted_part(each, shell))


def quoted_part(part: Node, shell: Shell) -> Text:
    """A part as it stands inside double quotes or in a here-document: never split."""
    match part.get("Type"):
        case "Lit":
            return Text(unescaped_in_quotes(part.get("Value", "")))
        case "SglQuoted":
            return _single(part)
        case "DblQuoted":
            return joined(quoted_part(each, shell) for each in part.get("Parts", []))
        case "ParamExp":
            return joined(params.parameter(part, shell), " ")
        case "CmdSubst":
            return _trimmed(shell.substituted(part))
        case "ArithmExp":
            return params.arithmetic_text(part.get("X"), shell)
        case "ProcSubst":
            return shell.process_substituted(part)
        case "ExtGlob":
            shell.expanded_again(Text(part.get("Pattern", {}).get("Value", "")))
            return Text(part.get("Op", "") + part.get("Pattern", {}).get("Value", "") + ")")
        case _:
            return ANYTHING


def value_of(word: Node | None, shell: Shell) -> Text:
    """A word where the shell does not split: the value of an assignment, a redirection's target, a pattern."""
    if not word:
        return Text()
    texts = []
    for number, part in enumerate(word.get("Parts", [])):
        if part.get("Type") == "Lit":
            texts.append(_literal(part.get("Value", ""), number == 0, shell))
        else:
            texts.append(quoted_part(part, shell))
    return joined(texts)


def document(word: Node | None, literal: bool, shell: Shell) -> Text:
    """The body of a here-document; with a quoted delimiter it stands as it is."""
    if not word:
        return Text()
    if literal:
        return Text("".join(part.get("Value", "") for part in word.get("Parts", [])))
    return joined(quoted_part(part, shell) for part in word.get("Parts", []))


def is_quoted(word: Node | None) -> bool:
    return any(part.get("Type") != "Lit" or "\\" in part.get("Value", "") for part in (word or {}).get("Parts", []))


def _trimmed(text: Text) -> Text:
    return Text(text.value.rstrip("\n"), False, text.marks) if text.value.endswith("\n") else text


__all__ = ["NOTHING", "Shell", "document", "expand", "is_quoted", "quoted_part", "value_of"]
