"""git: its settings that run programs, and the commands whose operands need looking at."""

from __future__ import annotations

import re

from maestro.policy.paths import canonical, effects_of_path
from maestro.policy.shell.state import moved
from maestro.policy.shell.table import compiled
from maestro.policy.shell.text import EMPTY, NETWORK, PATH, UNKNOWN, Text, anything, joined
from maestro.policy.shell.tools.git import COMMANDS
from maestro.policy.shell.use import Use

_GLOBAL_VALUES = "-C -c --git-dir --work-tree --namespace --super-prefix --config-env --exec-path_ --attr-source"
_RUNS = re.compile(
    r"(?:core\.(?:pager|editor|sshcommand|fsmonitor|gitproxy|askpass|alternaterefscommand)"
    r"|sequence\.editor|diff\.external|diff\..*\.(?:textconv|command)|filter\..*\.(?:clean|smudge"
    r"|process)|gpg\.(?:.*\.)?program"
    r"|pager\..*|merge\..*\.driver|(?:merge|diff)tool\..*\.(?:cmd|path)|man\..*\.cmd|browser\..*\.cmd"
    r"|uploadpack\.packobjectshook|receive\.procreceiverefs|remote\..*\.(?:uploadpack|receivepack|vcs)"
    r"|sendemail\.(?:smtpserver|tocmd|cccmd)|interactive\.difffilter|credential\.(?:.*\.)?helper"
    r"|trailer\..*\.(?:command|cmd)|tar\..*\.command|submodule\..*\.update)",
    re.I,
)
_HARMLESS = re.compile(
    r"cat|less(?: .*)?|more|delta|bat|true|:|vim?|nano|emacs|code(?: --wait)?|diff-so-fancy(?: "
    r"\| less.*)?|ssh(?: -[\w ]+)?|/bin/true|nvim|false|never|manager|manager-core|osxkeychain"
    r"|cache(?: --timeout=\d+)?|auto|always|git-lfs (?:clean|smudge|filter-process).*|",
    re.S,
)
_FOLDERS_THAT_RUN = ("core.hookspath", "init.templatedir", "core.worktree", "include.path", "core.attributesfile")


def git(use: Use) -> Text:
    parsed = use.parse(values=_GLOBAL_VALUES.replace("--exec-path_ ", ""), first=True)
    for option, value in parsed.options.items():
        if option == "--exec-path" and value[0].value:
            use.add("security-config", f"git programs from {value[0].value}", "", "git settings")
    aliases = _settings(use, parsed.values("-c"))
    for setting in parsed.values("--config-env"):
        _setting(use, setting.value.partition("=")[0], Text("\ue000"))
    if not parsed.operands:
        return EMPTY
    before = use.reader.state.cwd, use.reader.state.other_folders
    for folder in [*parsed.values("-C"), *parsed.values("--work-tree")]:
        moved(use.reader.state, folder, True)
    try:
        return _command(use, parsed.operands[0], parsed.operands[1:], aliases)
    finally:
        use.reader.state.cwd, use.reader.state.other_folders = before


def _settings(use: Use, values: list[Text]) -> dict[str, Text]:
    aliases = {}
    for setting in values:
        name, _, value = setting.value.partition("=")
        if name.lower().startswith("alias."):
            aliases[name[6:]] = Text(value, marks=setting.marks)
        else:
            _setting(use, name, Text(value, marks=setting.marks))
    return aliases


def _setting(use: Use, name: str, value: Text, *, lasting: bool = False) -> None:
    """What a setting makes git run; a lasting one is a start-up file."""
    low = name.lower()
    if re.fullmatch(r"gc\..*(?:expire|unreachable).*|clean\.requireforce", low) and re.search(
        r"now|0|false|no|all", value.value
    ):
        use.add("git-discard", name, "", "unreachable objects" if low.startswith("gc") else "untracked files")
    if _RUNS.fullmatch(low):
        if low.startswith("credential") and not _HARMLESS.fullmatch(value.value):
            use.add("credential", f"{name} {value.value.split()[0] if value.value.split() else ''}", "", "write")
            use.shell(Text(value.value[1:], marks=value.marks)) if value.value.startswith("!") else None
        elif not _HARMLESS.fullmatch(value.value):
            if lasting:
                use.add("security-config", name, "", "git settings")
            use.shell(Text(value.value.removeprefix("!"), marks=value.marks))
    elif low in _FOLDERS_THAT_RUN and value.value not in ("/dev/null", ".githooks", ".husky", "hooks", ".husky/_"):
        use.add("security-config", f"{name} {value.value}", "", "git settings")
    elif low in _FOLDERS_THAT_RUN:
        use.add("ci", name, "", "hook") if value.value != "/dev/null" else use.add(
            "guard", name, "", "hooks turned off"
        )
    elif low in (
        "http.sslverify",
        "transfer.fsckobjects",
        "receive.fsckobjects",
        "fetch.fsckobjects",
        "commit.gpgsign",
    ) and value.value.lower() in ("false", "0", "no", "off"):
        use.add("security-config", name, "", "checks turned off")
    elif low.startswith("protocol.") and low.endswith(".allow"):
        use.add("security-config", name, "", "git settings")
    elif (
        low in ("http.proxy", "https.proxy")
        or re.fullmatch(r"url\..*\.(?:push)?insteadof", low)
        or low == "http.extraheader"
        or (low == "safe.directory" and value.value == "*")
    ):
        use.add(
            "security-config" if "extraheader" not in low else "credential",
            name,
            "",
            "git settings" if "extraheader" not in low else "write",
        )


