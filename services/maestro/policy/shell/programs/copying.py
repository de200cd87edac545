"""Programs that make, move, change and take away files: what becomes of which path."""

from __future__ import annotations

from typing import Literal

from maestro.policy.paths import canonical, info
from maestro.policy.shell import files
from maestro.policy.shell.programs.permissions import mode_changed
from maestro.policy.shell.text import EMPTY, STDIN, Text, anything, joined
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
    deep = use.name == "ditto" or parsed.has("-r", "-R", "-a", "--recursive", "--archive")
    for source in operands:
        _moved(use, source, target, copied, deep)
    if use.name == "install" and (mode := parsed.value("-m", "--mode").value):
        mode_changed(use, mode, [target], False)
    return EMPTY


def _moved(use: Use, source: Text, target: Text, copied: bool, deep: bool) -> None:
    if target.value == "/dev/null" and not copied:
        use.delete(source, recursive=True)
        return
    files.moved_file(use.reader, source, target, copied=copied, deep=deep)
    if not copied:
        known = info(canonical(source.value, use.reader.state.cwd, use.reader.state.home))
        if known.where in ("system", "device") or known.path in ("~", ".", ".git"):
            use.delete(source, recursive=True)


def link(use: Use) -> Text:
    parsed = use.parse(values="-t -S --target-directory --suffix")
    if parsed.asks_for_help or len(parsed.operands) < 1:
        return EMPTY
    target = parsed.operands[-1] if len(parsed.operands) > 1 else Text(".")
    for source in parsed.operands[:-1] or parsed.operands:
        files.moved_file(use.reader, source, target, copied=True)
        _remember_link(use, source, target)
    return EMPTY


def _remember_link(use: Use, source: Text, target: Text) -> None:
    """What is done later below the link is done where it leads."""
    if not (source.known and target.known):
        return
    state = use.reader.state
    link = canonical(target.value, state.cwd, state.home)
    name = source.value.rstrip("/").rpartition("/")[2]
    if target.value.endswith("/") or target.value in (".", "..", "~"):
        link = canonical(f"{target.value}/{name}", state.cwd, state.home)
    folder = link.rpartition("/")[0] or "." if use.parsed.has("-s", "--symbolic") else state.cwd
    state.links[link] = canonical(source.value, folder, state.home)


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


# --- permissions ---------------------------------------------------------------------------


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


# --- archives ---------------------------------------------------------------------------

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
    "dd": dd,
    "gdd": dd,
    "dcfldd": dd,
}
