"""Editors that run from a command line: what their scripts execute, read and write."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

_SED_EXECUTE = re.compile(r"(?:^|[;{}\n]|(?<=[\d$/!]))\s*e(?:\s+([^\n;}]+)|\s*(?=$|[;}\n]))")
_SED_WRITE = re.compile(r"(?:^|[;{}\n]|(?<=[\d$/!]))\s*[wW]\s+([^\n;}]+)")
_SED_READ = re.compile(r"(?:^|[;{}\n]|(?<=[\d$/!]))\s*[rR]\s+([^\n;}]+)")


def sed(use: Use) -> Text:
    parsed = use.parse(values="-e -f -l --expression --file --line-length", optional="-i -E_ --in-place")
    if use.arguments and any(
        word.value.startswith("-i") or word.value.startswith("--in-place") or re.match(r"-[nErsuz]+i", word.value)
        for word in use.arguments
    ):
        in_place = True
    else:
        in_place = False
    if parsed.asks_for_help:
        return EMPTY
    operands = list(parsed.operands)
    scripts = parsed.values("-e", "--expression")
    for path in parsed.values("-f", "--file"):
        use.read(path)
    if not scripts and not parsed.has("-f", "--file") and operands:
        if operands[0].value == "" and in_place:  # BSD: -i ''
            operands.pop(0)
        scripts = operands[:1]
        operands = operands[1:]
    text = joined([use.read(path) for path in operands]) if operands else use.stdin
    for script in scripts:
        _sed_script(use, script, text)
    if in_place:
        for path in operands:
            use.write(path)
        return EMPTY
    return _sed_output(scripts, text)


def _sed_output(scripts: list[Text], text: Text) -> Text:
    """A single plain substitution in a known text is computed: it can build a command's name."""
    if len(scripts) == 1 and text.known and text.value:
        found = re.fullmatch(r"s([^\w\s\\])((?:(?!\1).)*)\1((?:(?!\1).)*)\1([g]?)", scripts[0].value)
        if found and re.fullmatch(r"[\w\s./^$-]*", found[2]) and "\\" not in found[3] and "&" not in found[3]:
            new = found[3]
            value = re.sub(found[2], lambda _: new, text.value, count=0 if found[4] else 1)
            return Text(value, marks=text.marks)
    return anything(*text.marks)


def _sed_script(use: Use, script: Text, text: Text) -> None:
    commands, flags = _without_arguments(script.value)
    for found in _SED_EXECUTE.finditer(commands):
        if found[1]:
            use.shell(Text(found[1], marks=script.marks))
        else:
            use.opaque("unresolved", "the e command runs what it reads")
    for flag, replacement in flags:
        if "e" in flag.partition("w")[0]:
            use.shell(Text(replacement, marks=script.marks)) if replacement else use.opaque(
                "unresolved", "the e flag runs what it makes"
            )
        if "w" in flag:
            use.write(Text(flag.partition("w")[2].strip(), marks=script.marks), text)
    for found in _SED_WRITE.finditer(commands):
        use.write(Text(found[1].strip(), marks=script.marks), text)
    for found in _SED_READ.finditer(commands):
        use.read(Text(found[1].strip(), marks=script.marks))


