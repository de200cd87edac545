"""What the shell itself does: folders, variables, history, tests."""

from __future__ import annotations

from maestro.policy.shell.state import moved
from maestro.policy.shell.text import ANYTHING, EMPTY, ENVIRONMENT, STDIN, Text, anything, joined
from maestro.policy.shell.use import Use


def nothing(use: Use) -> Text:
    return EMPTY


def cd(use: Use) -> Text:
    words = [word for word in use.arguments if word.value not in ("-P", "-L", "-e", "-@", "--")]
    moved(use.reader.state, words[0] if words else Text(use.reader.state.home), use.reader.conditions.depth == 0)
    return EMPTY


def popd(use: Use) -> Text:
    moved(use.reader.state, ANYTHING, True)
    return EMPTY


def pwd(use: Use) -> Text:
    return Text(use.reader.state.cwd, marks=frozenset({f"path:{use.reader.state.cwd}"}))


def alias(use: Use) -> Text:
    for word in use.arguments:
        name, equals, value = word.value.partition("=")
        if equals and word.known:
            use.reader.state.aliases[name] = value
        elif equals:
            use.opaque("unresolved", "an alias for what nobody can know beforehand")
    return EMPTY


def read(use: Use) -> Text:
    parsed = use.parse(values="-d -i -n -N -p -t -u -a")
    names = parsed.operands + parsed.values("-a")
    line = use.stdin
    single = line.known and line.value.rstrip("\n").count("\n") == 0
    words = line.value.strip().split(None, max(len(names) - 1, 0)) if single and line.value else []
    for number, name in enumerate(names or [Text("REPLY")]):
        if words:
            value = Text(words[number] if number < len(words) else "", marks=line.marks)
        else:
            value = anything(*line.marks)
        if name.value.isidentifier():
            use.reader.state.variables[name.value] = [value]
    return EMPTY


def mapfile(use: Use) -> Text:
    parsed = use.parse(values="-d -n -O -s -u -C -c")
    for callback in parsed.values("-C"):
        use.shell(callback)
    lines = use.stdin.value.splitlines() if use.stdin.known else []
    name = parsed.operands[0].value if parsed.operands else "MAPFILE"
    use.reader.state.variables[name] = [Text(line, marks=use.stdin.marks) for line in lines] or [
        anything(*use.stdin.marks)
    ]
    return EMPTY


def export(use: Use) -> Text:
    """Reached only where the word itself was built: `"export" x=y`, `command export`."""
    from maestro.policy.shell.declare import observe

    for word in use.arguments:
        name, equals, value = word.value.partition("=")
        if equals:
            use.reader.assign(name, [Text(value, marks=word.marks)])
            observe(use.reader, name, Text(value, marks=word.marks), exported=True)
    return EMPTY


def unset(use: Use) -> Text:
    for word in use.arguments:
        use.reader.state.variables.pop(word.value, None)
        use.reader.state.functions.pop(word.value, None)
        if word.value in ("HISTFILE", "HISTSIZE", "PROMPT_COMMAND"):
            use.add("security-config", word.value, "", "audit")
    return EMPTY


def set_options(use: Use) -> Text:
    words = [word.value for word in use.arguments]
    if not words:
        return anything(ENVIRONMENT)
    if "history" in words and "+o" in words:
        use.add("security-config", "shell history", "", "audit")
    if "--" in words:
        use.reader.state.positional = use.arguments[words.index("--") + 1 :]
    elif not words[0].startswith(("-", "+")):
        use.reader.state.positional = use.arguments
    return EMPTY


def history(use: Use) -> Text:
    parsed = use.parse(values="-d -s -p", known="-c -w -r -a -n")
    if parsed.has("-c", "-w", "-d", "-r"):
        use.add("security-config", "shell history", "", "audit")
    return anything()


def fc(use: Use) -> Text:
    if not use.parse(values="-e").has("-l"):
        use.opaque("unresolved", "runs earlier commands again")
    return anything()


def test(use: Use) -> Text:
    return EMPTY


def enable(use: Use) -> Text:
    if use.parse(values="-f").has("-f"):
        use.opaque("unresolved", "loads a library into the shell")
    return EMPTY


def complete(use: Use) -> Text:
    for value in use.parse(values="-C -F -A -G -W -P -S -X -o").values("-C"):
        use.shell(value)
    return EMPTY


def bind(use: Use) -> Text:
    if use.parse(values="-x -f -m -q -u -r").has("-x"):
        use.opaque("unresolved", "binds a key to a command")
    return EMPTY


def builtin(use: Use) -> Text:
    return use.run(use.arguments)


def command(use: Use) -> Text:
    arguments = list(use.arguments)
    while arguments and arguments[0].value.startswith("-") and len(arguments[0].value) > 1:
        option = arguments.pop(0).value
        if "v" in option or "V" in option:
            return joined(arguments[:1], " ")
        if option == "--":
            break
    return use.run(arguments) if arguments else EMPTY


def which(use: Use) -> Text:
    words = [word for word in use.arguments if not word.value.startswith("-")]
    return Text(words[0].value, marks=words[0].marks) if len(words) == 1 else anything()


def execute(use: Use) -> Text:
    parsed = use.parse(values="-a", first=True)
    if use.flow.hosts and not parsed.operands:
        use.opaque("remote", "the shell's own input and output become a connection")
    return use.run(parsed.operands) if parsed.operands else EMPTY


def stdin_of_terminal(use: Use) -> Text:
    return anything(STDIN)


def remember(use: Use) -> Text:
    """`hash -p`: a name for another program."""
    if use.parse(values="-p").has("-p"):
        use.opaque("unresolved", "a name is given to another program")
    return EMPTY


_NOTHING = """
    : true false exit return break continue shift wait jobs bg fg disown ulimit umask shopt type times \
    caller suspend logout dirs help compgen compopt let getopts sleep usleep unalias getopt clear reset \
    tput stty tty bell cls [
    """

PROGRAMS = {
    **dict.fromkeys(_NOTHING.split(), nothing),
    "cd": cd,
    "pushd": cd,
    "chdir": cd,
    "popd": popd,
    "pwd": pwd,
    "alias": alias,
    "read": read,
    "mapfile": mapfile,
    "readarray": mapfile,
    "export": export,
    "declare": export,
    "local": export,
    "readonly": export,
    "typeset": export,
    "setenv": export,
    "unset": unset,
    "set": set_options,
    "history": history,
    "fc": fc,
    "test": test,
    "enable": enable,
    "complete": complete,
    "bind": bind,
    "builtin": builtin,
    "command": command,
    "which": which,
    "whence": which,
    "where": which,
    "exec": execute,
    "hash": remember,
}
