"""Programs that make, move, change and take away files: what becomes of which path."""

from __future__ import annotations

import re
from typing import Literal

from maestro.policy.paths import canonical, info
from maestro.policy.shell import files
from maestro.policy.shell.text import EMPTY, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use


def remove(use: Use) -> Text:
    parsed = use.parse(
        values="",
        known="--recursive --force --interactive --one-file-system --no-preserve-root --preserve-root --verbose --dir",
        abbreviates=True,
    )
    if parsed.asks_for_help:
        return EMPTY
    recursive = parsed.has("-r", "-R", "--recursive")
    if not parsed.operands:
        use.add("delete", "", "project", "files that the input names")
    for path in parsed.operands:
        use.delete(path, recursive=recursive)
    return EMPTY


def remove_folder(use: Use) -> Text:
    parsed = use.parse()
    for path in [] if parsed.asks_for_help else parsed.operands or [Text("*", marks=frozenset({"path:."}))]:
        use.delete(path)
    return EMPTY


def shred(use: Use) -> Text:
    parsed = use.parse(values="-n -s --iterations --size --random-source -l")
    if parsed.asks_for_help:
        return EMPTY
    for path in parsed.operands:
        use.delete(path, recursive=True)
        use.add("data-destroy", path.value, "", "overwritten")
    return EMPTY


def move(use: Use) -> Text:
    return _transfer(use, copied=False)


def copy(use: Use) -> Text:
    return _transfer(use, copied=True)


def _transfer(use: Use, *, copied: bool) -> Text:
    parsed = use.parse(values="-t --target-directory -S --suffix -g -o -m --mode --owner --group --backup-suffix")
    if parsed.asks_for_help:
        return EMPTY
    operands = list(parsed.operands)
    target = parsed.value("-t", "--target-directory")
    if target.value:
        target = Text(target.value.rstrip("/") + "/", target.glob, target.marks)
    elif len(operands) > 1:
        target = operands.pop()
    elif use.name == "install" and parsed.has("-d", "--directory"):
        return EMPTY
    else:
        return EMPTY
    if len(operands) > 1 and not target.value.endswith("/"):
        target = Text(target.value + "/", target.glob, target.marks)
    for source in operands:
        _moved(use, source, target, copied)
    if use.name == "install" and (mode := parsed.value("-m", "--mode").value):
        _mode(use, mode, [target], False)
    return EMPTY


def _moved(use: Use, source: Text, target: Text, copied: bool) -> None:
    if target.value == "/dev/null" and not copied:
        use.delete(source, recursive=True)
        return
    files.moved_file(use.reader, source, target, copied=copied)
    if not copied:
        known = info(canonical(source.value, use.reader.state.cwd, use.reader.state.home))
        if known.where in ("system", "device") or known.path in ("~", ".", ".git"):
            use.delete(source, recursive=True)


def link(use: Use) -> Text:
    parsed = use.parse(values="-t -S --target-directory --suffix")
    if parsed.asks_for_help or len(parsed.operands) < 1:
        return EMPTY
    target = parsed.operands[-1] if len(parsed.operands) > 1 else Text(".")
    for source in parsed.operands[:-1]:
        files.moved_file(use.reader, source, target, copied=True)
    return EMPTY


def make(use: Use) -> Text:
    """mkdir, touch, mkfifo: something new, or a new time."""
    parsed = use.parse(values="-m -d -r -t -A --mode --date --reference --context -Z")
    if parsed.asks_for_help:
        return EMPTY
    for path in parsed.operands:
        if use.name in ("mkdir", "md"):
            known = info(canonical(path.value, use.reader.state.cwd, use.reader.state.home))
            use.add("write", known.path, known.where, "folder")
        elif use.name == "mkfifo":
            use.write(path, anything(STDIN))
        else:
            _touch(use, path)
    return EMPTY


def _touch(use: Use, path: Text) -> None:
    known = info(canonical(path.value, use.reader.state.cwd, use.reader.state.home))
    use.add("write", known.path, known.where, "touch")
    if known.classes & {"guard", "audit-log", "start-up", "security"}:
        use.write(path)


def truncate(use: Use) -> Text:
    parsed = use.parse(values="-s -r -o --size --reference")
    if parsed.asks_for_help:
        return EMPTY
    for path in parsed.operands:
        use.delete(path)
    return EMPTY


