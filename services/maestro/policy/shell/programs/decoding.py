"""Programs that turn text into other text: what comes out is code as soon as a shell reads it."""

from __future__ import annotations

import base64 as base64_codec
import binascii
import codecs
import re
from collections.abc import Callable

from maestro.policy.shell.quoting import ansi_c
from maestro.policy.shell.text import DECODED, EMPTY, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use


def inputs(use: Use, paths: list[Text]) -> Text:
    """What the program reads: the files, or its input."""
    return joined(use.stdin if path.value == "-" else use.read(path) for path in paths) if paths else use.stdin


def reverse(use: Use) -> Text:
    text = inputs(use, use.parse().operands)
    if use.name == "tac":
        return Text("\n".join(reversed(text.value.splitlines())), marks=text.marks) if text.known else text
    return Text("\n".join(line[::-1] for line in text.value.split("\n")), marks=text.marks | {DECODED})


def _decoded(text: Text, decode: Callable[[bytes], bytes]) -> Text:
    marks = text.marks | {DECODED}
    if not text.known or not text.value:
        return Text(UNKNOWN, marks=marks)
    try:
        return Text(decode(text.value.encode("latin-1")).decode("utf-8").replace("\0", ""), marks=marks)
    except (ValueError, binascii.Error, UnicodeError, EOFError, OSError):
        return Text(UNKNOWN, marks=marks)


def base64(use: Use) -> Text:
    parsed = use.parse(values="-w --wrap -b -i -o --input --output")
    if parsed.asks_for_help:
        return EMPTY
    text = inputs(
        use,
        [*parsed.operands, *parsed.values("-i", "--input")]
        if use.name == "base64" and not parsed.has("-d", "-D")
        else parsed.operands,
    )
    for path in parsed.values("-o", "--output"):
        use.write(path, text)
    if parsed.has("-d", "-D", "--decode"):
        codec = (
            base64_codec.b32decode
            if use.name == "base32"
            else lambda data: base64_codec.b64decode(data + b"===", validate=False)
        )
        return _decoded(text, lambda data: codec(b"".join(data.split())))
    if not text.known:
        return anything(*text.marks, "encoded")
    return Text(base64_codec.b64encode(text.value.encode()).decode(), marks=text.marks | {"encoded"})


def xxd(use: Use) -> Text:
    parsed = use.parse(values="-l -s -c -g -o -seek -len -cols -n -R")
    text = inputs(use, parsed.operands[:1])
    for path in parsed.operands[1:2]:
        use.write(path, anything(*text.marks))
    if parsed.has("-r"):
        return _decoded(
            text,
            lambda data: bytes.fromhex("".join(re.sub(rb"^\s*[0-9a-fA-F]+:", b"", data, flags=re.M).decode().split())),
        )
    return anything(*text.marks, "encoded")


def translate(use: Use) -> Text:
    parsed = use.parse(known="-d -s -c -C -t")
    words = parsed.words()
    text = use.stdin
    if not text.known:
        return text
    sets = [_characters(word) for word in words]
    if parsed.has("-d") and sets and not parsed.has("-c", "-C"):
        return Text("".join(letter for letter in text.value if letter not in sets[0]), marks=text.marks | {DECODED})
    if len(sets) == 2 and not parsed.options and sets[1]:
        second = sets[1] + sets[1][-1] * max(0, len(sets[0]) - len(sets[1]))
        return Text(
            text.value.translate({ord(a): b for a, b in zip(sets[0], second, strict=False)}),
            marks=text.marks | {DECODED},
        )
    return anything(*text.marks, DECODED)


_CLASSES = {
    "[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
    "[:digit:]": "0123456789",
    "[:space:]": " \t\n\r\v\f",
    "[:blank:]": " \t",
}


def _characters(text: str) -> str:
    for name, letters in _CLASSES.items():
        text = text.replace(name, letters)
    text = ansi_c(text, echo=True)
    return re.sub(
        r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1)))[:512], text, flags=re.S
    )


def decoder(use: Use) -> Text:
    """gzip, zcat, openssl enc, uudecode and what else turns bytes into others."""
    parsed = use.parse(values="-S -b -T -o --suffix")
    if parsed.asks_for_help:
        return EMPTY
    decodes = use.name in (
        "zcat",
        "gunzip",
        "bzcat",
        "xzcat",
        "zstdcat",
        "lzcat",
        "uudecode",
        "gzcat",
        "bunzip2",
        "unxz",
    ) or parsed.has("-d", "--decompress", "--uncompress")
    text = inputs(use, parsed.operands)
    for path in parsed.values("-o"):
        use.write(path)
    to_output = (
        parsed.has("-c", "--stdout", "--to-stdout", "-t", "-l") or not parsed.operands or use.name.endswith("cat")
    )
    if not to_output:
        for path in parsed.operands:
            use.write(path)
    return anything(*text.marks, *([DECODED] if decodes else []))


def rot13(use: Use) -> Text:
    return (
        Text(codecs.encode(use.stdin.value, "rot13"), marks=use.stdin.marks | {DECODED})
        if use.stdin.known
        else use.stdin.having(DECODED)
    )


# --- selecting ---------------------------------------------------------------------------


PROGRAMS = {
    "tac": reverse,
    "rev": reverse,
    "base64": base64,
    "gbase64": base64,
    "base32": base64,
    "basenc": base64,
    "xxd": xxd,
    "tr": translate,
    **dict.fromkeys(
        """
            gzip gunzip zcat gzcat bzip2 bunzip2 bzcat xz unxz xzcat zstd unzstd zstdcat lzma unlzma lzcat lz4
            brotli uudecode uuencode ascii85 pigz compress uncompress
            """.split(),
        decoder,
    ),
    "rot13": rot13,
}
