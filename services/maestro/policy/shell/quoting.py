"""What do escapes stand for? ANSI-C strings, backslashes inside and outside of quotes, printf's format, brace lists."""

from __future__ import annotations

import re
from itertools import islice, product

_SIMPLE = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{1,4})"
    r"|U([0-9a-fA-F]{1,8})|c(.))",
    re.S,
)
MOST_WORDS = 128


def ansi_c(text: str, echo: bool = False) -> str:
    """`$'...'`, and what `echo -e` and printf make of a text: there an octal number may begin with a further 0."""
    if echo:
        text = re.sub(r"\\0([0-7]{1,3})", r"\\\1", text)

    def meant(found: re.Match[str]) -> str:
        simple, octal, hex2, hexes, u4, u8, control = found.groups()
        if simple:
            return _SIMPLE.get(simple, simple)
        if control:
            return chr(ord(control) & 0x1F)
        number = int(octal, 8) & 0xFF if octal else int(hex2 or hexes or u4 or u8, 16)
        return chr(number) if 0 < number < 0x110000 else ""

    return _ESCAPE.sub(meant, text)


def unescaped(text: str) -> str:
    """Outside of quotes: a backslash takes the meaning from any character."""
    return re.sub(r"\\(\n|.)", lambda found: "" if found[1] == "\n" else found[1], text, flags=re.S)


def unescaped_in_quotes(text: str) -> str:
    return re.sub(r'\\(\n|[$`"\\])', lambda found: "" if found[1] == "\n" else found[1], text)


_WILD = re.compile(r"(?<!\\)(?:\\\\)*(?:[*?]|\[[^\]]+\])")


def is_glob(text: str) -> bool:
    return bool(_WILD.search(text))


_SEQUENCE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")


def sequence(inside: str) -> list[str]:
    """`1..3` or `a..c`, without its braces; empty where it is none."""
    found = _SEQUENCE.fullmatch(inside)
    if not found:
        return []
    first, last, step_text = found.groups()
    step = abs(int(step_text or 1)) or 1
    if first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
        low, high = int(first), int(last)
        numbers = range(low, high + 1, step) if low <= high else range(low, high - 1, -step)
        return [str(number) for number in numbers[:MOST_WORDS]]
    if len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        low, high = ord(first), ord(last)
        return [chr(each) for each in (range(low, high + 1, step) if low <= high else range(low, high - 1, -step))]
    return []


Piece = str | object
"""A piece of a word: unquoted letters as they were typed, or a part of the tree."""


def braces(pieces: list[Piece]) -> list[list[Piece]]:
    """`a{b,c}` is two words. Letters outside of quotes alone make braces; other parts go with what they stand in."""
    tokens: list[Piece] = []
    for piece in pieces:
        tokens += re.findall(r"\\.|[{},]|(?:(?!\\.)[^{},])+|\\", piece, re.S) if isinstance(piece, str) else [piece]
    return _alternatives(tokens)[:MOST_WORDS]


def _alternatives(tokens: list[Piece]) -> list[list[Piece]]:
    for start, token in enumerate(tokens):
        if token != "{" or (start and tokens[start - 1] == "$"):
            continue
        end, commas = _closing(tokens, start)
        if end < 0:
            continue
        inside = tokens[start + 1 : end]
        choices = _choices(inside, [comma - start - 1 for comma in commas])
        if not choices:
            continue
        rest = _alternatives(tokens[end + 1 :])
        pairs = islice(product(choices, rest), MOST_WORDS)
        return [tokens[:start] + choice + tail for choice, tail in pairs]
    return [tokens]


def _closing(tokens: list[Piece], start: int) -> tuple[int, list[int]]:
    depth = 0
    commas: list[int] = []
    for index in range(start, len(tokens)):
        if tokens[index] == "{":
            depth += 1
        elif tokens[index] == "}":
            depth -= 1
            if depth == 0:
                return index, commas
        elif tokens[index] == "," and depth == 1:
            commas.append(index)
    return -1, commas


def _choices(inside: list[Piece], commas: list[int]) -> list[list[Piece]]:
    if commas:
        starts, ends = [0, *(comma + 1 for comma in commas)], [*commas, len(inside)]
        parts = [inside[start:end] for start, end in zip(starts, ends, strict=True)]
        return [choice for part in parts for choice in _alternatives(part)][:MOST_WORDS]
    if all(isinstance(piece, str) for piece in inside):
        return [[each] for each in sequence("".join(map(str, inside)))]
    return []