def _without_arguments(script: str) -> tuple[str, list[tuple[str, str]]]:
    """The script without its `s` and `y` commands and addresses, and each substitution's flags and replacement."""
    flags: list[tuple[str, str]] = []
    rest: list[str] = []
    place = 0
    start_of_command = True
    while place < len(script):
        letter = script[place]
        if (
            start_of_command
            and letter in "sy"
            and place + 1 < len(script)
            and not script[place + 1].isalnum()
            and script[place + 1] not in " \n;\\"
        ):
            place, replacement = _substitution(script, place + 1)
            end = re.compile(r"[^;\n}]*").match(script, place)
            flag = end[0] if end else ""
            if letter == "s":
                flags.append((flag, replacement))
            place += len(flag)
            continue
        if start_of_command and letter in "erRwW" and script[place + 1 : place + 2] in (" ", "\t"):
            end_of_line = script.find("\n", place)
            end_of_line = len(script) if end_of_line < 0 else end_of_line
            rest.append("\n" + script[place:end_of_line])
            place = end_of_line
            continue
        if start_of_command and letter in "/\\":
            delimiter = "/" if letter == "/" else script[place + 1 : place + 2]
            place += 1 if letter == "/" else 2
            while place < len(script) and script[place] != delimiter:
                place += 2 if script[place] == "\\" else 1
            place += 1
            continue
        if start_of_command and letter in "aic" and script[place + 1 : place + 2] in ("\\", " ", ""):
            end_of_text = re.compile(r"(?:[^\n\\]|\\.|\\\n)*", re.S).match(script, place)
            place += len(end_of_text[0]) if end_of_text else 1
            continue
        rest.append(letter)
        start_of_command = letter in " ;{}\n!,$0123456789+~I"
        place += 1
    return "".join(rest), flags


def _substitution(script: str, place: int) -> tuple[int, str]:
    delimiter = script[place]
    parts: list[str] = []
    place += 1
    for _ in range(2):
        start = place
        while place < len(script) and script[place] != delimiter:
            place += 2 if script[place] == "\\" else 1
        parts.append(script[start:place])
        place += 1
    return min(place, len(script)), parts[1] if len(parts) > 1 else ""


# --- awk ---------------------------------------------------------------------------

_STRING = r'"((?:[^"\\]|\\.)*)"'
_AWK_SYSTEM = re.compile(r"\bsystem\s*\(\s*([^)]*)\)?")
_AWK_PIPE_OUT = re.compile(r"\|\s*&?\s*(" + _STRING + r"|[\w$]+)")
_AWK_PIPE_IN = re.compile(r"(" + _STRING + r"|[\w$]+)\s*\|\s*&?\s*getline")
_AWK_TO_FILE = re.compile(r"print[^;{}\n]*?>>?\s*(?:" + _STRING + r"|([\w$.]+))")
_AWK_FROM_FILE = re.compile(r"getline[^;<]*<\s*" + _STRING)


def awk(use: Use) -> Text:
    parsed = use.parse(
        values="-f -F -v -e -i -l -E -W --file --field-separator --assign --source --include --load --exec", first=False
    )
    if parsed.asks_for_help:
        return EMPTY
    for path in parsed.values("-f", "--file", "-i", "--include", "-E", "--exec"):
        if path.value not in ("inplace",):
            use.read(path)
            if path.value in ("-", "/dev/stdin"):
                use.opaque("unresolved", "its program arrives on its input")
    operands = list(parsed.operands)
    sources = parsed.values("-e", "--source")
    if not sources and not parsed.has("-f", "--file", "-E", "--exec"):
        sources, operands = operands[:1], operands[1:]
    paths = [path for path in operands if "=" not in path.value]
    text = joined([use.read(path) for path in paths]) if paths else use.stdin
    for source in sources:
        _awk_program(use, source, text)
    if any(value.value == "inplace" for value in parsed.values("-i", "--include")):
        for path in paths:
            use.write(path)
    return anything(*text.marks)


def _awk_program(use: Use, source: Text, text: Text) -> None:
    code = source.value
    for found in _AWK_SYSTEM.finditer(code):
        _awk_command(use, found[1], source)
    for found in _AWK_PIPE_IN.finditer(code):
        _awk_command(use, found[1], source)
    for found in _AWK_PIPE_OUT.finditer(re.sub(r"\|\|", "  ", code)):
        if not found[1].startswith("getline"):
            _awk_command(use, found[1], source, piped=True)
    for found in _AWK_TO_FILE.finditer(re.sub(r'"(?:[^"\\]|\\.)*"(?!\s*[;}\n]|\s*$)', '""', code) if False else code):
        if found[1] is not None:
            if found[1].startswith("/inet"):
                use.opaque("remote", "talks to a host")
            use.write(Text(found[1], marks=source.marks), text)
    for found in _AWK_FROM_FILE.finditer(code):
        use.read(Text(found[1], marks=source.marks))
    if "/inet/" in code:
        use.opaque("remote", "talks to a host by itself")
    if re.search(r"\bENVIRON\b\s*(?!\[)", code) and re.search(r"in\s+ENVIRON", code):
        use.add("credential", "all environment variables", "", "read")
    if re.search(r"@load|extension\s*\(", code):
        use.opaque("unresolved", "loads a library")
    if not source.known and source.value.startswith(UNKNOWN):
        use.opaque("unresolved", "its program is not known")


