"""npm, pnpm, yarn, bun: dependencies, scripts, registries."""

from __future__ import annotations

import re

from maestro.policy.shell.programs.builders import script
from maestro.policy.shell.programs.packages import KNOWN_INDEX, added, package_runner, words_after
from maestro.policy.shell.text import EMPTY, Text
from maestro.policy.shell.use import Use

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
    if not words and use.name == "bun" and "network" in use.stdin.marks:
        use.opaque("remote", "runs what comes from the network")
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
        names = use.parsed.operands[1:2]
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
        added(use, rest, "system")
    elif not rest or all(re.match(r"\.{1,2}(?:/|$)|/|file:\.", word) for word in rest):
        use.add("dependency", " ".join(rest) or command, "declared")
    else:
        added(use, rest, "dev" if dev else "runtime")
        if dev:
            for word in rest:
                if re.match(r"(?:git\+|https?:|git:|github:)", word):
                    use.add("dependency", word, "runtime", "unusual source")
    if parsed.value("--registry").value and not KNOWN_INDEX.match(parsed.value("--registry").value + "/"):
        use.add("dependency", parsed.value("--registry").value, "runtime", "unusual source")


def _manifest_set(use: Use, command: str, rest: list[str]) -> None:
    """`npm pkg set`: a script runs later, some of them by themselves; a dependency is one."""
    if rest[:1] in (["get"], ["fix"]) or (command == "pkg" and not rest):
        use.add("read", f"{command} get")
        return
    pairs = [f"scripts.{rest[0]}={rest[1]}"] if command == "set-script" and len(rest) > 1 else rest[1:]
    use.add("write", "package.json", "project")
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name.startswith(("dependencies", "peerDependencies", "optionalDependencies", "overrides")):
            use.add("dependency", pair, "runtime", "change")
        elif name.startswith(("scripts", "bin", "husky", "lint-staged")):
            use.add("ci", name, "", "hook")
            if value:
                use.shell(Text(value))


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
    elif command in ("pkg", "set-script"):
        _manifest_set(use, command, rest)
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
            return use.run([Text(command), *words_after(use, command)])
        return script(use, Text(command), [])
    elif command == "explore":
        use.run(use.parsed.rest or [])
    else:
        use.add("unknown", joined_words)
    return use.output()


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


def _execute_package(use: Use, command: str) -> Text:
    """`npm exec`, `pnpm dlx`, `yarn exec`: the rest of the words are a package's program."""
    before = use.arguments
    use.arguments = words_after(use, command)
    try:
        return package_runner(use, always_fetched=command == "dlx" or (use.name == "bun" and command == "x"))
    finally:
        use.arguments = before


def _create(use: Use, rest: list[str]) -> None:
    if rest:
        use.add("unknown", f"create {rest[0]}")
    else:
        use.add("write", "package.json", "project")


PROGRAMS = {
    "npm": npm,
    "pnpm": npm,
    "yarn": npm,
    "bun": npm,
    "cnpm": npm,
    "yarnpkg": npm,
}
