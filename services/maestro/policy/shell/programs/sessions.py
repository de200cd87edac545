"""Programs that run a command in a terminal, at a time, in other namespaces, or under a debugger."""

from __future__ import annotations

import re

from maestro.policy.shell.text import EMPTY, UNKNOWN, Text, joined
from maestro.policy.shell.use import Use

# How many operands stand before the command, and which options take a value.


def watch(use: Use) -> Text:
    parsed = use.parse(values="-n --interval -d -q --equexit", first=True)
    if parsed.has("-x", "--exec"):
        return use.run(parsed.operands)
    return use.shell(joined(parsed.operands, " ")) if parsed.operands else use.output()


def flock(use: Use) -> Text:
    parsed = use.parse(values="-w --timeout --wait -E --conflict-exit-code -c --command", first=True)
    for text in parsed.values("-c", "--command"):
        use.shell(text)
    rest = parsed.operands[1:]
    if rest and rest[0].value in ("-c", "--command"):
        return use.shell(joined(rest[1:2]))
    return use.run(rest) if rest else EMPTY


def script(use: Use) -> Text:
    parsed = use.parse(values="-c --command -t -T -I -O -B -o -E -m")
    for text in parsed.values("-c", "--command"):
        use.shell(text)
    for path in parsed.operands[:1]:
        use.write(path)
    if len(parsed.operands) > 1:
        use.run(parsed.operands[1:])
    return use.output()


def ld_so(use: Use) -> Text:
    parsed = use.parse(values="--library-path --preload --argv0 --audit", first=True)
    return use.run(parsed.operands) if parsed.operands else EMPTY


def debugger(use: Use) -> Text:
    """gdb, lldb: what they are told to do, and the program they start."""
    parsed = use.parse(
        values="""
            -ex -ix -iex -x -p -c -o -O -S -s -eval-command --eval-command --pid --core --command --one-line
            --source
            """,
        single=True,
    )
    for text in parsed.values("-ex", "-iex", "-eval-command", "--eval-command", "-o", "-O", "--one-line"):
        inner = re.sub(r"^\s*(?:platform\s+)?(?:shell|!)\s*", "", text.value)
        if inner != text.value:
            use.shell(Text(inner, marks=text.marks))
        elif re.match(r"\s*(?:python|script)\b", text.value):
            code = text.value.split(None, 1)[1] if " " in text.value.strip() else ""
            use.run([Text("python"), Text("-c"), Text(code, marks=text.marks)])
    if parsed.has("-p", "--pid"):
        use.add("security-config", "another process's memory", "", "debugger")
    return use.output()


def at(use: Use) -> Text:
    """at, batch: the text on the input runs later."""
    parsed = use.parse(values="-f -q -t")
    if parsed.has("-l", "-c", "-V"):
        return use.output()
    use.add("security-config", use.name, "", "scheduled")
    for path in parsed.values("-f"):
        use.run([Text("bash"), path], EMPTY)
    if use.stdin.value:
        use.run([Text("bash")])
    return use.output()


def crontab(use: Use) -> Text:
    parsed = use.parse(values="-u")
    if parsed.has("-l"):
        return use.output()
    use.add("security-config", "crontab", "", "scheduled")
    return use.output()


def systemd_run(use: Use) -> Text:
    values = """
        -p --property -u --unit -t -E --setenv -M --machine -H --host --uid --gid --nice --working-directory
        --slice --description --on-active --on-boot --on-calendar --on-unit-active --timer-property
        --service-type
        """
    parsed = use.parse(values=values, first=True)
    if parsed.has("--on-active", "--on-boot", "--on-calendar", "--on-unit-active"):
        use.add("security-config", "systemd timer", "", "scheduled")
    else:
        use.add("service", "systemd-run")
    return use.run(parsed.operands) if parsed.operands else EMPTY


def chroot(use: Use) -> Text:
    parsed = use.parse(values="--userspec --groups", first=True)
    use.add("security-config", "another root", "", "privileges")
    return use.run(parsed.operands[1:]) if len(parsed.operands) > 1 else EMPTY


def namespace(use: Use) -> Text:
    """nsenter, unshare, ip netns exec, machinectl shell."""
    parsed = use.parse(
        values="-t --target -S -G --setuid --setgid -w --root --wd --map-user --map-group -R"
        + (" -r" if use.name != "unshare" else ""),
        first=True,
    )
    if use.name == "nsenter":
        use.add("security-config", "another process's namespaces", "", "privileges")
    rest = parsed.operands
    return use.run(rest) if rest else EMPTY


def run_parts(use: Use) -> Text:
    parsed = use.parse(values="-a -u --arg --umask --regex")
    if parsed.has("--test", "--list"):
        return use.output()
    for folder in parsed.operands:
        use.add("run-code", folder.value, "project" if not folder.value.startswith("/") else "outside")
    return use.output()


def entr(use: Use) -> Text:
    parsed = use.parse(values="", first=True)
    return use.shell(joined(parsed.operands, " ")) if parsed.has("-s") else use.run(parsed.operands)


