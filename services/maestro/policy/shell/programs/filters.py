"""Programs that print, decode, select and change text: what they put out, as far as it is known."""

from __future__ import annotations

import base64 as base64_codec
import binascii
import codecs
import re
from collections.abc import Callable

from maestro.policy.shell.quoting import ansi_c
from maestro.policy.shell.text import DECODED, EMPTY, ENVIRONMENT, NETWORK, PATH, STDIN, UNKNOWN, Text, anything, joined
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
    return Text("".join(parts), marks=marks)


def _inputs(use: Use, paths: list[Text]) -> Text:
    """What the program reads: the files, or its input."""
    return joined(use.stdin if path.value == "-" else use.read(path) for path in paths) if paths else use.stdin


def cat(use: Use) -> Text:
    parsed = use.parse()
    return Text() if parsed.asks_for_help else _inputs(use, parsed.operands)


def reverse(use: Use) -> Text:
    text = _inputs(use, use.parse().operands)
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
    text = _inputs(
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
    text = _inputs(use, parsed.operands[:1])
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
    text = _inputs(use, parsed.operands)
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


# --- selecting ---------------------------------------------------------------------------------------------------

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
    text = _inputs(use, parsed.operands)
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
    return _some_of(text)


def _some_of(text: Text) -> Text:
    """Nobody knows which part of it; but where nothing comes in, nothing goes out."""
    if text.known and not text.value and STDIN not in text.marks:
        return anything()
    return anything(*(mark for mark in text.marks if mark != "number"))


def summed(use: Use) -> Text:
    parsed = use.parse(values="-a --algorithm --files0-from")
    if not parsed.asks_for_help:
        _inputs(use, parsed.operands)
    return anything("number")


_PATTERN_VALUES = """
        -e -f -A -B -C -m -d -D --regexp --file --after-context --before-context --context --max-count --include
        --exclude --exclude-dir --exclude-from
        --include-dir --color --colour --label --binary-files --devices --directories -g --glob --iglob -t
        --type -T --type-not --type-add -M --max-columns -E --encoding
        -r --replace -j --threads --sort --sortr --max-depth --maxdepth --max-filesize --pre --pre-glob --engine
        --ignore-file --colors --field-context-separator --field-match-separator --path-separator
        --ignore -G --file-search-regex --pager --depth --workers -W --width --context-separator
        --dfa-size-limit --regex-size-limit --hostname-bin -p --path-to-ignore --output --passthru-n
        """
_TOKENS = re.compile(
    r"AKIA|ASIA|ghp_|gho_|github_pat|sk_live|sk-ant|xox[bp]|BEGIN [\\. A-Z]*(?:RSA|OPENSSH|PRIVATE)|AIza", re.I
)


def grep(use: Use) -> Text:
    """Its pattern is only text; what it looks through is read."""
    values = _PATTERN_VALUES
    if use.name in ("grep", "egrep", "fgrep", "zgrep", "ggrep"):
        values = (
            values.replace("-g ", "")
            .replace("-t ", "")
            .replace("-T ", "")
            .replace("-M ", "")
            .replace("-E ", "")
            .replace("-r ", "")
            .replace("-j ", "")
            .replace("-G ", "")
            .replace("-W ", "")
            .replace("-p ", "")
        )
    elif use.name in ("ag", "ack"):
        values = """
            -A -B -C -m -G -g -W -p --ignore --depth --pager --after --before --context --ignore-dir
            --ignore-file --type -t --path-to-ignore --file-search-regex --workers --max-count --match --output
            --range-start --range-end -e
            """
    parsed = use.parse(values=values)
    if parsed.asks_for_help:
        return EMPTY
    for command in parsed.values("--pre", "--hostname-bin"):
        use.run([command])
    if parsed.has("--pager") and use.name in ("ag", "ack"):
        use.shell(parsed.value("--pager"))
    for path in parsed.values("-f", "--file"):
        use.read(path)
    given = parsed.has("-e", "--regexp", "-f", "--file", "--files", "--type-list", "--match")
    pattern = joined([*parsed.values("-e", "--regexp"), *([] if given else parsed.operands[:1])], "\n")
    paths = parsed.operands if given else parsed.operands[1:]
    text = joined([use.read(path, deep=_is_deep(use)) for path in paths]) if paths else use.stdin
    marks = list(text.marks)
    if ENVIRONMENT in marks and _picks_harmless(parsed.has("-v", "--invert-match"), pattern):
        marks.remove(ENVIRONMENT)
    if _TOKENS.search(pattern.value):
        marks.append("secret")
    if parsed.has("-l", "-L", "--files", "--files-with-matches", "--files-without-match"):
        return anything(*(f"{PATH}{path.value}" for path in paths or [Text(".")]))
    if parsed.has("-q", "-c", "--quiet", "--silent", "--count"):
        return anything("number")
    return _some_of(Text(UNKNOWN, marks=frozenset(marks)))


_LIKE_SECRETS = re.compile(r"pass|secret|token|key|cred|auth|aws|api|priv|\.\*|\.\+|^\W*$", re.I)


def _picks_harmless(inverted: bool, pattern: Text) -> bool:
    """Whether a search in all variables shows only what has nothing to do with secrets."""
    return pattern.known and not inverted and not _LIKE_SECRETS.search(pattern.value)


def _is_deep(use: Use) -> bool:
    return use.name not in ("grep", "egrep", "fgrep", "zgrep") or use.parsed.has("-r", "-R", "--recursive")


def json_query(use: Use) -> Text:
    """jq, yq, and others that take an expression and then files."""
    words = list(use.arguments)
    in_place = False
    operands: list[Text] = []
    has_file = False
    while words:
        word = words.pop(0)
        if word.value in ("--arg", "--argjson", "--rawfile", "--slurpfile"):
            if word.value.endswith("file") and len(words) > 1:
                use.read(words[1])
            words = words[2:]
        elif word.value in ("-f", "--from-file") and words:
            use.read(words.pop(0))
            has_file = True
        elif word.value in ("--args", "--jsonargs"):
            break
        elif word.value in ("-L", "--indent", "-o", "-p", "--output-format", "--input-format", "-I") and words:
            words.pop(0)
        elif word.value in ("--help", "-h", "--version", "-V"):
            return EMPTY
        elif word.value.startswith("-") and len(word.value) > 1:
            in_place |= word.value in ("-i", "--inplace", "--in-place") or (
                use.name == "yq" and re.fullmatch(r"-\w*i\w*", word.value) is not None
            )
        else:
            operands.append(word)
    expression = EMPTY if has_file else joined(operands[:1])
    paths = operands if has_file else operands[1:]
    if use.name in ("yq", "dasel", "gojq") and operands and operands[0].value in ("eval", "e", "eval-all", "ea"):
        expression, paths = joined(operands[1:2]), operands[2:]
    marks = []
    if re.search(r"(?:\$ENV|\benv)\b(?!\.PATH|\.HOME)", expression.value):
        use.add("credential", "all environment variables", "", "read")
        marks.append("secret")
    text = joined(use.read(path) for path in paths) if paths else use.stdin
    if in_place:
        for path in paths:
            use.write(path)
    return anything(*text.marks, *marks)


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
    **dict.fromkeys(_FILTER_VALUES, filtered),
    **dict.fromkeys(_SUMS.split(), summed),
    **dict.fromkeys("grep egrep fgrep zgrep rg ag ack ugrep ripgrep pcregrep ast-grep-none sift pt".split(), grep),
    **dict.fromkeys("jq yq gojq jaq dasel fx jello".split(), json_query),
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


__all__ = ["NETWORK", "PROGRAMS"]
