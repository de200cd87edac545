"""Programs that run another one: as somebody else, later, elsewhere, often, with time measured."""

from __future__ import annotations

import re
import shlex

from maestro.policy.shell import special_names
from maestro.policy.shell.declare import observe
from maestro.policy.shell.text import EMPTY, ENVIRONMENT, NETWORK, STDIN, UNKNOWN, Text, anything, joined
from maestro.policy.shell.use import Use

# How many operands stand before the command, and which options take a value.
_WRAPPERS: dict[str, tuple[int, str]] = {
    "nice": (0, "-n --adjustment"),
    "ionice": (0, "-c -n -p -P -u --class --classdata"),
    "chrt": (1, "-T -P -D"),
    "taskset": (1, ""),
    "numactl": (0, "-N -m -C -i -p"),
    "nohup": (0, ""),
    "setsid": (0, ""),
    "timeout": (1, "-k -s --kill-after --signal"),
    "gtimeout": (1, "-k -s --kill-after --signal"),
    "stdbuf": (0, "-i -o -e --input --output --error"),
    "unbuffer": (0, ""),
    "time": (0, "-f -o --format --output"),
    "gtime": (0, "-f -o --format --output"),
    "caffeinate": (0, "-t -w"),
    "catchsegv": (0, ""),
    "strace": (0, "-e -o -p -s -E -u -a -O -S -P -b -I -X --trace"),
    "ltrace": (0, "-e -o -p -s -u -l -n -a -F"),
    "valgrind": (0, ""),
    "rr": (0, ""),
    "heaptrack": (0, "-o"),
    "catatonit": (0, ""),
    "lvm": (0, ""),
    "tini": (0, "-p"),
    "dumb-init": (0, ""),
    "fakeroot": (0, "-l -s -i -u -b"),
    "faketime": (1, "-p -x"),
    "proxychains": (0, "-f"),
    "proxychains4": (0, "-f"),
    "torsocks": (0, "-u -p -a -P"),
    "torify": (0, ""),
    "tsocks": (0, ""),
    "firejail": (0, ""),
    "bwrap": (0, "--bind --ro-bind"),
    "cpulimit": (0, "-l -p -e -P"),
    "prlimit": (0, "-p --pid"),
    "setarch": (1, ""),
    "linux32": (0, ""),
    "linux64": (0, ""),
    "arch": (0, ""),
    "xvfb-run": (0, "-e -f -n -p -s -w --server-args --server-num --error-file --auth-file --xauth-protocol"),
    "dbus-run-session": (0, "--config-file --dbus-daemon"),
    "dbus-launch": (0, ""),
    "ssh-agent": (0, "-a -t -E"),
    "chronic": (0, ""),
    "ts": (0, ""),
    "softlimit": (0, "-m -d -a"),
    "busybox": (0, ""),
    "toybox": (0, ""),
    "winpty": (0, ""),
    "wsl": (0, "-d -u -e"),
    "gosu": (1, ""),
    "su-exec": (1, ""),
    "setpriv": (0, "--reuid --regid --groups --inh-caps --bounding-set --securebits"),
    "chpst": (0, "-u -U -b -e -n -l -L -m -d -o -p -f -c"),
    "cgexec": (0, "-g"),
    "nocache": (0, ""),
    "eatmydata": (0, ""),
    "ccache": (0, ""),
    "sccache": (0, ""),
    "distcc": (0, ""),
    "noglob": (0, ""),
    "nocorrect": (0, ""),
    "-": (0, ""),
    "rlwrap": (0, "-f -H -p -l -b -q -S -t -D"),
    "dotenv": (0, "-f -e"),
    "cross-env": (0, ""),
    "env-cmd": (0, "-f -e --file --environments"),
    "retry": (0, "-t -d -m --times --delay"),
    "systemd-cat": (0, "-t -p"),
    "systemd-inhibit": (0, ""),
    "run-one": (0, ""),
    "logsave": (1, ""),
    "pkexec": (0, "--user"),
    "dzdo": (0, "-u -g"),
    "calife": (1, ""),
    "aa-exec": (0, "-p -n"),
    "runcon": (0, "-t -u -r -l"),
    "sg": (1, ""),
    "multitime": (0, "-n -i -o -r"),
    "sem": (0, "-j --id"),
    "with-contenv": (0, ""),
    "envdir": (1, ""),
}


