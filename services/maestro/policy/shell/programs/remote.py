"""Programs that run a command on another host or in a container, and those that copy files there."""

from __future__ import annotations

import re

from maestro.policy.network import where_of_host
from maestro.policy.shell.text import EMPTY, NETWORK, SECRET, STDIN, Text, anything, joined
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
    use.add("deploy", host, "", "remote host") if rest and not _only_looks(rest) else None
    if rest:
        output = use.shell(joined(rest, " "))
        return output if output.known else anything(*output.marks, NETWORK)
    if use.stdin.value:
        return use.run([Text("bash")])
    return anything(NETWORK)


def _only_looks(rest: list[Text]) -> bool:
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


def _between(use: Use, operands: list[Text]) -> None:
    if not operands:
        return
    target, sources = operands[-1], operands[:-1]
    content = joined([use.read(path, deep=True) if not _host(path.value) else anything(NETWORK) for path in sources])
    for path in operands:
        if host := _host(path.value):
            use.add("network", host, where_of_host(host), "send" if path is target else "get")
    if _host(target.value):
        if SECRET in content.marks:
            use.add("credential", _host(target.value), "remote", "send")
    elif sources:
        use.write(target, content)


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
            --dry-run --remove-source-files --archive --delete-missing-args
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
            known = target.value.rstrip("/") or "/"
            system = known in ("/", "~") or (
                known.startswith(("/etc", "/usr", "/home", "/var")) and known.count("/") == 1
            )
            use.delete(Text(target.value if system else target.value, target.glob, target.marks), recursive=system)
    if parsed.has("--remove-source-files"):
        for path in parsed.operands[:-1]:
            use.delete(path)
    return EMPTY


# --- containers ----------------------------------------------------------------------------------------------------------

_RUN_VALUES = """
        -a -c -e -h -l -m -p -u -v -w --add-host --annotation --attach --blkio-weight --cap-add --cap-drop
        --cgroup-parent --cgroupns --cidfile --cpu-shares --cpus --cpuset-cpus --detach-keys --device --dns
        --dns-search --domainname
        --entrypoint --env --env-file --expose --gpus --group-add --health-cmd --health-interval
        --health-retries --health-timeout --hostname --ip --ip6 --ipc --isolation --label --label-file --link
        --log-driver --log-opt --mac-address
        --memory --memory-swap --mount --name --network --net --network-alias --oom-score-adj --pid --pids-limit
        --platform --publish --pull --restart --runtime --security-opt --shm-size --stop-signal --stop-timeout
        --storage-opt --sysctl
        --tmpfs --ulimit --user --userns --uts --volume --volume-driver --volumes-from --workdir --secret --pod
        --authfile --index
        """
_HOST_FOLDERS = re.compile(
    r"^(?:/|/etc|/root|/home|/var|/usr|/boot|/proc|/sys|/dev|/var/run|/run|/lib|~|/Users)(?:/?$|/?:)"
    r"|docker\.sock|containerd\.sock|podman\.sock|/etc/|/root/|/var/lib/|/proc/|/sys/|/dev/sd|/dev/nvme"
    r"|/dev/mem|(?:^|/)\.(?:ssh|aws|kube|gnupg|docker|azure)\b|/\.config/gcloud"
)


def docker_run(use: Use) -> Text:
    """`docker run`: an image and, perhaps, a command in it."""
    words = _container_words(use)
    inner = words[1:]
    _container_rights(use)
    use.add("service", words[0].value if words else "", "", "container")
    for path in use.parsed.values("--env-file"):
        use.read(path)
    if entry := use.parsed.value("--entrypoint").value:
        inner = [Text(entry), *inner]
    return _inside(use, inner)


def docker_exec(use: Use) -> Text:
    words = _container_words(use)
    _container_rights(use)
    if len(words) < 2 or (len(words) == 2 and re.search(r"sh$", words[1].value)):
        use.add("service", words[0].value if words else "", "", "container")
    return _inside(use, words[1:])


def compose_run(use: Use) -> Text:
    """`docker compose run|exec SERVICE COMMAND`."""
    arguments = [word.value for word in use.arguments]
    at = next((number for number, word in enumerate(arguments) if word in ("run", "exec")), 0)
    before = use.arguments
    use.arguments = before[at + 1 :]
    parsed = use.parse(values=_RUN_VALUES, first=True)
    use.arguments = before
    inner = parsed.operands[1:]
    if arguments[at : at + 1] == ["run"] and not inner:
        use.add("service", parsed.words()[0] if parsed.operands else "", "", "container")
    return _inside(use, inner)


