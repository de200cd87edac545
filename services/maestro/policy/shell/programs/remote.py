"""Programs that run a command on another host or in a container, and those that copy files there."""

from __future__ import annotations

import re

from maestro.policy.network import where_of_host
from maestro.policy.paths import canonical, effects_of_path, info
from maestro.policy.shell import files
from maestro.policy.shell.text import EMPTY, NETWORK, PERSONAL, SECRET, Text, anything, joined
from maestro.policy.shell.use import Use

_SSH_VALUES = "-b -c -D -E -e -F -I -i -J -L -l -m -O -o -P -p -Q -R -S -W -w -B"
_SSH_COMMANDS = re.compile(
    r"\s*(?:ProxyCommand|LocalCommand|KnownHostsCommand|RemoteCommand)\s*[= ]\s*(.*)", re.I | re.S
)


def ssh(use: Use) -> Text:
    parsed = use.parse(values=_SSH_VALUES, first=True)
    if parsed.has("-V", "-Q", "-G"):
        return EMPTY
    _ssh_options(use)
    words = parsed.operands
    if not words:
        return EMPTY
    host = words[0].value.rpartition("@")[2].removeprefix("ssh://").partition(":")[0]
    rest = list(words[1:])
    while rest and rest[0].value.startswith("-"):  # ssh takes options after the host too
        option = rest.pop(0)
        if option.value in _SSH_VALUES.split() and rest:
            value = rest.pop(0)
            if option.value == "-o" and (found := _SSH_COMMANDS.match(value.value)):
                use.shell(Text(found[1]))
    if parsed.has("-R", "-D", "-w"):
        use.add("security-config", host, where_of_host(host), "tunnel")
    if parsed.has("-O", "-N") and not rest:
        use.network(host, "send")
        return EMPTY
    use.add("network", host, where_of_host(host), "send")
    use.add("deploy", host, "", "remote host") if rest and not only_looks(rest) else None
    if rest:
        output = use.shell(joined(rest, " "))
        return output if output.known else anything(*output.marks, NETWORK)
    if use.stdin.value:
        return use.run([Text("bash")])
    return anything(NETWORK)


def only_looks(rest: list[Text]) -> bool:
    first = rest[0].value.split()
    return bool(first) and first[0] in (
        "ls",
        "cat",
        "uptime",
        "df",
        "ps",
        "hostname",
        "whoami",
        "uname",
        "date",
        "tail",
        "head",
        "grep",
        "echo",
        "free",
        "id",
        "pwd",
        "du",
        "true",
        "w",
        "who",
        "docker",
        "systemctl",
        "journalctl",
    )


def _ssh_options(use: Use) -> None:
    for value in use.parsed.values("-o"):
        if found := _SSH_COMMANDS.match(value.value):
            use.shell(Text(found[1].strip("'\""), marks=value.marks))
        elif re.match(
            r"\s*(?:StrictHostKeyChecking\s*[= ]\s*no|UserKnownHostsFile\s*[= ]\s*/dev/null)", value.value, re.I
        ):
            use.add("security-config", "host keys are not checked", "", "checks turned off")
    for path in use.parsed.values("-F"):
        use.read(path)


def copy_to_host(use: Use) -> Text:
    """scp, sftp."""
    parsed = use.parse(values="-c -D -F -i -J -l -o -P -S -s_ -X -b -B -R")
    if parsed.asks_for_help:
        return EMPTY
    _ssh_options(use)
    for program in parsed.values("-S"):
        use.shell(program)
    if use.name == "sftp":
        use.network(_host(parsed.words()[0]) if parsed.operands else "", "send")
        return anything(NETWORK)
    _between(use, parsed.operands)
    return EMPTY


def _host(path: str) -> str:
    if "://" in path:
        path = path.partition("://")[2]
        return path.rpartition("@")[2].partition("/")[0].partition(":")[0]
    head, colon, _ = path.partition(":")
    return head.rpartition("@")[2] if colon and "/" not in head else ""


def _path(address: str) -> str:
    """The path on a host, or here."""
    if not (host := _host(address)):
        return address
    return address.partition(f"{host}/" if "://" in address else f"{host}:")[2]


def _fetched(use: Use, source: Text) -> Text:
    """What is copied from a host is as secret, as personal and as much production's as it would be here."""
    marks = {NETWORK}
    where = where_of_host(_host(source.value))
    for effect in effects_of_path("read", _path(source.value) or "~", deep=True):
        if effect.kind in ("credential", "personal-data"):
            use.add(effect.kind, effect.target, where, effect.detail)
            marks.add(SECRET if effect.kind == "credential" else PERSONAL)
    if where == "production":
        is_data = info(canonical(_path(source.value))).classes & {"production-data", "backup", "personal"}
        use.add("personal-data" if is_data else "read", source.value, where, "read" if is_data else "")
    return anything(*marks)


