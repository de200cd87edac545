"""pip, uv, poetry, pdm, conda and others: dependencies, and programs of their environments."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.builders import script
from maestro.policy.shell.programs.packages import added, fetched, odd_source, package_runner, words_after
from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use

_PIP_VALUES = """
    -r -c -e -t -d -i -f -b --requirement --constraint --editable --target --dest --index-url --extra-index-url
    --find-links --python --platform --prefix --root --src --log --proxy --timeout --retries --trusted-host
    --cert --client-cert --cache-dir --upgrade-strategy --no-binary --only-binary --python-version
    --implementation --abi --report --config-settings --global-option --format --exclude --path --group
    --wheel-dir -w --index --default-index --index-strategy -p --exclude-newer --resolution --override --extra
    --output-file -o --annotation-style
    """


def pip(use: Use) -> Text:
    parsed = use.parse(values=_PIP_VALUES)
    words = parsed.words()
    if parsed.asks_for_help or not words or words[0] in ("help",) or parsed.has("-V", "-h"):
        return EMPTY
    command, packages = words[0], words[1:]
    if command in (
        "list",
        "show",
        "freeze",
        "check",
        "search",
        "index",
        "inspect",
        "debug",
        "hash",
        "tree",
        "cache",
        "completion",
    ):
        use.add(
            "read" if not (command == "cache" and packages[:1] in (["purge"], ["remove"])) else "delete",
            use.name,
            "" if command != "cache" else "generated",
        )
        return use.output()
    if command == "config":
        use.add(
            "security-config"
            if packages[:1] in (["set"], ["edit"]) and any("index" in word or "trusted" in word for word in packages)
            else "read",
            use.name,
            "",
            "package source" if packages[:1] == ["set"] else "",
        )
        return EMPTY
    if command in ("download", "wheel", "compile", "venv"):
        use.add("dependency", " ".join(packages), "declared", command)
        for path in parsed.values("-o", "--output-file"):
            use.write(path)
        return EMPTY
    if command in ("uninstall", "remove"):
        use.add("dependency", " ".join(packages), "runtime", "removed")
        return EMPTY
    if command == "sync":
        use.add("dependency", " ".join(packages), "declared")
        return EMPTY
    if command != "install":
        use.add("unknown", f"{use.name} {command}")
        return EMPTY
    if parsed.has("--dry-run"):
        return EMPTY
    odd_source(use)
    for path in parsed.values("-r", "--requirement", "-c", "--constraint"):
        if path.value.startswith(("http:", "https:")):
            use.opaque("remote", "a list of packages from the network")
    local = [
        word
        for word in [*packages, *(value.value for value in parsed.values("-e", "--editable"))]
        if re.match(r"\.{0,2}/|\.(?:\[|$)", word) or (word.endswith((".whl", ".tar.gz")) and "://" not in word)
    ]
    new = [
        word for word in [*packages, *(value.value for value in parsed.values("-e", "--editable"))] if word not in local
    ]
    if new:
        added(use, new, "runtime")
    else:
        use.add(
            "dependency",
            " ".join(local) or " ".join(value.value for value in parsed.values("-r", "--requirement", "--group")),
            "declared",
        )
    return EMPTY


_UV_VALUES = """
    --group -G --extra --with --with-editable --with-requirements -p --python --project --directory --index
    --default-index --index-url -i --extra-index-url -f --find-links --optional --package --tag --branch --rev
    --env-file -m --module -o --output-file --format --only-group --no-group --config-file --source -E --extras
    --index-strategy --prompt --resolution --bounds --script -s --isolated_ -n --name
    """


def uv(use: Use) -> Text:
    """uv, poetry, pdm, pipenv, rye, hatch: `add`, `run`, `sync`."""
    values = (
        _UV_VALUES
        if use.name == "uv"
        else _UV_VALUES.replace("-s --isolated_ ", "").replace("-i ", "").replace("-p ", "-p ")
        if use.name != "hatch"
        else _UV_VALUES + " -e --env"
    )
    parsed = use.parse(
        values=values,
        known="-d --dev -D --upgrade --no-dev --frozen --locked --all-extras --no-install-project -U --lock --no-sync",
        first=False,
    )
    words = parsed.words()
    if use.name == "hatch" and words[:1] == ["env"] and words[1:2] == ["run"]:
        words = words[1:]
    if words[:1] == ["run"]:
        return _run(use)
    if parsed.asks_for_help or not words or parsed.has("-V", "-h"):
        if use.name in ("pdm",) and not words:
            use.add("dependency", "install", "declared")
        return EMPTY
    command, rest = words[0], words[1:]
    if command == "pip" and use.name in ("uv", "rye"):
        use.arguments = words_after(use, "pip")
        return pip(use)
    if (command in ("tool", "x") and rest[:1] == ["run"]) or (command in ("tool",) and rest[:1] == ["install"]):
        use.arguments = words_after(use, rest[0])
        if rest[0] == "install":
            added(use, rest[1:], "system")
            return EMPTY
        return package_runner(use, always_fetched=True)
    if parsed.has("--dry-run"):
        return EMPTY
    _python_manager(use, command, rest)
    return use.output()


def _python_manager(use: Use, command: str, rest: list[str]) -> None:
    parsed = use.parsed
    groups = [value.value for value in parsed.values("--group", "-G")]
    dev = (
        parsed.has("--dev", "-D")
        or (parsed.has("-d") and use.name in ("pdm", "pipenv"))
        or any(re.search(r"dev|test|lint|doc|type|ci|format|bench", group) for group in groups)
    )
    where = "dev" if dev else "runtime"
    label = f"{use.name} {command}"
    if command == "add" or (command == "install" and use.name == "pipenv" and rest):
        odd_source(use)
        added(use, rest, where)
        for word in rest if dev else []:
            if word.startswith(("git+", "http")):
                use.add("dependency", word, "runtime", "unusual source")
    elif command in ("remove", "uninstall"):
        use.add("dependency", " ".join(rest), "dev" if dev else "runtime", "removed")
    elif command in ("install", "sync", "lock", "export", "fetch"):
        updates = command == "lock" and parsed.has("--upgrade", "-U", "--upgrade-package", "-P")
        use.add("dependency", label, "runtime" if updates else "declared", "updated" if updates else "")
        for path in parsed.values("-o", "--output", "--output-file"):
            use.write(path)
    elif command in ("update", "upgrade"):
        use.add("dependency", " ".join(rest), "dev" if dev else "runtime", "updated")
    elif command == "publish":
        use.add("deploy", label, "", "package")
        if parsed.has("-p", "--password", "-t", "--token"):
            use.add("credential", label, "", "send")
    elif command in ("config", "source", "auth", "credentials"):
        text = " ".join(rest)
        secret = re.search(r"http-basic|token|password|pypi-token|credential", text)
        use.add(
            "credential"
            if secret or command == "auth"
            else "security-config"
            if "repositor" in text or (command == "source" and rest[:1] == ["add"])
            else "write",
            label,
            "" if secret else "home",
            "write" if secret or command == "auth" else "package source",
        )
    elif command in (
        "build",
        "init",
        "new",
        "version",
        "venv",
        "python",
        "cache",
        "env",
        "shell",
        "self",
        "about",
        "check",
        "show",
        "list",
        "tree",
        "search",
        "info",
        "outdated",
        "tool",
        "graph",
        "fix",
        "use",
        "import",
        "help",
        "debug",
        "plugin",
        "fmt",
        "lint",
        "test",
        "status",
        "dep",
        "pin",
        "toolchain",
        "completion",
        "format",
    ):
        _python_manager_rest(use, command, rest, label)
    elif use.name in ("pdm", "hatch", "rye"):
        script(use, Text(command), [])
    else:
        use.add("unknown", label)


_CHANGES_TOOLS = ("update", "add", "install", "uninstall", "fetch", "remove", "upgrade")


def _python_manager_rest(use: Use, command: str, rest: list[str], label: str) -> None:
    verb = rest[0] if rest else ""
    if command in ("self", "plugin", "toolchain", "python") and verb in _CHANGES_TOOLS:
        use.add("dependency", label, "system")
    elif (command == "python" and verb in ("install", "uninstall", "upgrade")) or (
        command == "tool" and verb in ("uninstall", "upgrade")
    ):
        use.add("dependency", f"{label} {verb}", "system")
    elif command in ("cache", "env") and verb in ("clean", "clear", "remove", "prune", "--rm"):
        use.add("delete", f"{label} {verb}", "generated")
    elif command in ("init", "new", "venv", "build", "version", "pin", "use", "import"):
        use.add("write", label, "project")
    elif command in ("test", "lint", "fmt", "shell", "format"):
        use.add("run-code", label, "project")
    else:
        use.add("read", label)


def _run(use: Use) -> Text:
    """`uv run COMMAND`: in the project's environment; `--with` fetches more."""
    before = use.arguments
    use.arguments = words_after(use, "run")
    parsed = use.parse(values=_UV_VALUES.replace("-m --module ", "").replace("-s --isolated_ ", ""), first=True)
    use.arguments = before
    words = parsed.operands
    if words and words[0].value == "--":
        words = words[1:]
    for package in parsed.values("--with"):
        for name in package.value.split(","):
            fetched(use, name, False)
    if parsed.has("-m", "--module"):
        return use.run([Text("python"), Text("-m"), *words])
    if not words:
        return use.output()
    if words[0].value.endswith(".py"):
        return use.run([Text("python"), *words])
    if words[0].value.startswith(("http:", "https:")):
        use.opaque("remote", "runs a script from the network")
        return use.output()
    from maestro.policy.shell.calls import is_described

    if use.name in ("pdm", "hatch", "rye", "pixi") and not is_described(words[0].value):
        return script(use, words[0], [])
    if not is_described(words[0].value) and "/" not in words[0].value:
        use.add("run-code", words[0].value, "project", "program of the environment")
        return use.output()
    return use.run(words)


