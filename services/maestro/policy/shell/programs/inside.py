"""Commands in containers and pods: what runs there, and which rights it is given."""

from __future__ import annotations

import re

from maestro.policy.paths import canonical
from maestro.policy.shell import files
from maestro.policy.shell.programs.remote import only_looks
from maestro.policy.shell.state import is_secret_name
from maestro.policy.shell.text import EMPTY, NETWORK, STDIN, Text, anything
from maestro.policy.shell.use import Use

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
    state, mounts = use.reader.state, _mounts(use)
    before = state.links, state.mounts
    state.links, state.mounts = state.links | mounts, frozenset(mounts)
    try:
        return _inside(use, inner)
    finally:
        state.links, state.mounts = before


def _mounts(use: Use) -> dict[str, str]:
    """Folders of this machine by their names in the container."""
    found = {}
    for value in use.parsed.values("-v", "--volume"):
        source, _, rest = value.value.partition(":")
        target = rest.partition(":")[0]
        if target.startswith("/") and target != "/" and re.match(r"[./~]", source):
            found[target.rstrip("/")] = canonical(source, use.reader.state.cwd, use.reader.state.home)
    return found


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
    for value in parsed.values("-e", "--env"):
        if "=" not in value.value and is_secret_name(value.value):
            use.add("credential", value.value, "", "send")
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
    use.add("deploy", " ".join(parsed.words()[:2]), "", "inside a pod") if not inner or not only_looks(inner) else None
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
            use.opaque("remote", "manifests from the network")
    return EMPTY


def after_first(use: Use) -> Text:
    """`tool run COMMAND`."""
    return use.run([word for word in use.arguments if word.value != "--"][1:])


def kubectl_after(use: Use) -> Text:
    return use.run([Text("kubectl"), *use.arguments[1:]])


def container_copy(use: Use) -> Text:
    """`docker cp`, `kubectl cp`: one side is here, with all that a path here means."""
    paths = use.parsed.operands[use.parsed.words().index("cp") + 1 :]
    if len(paths) < 2:
        return use.output()
    source, target = paths[0], paths[-1]
    if ":" not in source.value:
        use.read(source, deep=True)
    if ":" not in target.value and target.value != "-":
        content = anything(NETWORK)
        use.write(target, content, deep=True)
        files.put_inside(use.reader, target, source.value.rstrip("/").rpartition("/")[2], content=content)
    elif ":" in target.value:
        use.add("service", target.value, "", "container")
    return anything(NETWORK)


ACTIONS = {
    "@container-copy": container_copy,
    "@after-first": after_first,
    "@kubectl-after": kubectl_after,
    "@docker-run": docker_run,
    "@docker-exec": docker_exec,
    "@compose-run": compose_run,
    "@kubectl-exec": kubectl_exec,
    "@kubectl-run": kubectl_run,
    "@kubectl-apply": kubectl_apply,
}