def _command(use: Use, name: Text, arguments: list[Text], aliases: dict[str, Text]) -> Text:
    if not name.known:
        use.opaque("unresolved", "a git command that nobody can know beforehand")
        return anything()
    if name.value in aliases:
        return _alias(use, aliases[name.value], arguments)
    inner = Use(use.reader, f"git {name.value}", arguments, use.stdin, use.flow)
    _no_verify(inner)
    special = _SPECIAL.get(name.value)
    if special is not None:
        return special(inner)
    tool = COMMANDS.get(name.value)
    if tool is None:
        inner.add("unknown", inner.name)
        return use.output()
    return _described(inner, name.value)


def _described(use: Use, name: str) -> Text:
    from maestro.policy.shell.calls import described

    if (
        name in ("log", "diff", "show", "blame", "grep", "ls-files", "shortlog", "rev-list")
        and use.arguments
        and any(word.value == "-h" for word in use.arguments)
    ):
        use.arguments = [word for word in use.arguments if word.value != "-h"]
    output = described(use, compiled(COMMANDS[name]))
    if name == "clone":
        _cloned(use)
    if name in ("fetch", "pull", "clone", "push", "ls-remote", "submodule", "archive"):
        _addresses(use)
    if name in ("ls-files", "ls-tree", "diff", "status", "log", "grep"):
        return anything(*output.marks, f"{PATH}./*")
    return output


def _addresses(use: Use) -> None:
    """`ext::` runs a command; an option that begins with a dash in an address does too."""
    for word in use.arguments:
        if word.value.startswith("ext::"):
            use.opaque("unresolved", "an address that is a command")
        elif re.match(r"(?:https?|ssh)://[^/\s:]+:[^@\s]+@", word.value):
            use.add("credential", "log-in in an address", "", "send")
        elif re.match(r"fd::|transport::", word.value):
            use.opaque("unresolved", "a transport that runs a program")


def _alias(use: Use, value: Text, arguments: list[Text]) -> Text:
    if value.value.startswith("!"):
        from maestro.policy.shell.calls import quoted

        rest = "".join(" " + quoted(word.value) for word in arguments)
        return use.shell(Text(value.value[1:] + rest, marks=value.marks))
    words = [Text(word, marks=value.marks) for word in value.value.split()]
    return use.run([Text("git"), *words, *arguments])


# --- commands with a function ---------------------------------------------------------------------------


def checkout(use: Use) -> Text:
    parsed = use.parse(
        values="-b -B --orphan --conflict --pathspec-from-file -t_",
        known="-f --force -m -p --patch --ours --theirs -q --quiet --detach --track",
    )
    if parsed.asks_for_help:
        return EMPTY
    if parsed.has("-b", "--orphan") and not parsed.has("-f", "--force"):
        use.add("git-local", use.name)
    elif parsed.has("-f", "--force", "-B"):
        use.add("git-discard", use.name, "", "working tree" if not parsed.has("-B") else "branch moved")
    elif (
        parsed.rest
        or parsed.has("--pathspec-from-file", "-p", "--patch", "--ours", "--theirs")
        or any(_is_path(word) for word in parsed.words())
        or len(parsed.operands) > 1
    ):
        use.add("git-discard", " ".join(parsed.words()), "", "working tree")
    else:
        use.add("git-local", use.name)
    return use.output()


