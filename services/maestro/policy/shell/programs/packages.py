"""Package managers: which dependency is added, for whom, from where; and which package is run at once."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.builders import script
from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use

_DEV_TOOLS = frozenset(
    """eslint prettier tsc tslint jest vitest mocha ava tap playwright cypress webpack vite rollup esbuild parcel babel swc tsup turbo nx lerna husky lint-staged commitlint stylelint markdownlint markdownlint-cli markdownlint-cli2 biome
    @biomejs/biome oxlint typescript ts-node tsx nodemon serve http-server storybook next nuxt astro svelte-kit remix ng vue-cli-service typedoc jsdoc documentation c8 nyc depcheck knip npm-check-updates ncu madge size-limit
    concurrently cross-env rimraf-none react-scripts expo-doctor graphql-codegen openapi-generator-cli @redocly/cli spectral cspell alex textlint standard xo tailwindcss postcss sass terser svgo
    ruff black isort flake8 pylint mypy pyright pytest tox nox pre-commit bandit coverage sphinx-build mkdocs pyupgrade autoflake autopep8 yapf pydocstyle vulture radon interrogate codespell cookiecutter pip-audit safety deptry djlint sqlfluff
    yamllint ansible-lint commitizen cz towncrier bump2version twine-check build check-manifest pipdeptree cowsay json2ts ts-prune tsd dpdm license-checker publint attw @arethetypeswrong/cli type-coverage wait-on envinfo browserslist update-browserslist-db
    create-react-app create-next-app create-vite degit-none""".split()
)
"""What developers run from a package at once; the program itself is described elsewhere, or works on the project only."""

_URL = re.compile(
    r"^(?:git\+|https?://|git://|ssh://|git@|github:|gitlab:|bitbucket:|file:/+tmp)|\.git(?:#|$)"
    r"|^[\w.-]+/[\w.-]+(?:#.*)?$|@(?:git\+|https?:)"
)
_ODD_INDEX = (
    "-i",
    "--index-url",
    "--extra-index-url",
    "--registry",
    "--index",
    "--default-index",
    "--find-links",
    "-f",
    "--trusted-host",
    "--source",
    "--repository-url",
)
_KNOWN_INDEX = re.compile(
    r"https://(?:pypi\.org|test\.pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|rubygems\.org"
    r"|download\.pytorch\.org|index\.crates\.io|npm\.pkg\.github\.com)(?:/|$)"
)

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
    _odd_source(use)
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
        _added(use, new, "runtime")
    else:
        use.add(
            "dependency",
            " ".join(local) or " ".join(value.value for value in parsed.values("-r", "--requirement", "--group")),
            "declared",
        )
    return EMPTY


def _odd_source(use: Use) -> None:
    for option in _ODD_INDEX:
        for value in use.parsed.values(option):
            if "://" in value.value and not _KNOWN_INDEX.match(value.value) and option not in ("-f",):
                use.add("dependency", value.value, "runtime", "unusual source")
                if (
                    value.value.startswith("http://")
                    and "localhost" not in value.value
                    and "127.0.0.1" not in value.value
                ):
                    use.opaque("remote", "packages from an unprotected address")


def _added(use: Use, packages: list[str], where: str) -> None:
    for package in packages or ["?"]:
        source = "unusual source" if _URL.search(package) and not package.startswith("@") else ""
        if package.startswith("http://"):
            use.opaque("remote", "a package from an unprotected address")
        use.add(
            "dependency", package, "dev" if where == "dev" else "runtime" if where == "runtime" else "system", source
        )


# --- JavaScript ------------------------------------------------------------------------------------------------------------

_NPM_VALUES = """
    -w -C --prefix --workspace --registry --tag --loglevel --filter -F --cwd --dir --otp --access --cache
    --userconfig --globalconfig --omit --include --depth -p --package -c --call --scope --network-timeout --mode
    --store-dir --lockfile-dir --modules-dir --shell --concurrency --workspace-concurrency --reporter --otp
    --auth-type --script-shell --node-options --location
    """
_INSTALLS = frozenset("install i in ins inst insta add isntall install-test it".split())
_REMOVES = frozenset("uninstall un remove rm r unlink".split())
_READS = frozenset(
    """
        ls list ll la view info show v outdated audit fund explain why search find-dupes doctor ping root prefix
        bin help help-search docs bugs repo home query sbom diff licenses license pack-none dedupe-none
        completion get whoami-none node store-none env-none explore-none versions workspaces
        """.split()
)
_RUNS_SCRIPT = frozenset("run run-script rum urn".split())
_EXECUTES = frozenset("exec x dlx".split())
_LIFECYCLE = frozenset("test t tst start stop restart build dev lint format check typecheck".split())


def npm(use: Use) -> Text:
    parsed = use.parse(
        values=_NPM_VALUES,
        known="""
            -D --save-dev --dev -g --global --save -S -P --save-prod -O --save-optional --save-exact -E
            --frozen-lockfile --production --legacy-peer-deps --force -f --immutable --no-save --save-peer -O
            --prefer-offline --no-audit --no-fund --ignore-scripts -y --yes -r --recursive -W
            --ignore-workspace-root-check -s --silent -d --exact -a --tilde -T --peer -p
            """,
    )
    words = parsed.words()
    if (parsed.asks_for_help and not (words and words[0] in _EXECUTES)) or (
        parsed.has("-h", "-v", "--version") and not words
    ):
        return EMPTY
    for setting in parsed.values("--script-shell"):
        use.shell(setting)
    if parsed.has("--dry-run"):
        return EMPTY
    if not words:
        use.add(
            "dependency" if use.name in ("yarn", "npm-ci") else "read",
            use.name,
            "declared" if use.name == "yarn" else "",
        )
        return EMPTY
    command, rest = words[0], words[1:]
    if command == "global" and use.name == "yarn" and rest:
        command, rest = rest[0], rest[1:]
        parsed.options["--global"] = [EMPTY]
    if command == "workspace" and len(rest) > 1:
        command, rest = rest[1], rest[2:]
    if command in ("pm", "workspaces") and rest:
        command, rest = rest[0], rest[1:]
    return _npm_command(use, command, rest)


def _npm_command(use: Use, command: str, rest: list[str]) -> Text:
    parsed = use.parsed
    if command in _INSTALLS:
        _npm_install(use, command, rest)
    elif command in (
        "ci",
        "clean-install",
        "install-clean",
        "cit",
        "fetch",
        "import",
        "rebuild",
        "rb",
        "prune",
        "dedupe",
        "ddp",
        "shrinkwrap",
        "approve-builds",
    ):
        use.add("dependency", command, "declared")
    elif command in _REMOVES:
        use.add("dependency", " ".join(rest), "dev" if parsed.has("-D", "--save-dev") else "runtime", "removed")
    elif command in ("update", "upgrade", "up", "udpate", "upgrade-interactive", "set"):
        use.add("dependency", " ".join(rest), "runtime", "updated") if command != "set" else _npm_config(
            use, ["set", *rest]
        )
    elif command in _EXECUTES:
        return _execute_package(use, command)
    elif command in ("create", "init", "innit"):
        _create(use, rest)
    elif command in _RUNS_SCRIPT:
        names = [word for word in use.parsed.operands[1:2]]
        return script(use, names[0], []) if names else EMPTY
    elif command in _READS or command in ("completion", "whoami"):
        use.add("read", f"{use.name} {command}") if not (command == "audit" and rest[:1] == ["fix"]) else use.add(
            "dependency", "audit fix", "runtime", "updated"
        )
    elif command in ("pack",):
        use.add("write", ".", "project", "package")
    else:
        return _npm_other(use, command, rest)
    return use.output()


def _npm_install(use: Use, command: str, rest: list[str]) -> None:
    parsed = use.parsed
    dev = parsed.has("-D", "--save-dev", "--dev", "-d") or (parsed.value("--include").value == "dev" and False)
    if parsed.has("-g", "--global") or parsed.value("--location").value == "global":
        _added(use, rest, "system")
    elif not rest or all(re.match(r"\.{1,2}(?:/|$)|/|file:\.", word) for word in rest):
        use.add("dependency", " ".join(rest) or command, "declared")
    else:
        _added(use, rest, "dev" if dev else "runtime")
        if dev:
            for word in rest:
                if re.match(r"(?:git\+|https?:|git:|github:)", word):
                    use.add("dependency", word, "runtime", "unusual source")
    if parsed.value("--registry").value and not _KNOWN_INDEX.match(parsed.value("--registry").value + "/"):
        use.add("dependency", parsed.value("--registry").value, "runtime", "unusual source")


def _npm_other(use: Use, command: str, rest: list[str]) -> Text:
    joined_words = " ".join([command, *rest[:1]])
    if command in ("publish", "unpublish", "deprecate", "dist-tag", "deploy", "undeprecate"):
        reads = command == "dist-tag" and rest[:1] in (["ls"], ["list"])
        use.add(
            "read" if reads else "data-destroy" if command == "unpublish" else "deploy",
            joined_words,
            "",
            "" if reads else "package",
        )
    elif command in (
        "login",
        "adduser",
        "add-user",
        "logout",
        "token",
        "profile",
        "owner",
        "access",
        "team",
        "org",
        "hook",
        "trust",
    ):
        if command in ("token", "login", "adduser", "add-user", "logout", "profile", "hook", "trust"):
            use.add("credential", joined_words, "", "write" if rest[:1] != ["list"] else "read")
        else:
            use.add("read" if rest[:1] in (["ls"], ["list"], ["get"]) else "security-config", joined_words)
    elif command in ("config", "c"):
        _npm_config(use, rest)
    elif command in ("cache", "store"):
        use.add(
            "read" if rest[:1] in (["ls"], ["verify"], ["path"], ["status"], ["dir"]) else "delete",
            joined_words,
            "" if rest[:1] in (["ls"], ["verify"], ["path"], ["status"], ["dir"]) else "generated",
        )
    elif command in ("link", "ln"):
        use.add("dependency", " ".join(rest), "declared")
    elif command in ("version",):
        use.add("git-local" if rest else "read", joined_words)
    elif command in (
        "patch",
        "patch-commit",
        "patch-remove",
        "plugin",
        "edit",
        "pkg",
        "star",
        "unstar",
        "constraints",
        "policies",
    ):
        use.add(
            "dependency" if command == "plugin" and rest[:1] == ["import"] else "write",
            joined_words,
            "runtime" if command == "plugin" and rest[:1] == ["import"] else "project",
        )
    elif command in ("env", "node", "server"):
        use.add("unknown" if command != "env" else "dependency", joined_words, "" if command != "env" else "system")
    elif use.name == "bun" and (command.endswith((".ts", ".js", ".tsx", ".mjs")) or command in ("-e", "--eval")):
        from maestro.policy.shell.programs.shells import run_file

        return run_file(use, use.parsed.operands[0], [])
    elif command in ("build",) and use.name == "bun":
        use.add("run-code", "build", "project", "script")
    elif use.name in ("yarn", "pnpm", "bun") or command in _LIFECYCLE:
        from maestro.policy.shell.calls import is_described

        if (
            is_described(command)
            and use.name != "npm"
            and command
            not in ("test", "t", "start", "dev", "format", "check", "build", "serve", "lint", "clean", "watch")
        ):
            return use.run([Text(command), *_after(use, command)])
        return script(use, Text(command), [])
    elif command == "explore":
        use.run(use.parsed.rest or [])
    else:
        use.add("unknown", joined_words)
    return use.output()


def _after(use: Use, command: str) -> list[Text]:
    for number, word in enumerate(use.arguments):
        if word.value == command:
            return use.arguments[number + 1 :]
    return []


def _npm_config(use: Use, rest: list[str]) -> None:
    if rest[:1] in (["set"], ["delete"], ["edit"], ["fix"]) or (
        len(rest) == 2 and rest[0] not in ("get", "list", "ls")
    ):
        text = " ".join(rest)
        if re.search(r"auth|token|password|_password", text, re.I):
            use.add("credential", "package settings", "", "write")
        elif re.search(r"registry|script-shell|strict-ssl|cafile|proxy|ignore-scripts|prefix|onload-script", text):
            use.add("security-config", text, "", "package source")
        else:
            use.add("write", text, "home", "package settings")
    else:
        use.add(
            "credential" if re.search(r"auth|token", " ".join(rest), re.I) else "read",
            "package settings",
            "",
            "read" if re.search(r"auth|token", " ".join(rest), re.I) else "",
        )


_DLX_VALUES = """
    -p --package -c --call --shell --node-options --registry --from --with --python --index --spec --suffix
    --index-url --extra-index-url -i --pip-args --workspace -w --cwd
    """


def _execute_package(use: Use, command: str) -> Text:
    """`npm exec`, `pnpm dlx`, `yarn exec`: the rest of the words are a package's program."""
    before = use.arguments
    use.arguments = _after(use, command)
    try:
        return package_runner(use, always_fetched=command == "dlx" or (use.name == "bun" and command == "x"))
    finally:
        use.arguments = before