def conda(use: Use) -> Text:
    parsed = use.parse(
        values="-n --name -p --prefix -c --channel -f --file --solver --revision", known="-y --yes --all -q"
    )
    words = parsed.words()
    if not words or parsed.asks_for_help:
        return EMPTY
    if words[0] == "run":
        use.arguments = words_after(use, "run")
        inner = use.parse(values="-n --name -p --prefix --cwd", first=True)
        return use.run(inner.operands)
    if words[0] in ("install", "update", "upgrade", "remove", "uninstall") or words[:2] in (
        ["env", "update"],
        ["env", "remove"],
    ):
        if parsed.has("--dry-run", "-d"):
            return EMPTY
        declared = words[0] == "install" and parsed.has("-f", "--file") and len(words) == 1
        if words[:2] == ["env", "remove"] or (words[0] == "remove" and parsed.has("--all")):
            use.add("delete", parsed.value("-n", "--name").value, "generated", "environment")
        use.add("dependency", " ".join(words[1:]), "declared" if declared else "runtime")
    elif words[0] == "create" or words[:2] == ["env", "create"]:
        use.add(
            "dependency",
            " ".join(words[1:]),
            "declared" if parsed.has("-f", "--file") or len(words) == 1 else "runtime",
        )
    elif words[0] == "config" and any(
        option in parsed.options for option in ("--add", "--set", "--remove", "--prepend", "--append")
    ):
        use.add("security-config", " ".join(words), "", "package source")
    elif words[0] == "clean":
        use.add("delete", "conda cache", "generated")
    elif words[0] in (
        "activate",
        "deactivate",
        "init",
        "list",
        "info",
        "search",
        "env",
        "config",
        "compare",
        "doctor",
        "notices",
    ):
        use.add(
            "read" if words[0] != "init" else "security-config",
            " ".join(words),
            "",
            "" if words[0] != "init" else "start-up",
        )
    else:
        use.add("unknown", " ".join(words[:2]))
    return use.output()


PROGRAMS = {
    "pip": pip,
    "pip3": pip,
    "pipenv": uv,
    "uv": uv,
    "poetry": uv,
    "pdm": uv,
    "rye": uv,
    "hatch": uv,
    "pixi": uv,
    "conda": conda,
    "mamba": conda,
    "micromamba": conda,
}
