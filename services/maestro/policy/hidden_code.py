"""Does this code fetch, decode or hand on what nobody can read where it stands?

Not an analysis of programs: the few shapes that mean that what runs is not what is written. Looked for in two steps,
each of which takes no longer than the text is long, so that no text can keep a gate busy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from maestro.policy.effects import Effect, EffectKind
from maestro.policy.paths import PathInfo

MAX_LINE = 2_000
WINDOW = 3
"""Lines that a call may take."""


class Shape(NamedTuple):
    """`first`, and `then` behind it within the same few lines. `quoted`: tests and data may hold it as a mere text."""

    first: re.Pattern[str]
    then: re.Pattern[str] | None
    kind: EffectKind
    detail: str
    quoted: bool = False


_RUNS = re.compile(
    r"\b(?:exec|eval|Function|system|popen|execSync|spawnSync|spawn|instance_eval|loadstring|subprocess\.\w+|assert)\s*[(\s]|"
    r"\b(?:Invoke-Expression|iex)\b",
    re.I,
)
_DECODES = re.compile(
    r"b64decode|b32decode|a85decode|unhexlify|fromhex|decompress|marshal\.loads|\batob\(|[\"']base64[\"']|base64_decode|"
    r"decode64|rot.?13|gzinflate|FromBase64String",
    re.I,
)
_FETCHES = re.compile(
    r"\burlopen\b|\brequests\.get\b|\bhttpx\.get\b|\bfetch\(|\bhttps?\.get\b|DownloadString|Net::HTTP"
)
_EVALUATES = re.compile(r"\bthen\(\s*eval|\beval\(|\bexec\(|new Function")
_DOWNLOADS = re.compile(r"\b(?:curl|wget|iwr)\b")
_INTO_SHELL = re.compile(r"\|\s*(?:sudo\s+)?(?:env\s+\S+\s+)?(?:ba|z|da|k)?sh\b")
_REMOVES = re.compile(
    r"\b(?:rmtree|rmSync|removeSync|emptyDirSync|rimraf(?:\.sync)?|rm_rf|RemoveAll|remove_dir_all)\s*\(\s*"
    r"(?:(?:os\.path\.|Path\.)?(?:expanduser|home|homedir)\(\s*|os\.homedir\()?[\"'`]?(?:~/?|/|/home/?|\$HOME|\))[\"'`)]"
)
_HANDS_ON = re.compile(r"\b(?:post|put|send|urlopen|fetch|axios)\w*\s*\(")
_ALL_VARIABLES = re.compile(
    r"\bos\.environ\b(?!\s*[\[.])|dict\(os\.environ|(?:json|data|body)\s*[=:(]+\s*(?:JSON\.stringify\()?process\.env\b(?!\s*[\[.])"
)
SHAPES = (
    Shape(_RUNS, _DECODES, "opaque", "decoded"),
    Shape(re.compile(r"\bpickle\.loads\("), re.compile(r"b64decode|\bget\(|urlopen"), "opaque", "decoded"),
    Shape(re.compile(r"\bmarshal\.loads\("), None, "opaque", "decoded"),
    Shape(_RUNS, _FETCHES, "opaque", "remote"),
    Shape(_FETCHES, _EVALUATES, "opaque", "remote"),
    Shape(
        re.compile(rf"(?:{_RUNS.pattern})\s*\(?\[?[frb]*[\"'`][^\"'`]{{0,200}}\b(?:curl|wget)\b"),
        _INTO_SHELL,
        "opaque",
        "remote",
    ),
    Shape(_REMOVES, None, "delete", "recursive"),
    Shape(_HANDS_ON, _ALL_VARIABLES, "credential", "send"),
    Shape(_DOWNLOADS, _INTO_SHELL, "opaque", "remote", quoted=True),
    Shape(re.compile(r"/dev/tcp/\d|\b(?:ba)?sh\s+-i\s*[>&]+\s*/dev/tcp/"), None, "opaque", "remote", quoted=True),
)
_SHELL_ON_A_SOCKET = re.compile(
    r"os\.dup2|pty\.spawn|subprocess\.(?:call|run|Popen)\(\[?[\"']/bin/(?:ba)?sh|IO\.popen|/bin/sh\b"
)


def hidden_code(known: PathInfo, lines: Sequence[str], *, executed_only: bool = False) -> Iterator[Effect]:
    """Effects of code in a file's lines. `executed_only`: not where a text merely quotes it."""
    if any(len(line) > MAX_LINE for line in lines) and "source" in known.classes and not executed_only:
        yield Effect("unknown", known.path, known.where, "lines too long to read")
    short = [line[:MAX_LINE] for line in lines]
    for shape in SHAPES:
        if not (executed_only and shape.quoted) and _holds(short, shape):
            yield Effect(shape.kind, known.path, "system" if shape.kind == "delete" else known.where, shape.detail)
    text = "\n".join(short)
    if re.search(r"\bsocket\b|TCPSocket|net\.connect", text) and _SHELL_ON_A_SOCKET.search(text) and not executed_only:
        yield Effect("opaque", known.path, known.where, "remote")


def _holds(lines: Sequence[str], shape: Shape) -> bool:
    for index, line in enumerate(lines):
        found = shape.first.search(line)
        if found is None:
            continue
        if shape.then is None or shape.then.search(
            "\n".join((line[found.end() :], *lines[index + 1 : index + WINDOW]))
        ):
            return True
    return False