def _between(use: Use, operands: list[Text]) -> None:
    if not operands:
        return
    target, sources = operands[-1], operands[:-1]
    content = joined([_fetched(use, path) if _host(path.value) else use.read(path, deep=True) for path in sources])
    for path in operands:
        if host := _host(path.value):
            use.add("network", host, where_of_host(host), "send" if path is target else "get")
    if _host(target.value):
        if SECRET in content.marks:
            use.add("credential", _host(target.value), "remote", "send")
    elif sources:
        folder = use.parsed.has("-r", "-R", "-a", "--recursive", "--archive")
        use.write(target, content, deep=folder)
        for source in sources:
            if not source.value.endswith("/"):
                files.put_inside(
                    use.reader, target, _path(source.value).rpartition("/")[2], deep=folder, content=content
                )


_RSYNC_VALUES = """
    -e -f -B -M -T --rsh --rsync-path --exclude --include --exclude-from --include-from --files-from --filter
    --backup-dir --suffix --temp-dir --compare-dest --copy-dest --link-dest --max-size --min-size --bwlimit
    --port --password-file --log-file --log-file-format --out-format --chmod --chown --timeout --contimeout
    --modify-window --block-size --partial-dir --address --info --debug --iconv --write-batch --read-batch
    --usermap --groupmap --max-delete --protocol --compress-level --skip-compress --stop-after
    """


def rsync(use: Use) -> Text:
    parsed = use.parse(
        values=_RSYNC_VALUES,
        known="""
            --del --delete --delete-after --delete-before --delete-during --delete-delay --delete-excluded
            --dry-run --remove-source-files --archive --recursive --delete-missing-args
            """,
    )
    if parsed.asks_for_help:
        return EMPTY
    for text in parsed.values("-e", "--rsh", "--rsync-path"):
        use.shell(text)
    if parsed.has("-n", "--dry-run", "--list-only"):
        return EMPTY
    for path in parsed.values("--password-file", "--files-from"):
        use.read(path)
    if not parsed.operands:
        return EMPTY
    _between(use, parsed.operands)
    target = parsed.operands[-1]
    if any(option.startswith("--del") for option in parsed.options):
        if _host(target.value):
            use.add("data-destroy", target.value, "", "files of a host")
        else:
            known = info(canonical(target.value, use.reader.state.cwd, use.reader.state.home))
            whole = known.path == "." or known.where in ("home", "system", "device")
            use.delete(Text(known.path if target.known else target.value, marks=target.marks), recursive=whole)
    if parsed.has("--remove-source-files"):
        for path in parsed.operands[:-1]:
            use.delete(path)
    return EMPTY


# --- containers ---------------------------------------------------------------------------


def vagrant_ssh(use: Use) -> Text:
    for text in use.parse(values="-c --command -p -M").values("-c", "--command"):
        use.shell(text)
    return use.output()


def after_dashes(use: Use) -> Text:
    """`tool ... -- COMMAND`: what follows the dashes runs."""
    for number, word in enumerate(use.arguments):
        if word.value == "--":
            return use.run(use.arguments[number + 1 :])
    return use.output()


PROGRAMS = {
    "ssh": ssh,
    "autossh": ssh,
    "mosh": ssh,
    "dbclient": ssh,
    "rsh": ssh,
    "rlogin": ssh,
    "scp": copy_to_host,
    "sftp": copy_to_host,
    "pscp": copy_to_host,
    "rsync": rsync,
}


def sshpass(use: Use) -> Text:
    parsed = use.parse(values="-p -f -d -P", first=True)
    use.add("credential", "log-in", "", "send")
    for path in parsed.values("-f"):
        use.read(path)
    return use.run(parsed.operands)


def ansible_shell(use: Use) -> Text:
    """`ansible HOSTS -m shell -a COMMAND`: the command runs on all of them."""
    use.add("deploy", " ".join(use.parsed.words()), "", "remote command")
    for text in use.parsed.values("-a", "--args"):
        use.shell(text)
    return anything(NETWORK)


ACTIONS = {
    "@sshpass": sshpass,
    "@ansible-shell": ansible_shell,
    "@vagrant-ssh": vagrant_ssh,
    "@after-dashes": after_dashes,
}