def _is_path(word: str) -> bool:
    """Branches have no extension that files have."""
    return (
        word in (".", "..", "*", "./", ":/", ":")
        or word.startswith(("./", "../", ":(", ":/"))
        or bool(
            re.search(
                r"\.(?:py|js|ts|tsx|jsx|rs|go|rb|java|kt|c|h|cpp|md|txt|json|ya?ml|toml|html|css|sh|sql"
                r"|lock|cfg|ini|xml|php|swift)$",
                word,
            )
        )
        or word.endswith("/")
        or "*" in word
    )


def restore(use: Use) -> Text:
    parsed = use.parse(values="-s --source --pathspec-from-file --conflict", known="--staged --worktree -S -W")
    if parsed.asks_for_help:
        return EMPTY
    if parsed.has("--staged", "-S") and not parsed.has("--worktree", "-W"):
        use.add("git-local", use.name)
    else:
        use.add("git-discard", " ".join(parsed.words()), "", "working tree")
    return use.output()


def switch(use: Use) -> Text:
    parsed = use.parse(values="-c -C --create --force-create --orphan --conflict")
    discards = parsed.has("-f", "--force", "--discard-changes", "-C", "--force-create")
    use.add("git-discard" if discards else "git-local", use.name, "", "working tree" if discards else "")
    return use.output()


def config(use: Use) -> Text:
    parsed = use.parse(
        values="-f --file --blob --type --default --value --comment -t --url",
        known="""
            --global --local --system --worktree -l --list --get --get-all --get-regexp --unset --unset-all
            --add --replace-all -e --edit --rename-section --remove-section --show-origin --show-scope
            --name-only -z --bool --int --null
            """,
    )
    words = parsed.operands
    if words and words[0].value in ("list", "get", "set", "unset", "edit", "rename-section", "remove-section"):
        verb, words = words[0].value, words[1:]
    else:
        verb = ""
    if parsed.has("-e", "--edit") or verb == "edit":
        use.add(
            "security-config" if parsed.has("--global", "--system") else "git-local", "git settings", "", "git settings"
        )
        return EMPTY
    reads = (
        verb in ("list", "get")
        or parsed.has("-l", "--list", "--get", "--get-all", "--get-regexp", "--get-urlmatch", "--get-color")
        or (len(words) == 1 and not verb and not parsed.has("--unset", "--unset-all", "--remove-section"))
    )
    if reads:
        if any(re.search(r"credential|extraheader|token|password", word.value, re.I) for word in words) and not any(
            "helper" in word.value for word in words
        ):
            use.add("credential", "git settings", "", "read")
        else:
            use.add("read", use.name)
        return use.output()
    name = words[0].value if words else ""
    value = words[1] if len(words) > 1 else EMPTY
    if name.lower().startswith("alias."):
        use.add("git-local", name)
        _alias(use, value, [])
        return EMPTY
    use.add("git-local", name)
    if re.search(r"password|token|secret|extraheader", name, re.I):
        use.add("credential", name, "", "write")
    if verb == "set" or not parsed.has("--unset", "--unset-all"):
        _setting(use, name, value, lasting=True)
    return EMPTY


def _no_verify(use: Use) -> None:
    if any(word.value == "--no-verify" for word in use.arguments):
        use.add("ci", "hooks are passed over", "", "hook")


def commit(use: Use) -> Text:
    return _described(use, "commit")


def paths(use: Use) -> Text:
    """What a reading command shows: a secret's file in a commit is still a secret."""
    use.add("read", use.name)
    if use.name in (
        "git check-ignore",
        "git ls-files",
        "git ls-tree",
        "git status",
        "git log",
        "git rev-list",
        "git check-attr",
        "git shortlog",
        "git rev-parse",
    ):
        shows = use.name == "git log" and use.parsed.has("-p", "--patch", "-S", "-G", "-u")
        if not shows:
            return use.output()
    marks = set()
    for word in use.parsed.operands:
        path = word.value.rpartition(":")[2] if ":" in word.value else word.value
        if use.name == "git grep" and word is use.parsed.operands[0] and not use.parsed.has("-e"):
            continue
        for effect in effects_of_path("read", canonical(path or ".", use.reader.state.cwd, use.reader.state.home)):
            if effect.kind in ("credential", "personal-data"):
                use.add(effect.kind, effect.target, effect.where, effect.detail)
                marks.add("secret")
    if use.name in ("git archive",):
        for url in use.parsed.values("--remote"):
            use.add("git-remote", url.value, "", "fetch")
        for text in use.parsed.values("--exec"):
            use.shell(text)
    if use.name == "git difftool":
        for text in use.parsed.values("-x", "--extcmd"):
            use.shell(text)
    return anything(*marks, *([NETWORK] if use.name == "git ls-remote" else []))