def _awk_command(use: Use, expression: str, source: Text, *, piped: bool = False) -> None:
    parts = re.findall(_STRING + r"|([\w$]+(?:\[[^\]]*\])?)", expression)
    if not parts:
        return
    if not any(text for text, _ in parts):
        if piped and parts[0][1] in ("getline",):
            return
        use.opaque("unresolved", "runs a command that it makes")
        return
    text = "".join(_unquoted(string) if string or not name else UNKNOWN for string, name in parts)
    use.shell(Text(text, marks=source.marks | {"path:."}), anything(STDIN) if piped else EMPTY)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


# --- vim, ed, emacs ---------------------------------------------------------------------------

_VIM_SHELL = re.compile(
    r"^[:%\d,$.]*\s*(?:sil(?:ent)?!?\s+|exe(?:cute)?\s+['\"])*(?:!|r(?:ead)?\s*!|w(?:rite)?\s+!"
    r"|term(?:inal)?\s+)\s*(.+)",
    re.S,
)
_VIM_CODE = re.compile(r"^[:\s]*(?:py3?|python3?|pyx|lua|ruby|rub|perl|tcl)\s+(.*)", re.S)


def vim(use: Use) -> Text:
    arguments: list[Text] = []
    commands: list[Text] = []
    pending = list(use.arguments)
    while pending:
        word = pending.pop(0)
        if word.value in ("-c", "--cmd", "-S", "-s", "-u", "-U", "-W", "-w", "-i", "-T", "-t", "-q") and pending:
            value = pending.pop(0)
            if word.value in ("-c", "--cmd"):
                commands.append(value)
            elif word.value in ("-S", "-s", "-u") and value.value not in ("NONE", "NORC"):
                use.add("run-code", value.value, "project", "editor script")
        elif word.value.startswith("+") and len(word.value) > 1:
            commands.append(Text(word.value[1:], marks=word.marks))
        elif word.value in ("--help", "--version", "-h"):
            return EMPTY
        elif not word.value.startswith("-"):
            arguments.append(word)
    for path in arguments:
        use.read(path)
        if use.name not in ("view", "rview"):
            use.write(path)
    for command in commands:
        for part in (
            re.split(r"(?<!\|)\|(?!\|)", command.value) if not _VIM_SHELL.match(command.value) else [command.value]
        ):
            _vim_command(use, Text(part.strip(), marks=command.marks))
    return anything()


def _vim_command(use: Use, command: Text) -> None:
    if found := _VIM_SHELL.match(command.value):
        use.shell(Text(found[1].rstrip("'\""), marks=command.marks))
    elif found := _VIM_CODE.match(command.value):
        _other_language(use, Text(found[1], marks=command.marks))
    elif re.match(r":?\s*(?:sh(?:ell)?|term(?:inal)?)\b|.*\bset\s+shell=", command.value):
        use.add("security-config", "a shell inside an editor", "", "privileges")
    elif re.search(r"\bsystem(?:list)?\s*\(|\blibcall|jobstart|term_start|\bos\.execute", command.value):
        found = re.search(r"\(\s*['\"]([^'\"]*)", command.value)
        use.shell(Text(found[1])) if found else use.opaque("unresolved", "runs a command that it makes")
    elif found := re.match(r":?\s*(?:w(?:rite)?|sav(?:eas)?|wq|x)!?\s+(?!!)(\S+)", command.value):
        use.write(Text(found[1], marks=command.marks))
    elif found := re.match(r":?\s*(?:e(?:dit)?|r(?:ead)?|sp(?:lit)?|vs(?:plit)?|tabe)!?\s+(?!!)(\S+)", command.value):
        use.read(Text(found[1], marks=command.marks))
    elif re.match(r":?\s*so(?:urce)?!?\s+\S", command.value):
        use.add("run-code", command.value, "project", "editor script")
    elif re.search(r"\bdelete\s*\(", command.value):
        use.add("delete", command.value, "unresolved")