def package_runner(use: Use, *, always_fetched: bool = False) -> Text:
    """npx, uvx, bunx, pipx run."""
    parsed = use.parse(values=_DLX_VALUES, first=True)
    for text in parsed.values("-c", "--call"):
        use.shell(text)
    for package in parsed.values("-p", "--package", "--from", "--spec", "--with"):
        _fetched(use, package.value, True)
    if parsed.asks_for_help or not parsed.operands:
        return use.output()
    words = list(parsed.operands)
    if words[0].value == "--":
        words = words[1:]
    if not words:
        return use.output()
    if not words[0].known:
        use.opaque("unresolved", "a package that nobody can know beforehand")
        return use.output()
    name = re.sub(r"(?<=.)@.*$", "", words[0].value)
    bare = name.rpartition("/")[2] if not name.startswith("@") else name
    from maestro.policy.shell.calls import is_described

    explicit = parsed.has("-y", "--yes") or always_fetched or use.name in ("uvx", "bunx")
    if _URL.search(words[0].value) and not name.startswith("@") and "/" in name:
        use.opaque("remote", "runs a package from an address")
    elif name in _DEV_TOOLS or bare in _DEV_TOOLS:
        if is_described(bare):
            return use.run([Text(bare), *words[1:]])
        use.add("run-code", name, "project", "tool")
    elif is_described(bare):
        return use.run([Text(bare), *words[1:]])
    elif re.match(r"create-|@[\w-]+/create", name):
        use.add("unknown", name)
    else:
        _fetched(use, name, explicit)
    return use.output()