def split(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -a -b -C -l -n -t --filter --bytes --lines --number --suffix-length --additional-suffix
            --hex-suffixes --numeric-suffixes
            """
    )
    for command in parsed.values("--filter"):
        use.shell(command, anything(STDIN))
    return joined([use.read(path) for path in parsed.operands[:1]])


# --- permissions ---------------------------------------------------------------------------------------------------


def change_mode(use: Use) -> Text:
    words = [word for word in use.arguments if not re.fullmatch(r"-[RvcfHLP]+|--[\w-]+(=.*)?|--", word.value)]
    options = [word.value for word in use.arguments if word not in words]
    if any(option in ("--help", "--version") for option in options):
        return EMPTY
    recursive = any(
        (option.startswith("-") and not option.startswith("--") and "R" in option) or option == "--recursive"
        for option in options
    )
    if any(option.startswith("--reference") for option in options):
        words = [Text("reference"), *words]
    if not words:
        return EMPTY
    if not re.fullmatch(r"[0-7]{1,5}|reference|(?:[ugoa]*[-+=][rwxXstugo]*,?)+", words[0].value):
        words = [Text("-R"), *words]  # whatever the mode is, it is not known
    _mode(use, words[0].value, words[1:], recursive)
    return EMPTY


def _opens(mode: str) -> bool:
    """Whether everybody may write afterwards, or the file runs as its owner."""
    if re.fullmatch(r"[0-7]{3,5}", mode):
        special = int(mode[:-3] or "0", 8)
        return bool(int(mode[-1], 8) & 2) or bool(special & 6)
    return bool(re.search(r"(?:^|,)[go]*[oa][ugoa]*[+=][rxX]*w|(?:^|,)[ugoa]*[+=][rwxX]*s|^[+=]r?w|^a\+w", mode))


def _mode(use: Use, mode: str, paths: list[Text], recursive: bool) -> None:
    for path in paths:
        known = info(canonical(path.value, use.reader.state.cwd, use.reader.state.home))
        outside = known.where in ("system", "device", "home", "outside") and known.path != "~/.ssh/config"
        sensitive = known.classes & {"credential", "guard", "start-up", "security", "audit-log", "git-internal", "hook"}
        if sensitive == {"credential"} and re.fullmatch(r"0?[4-7]00|go-rwx|u=r.*,go=|go=", mode):
            use.add("write", known.path, known.where, "mode")  # stricter than before
        elif _opens(mode) or (known.where in ("system", "device")) or (sensitive and sensitive != {"hook"}):
            use.add("security-config", known.path, known.where, f"mode {mode}")
        elif not path.known and not path.paths():
            use.add("write", path.value, "unresolved", "mode")
        elif (outside and recursive) or mode in ("000", "0000", "0", "a-rwx", "a-r", "-R"):
            use.add("security-config", known.path, known.where, f"mode {mode}")
        else:
            use.add("write", known.path, known.where, "mode")


def change_owner(use: Use) -> Text:
    parsed = use.parse(values="--from --reference")
    if parsed.asks_for_help:
        return EMPTY
    use.add("security-config", " ".join(parsed.words()), "", "owner")
    return EMPTY


def access_list(use: Use) -> Text:
    parsed = use.parse(values="-m -x -M -X -p -v --set --modify")
    use.add("security-config", " ".join(parsed.words()), "", use.name)
    return EMPTY


# --- devices ---------------------------------------------------------------------------------------------------------


def dd(use: Use) -> Text:
    output = use.stdin
    if any(word.value in ("--help", "--version") for word in use.arguments):
        return EMPTY
    for word in use.arguments:
        name, _, value = word.value.partition("=")
        if name == "if":
            output = use.read(Text(value, word.glob, word.marks))
    for word in use.arguments:
        name, _, value = word.value.partition("=")
        if name == "of":
            path = Text(value, word.glob, word.marks)
            use.write(path, output)
            known = info(canonical(value, use.reader.state.cwd, use.reader.state.home))
            if known.where == "device" or not path.known:
                use.add("data-destroy", value, "device", "overwritten")
            return EMPTY
    return anything(*output.marks)


# --- archives --------------------------------------------------------------------------------------------------------

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
            use.write(into if into.value != "/" else Text("/etc"))
        if parsed.has("-P", "--absolute-names"):
            use.add("write", "absolute names", "system", "archive")
        use.add(
            "write", into.value or ".", "project" if not into.value.startswith(("/", "~")) else "outside", "archive"
        )
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
        use.write(into, content)
    else:
        use.add("write", ".", "project", "archive")
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


Side = Literal["read", "write"]

PROGRAMS = {
    "rm": remove,
    "grm": remove,
    "unlink": remove_folder,
    "del": remove,
    "rmdir": remove_folder,
    "shred": shred,
    "srm": shred,
    "wipe": shred,
    "scrub": shred,
    "mv": move,
    "gmv": move,
    "cp": copy,
    "gcp": copy,
    "install": copy,
    "ditto": copy,
    "ln": link,
    "link": link,
    "mkdir": make,
    "md": make,
    "touch": make,
    "mkfifo": make,
    "mknod": make,
    "truncate": truncate,
    "split": split,
    "chmod": change_mode,
    "gchmod": change_mode,
    "chown": change_owner,
    "chgrp": change_owner,
    "setfacl": access_list,
    "chattr": access_list,
    "chflags": access_list,
    "setcap": access_list,
    "chcon": access_list,
    "restorecon": access_list,
    "dd": dd,
    "gdd": dd,
    "dcfldd": dd,
    "tar": tar,
    "zip": zip_files,
    "unzip": unzip,
    "patch": patch,
}
