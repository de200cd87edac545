"""Programs that print, decode, select and change text: what they put out, as far as it is known."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.decoding import inputs
from maestro.policy.shell.quoting import ansi_c
from maestro.policy.shell.text import DECODED, EMPTY, PATH, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use


def echo(use: Use) -> Text:
    words = list(use.arguments)
    escapes = newline = False
    while words and re.fullmatch(r"-[neE]+", words[0].value):
        escapes |= "e" in words[0].value
        newline |= "n" in words[0].value
        words.pop(0)
    text = joined(words, " ")
    value = ansi_c(text.value, echo=True) if escapes else text.value
    marks = text.marks | {DECODED} if escapes and _NUMERIC.search(text.value) else text.marks
    return Text(value + ("" if newline else "\n"), marks=marks)


_NUMERIC = re.compile(r"\\(?:x[0-9a-fA-F]|[0-7]{2,3}|u[0-9a-fA-F])")


_DIRECTIVE = re.compile(r"%(?:%|[-+ #0]*\d*(?:\.\d+)?([a-zA-Z])|\(([^)]*)\)T)")


def printf(use: Use) -> Text:
    words = list(use.arguments)
    variable = None
    if words and words[0].value == "-v" and len(words) > 1:
        variable = words[1].value
        words = words[2:]
    if words and words[0].value == "--":
        words = words[1:]
    if not words:
        return EMPTY
    output = _formatted(words[0], words[1:])
    if variable is not None:
        use.reader.assign(variable, [output])
        return EMPTY
    return output


def _formatted(form: Text, arguments: list[Text]) -> Text:
    marks = frozenset().union(form.marks, *(word.marks for word in arguments))
    if not form.known:
        return Text(UNKNOWN, marks=marks)
    if any(_NUMERIC.search(word.value) for word in (form, *arguments)):
        marks |= {DECODED}
    pending = [word.value for word in arguments]
    parts: list[str] = []

    def filled(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        value = pending.pop(0) if pending else ""
        if found[1] == "b":
            return ansi_c(value, echo=True)
        if found[1] == "c":
            return value[:1]
        if found[1] in ("s", "q"):
            return value
        if found[1] in ("x", "X", "o", "d", "i", "u") and value.isdigit():
            return format(int(value), {"i": "d", "u": "d"}.get(found[1], found[1]))
        return value

    for _ in range(64):
        before = len(pending)
        parts.append(ansi_c(_DIRECTIVE.sub(filled, form.value), echo=True))
        if not pending or len(pending) == before:
            break
    else:
        parts.append(UNKNOWN)
    return Text("".join(parts), marks=marks)


def cat(use: Use) -> Text:
    parsed = use.parse()
    return Text() if parsed.asks_for_help else inputs(use, parsed.operands)


_FILTER_VALUES: dict[str, str] = {
    "head": "-n -c --lines --bytes",
    "tail": "-n -c -s --lines --bytes --pid --sleep-interval",
    "sort": """
        -k -t -S -T -o --key --field-separator --buffer-size --temporary-directory --output --parallel
        --batch-size
        """,
    "uniq": "-f -s -w --skip-fields --skip-chars --check-chars",
    "cut": "-d -f -c -b --delimiter --fields --characters --bytes --output-delimiter",
    "fold": "-w --width",
    "fmt": "-w -p -g --width",
    "nl": "-b -d -f -h -i -l -n -s -v -w",
    "paste": "-d --delimiters",
    "column": "-t -s -N -o -c --table-columns --separator",
    "pr": "-l -w -h -o -n -s",
    "expand": "-t --tabs",
    "unexpand": "-t --tabs",
    "strings": "-n -t -e --bytes",
    "od": "-A -t -N -j -w -v --address-radix --format --read-bytes --skip-bytes --endian",
    "hexdump": "-n -s -e -f",
    "hd": "-n -s",
    "comm": "--output-delimiter",
    "join": "-1 -2 -t -j -o -e -a -v",
    "diff": "-U -C -I -x -X -L --label --exclude --width -W --color --unified --context",
    "colordiff": "-U -C",
    "sdiff": "-w -o",
    "diff3": "-L",
    "cmp": "-i -n",
    "iconv": "-f -t -o --from-code --to-code --output",
    "less": "-p -P -x -y -j -b -h -t -T -k -o -O --pattern --tag",
    "more": "-n --lines",
    "most": "",
    "bat": """
        -l -r -H --language --line-range --theme --style --color --paging --tabs --wrap --terminal-width
        --map-syntax --highlight-line --file-name
        """,
    "wc": "--files0-from --total",
    "shuf": "-n -i -o -e --head-count --input-range",
    "csplit": "-f -b -n",
    "tsort": "",
    "look": "-t",
    "col": "-l",
    "colrm": "",
    "ul": "-t",
    "rg-none": "",
    "jq": "--arg=2 -L --indent --tab --argjson=2 --slurpfile=2 --rawfile=2",
    "pv": "-s -L -i -w -N -n -q -B -R -H -l",
    "moreutils": "",
    "sponge": "",
    "vidir": "",
    "cksum": "-a --algorithm",
    "bc": "-e -f",
    "file": "-m -f -F -P -e",
}
_SUMS = "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum md5 shasum sum cksum wc"


def filtered(use: Use) -> Text:
    """Reads its files or its input, and puts out something of it."""
    parsed = use.parse(values=_FILTER_VALUES.get(use.name, ""))
    if parsed.asks_for_help:
        return EMPTY
    for word in use.arguments if use.name in ("less", "more", "most") else []:
        if word.value.startswith("+") and "!" in word.value:
            use.shell(Text(word.value.partition("!")[2], marks=word.marks))
    text = inputs(use, parsed.operands)
    if use.name in ("sort", "iconv", "shuf", "sdiff"):
        for path in parsed.values("-o", "--output"):
            use.write(path, text)
    if use.name in ("sort",) and parsed.has("--compress-program"):
        use.shell(parsed.value("--compress-program"))
    if use.name == "uniq" and len(parsed.operands) > 1:
        use.write(parsed.operands[1], text)
    if use.name == "sponge":
        for path in parsed.operands:
            use.write(path, use.stdin)
    if use.name in ("head", "tail", "tac") and text.known and "\n" not in text.value.strip("\n"):
        return text
    return some_of(text)


def some_of(text: Text) -> Text:
    """Nobody knows which part of it; but where nothing comes in, nothing goes out."""
    if text.known and not text.value and STDIN not in text.marks:
        return anything()
    return anything(*(mark for mark in text.marks if mark != "number"))


def summed(use: Use) -> Text:
    parsed = use.parse(values="-a --algorithm --files0-from")
    if not parsed.asks_for_help:
        inputs(use, parsed.operands)
    return anything("number")


def tee(use: Use) -> Text:
    parsed = use.parse()
    for path in parsed.operands:
        use.write(path, use.stdin, appended=parsed.has("-a", "--append"))
    return use.stdin


def yes(use: Use) -> Text:
    return joined(use.arguments, " ") if use.arguments else Text("y")


def sequence(use: Use) -> Text:
    words = [word.value for word in use.arguments if not word.value.startswith("-")]
    if words and all(word.isdigit() for word in words) and len(words) <= 2:
        low, high = (1, int(words[0])) if len(words) == 1 else (int(words[0]), int(words[1]))
        if 0 <= high - low < 32:
            return Text("\n".join(map(str, range(low, high + 1))))
    return anything("number")


def basename(use: Use) -> Text:
    words = use.parse(values="-s").operands
    if use.name == "basename" and words:
        return Text(
            words[0].value.rstrip("/").rpartition("/")[2].removesuffix(words[1].value if len(words) > 1 else "\n"),
            marks=words[0].marks - {"number"},
        )
    if use.name == "dirname" and words:
        return Text(words[0].value.rpartition("/")[0] or ".", marks=words[0].marks)
    return words[0] if words else anything()


def temporary(use: Use) -> Text:
    return Text("/tmp/tmp.maestro-made", marks=frozenset({f"{PATH}/tmp/tmp.maestro-made"}))


def fact(use: Use) -> Text:
    """Prints something short about the machine, the day, or itself."""
    if (use.name == "date" and use.parse(values="-d -f -r -s --date --file --reference --set").has("-s", "--set")) or (
        use.name == "date" and any(word.value[:1].isdigit() for word in use.parsed.operands)
    ):
        use.add("security-config", "clock", "", "time")
    if use.name == "hostname" and use.parse(values="-F --file").operands:
        use.add("security-config", "host name", "", "network")
    return anything("number")


_FACTS = """
    date uname hostname whoami id nproc arch uptime groups logname tty locale free getconf lsb_release sw_vers
    hostnamectl-status cal ncal
    """

PROGRAMS = {
    "echo": echo,
    "gecho": echo,
    "printf": printf,
    "print": echo,
    "cat": cat,
    **dict.fromkeys(_FILTER_VALUES, filtered),
    **dict.fromkeys(_SUMS.split(), summed),
    "tee": tee,
    "yes": yes,
    "seq": sequence,
    "basename": basename,
    "dirname": basename,
    "realpath": basename,
    "readlink": basename,
    "mktemp": temporary,
    "tempfile": temporary,
    **dict.fromkeys(_FACTS.split(), fact),
}