def _container_words(use: Use) -> list[Text]:
    """The words from the image on: options before it are read, later ones are the command's."""
    arguments = list(use.arguments)
    for number, word in enumerate(arguments):
        if word.value in ("run", "exec", "create"):
            arguments = arguments[number + 1 :]
            break
    before = use.arguments
    use.arguments = arguments
    parsed = use.parse(values=_RUN_VALUES, first=True)
    use.arguments = before
    return parsed.operands


def _container_rights(use: Use) -> None:
    parsed = use.parsed
    if parsed.on("--privileged"):
        use.add("security-config", "container", "", "privileged")
    for value in parsed.values("--cap-add", "--security-opt", "--device"):
        if (
            value.value.upper()
            in (
                "ALL",
                "SYS_ADMIN",
                "SYS_PTRACE",
                "SYS_MODULE",
                "CAP_SYS_ADMIN",
                "NET_ADMIN",
                "DAC_READ_SEARCH",
                "SYS_RAWIO",
            )
            or "unconfined" in value.value
            or "disable" in value.value
            or value.value.startswith("/dev/sd")
        ):
            use.add("security-config", value.value, "", "container rights")
    for option in ("--pid", "--network", "--net", "--ipc", "--userns", "--uts", "--cgroupns"):
        if parsed.value(option).value == "host" and option not in ("--network", "--net"):
            use.add("security-config", f"{option}=host", "", "container rights")
    for value in parsed.values("-v", "--volume", "--mount"):
        source = re.search(r"(?:source|src)=([^,]+)", value.value)
        path = source[1] if source else value.value
        if _HOST_FOLDERS.search(path):
            use.add("security-config", value.value, "", "host folder in a container")


def _inside(use: Use, inner: list[Text]) -> Text:
    """A command in a container: its paths are the container's, its effects are followed all the same."""
    if not inner:
        if STDIN in use.stdin.marks:
            return use.run([Text("bash")])
        return use.output()
    return use.output() if _is_bare_shell(use, inner) else use.run(inner)


def _is_bare_shell(use: Use, words: list[Text]) -> bool:
    """A shell for a person, in there: what is typed is not ours to see, and touches what the container may touch."""
    bare = words[0].value.rpartition("/")[2] in ("sh", "bash", "zsh", "ash", "fish", "dash")
    return bare and all(word.value in ("-i", "-l", "--login", "-il") for word in words[1:]) and not use.stdin.value


def kubectl_exec(use: Use) -> Text:
    parsed = use.parsed
    if parsed.rest is not None:
        inner = parsed.rest
    else:
        inner = parsed.operands[2:]
    use.add("deploy", " ".join(parsed.words()[:2]), "", "inside a pod") if not inner or not _only_looks(inner) else None
    if not inner:
        return use.output()
    if _is_bare_shell(use, inner):
        use.add("deploy", " ".join(parsed.words()[:2]), "", "inside a pod")
        return use.output()
    return use.run(inner)


def kubectl_run(use: Use) -> Text:
    use.add("deploy", " ".join(use.parsed.words()[:2]))
    if any(
        "privileged" in word.value or "hostPID" in word.value or "hostNetwork" in word.value for word in use.arguments
    ):
        use.add("security-config", "pod", "", "privileged")
    inner = use.parsed.rest or []
    return use.run(inner) if inner else use.output()


def kubectl_apply(use: Use) -> Text:
    """Manifests from elsewhere are somebody else's decision."""
    use.add("deploy", " ".join(word.value for word in use.arguments[:4]))
    for path in use.parsed.values("-f", "--filename"):
        if path.value.startswith(("http:", "https:")):
            use.add("network", path.value, "remote", "get")
    return EMPTY


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


def after_first(use: Use) -> Text:
    """`tool run COMMAND`."""
    return use.run([word for word in use.arguments if word.value != "--"][1:])


def kubectl_after(use: Use) -> Text:
    return use.run([Text("kubectl"), *use.arguments[1:]])


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
    "@after-first": after_first,
    "@kubectl-after": kubectl_after,
    "@sshpass": sshpass,
    "@ansible-shell": ansible_shell,
    "@docker-run": docker_run,
    "@docker-exec": docker_exec,
    "@compose-run": compose_run,
    "@kubectl-exec": kubectl_exec,
    "@kubectl-run": kubectl_run,
    "@kubectl-apply": kubectl_apply,
    "@vagrant-ssh": vagrant_ssh,
    "@after-dashes": after_dashes,
}