def hyperfine(use: Use) -> Text:
    parsed = use.parse(
        values="""
            -w --warmup -m --min-runs -M --max-runs -r --runs -p --prepare -c --cleanup -s --setup -P
            --parameter-scan -L --parameter-list -S --shell --export-json --export-csv --export-markdown -n
            --command-name -i --style --time-unit --input --output --conclude -u
            """
    )
    for text in [*parsed.values("-p", "--prepare", "-c", "--cleanup", "-s", "--setup", "--conclude"), *parsed.operands]:
        use.shell(text)
    return use.output()


def tmux(use: Use) -> Text:
    parsed = use.parse(values="-t -s -n -c -L -S -f -e -x -y -F -b", first=False)
    words = parsed.words()
    if words and words[0] in (
        "new-session",
        "new",
        "new-window",
        "neww",
        "split-window",
        "splitw",
        "respawn-pane",
        "run-shell",
        "run",
        "if-shell",
        "pipe-pane",
        "display-popup",
        "popup",
    ):
        for text in parsed.operands[1:]:
            use.shell(text)
    elif words and words[0] in ("send-keys", "send"):
        use.shell(
            joined([word for word in parsed.operands[1:] if word.value not in ("Enter", "C-m", "C-c", "KPEnter")], " ")
        )
    elif words and words[0].startswith("kill"):
        use.add("service", "tmux " + words[0])
    return use.output()


def screen(use: Use) -> Text:
    parsed = use.parse(values="-S -c -e -h -p -r -s -t -T -x -L", first=True)
    words = parsed.operands
    if parsed.has("-X"):
        if words and words[0].value not in ("stuff", "exec", "screen", "eval"):
            return EMPTY
        stuffed = [word for word in words if word.value not in ("stuff", "-X")]
        return use.shell(joined(stuffed, " ")) if stuffed else EMPTY
    return use.run(words) if words else EMPTY


def open_terminal(use: Use) -> Text:
    """xterm -e and its like."""
    for number, word in enumerate(use.arguments):
        if word.value in ("-e", "--", "-x", "--execute", "--command"):
            rest = use.arguments[number + 1 :]
            return use.shell(rest[0]) if len(rest) == 1 else use.run(rest)
    return use.output()


def make_applet(use: Use) -> Text:
    """busybox: the applet is the next word."""
    rest = use.arguments
    return use.run(rest) if rest and not rest[0].value.startswith("-") else use.output()


def expect(use: Use) -> Text:
    parsed = use.parse(values="-c -f")
    for text in parsed.values("-c"):
        found = re.match(r"\s*spawn\s+(.*?)(?:;|$)", text.value)
        if found:
            use.shell(Text(found[1], marks=text.marks))
        else:
            use.opaque("unresolved", "code that is not followed")
    return use.output()


def fzf(use: Use) -> Text:
    """What a key does runs a command."""
    for value in [*use.parsed.values("--bind"), *use.parsed.values("--preview")]:
        for found in re.finditer(
            r"(?:execute(?:-silent|-multi)?|become|reload|transform[\w-]*|preview)(?:\(([^)]*)\)|:(.*))", value.value
        ):
            use.shell(Text((found[1] or found[2] or "").replace("{}", UNKNOWN), marks=value.marks | {"path:."}))
    if use.parsed.has("--listen", "--listen-unsafe"):
        use.opaque("remote", "takes commands from the network")
    return EMPTY


def cpio(use: Use) -> Text:
    """The names on its input are the files that it takes."""
    if use.stdin.known and not use.parsed.has("-i", "--extract"):
        return joined([use.read(Text(line)) for line in use.stdin.value.splitlines() if line])
    return EMPTY


def perf(use: Use) -> Text:
    """perf record|stat|trace COMMAND."""
    parsed = use.parse(values="-e -o -p -t -F -c -C -g_ -i --event --output --pid --freq", first=True)
    words = parsed.operands
    if words and words[0].value in ("record", "stat", "trace", "sched", "mem", "kmem", "lock", "timechart"):
        use.arguments = words[1:]
        inner = use.parse(values="-e -o -p -t -F -c -C -i -r --event --output --pid --freq --call-graph", first=True)
        return use.run(inner.operands) if inner.operands else use.output()
    return use.output()


PROGRAMS = {
    "perf": perf,
    "busybox": make_applet,
    "toybox": make_applet,
    "watch": watch,
    "viddy": watch,
    "flock": flock,
    "script": script,
    "ld.so": ld_so,
    "ld-linux-x86-64.so.2": ld_so,
    "ld-linux.so.2": ld_so,
    "gdb": debugger,
    "lldb": debugger,
    "at": at,
    "batch": at,
    "crontab": crontab,
    "systemd-run": systemd_run,
    "chroot": chroot,
    "nsenter": namespace,
    "unshare": namespace,
    "run-parts": run_parts,
    "entr": entr,
    "hyperfine": hyperfine,
    "tmux": tmux,
    "screen": screen,
    "xterm": open_terminal,
    "gnome-terminal": open_terminal,
    "konsole": open_terminal,
    "alacritty": open_terminal,
    "kitty": open_terminal,
    "expect": expect,
}


ACTIONS = {
    "@fzf": fzf,
    "@cpio": cpio,
}