def _fetched(use: Use, package: str, explicit: bool) -> None:
    name = re.sub(r"(?<=.)@.*$", "", package)
    if name in _DEV_TOOLS or name.rpartition("/")[2] in _DEV_TOOLS:
        return
    if explicit or (_URL.search(package) and not package.startswith("@")):
        use.opaque("remote", f"runs the package {package} at once")
    else:
        use.add("unknown", package)


def _create(use: Use, rest: list[str]) -> None:
    if rest:
        use.add("unknown", f"create {rest[0]}")
    else:
        use.add("write", "package.json", "project")


def pipx(use: Use) -> Text:
    parsed = use.parse(values=_DLX_VALUES, first=True)
    words = parsed.words()
    if parsed.asks_for_help or not words:
        return EMPTY
    if words[0] == "run":
        use.arguments = parsed.operands[1:]
        return package_runner(use, always_fetched=True)
    if words[0] in (
        "install",
        "inject",
        "upgrade",
        "upgrade-all",
        "uninstall",
        "uninstall-all",
        "reinstall",
        "reinstall-all",
    ):
        _added(use, [word for word in words[1:] if not word.startswith("-")], "system")
    else:
        use.add("read", f"pipx {words[0]}")
    return EMPTY


# --- Python's managers -------------------------------------------------------------------------------------------------------

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
        use.arguments = _after(use, "pip")
        return pip(use)
    if (command in ("tool", "x") and rest[:1] == ["run"]) or (command in ("tool",) and rest[:1] == ["install"]):
        use.arguments = _after(use, rest[0])
        if rest[0] == "install":
            _added(use, rest[1:], "system")
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
        _odd_source(use)
        _added(use, rest, where)
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
    use.arguments = _after(use, "run")
    parsed = use.parse(values=_UV_VALUES.replace("-m --module ", "").replace("-s --isolated_ ", ""), first=True)
    use.arguments = before
    words = parsed.operands
    if words and words[0].value == "--":
        words = words[1:]
    for package in parsed.values("--with"):
        for name in package.value.split(","):
            _fetched(use, name, False)
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
        use.arguments = _after(use, "run")
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
    "pipx": pipx,
    "conda": conda,
    "mamba": conda,
    "micromamba": conda,
    "npm": npm,
    "pnpm": npm,
    "yarn": npm,
    "bun": npm,
    "cnpm": npm,
    "yarnpkg": npm,
    "npx": package_runner,
    "pnpx": package_runner,
    "bunx": package_runner,
    "uvx": package_runner,
}


def cargo_added(use: Use) -> Text:
    odd = use.parsed.has("--git", "--registry", "--index")
    for package in use.parsed.words()[1:] or [use.parsed.value("--git", "--path").value]:
        use.add("dependency", package, "runtime", "unusual source" if odd else "")
    return EMPTY


def bundle_exec(use: Use) -> Text:
    rest = use.parsed.operands[1:]
    return use.run(_after(use, "exec")) if rest else EMPTY


def rustup_run(use: Use) -> Text:
    return use.run(_after(use, "run")[1:])


ACTIONS = {
    "@package-runner": package_runner,
    "@cargo-added": cargo_added,
    "@bundle-exec": bundle_exec,
    "@composer-exec": bundle_exec,
    "@rustup-run": rustup_run,
}
