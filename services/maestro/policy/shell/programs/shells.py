"""Shells, and what runs text or a file as a script."""

from __future__ import annotations

import re

from maestro.policy.paths import canonical, info
from maestro.policy.shell import files
from maestro.policy.shell.programs.tasks import effect_of_task
from maestro.policy.shell.text import ANYTHING, DECODED, EMPTY, NETWORK, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

_WITH_VALUE = ("-o", "+o", "-O", "+O")
_FILES = ("--rcfile", "--init-file")


def bash(use: Use) -> Text:
    arguments = list(use.arguments)
    is_command = is_interactive = is_checked_only = from_stdin = False
    while arguments and re.match(r"[-+].", arguments[0].value):
        option = arguments.pop(0).value
        if option == "--":
            break
        if option in ("--help", "--version"):
            return use.output()
        if option in _FILES and arguments:
            run_file(use, arguments.pop(0), [])
        elif option in _WITH_VALUE and arguments:
            arguments.pop(0)
        elif not option.startswith("--"):
            is_command |= "c" in option
            from_stdin |= "s" in option
            is_interactive |= "i" in option
            if "n" in option:
                is_checked_only = option[0] == "-"
            if option[-1] == "o" and arguments:
                arguments.pop(0)
    if use.flow.hosts:
        use.opaque("remote", "a shell whose input and output are a connection")
        return ANYTHING
    if is_checked_only and not is_command:
        return joined(use.read(path) for path in arguments)
    if is_command:
        return _command(use, arguments)
    if arguments and not from_stdin:
        return run_file(use, arguments[0], arguments[1:])
    return from_input(use)


def _command(use: Use, arguments: list[Text]) -> Text:
    if not arguments:
        use.opaque("unresolved", "-c without a text")
        return ANYTHING
    return _with_positional(use, arguments[0], arguments[2:], arguments[1:2])


def _with_positional(use: Use, text: Text, positional: list[Text], zeroth: list[Text] | None = None) -> Text:
    reader = use.reader.fork(deeper=1)
    reader.state.positional = positional
    reader.state.aliases = {}
    if zeroth:
        reader.state.variables["0"] = zeroth
    return reader.nested(text, use.stdin, same_state=True)


def from_input(use: Use) -> Text:
    """Code arrives on the standard input."""
    stdin = use.stdin
    if NETWORK in stdin.marks:
        use.opaque("remote", "runs what comes from the network")
    elif stdin.known and stdin.value:
        if DECODED in stdin.marks:
            use.opaque("decoded", "runs what was decoded")
        return use.reader.nested(Text(stdin.value, marks=stdin.marks), EMPTY)
    elif stdin.value:
        use.opaque("decoded" if "decoded" in stdin.marks else "unresolved", "runs what arrives on its input")
    elif STDIN in stdin.marks:
        use.opaque("unresolved", "runs what arrives on its input")
    elif use.is_inner:
        use.opaque("unresolved", "a shell that waits for whatever is typed")
    else:
        use.add("unknown", use.name, "", "interactive")
    return ANYTHING


def source(use: Use) -> Text:
    if not use.arguments:
        return EMPTY
    return run_file(use, use.arguments[0], use.arguments[1:], sourced=True)


def evaluate(use: Use) -> Text:
    arguments = use.arguments[1:] if use.arguments and use.arguments[0].value == "--" else use.arguments
    text = joined(arguments, " ")
    if text.value == UNKNOWN and any(mark.startswith("output:") for mark in text.marks):
        use.add("run-code", text.value, "project", "output of a program")
        return ANYTHING
    return use.reader.nested(text, use.stdin, same_state=True)


def trap(use: Use) -> Text:
    words = [word for word in use.arguments if word.value not in ("-p", "-l", "--")]
    if len(words) > 1 and words[0].value not in ("-", ""):
        return use.reader.nested(words[0], EMPTY)
    return EMPTY


_INTERPRETERS = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)(.*)")


def run_file(use: Use, path: Text, arguments: list[Text], *, sourced: bool = False, shell: bool = True) -> Text:
    """A file is run: what the text itself wrote there, or what lies there."""
    if path.value in ("/dev/stdin", "-", "/proc/self/fd/0", "/dev/fd/0"):
        return from_input(use)
    if not path.known:
        use.opaque("unresolved", "runs a file whose name nobody can know beforehand")
        return ANYTHING
    content = use.reader.state.files.get(files.place_in_memory(use.reader, path.value))
    if content is not None:
        return _run_content(use, path, content, arguments)
    known = info(canonical(path.value, use.reader.state.cwd, use.reader.state.home))
    if known.path in _BINSTUBS:
        return use.run([Text(known.path.removeprefix("bin/")), *arguments])
    if unpacked_from_elsewhere(use):
        use.opaque("remote", f"runs {known.path}, which may be what was fetched before")
        return ANYTHING
    if known.where == "scratch" or known.path.startswith("/proc/") or known.where == "device":
        use.opaque("unresolved", f"runs {known.path}, which anybody may have written")
    elif sourced and "credential" in known.classes:
        use.read(path)
    elif not effect_of_task(use, known.path.rpartition("/")[2].partition(".")[0], [word.value for word in arguments]):
        place = known.where if known.where in ("project", "generated") else "outside"
        use.add("run-code", known.path, place)
    return use.output(*arguments)


_BINSTUBS = frozenset(("bin/rails", "bin/rake", "bin/bundle", "bin/rspec", "bin/rubocop"))
"""The project's own copies of programs that are described."""


def unpacked_from_elsewhere(use: Use) -> bool:
    """Whether the same text has fetched something into files whose names nobody knows."""
    return any(UNKNOWN in name and NETWORK in content.marks for name, content in use.reader.state.files.items())


def _run_content(use: Use, path: Text, content: Text, arguments: list[Text]) -> Text:
    reason = files.is_code_unknown(content)
    if reason:
        use.opaque(reason, f"runs {path.value}, which the same command has written")
        return ANYTHING
    found = _INTERPRETERS.match(content.value)
    if found and not re.search(r"sh$", found[1]):
        return use.run([Text(found[1]), Text("-")], content)
    return _with_positional(use, content, arguments)


def anything_interactive(use: Use) -> Text:
    return anything(STDIN)


PROGRAMS = {
    "bash": bash,
    "fish": bash,
    "csh": bash,
    "tcsh": bash,
    "nu": bash,
    "eval": evaluate,
    "source": source,
    ".": source,
    "trap": trap,
}
