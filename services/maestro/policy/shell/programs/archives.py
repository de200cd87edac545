"""Archives and patches: what goes into them, what comes out, what they run."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

_TAR_VALUES = """
        -f --file -C --directory -T --files-from -X --exclude-from --exclude -I --use-compress-program
        --transform --xform -g --listed-incremental --checkpoint-action --to-command
        --rsh-command --rmt-command -F --info-script --new-volume-script --owner --group --mode
        --strip-components -b -H --format -K -N --newer -L -V --label --warning --one-top-level-none
        --anchored-none
        """


def tar(use: Use) -> Text:
    if use.arguments and re.fullmatch(r"[a-zA-Z]+", use.arguments[0].value):
        first = use.arguments[0].value
        # Old style: the letters' values follow in their order.
        values = [letter for letter in first if letter in "fCTXIgbHKNLVF"]
        rest = use.arguments[1:]
        new: list[Text] = [Text("-" + "".join(letter for letter in first if letter not in "fCTXIgbHKNLVF"))]
        for letter in values:
            new += [Text("-" + letter), *rest[:1]]
            rest = rest[1:]
        use.arguments = [*(new if new[0].value != "-" else new[1:]), *rest]
    parsed = use.parse(
        values=_TAR_VALUES,
        known="""
            --create --extract --get --list --append --update --delete --diff --to-stdout --remove-files
            --absolute-names --verbose --gzip
            """,
        abbreviates=True,
    )
    if parsed.asks_for_help:
        return EMPTY
    for text in parsed.values(
        "--to-command",
        "-I",
        "--use-compress-program",
        "--rsh-command",
        "--rmt-command",
        "-F",
        "--info-script",
        "--new-volume-script",
    ):
        use.shell(text, anything(STDIN))
    for text in parsed.values("--checkpoint-action"):
        if text.value.startswith("exec="):
            use.shell(Text(text.value[5:], marks=text.marks))
    archive = parsed.value("-f", "--file")
    if parsed.has("-c", "--create", "-r", "-u", "--append", "--update"):
        content = joined([use.read(path, deep=True) for path in parsed.operands])
        if parsed.has("--remove-files"):
            for path in parsed.operands:
                use.delete(path, recursive=True)
        if archive.value and archive.value != "-":
            use.write(archive, anything(*content.marks))
            return EMPTY
        return anything(*content.marks)
    source = use.read(archive) if archive.value and archive.value != "-" else use.stdin
    if parsed.has("-x", "--extract", "--get"):
        if parsed.has("-O", "--to-stdout"):
            return anything(*source.marks)
        into = parsed.value("-C", "--directory")
        if into.value:
            use.write(into if into.value != "/" else Text("/etc"), deep=True)
        if parsed.has("-P", "--absolute-names"):
            use.add("write", "absolute names", "system", "archive")
        use.add(
            "write", into.value or ".", "project" if not into.value.startswith(("/", "~")) else "outside", "archive"
        )
        use.reader.state.files[UNKNOWN] = anything(*source.marks)
    return anything(*source.marks)


def zip_files(use: Use) -> Text:
    parsed = use.parse(values="-P -x -i -n -t -tt -b -O -TT --unzip-command --password")
    if parsed.has("-TT", "--unzip-command"):
        use.shell(parsed.value("-TT", "--unzip-command"))
    elif parsed.has("-T") and len(parsed.options.get("-T", [])) > 1:  # -T -TT cmd: read letter by letter
        use.opaque("unresolved", "a test command")
    content = joined([use.read(path, deep=True) for path in parsed.operands[1:]])
    if parsed.has("-m", "--move"):
        for path in parsed.operands[1:]:
            use.delete(path, recursive=True)
    if parsed.operands and parsed.operands[0].value != "-":
        use.write(parsed.operands[0], anything(*content.marks))
    return anything(*content.marks)


def unzip(use: Use) -> Text:
    parsed = use.parse(values="-d -x -P -O")
    if parsed.has("-l", "-t", "-v", "-Z", "-p"):
        return joined(use.read(path) for path in parsed.operands[:1])
    content = joined(use.read(path) for path in parsed.operands[:1])
    into = parsed.value("-d")
    use.reader.state.files[UNKNOWN] = anything(*content.marks)
    if into.value:
        use.write(into, content, deep=True)
    else:
        use.add("write", ".", "project", "archive")
    return EMPTY


def packed(use: Use) -> Text:
    """7z, rar: a letter first; `-oFOLDER` without a space, or the last operand of unrar."""
    parsed = use.parse(values="-w -x -i -v_", optional="-o -p -hp -m -t -s -r -y -a", first=False)
    words = parsed.words()
    if not words or words[0] in ("l", "t", "h", "b", "i", "v", "lb", "lt", "vb", "vt"):
        return joined(use.read(path) for path in parsed.operands[1:2])
    archive, rest = parsed.operands[1:2], parsed.operands[2:]
    if words[0] not in ("x", "e"):
        content = joined([use.read(path, deep=True) for path in rest])
        for path in rest if any(word.value in ("-sdel", "-df", "-dr", "-dw") for word in use.arguments) else []:
            use.delete(path, recursive=True)
        for path in archive:
            use.delete(path) if words[0] == "d" else use.write(path, anything(*content.marks))
        return EMPTY
    content = joined(use.read(path) for path in archive)
    folders = [Text(word.value[2:], marks=word.marks) for word in use.arguments if re.match(r"-o[^+-]", word.value)]
    for folder in [*folders, *(rest[-1:] if "rar" in use.name else [])] or [Text(".")]:
        use.write(folder, anything(*content.marks), deep=True)
    use.reader.state.files[UNKNOWN] = anything(*content.marks)
    return EMPTY


def patch(use: Use) -> Text:
    parsed = use.parse(values="-p -i -d -o -r -B -F -z --input --directory --strip --output")
    if parsed.has("--dry-run", "-C", "--check"):
        return EMPTY
    for path in parsed.values("-i", "--input"):
        use.read(path)
    for path in parsed.operands[:1]:
        use.write(path)
    use.add("write", ".", "project", "patch")
    return EMPTY


PROGRAMS = {
    "tar": tar,
    "zip": zip_files,
    "unzip": unzip,
    "patch": patch,
    **dict.fromkeys(("7z", "7za", "7zr", "7zz", "rar", "unrar"), packed),
}
