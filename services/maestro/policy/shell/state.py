"""What does a script remember while it is read? Variables, functions, the folder it is in, the files it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from maestro.policy.effects import Effect, EffectKind, Where
from maestro.policy.paths import canonical
from maestro.policy.shell.syntax import Node
from maestro.policy.shell.text import ANYTHING, EMPTY, PATH, SECRET, UNKNOWN, Text, anything

MOST_STEPS = 4_000
MOST_DEPTH = 24
_MOST_LINKS = 8
NO_FOLDER = f"{UNKNOWN}/"

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_USUAL = {
    "SHELL": "/bin/bash",
    "BASH": "/bin/bash",
    "0": "bash",
    "PATH": _SYSTEM_PATH,
    "IFS": " \t\n",
    "TMPDIR": "/tmp",
    "TMP": "/tmp",
    "TEMP": "/tmp",
    "EDITOR": "vi",
    "VISUAL": "vi",
    "PAGER": "less",
    "LANG": "en_US.UTF-8",
    "TERM": "xterm",
    "OSTYPE": "linux-gnu",
    "HOSTTYPE": "x86_64",
}
_NUMBERS = frozenset("? # $ ! RANDOM SECONDS LINENO PPID UID EUID BASHPID EPOCHSECONDS COLUMNS LINES SHLVL".split())
_PROJECT = frozenset(
    "PWD GITHUB_WORKSPACE CI_PROJECT_DIR WORKSPACE CLAUDE_PROJECT_DIR INIT_CWD PROJECT_ROOT REPO_ROOT".split()
)
_SECRET_WORDS = (
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "CREDENTIAL",
)
_SECRET_ENDS = ("_PASS", "_PWD", "_KEY", "_AUTH", "_PAT", "_DSN", "DATABASE_URL", "_CREDS", "PGPASS", "MYSQL_PWD")
_NOT_SECRET = (
    "PUBLIC_KEY",
    "SSH_AUTH_SOCK",
    "CACHE_KEY",
    "FOREIGN_KEY",
    "PRIMARY_KEY",
    "TOKENIZERS",
    "MAX_TOKENS",
    "TOKENS",
    "KEYBOARD",
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    upper = name.upper()
    if any(word in upper for word in _NOT_SECRET):
        return False
    return any(word in upper for word in _SECRET_WORDS) or upper.endswith(_SECRET_ENDS)


@dataclass
class State:
    """All that later parts of the same text can depend on."""

    home: str
    cwd: str
    variables: dict[str, list[Text]] = field(default_factory=dict)
    functions: dict[str, Node] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    files: dict[str, Text] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Links that the script makes, and where they lead; both canonical."""
    mounts: frozenset[str] = frozenset()
    """Those of them that are folders: deleting one deletes what is in it."""
    other_folders: list[str] = field(default_factory=list)
    """Where the script may be instead, since a `cd` stood under a condition."""
    positional: list[Text] | None = None

    def copy(self) -> State:
        return State(
            self.home,
            self.cwd,
            dict(self.variables),
            dict(self.functions),
            dict(self.aliases),
            self.files,  # a file that a subshell writes is there for all
            self.links,
            self.mounts,
            list(self.other_folders),
            self.positional,
        )

    def followed(self, path: str) -> str:
        """Where a canonical path leads through the links that the script has made."""
        for _ in range(_MOST_LINKS if self.links else 0):
            found = next((each for each in self.links if path == each or path.startswith(f"{each}/")), None)
            if found is None:
                break
            path = canonical(self.links[found] + path[len(found) :], ".", self.home)
        return path

    def lookup(self, name: str) -> list[Text] | None:
        if name in self.variables:
            return self.variables[name]
        if name == "HOME":
            return [Text(self.home)]
        if name in _PROJECT:
            return [Text(self.cwd, marks=frozenset({PATH + self.cwd}))]
        if name in _NUMBERS:
            return [Text("1", marks=frozenset({"number"}))]
        if name in _USUAL:
            return [Text(_USUAL[name])]
        if name in ("@", "*"):
            return self.positional
        if name.isdigit() and self.positional is not None:
            index = int(name) - 1
            return [self.positional[index]] if index < len(self.positional) else [EMPTY]
        return [anything(SECRET)] if is_secret_name(name) else None


class Findings:
    """What is found while reading: effects, and why anything could not be seen."""

    def __init__(self) -> None:
        self.effects: dict[Effect, None] = {}
        self.problems: dict[str, None] = {}
        self.steps = 0
        self.substituted: dict[int, Node] = {}
        """Substitutions that were read; kept, so that no other has their number."""
        self.guards_looked_up = False
        """Whether the numbers of processes that watch over others are at hand."""

    def add(self, kind: EffectKind, target: str = "", where: Where = "", detail: str = "") -> Effect:
        effect = Effect(kind, target.replace(UNKNOWN, "…")[:500], where, detail[:200])
        self.effects[effect] = None
        return effect

    def opaque(self, detail: str, why: str) -> None:
        self.add("opaque", "", "unresolved" if detail == "unresolved" else "", detail)
        self.problems[why.replace(UNKNOWN, "…")[:300]] = None


class Conditions:
    """Whether what is read now certainly runs."""

    def __init__(self) -> None:
        self.depth = 0

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1


def assigned(state: State, name: str, value: list[Text], certain: bool) -> None:
    """What may or may not be assigned is one of two values afterwards: nobody knows which."""
    before = state.variables.get(name)
    if not certain and before is not None and before != value:
        value = [ANYTHING]
    state.variables[name] = value


def moved(state: State, target: Text, certain: bool) -> None:
    """After a `cd`."""
    if not certain and state.cwd not in state.other_folders:
        state.other_folders = [*state.other_folders, state.cwd][-4:]
    elif certain and target.value.startswith(("/", "~")):
        state.other_folders = []
    if not target.known or target.value == "-":
        state.cwd = NO_FOLDER
    else:
        state.cwd = state.followed(canonical(target.value or state.home, state.cwd, state.home))