def wrapper(use: Use) -> Text:
    before, values = _WRAPPERS.get(use.name, (0, ""))
    parsed = use.parse(values=values, first=True)
    if parsed.asks_for_help and not parsed.operands:
        return use.output()
    for option in ("-o", "--output"):
        for value in parsed.values(option) if use.name in ("time", "gtime", "strace", "ltrace") else []:
            use.write(value)
    rest = parsed.operands
    if rest and rest[0].value == "--":
        rest = rest[1:]
    rest = rest[before:]
    if rest and rest[0].value == "--":
        rest = rest[1:]
    return use.run(_without_assignments(use, rest)) if rest else use.output()


def _without_assignments(use: Use, words: list[Text]) -> list[Text]:
    """`NAME=value` before the command, as env takes them."""
    rest = list(words)
    while rest and re.match(r"[A-Za-z_]\w*=", rest[0].value):
        word = rest.pop(0)
        name, _, value = word.value.partition("=")
        observe(use.reader, name, Text(value, marks=word.marks), exported=True)
    return rest


_ENV_VALUES = "-u --unset -C --chdir -S --split-string -P"


def env(use: Use) -> Text:
    parsed = use.parse(values=_ENV_VALUES, first=True)
    if parsed.asks_for_help:
        return use.output()
    words = parsed.operands
    for value in parsed.values("-S", "--split-string"):
        words = [*(Text(word, marks=value.marks) for word in _split(value.value)), *words]
    for folder in parsed.values("-C", "--chdir"):
        words = _in_folder(use, folder, words)
    rest = _without_assignments(
        use,
        [word for word in words if word.value not in ("-", "--")] if words and words[0].value in ("-", "--") else words,
    )
    if rest:
        return use.run(rest)
    return anything(ENVIRONMENT) if not parsed.has("-i", "--ignore-environment") else EMPTY


def _in_folder(use: Use, folder: Text, words: list[Text]) -> list[Text]:
    from maestro.policy.shell.state import moved

    moved(use.reader.state, folder, True)
    return words


def _split(text: str) -> list[str]:
    text = re.sub(r"\\[_c]", " ", text)
    try:
        return shlex.split(text)
    except ValueError:
        return [UNKNOWN]


def printenv(use: Use) -> Text:
    from maestro.policy.shell.state import is_secret_name

    names = [word.value for word in use.arguments if not word.value.startswith("-")]
    if not names:
        return anything(ENVIRONMENT)
    if any(is_secret_name(name) for name in names):
        use.add("credential", " ".join(names), "", "read")
        return anything("secret")
    return joined((joined(use.reader.variable(name) or [anything()]) for name in names), "\n")


_SUDO_VALUES = """
    -u -g -h -p -r -t -C -T -U -D -R --user --group --host --prompt --role --type --close-from --command-timeout
    --other-user --chdir --chroot
    """


def sudo(use: Use) -> Text:
    parsed = use.parse(values=_SUDO_VALUES, first=True)
    if parsed.asks_for_help or (
        parsed.has("-V", "-l", "--list", "-v", "-k", "-K", "--version", "--validate") and not parsed.operands
    ):
        return use.output()
    if parsed.has("-e", "--edit"):
        for path in parsed.operands:
            use.write(path)
        return EMPTY
    for folder in parsed.values("-D", "--chdir"):
        _in_folder(use, folder, [])
    rest = _without_assignments(use, parsed.operands)
    if rest:
        return use.run(rest)
    if parsed.has("-i", "-s", "--login", "--shell"):
        if STDIN in use.stdin.marks:
            return use.run([Text("bash")])
        use.add("security-config", "a shell as root", "", "privileges")
    return use.output()


def su(use: Use) -> Text:
    arguments = [word for word in use.arguments if word.value != "-"]
    use.arguments = arguments
    parsed = use.parse(values="-c --command -s --shell -g -G -w --group")
    commands = parsed.values("-c", "--command")
    for command in commands:
        use.shell(command)
    if not commands:
        use.add("security-config", "a shell as " + (" ".join(parsed.words()) or "root"), "", "privileges")
        if STDIN in use.stdin.marks:
            use.run([Text("bash")])
    return use.output()


_XARGS_VALUES = (
    "-a -d -E -I -L -n -P -s -R -J -S --arg-file --delimiter --max-args --max-procs --max-chars --process-slot-var"
)


def xargs(use: Use) -> Text:
    parsed = use.parse(values=_XARGS_VALUES, optional="-i -e -l", first=True)
    if parsed.asks_for_help:
        return use.output()
    for path in parsed.values("-a", "--arg-file"):
        use.stdin = use.read(path).having(STDIN)
    replaced = parsed.value("-I", "-J").value or next(
        (value.value or "{}" for value in parsed.values("-i", "--replace")), ""
    )
    if not parsed.operands:
        return use.output()
    items = _items(use.stdin, parsed.has("-0", "--null"), bool(replaced))
    outputs = []
    for item in items:
        if replaced and not item.known:
            use.reader.state.variables[_ITEM] = [item]
        if replaced:
            command = [_replaced(word, replaced, item) if replaced in word.value else word for word in parsed.operands]
        else:
            command = [*parsed.operands, item]
        outputs.append(use.run(command, anything()))
    return joined(outputs)