def foreach(use: Use) -> Text:
    rest = [word for word in use.after("foreach") if word.value not in ("--recursive", "--quiet")]
    return use.shell(joined(rest, " "))


def run_rest(use: Use) -> Text:
    return use.run(use.after("run"))


def clone_config(use: Use) -> Text:
    _settings(use, use.parsed.values("-c", "--config"))
    return EMPTY


def clone_into(use: Use) -> Text:
    """A folder that is named: hooks, an agent's settings, a home's programs may stand there."""
    use.write(use.parsed.operands[1], deep=True)
    return EMPTY


def _cloned(use: Use) -> None:
    """What is cloned is somebody else's code, until a person has looked at it."""
    words = use.parsed.operands
    if words and not words[0].value.startswith((".", "/", "~", "file:")):
        folder = (
            words[1].value if len(words) > 1 else words[0].value.rstrip("/").rpartition("/")[2].removesuffix(".git")
        )
        name = canonical(f"{folder}/{UNKNOWN}", use.reader.state.cwd, use.reader.state.home)
        use.reader.state.files[name] = anything(NETWORK)


def difftool(use: Use) -> Text:
    parsed = use.parse(values="-x --extcmd -t --tool")
    for text in parsed.values("-x", "--extcmd"):
        use.shell(text)
    return use.output()


def rebase(use: Use) -> Text:
    if any(word.value == "--root" or word.value.startswith("--exec") for word in use.arguments):
        use.add("git-discard", use.name, "", "rewritten history")
    return _described(use, "rebase")


def rev_parse(use: Use) -> Text:
    words = [word.value for word in use.arguments]
    use.add("read", use.name)
    if "--show-toplevel" in words:
        return Text(".", marks=frozenset({f"{PATH}."}))
    if "--git-dir" in words or "--git-common-dir" in words:
        return Text(".git")
    return anything("number")


_SPECIAL = {
    "checkout": checkout,
    "restore": restore,
    "switch": switch,
    "config": config,
    "difftool": difftool,
    "rev-parse": rev_parse,
    "rebase": rebase,
}

_API_SECRETS = re.compile(
    r"secrets|/keys|deploy-?keys|tokens|hooks|/gpg_keys|variables|ssh_keys|authorizations|credentials"
)


def forge_api(use: Use) -> Text:
    """`gh api`, `glab api`: a request with the person's own rights."""
    parsed = use.parsed
    path = parsed.words()[1] if len(parsed.operands) > 1 else ""
    fields = parsed.has("-f", "-F", "--field", "--raw-field", "--input")
    method = parsed.value("-X", "--method").value.upper() or ("POST" if fields else "GET")
    graph = path == "graphql"
    query = " ".join(value.value for value in parsed.values("-f", "-F", "--field", "--raw-field"))
    if graph:
        method = "POST" if "mutation" in query else "GET"
        if re.search(r"delete\w+\s*\(", query):
            method = "DELETE"
    if method in ("GET", "HEAD"):
        use.add("credential" if _API_SECRETS.search(path) and "secret" in path else "read", f"api {path}", "", "read")
    elif _API_SECRETS.search(path):
        use.add("credential", f"api {path}", "", "write")
    elif re.search(r"branches/.*/protection|rulesets|collaborators|permissions|visibility|teams|memberships", path):
        use.add("security-config", f"api {path}", "", "forge")
    elif method == "DELETE":
        use.add("git-discard" if "/git/refs" in path else "data-destroy", f"api {path}", "", "forge")
    elif "force=true" in query or ("/git/refs" in path and method == "PATCH"):
        use.add("git-discard", f"api {path}", "", "force push")
    elif re.search(r"/merge|dispatches|deployments|releases|/pages", path):
        use.add("deploy", f"api {path}", "", "forge")
    else:
        use.add("git-remote", f"api {path}", "", "push")
    return anything(NETWORK)


def forge_alias(use: Use) -> Text:
    words = use.parsed.operands
    if len(words) > 3 and (words[3].value.startswith("!") or use.parsed.has("--shell", "-s")):
        use.shell(Text(words[3].value.removeprefix("!"), marks=words[3].marks))
    use.add("write", "alias", "home")
    return EMPTY


def as_git(use: Use) -> Text:
    return use.run([Text("git"), *use.arguments])


PROGRAMS = {"git": git, "hub-git": git}
ACTIONS = {
    "@git-paths": paths,
    "@git-foreach": foreach,
    "@git-run-rest": run_rest,
    "@git-clone-config": clone_config,
    "@git-clone-into": clone_into,
    "@gh-api": forge_api,
    "@gh-alias": forge_alias,
    "@as-git": as_git,
}