def _other_language(use: Use, code: Text) -> None:
    from maestro.policy.shell.programs.interpreters import python_code

    python_code(use, code)


def ed(use: Use) -> Text:
    parsed = use.parse(values="-p")
    for path in parsed.operands:
        if path.value.startswith("!"):
            use.shell(Text(path.value[1:], marks=path.marks))
        else:
            use.read(path)
            use.write(path)
    for line in use.stdin.value.splitlines() if use.stdin.known else []:
        if found := re.match(r"[\d,$.%]*(?:[rwe]\s*)?!(.+)", line):
            use.shell(Text(found[1]))
    return anything()


def emacs(use: Use) -> Text:
    pending = list(use.arguments)
    while pending:
        word = pending.pop(0)
        name, equals, value = word.value.partition("=")
        if name in ("--eval", "-eval", "--execute", "-e"):
            code = Text(value, marks=word.marks) if equals else (pending.pop(0) if pending else EMPTY)
            _lisp(use, code)
        elif name in ("-l", "--load", "--script", "-script", "-x") and pending:
            use.run([Text("emacs-script"), pending.pop(0)])
        elif name in ("-f", "--funcall") and pending:
            pending.pop(0)
        elif not name.startswith("-"):
            use.read(word)
            use.write(word)
    return anything()


def _lisp(use: Use, code: Text) -> None:
    found = re.search(
        r"(?:shell-command(?:-to-string)?|call-process-shell-command"
        r"|start-process-shell-command)\s+\"((?:[^\"\\]|\\.)*)\"",
        code.value,
    )
    if found:
        use.shell(Text(_unquoted(found[1]), marks=code.marks))
    elif re.search(
        r"shell-command|call-process|start-process|make-process|\(term|\(ansi-term|\(shell|\(eshell", code.value
    ):
        use.opaque("unresolved", "runs a command that it makes")
    elif re.search(r"delete-file|delete-directory", code.value):
        use.add("delete", code.value, "unresolved")


def editor(use: Use) -> Text:
    """nano, code and others: a person's tool; it opens the file for writing."""
    parsed = use.parse(
        values="""
            -T -Y -o -r -s -x -g --goto --locale --user-data-dir --extensions-dir --install-extension
            --uninstall-extension --folder-uri --profile
            """
    )
    if parsed.asks_for_help or parsed.has("-v", "--list-extensions", "--status"):
        return EMPTY
    if parsed.has("--install-extension"):
        use.add("dependency", parsed.value("--install-extension").value, "system", "editor extension")
    if use.name == "nano" and parsed.has("-s"):
        use.shell(parsed.value("-s"))
    for path in parsed.operands:
        use.write(path)
    return EMPTY


PROGRAMS = {
    "sed": sed,
    "gsed": sed,
    "ssed": sed,
    "awk": awk,
    "gawk": awk,
    "mawk": awk,
    "nawk": awk,
    **dict.fromkeys("vim vi nvim view rvim rview vimdiff gvim ex vim.tiny vim.basic".split(), vim),
    "ed": ed,
    "red": ed,
    "emacs": emacs,
    "emacsclient": emacs,
    **dict.fromkeys(
        """
            nano pico code code-insiders cursor subl micro hx helix kak joe mcedit gedit kate zed windsurf atom
            mg rnano idea pycharm webstorm goland
            """.split(),
        editor,
    ),
}