_ITEM = "maestro_item"
_CODE = re.compile(r"[\s;&|]")


def _replaced(word: Text, replaced: str, item: Text) -> Text:
    """An item that nobody knows stands in shell code as a variable, so that what is known of it is not lost."""
    if not item.known and _CODE.search(word.value):
        return Text(word.value.replace(replaced, f"${{{_ITEM}}}"), word.glob, word.marks | (item.marks & {"network"}))
    return Text(word.value.replace(replaced, item.value), word.glob, word.marks | item.marks)


def _items(stdin: Text, zero: bool, by_line: bool) -> list[Text]:
    """What xargs is given: one word for each where all are known, else one that may be anything."""
    if not stdin.known or not stdin.value.strip():
        if special_names.from_pipe(stdin):
            return [anything(*stdin.marks)]
        return [anything(*stdin.marks)] if NETWORK in stdin.marks else [anything(*stdin.marks, "path:.")]
    parts = stdin.value.split("\0") if zero else stdin.value.splitlines() if by_line else stdin.value.split()
    items = [Text(part.strip(), marks=stdin.marks) for part in parts if part.strip()]
    return _bounded(items, stdin) or [anything(*stdin.marks)]


def _bounded(items: list[Text], stdin: Text) -> list[Text]:
    """Each of a few; what comes after them may be anything."""
    return items if len(items) <= _MOST_ITEMS else [*items[:_MOST_ITEMS], anything(*stdin.marks)]


_MOST_ITEMS = 16


def parallel(use: Use) -> Text:
    values = """
        -j --jobs -S --sshlogin -I --joblog --results --delay --timeout --retries -n -N -L -a --arg-file
        --colsep -d --tmpdir --workdir --wd --env --basefile --return --slf --sshloginfile --tagstring --memfree
        --load --halt
        """
    parsed = use.parse(values=values, first=True)
    if parsed.asks_for_help:
        return use.output()
    words = parsed.operands
    command: list[Text] = []
    items: list[Text] = []
    current = command
    for word in words:
        if word.value in (":::", ":::+", "::::"):
            current = items
        else:
            current.append(word)
    if not command:
        for item in items or [anything(*use.stdin.marks)]:
            use.shell(item)
        return use.output()
    return joined([_one_of_many(use, command, item) for item in _inputs_of(use, items)])


def _inputs_of(use: Use, items: list[Text]) -> list[Text]:
    if not items and use.stdin.known and use.stdin.value.strip():
        items = [Text(line, marks=use.stdin.marks) for line in use.stdin.value.splitlines() if line.strip()]
    return _bounded(items, use.stdin) or [anything(*use.stdin.marks, "path:.")]


_PLACE = re.compile(r"\{\d*[.#/%]*\}")


def _one_of_many(use: Use, command: list[Text], item: Text) -> Text:
    """parallel joins the words and gives them to a shell; what they are without that is followed too."""
    if not any(_PLACE.search(word.value) for word in command):
        command = [*command, item]
    words = [
        Text(_PLACE.sub(item.value.replace("\\", r"\\"), word.value), word.glob, word.marks | item.marks)
        if _PLACE.search(word.value)
        else word
        for word in command
    ]
    if item.known:
        use.shell(joined(words, " "), anything())
    return use.run(words, anything())


PROGRAMS = {
    **dict.fromkeys(_WRAPPERS, wrapper),
    "env": env,
    "genv": env,
    "printenv": printenv,
    "sudo": sudo,
    "doas": sudo,
    "su": su,
    "runuser": su,
    "xargs": xargs,
    "parallel": parallel,
    "rush": parallel,
}


def direnv(use: Use) -> Text:
    return use.run(use.arguments[2:])


def look_up_guards(use: Use) -> Text:
    use.reader.found.guards_looked_up = True
    use.add("read", " ".join([use.name, *use.parsed.words()]))
    return use.output()


def kill(use: Use) -> Text:
    """A number that was looked up by a guard's name is the guard."""
    looked_up = use.reader.found.guards_looked_up and any(not word.known for word in [*use.arguments, use.stdin])
    use.add("guard" if looked_up else "service", "kill", "", "service" if looked_up else "process")
    return EMPTY


ACTIONS = {
    "@kill": kill,
    "@look-up-guards": look_up_guards,
    "@wraps": wrapper,
    "@env": env,
    "@direnv-exec": direnv,
}
