"""Where does a path really lead, and what does reading, writing or deleting it do?

Paths are resolved by their letters alone: `..`, `~`, the ways round through `/proc`. What links do to them only the
machine knows: whoever can look passes `Surroundings.real`, and then both paths count. A canonical path is
`src/x.py` inside the project (`.` is its top), `~/x` inside anybody's home, and absolute elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import msgspec

from maestro.policy.effects import Effect, EffectKind, Where
from maestro.policy.globs import compiled
from maestro.policy.path_classes import PATTERNS, TOP_LEVEL_GENERATED, PathClass

Operation = Literal["read", "write", "delete"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an action would happen. `root` is the project's absolute path (empty: nobody knows, and relative paths are
    in the project); `cwd` is absolute or relative to the root; `real` resolves links, None where nobody looks."""

    root: str = ""
    cwd: str = "."
    home: str = "~"
    real: Callable[[str], str] | None = None


NOWHERE: Final = Surroundings()


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What is known of a path from its name. `path` is canonical."""

    path: str
    where: Where
    classes: frozenset[PathClass]


# --- the canonical path -----------------------------------------------------------------------------------------

_HOMES = re.compile(r"(?:/home/[^/]+|/users/(?!shared(?:/|$))[^/]+|/root|/var/root|/export/home/[^/]+)(?=/|$)", re.I)
_PROC_ROOT = re.compile(r"^(?:/proc/[^/]+(?:/task/[^/]+)?/root)+(?=/|$)")
_PROC_CWD = re.compile(r"^/proc/[^/]+/cwd(?=/|$)")
_DRIVE = re.compile(r"^(?:[a-z]:|//[?.]/[a-z]:|/mnt/[a-z](?=/)|/[a-z](?=/(?:users|windows|program)))", re.I)


@lru_cache(maxsize=65_536)
def canonical(path: str, cwd: str = ".", home: str = "~", root: str = "") -> str:
    """The path by its letters. Never raises."""
    path = path.removeprefix("file://") or "."
    if "\\" in path and (path[:2] in ("~\\", ".\\", "..") or path[1:3] == ":\\" or "/" not in path):
        path = path.replace("\\", "/")
    path = _DRIVE.sub("", path) if _DRIVE.match(path) else path
    path = _PROC_CWD.sub(".", path)
    if not path.startswith(("/", "~")):
        path = posixpath.join(canonical(cwd, ".", home, root) if cwd not in ("", ".", "repo root") else ".", path)
    return _settled(path, home.rstrip("/") or "/", root.rstrip("/"))


def _settled(path: str, home: str, root: str) -> str:
    if path == "~" or path.startswith("~/"):
        inside = posixpath.normpath(path[2:] or ".")
        if not inside.startswith(".."):
            return "~" if inside == "." else f"~/{inside}"
        path = f"/home/user/{inside}"  # above a home is where homes are
    elif path.startswith("~"):
        path = f"/home/{path[1:]}"
    if not path.startswith("/"):
        path = posixpath.normpath(path)
        if not path.startswith(".."):
            return path
        if not root:
            return path
        path = f"{root}/{path}"
    path = "/" + posixpath.normpath(_PROC_ROOT.sub("/", posixpath.normpath(path))).lstrip("/")
    path = path.removeprefix("/private") if path.startswith(("/private/etc", "/private/var", "/private/tmp")) else path
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) + 1 :] or "."
    if home.startswith("/") and (path == home or path.startswith(f"{home}/")):
        return f"~{path[len(home) :]}"
    found = _HOMES.match(path)
    return f"~{path[found.end() :]}" if found else path


# --- where it is ------------------------------------------------------------------------------------------------

_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm", "/var/folders", "/run/user")
_STREAMS = re.compile(r"^/dev/(?:null|zero|full|random|urandom|stdin|stdout|stderr|tty|ptmx|fd(?:/.*)?|pts/.*)$")
_SYSTEM = ("bin", "boot", "dev", "efi", "etc", "lib", "lib32", "lib64", "opt", "proc", "root", "run", "sbin", "srv")
_SYSTEM_TOPS = frozenset((*_SYSTEM, "sys", "usr", "var", "system", "library", "applications", "windows", "private"))
_SYSTEM_TOPS_WINDOWS = frozenset(("program files", "program files (x86)", "programdata"))


def place(path: str) -> Where:
    """Where a canonical path is."""
    if path == "~" or path.startswith("~/"):
        return "home"
    if not path.startswith("/"):
        return "outside" if path.startswith("..") else "project"
    if _STREAMS.match(path):
        return ""
    if path.startswith(tuple(f"{top}/" for top in _SCRATCH)) or path in _SCRATCH:
        return "scratch"
    if path.startswith("/dev/"):
        return "device"
    top = path[1:].partition("/")[0].lower()
    is_system = path == "/" or (top in ("home", "users") and path.count("/") == 1)
    return "system" if is_system or top in _SYSTEM_TOPS or top in _SYSTEM_TOPS_WINDOWS else "outside"


# --- what it is -------------------------------------------------------------------------------------------------


_PLAIN = re.compile(r"[^/*?\[]+")
_BY_NAME: dict[str, list[PathClass]] = {}
for _class, _patterns in PATTERNS.items():
    for _pattern in filter(_PLAIN.fullmatch, _patterns):
        _BY_NAME.setdefault(_pattern.lower(), []).append(_class)
# Names that stand for themselves are looked up: a regular expression of all of them takes long to make.
_MATCHERS = {name: compiled(each for each in words if not _PLAIN.fullmatch(each)) for name, words in PATTERNS.items()}
_FIXTURES = re.compile(r"(?:.*/)?(?:__)?(?:fixtures?|test-?_?data|testcases|corpus|golden|snapshots)(?:__)?/.*", re.I)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_AUTH_WORDS = frozenset(
    (
        *("auth", "authn", "authz", "authenticate", "authentication", "authenticator", "authorize", "authorization"),
        *("authorizer", "authorise", "oauth", "oauth2", "oidc", "openid", "sso", "saml", "ldap", "login", "logout"),
        *("signin", "signup", "signout", "jwt", "jwks", "rbac", "abac", "acl", "acls", "permission", "permissions"),
        *("password", "passwords", "passwordless", "mfa", "2fa", "totp", "otp", "webauthn", "passkey", "passkeys"),
        *("csrf", "security", "credential", "credentials", "impersonate", "impersonation"),
    )
)
_API_WORDS = frozenset(
    (
        *("api", "apis", "router", "routers", "route", "routes", "endpoint", "endpoints", "controller", "controllers"),
        *("contracts", "schemas", "dto", "dtos", "protocol", "proto"),
    )
)
_NO_CODE = re.compile(r".*\.(?:css|scss|sass|less|html?|json|ya?ml|toml|ini|cfg|csv|tsv|lock|snap|ipynb)$", re.I)
_PEOPLE = re.compile(
    r"(?:.*/)?(?:[^/]*[^a-z/])?(?:users?|customers?|patients?|employees?|subscribers?|contacts?|payroll|pii|emails?)"
    r"(?:[^a-z/][^/]*)?\.(?:csv|tsv|xlsx?|sql|dump|parquet|ndjson|jsonl|mdb|sqlite3?|db|bak)(?:\.\w+)?$",
    re.I,
)
_SPARED_BY_DOCS = frozenset[PathClass](
    ("auth", "api", "migration", "deployment", "container", "ci", "backup", "security", "editor-task")
)
_SPARED_BY_TESTS = frozenset[PathClass](("auth", "api", "migration", "personal", "production-data", "backup"))
_SPARED_BY_FIXTURES: Final[frozenset[PathClass]] = (
    _SPARED_BY_DOCS | _SPARED_BY_TESTS | frozenset[PathClass](("manifest", "lock-file", "package-source", "hook"))
)
_PROSE = re.compile(r".*\.(?:md|mdx|rst|adoc|asciidoc|txt|org|tex|png|jpe?g|gif|svg|webp|ico)$", re.I)


@lru_cache(maxsize=65_536)
def info(path: str) -> PathInfo:
    """Where a canonical path is and what it is."""
    where = place(path)
    found: set[PathClass] = {name for name, matcher in _MATCHERS.items() if matcher.fullmatch(path)}
    found.update(_BY_NAME.get(path.rpartition("/")[2].lower(), ()))
    if where == "project":
        found |= set(_by_words(path, found))
        if "generated" not in found and path.partition("/")[0] in TOP_LEVEL_GENERATED:
            found.add("generated")
    if _PEOPLE.fullmatch(path):
        found.add("personal")
    found -= _spared(path, found)
    if where == "project" and "generated" in found and not found & _STILL_COUNTS:
        where = "generated"
    return PathInfo(path, where, frozenset(found))


_STILL_COUNTS = frozenset[PathClass](("credential", "guard", "hook", "git-internal", "start-up"))


def _by_words(path: str, found: set[PathClass]) -> Iterator[PathClass]:
    if "source" not in found or _NO_CODE.fullmatch(path):
        return
    words = {word.lower() for word in _WORDS.findall(path)}
    words |= {part for part in re.split(r"[/._-]", path.lower()) if part}
    if words & _AUTH_WORDS:
        yield "auth"
    if words & _API_WORDS:
        yield "api"


def _spared(path: str, found: set[PathClass]) -> set[PathClass]:
    """What a path is not after all, because of what else it is."""
    spared: set[PathClass] = set()
    if "public-key" in found:
        spared.add("credential")
    if "source" in found and not path.startswith(("/", "~")) and not _IN_SECRET_FOLDER.match(path):
        spared |= {"credential"} if not path.lower().endswith("wp-config.php") else set()
    if _PROSE.fullmatch(path) and "manifest" not in found:
        spared |= _SPARED_BY_DOCS
    if "docs" in found and "source" not in found and not found & {"container", "ci"}:
        spared |= _SPARED_BY_DOCS
    if "test" in found:
        spared |= _SPARED_BY_TESTS
    if _FIXTURES.fullmatch(path):
        spared |= _SPARED_BY_FIXTURES
    if "personal" in spared and path.startswith("~"):
        spared.discard("personal")
    return spared


_IN_SECRET_FOLDER = re.compile(r"(?:.*/)?\.(?:ssh|gnupg|aws|kube|docker|secrets|password-store|credentials)/", re.I)


# --- folders and globs that hold what is sensitive --------------------------------------------------------------

_EXEMPLARS = (
    *("~/.ssh/id_rsa", "~/.aws/credentials", "~/.gnupg/secring.gpg", "~/.netrc", "~/.kube/config", "~/.pypirc"),
    *("~/.npmrc", "~/.docker/config.json", "~/.git-credentials", "~/.config/gcloud/credentials.db", "~/.pgpass"),
    *("~/.config/gh/hosts.yml", "~/.azure/accessTokens.json", "~/.bash_history", "~/.bashrc", "~/.profile", "~/.zshrc"),
    *("~/.config/maestro/policy.yaml", "~/.local/state/maestro/operator.key", "~/.claude/settings.json"),
    *("~/.codex/config.toml", "~/.password-store/x.gpg", "~/.cargo/credentials.toml", "~/.vault-token"),
    *("~/.mozilla/firefox/x/logins.json", "~/.ssh/authorized_keys", "~/.ssh/id_ed25519", "~/Documents/x"),
    *("/etc/shadow", "/etc/passwd", "/etc/sudoers", "/etc/ssh/ssh_host_rsa_key", "/etc/ssl/private/x.key"),
    *("/etc/pam.d/su", "/run/secrets/x", "/proc/1/environ", "/var/log/auth.log", "/etc/cron.d/x"),
    *(".env", ".git/config", ".git/HEAD", ".flow/maestro/policy.yaml", ".claude/settings.json", ".ssh/id_rsa"),
    *(".aws/credentials", ".npmrc", ".pypirc", ".netrc"),
)
_GLOB = re.compile(r"[*?]|\[[^/\]]+\]|\{[^/}]*,[^/}]*\}")


@lru_cache(maxsize=8_192)
def _held(path: str, glob: bool, deep: bool) -> tuple[PathInfo, ...]:
    """What is known to be sensitive among the paths that a glob may mean, or in a folder that is taken whole."""
    found: list[str] = []
    if glob and _GLOB.search(path):
        regex = _glob_regex(path)
        found += [each for each in _EXEMPLARS if regex.fullmatch(each) and not _hidden_from(path, each)]
        path = path[: _GLOB.search(path).start()].rpartition("/")[0] if deep else ""  # type: ignore[union-attr]
    if deep and path not in ("", "."):
        inside = "/" if path == "/" else f"{path}/"
        found += [each for each in _EXEMPLARS if each.lower().startswith(inside.lower())]
        found += ["~/.ssh/id_rsa", "~/.bashrc"] if path in ("/", "/home", "/Users") else []
    return tuple(info(each) for each in dict.fromkeys(found))


@lru_cache(maxsize=8_192)
def secrets_below(folder: str, name: str) -> tuple[str, ...]:
    """The known secrets at any depth below a folder whose own names fit; hidden ones too. Of a project: none."""
    if place(folder) == "project":
        return ()
    inside = "/" if folder == "/" else f"{folder}/"
    regex = _glob_regex(name)
    return tuple(
        each
        for each in _EXEMPLARS
        if (each.startswith(inside) or (folder in ("/", "/home") and each.startswith("~")))
        and regex.fullmatch(each.rpartition("/")[2])
        and "credential" in info(each).classes
    )


def _glob_regex(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\*+|\?|\[[^/\]]+\]|\{[^/}]*\})", path)
    return re.compile("".join(_glob_part(part) for part in parts), re.I)


def _glob_part(part: str) -> str:
    if part.startswith("*"):
        return "[^/]*"
    if part == "?":
        return "[^/]"
    if part.startswith("["):
        return "[^/]"
    if part.startswith("{"):
        return f"(?:{'|'.join(map(re.escape, part[1:-1].split(',')))})"
    return re.escape(part)


def _hidden_from(glob: str, path: str) -> bool:
    """A wildcard at the start of a name does not mean hidden files."""
    pairs = zip(glob.split("/"), path.split("/"), strict=False)
    return any(name.startswith(".") and not pattern.startswith(".") for pattern, name in pairs)


# --- effects ----------------------------------------------------------------------------------------------------

_OnWrite = tuple[EffectKind, str]
_ON_WRITE: dict[PathClass, _OnWrite] = {
    "credential": ("credential", "write"),
    "guard": ("guard", ""),
    "start-up": ("security-config", "start-up"),
    "security": ("security-config", ""),
    "audit-log": ("security-config", "audit"),
    "personal": ("personal-data", "write"),
    "production-data": ("data-change", "production"),
    "ci": ("ci", "pipeline"),
    "hook": ("ci", "hook"),
    "container": ("ci", "container"),
    "deployment": ("ci", "deployment"),
    "migration": ("migration", "file"),
    "auth": ("auth-code", ""),
    "api": ("api-contract", ""),
    "architecture": ("api-contract", "architecture"),
    "package-source": ("dependency", "source"),
    "editor-task": ("ci", "editor"),
    "manifest": ("dependency", "manifest"),
    "lock-file": ("dependency", "lock"),
}
_ON_DELETE: dict[PathClass, _OnWrite] = _ON_WRITE | {
    "credential": ("credential", "delete"),
    "personal": ("personal-data", "delete"),
    "production-data": ("data-destroy", "production"),
    "backup": ("data-destroy", "backup"),
}
_ON_READ: dict[PathClass, _OnWrite] = {
    "credential": ("credential", "read"),
    "personal": ("personal-data", "read"),
}
_EFFECTS: dict[Operation, dict[PathClass, _OnWrite]] = {"read": _ON_READ, "write": _ON_WRITE, "delete": _ON_DELETE}
_WHERE_OF_DEPENDENCY: dict[PathClass, Where] = {
    "manifest": "runtime",
    "lock-file": "declared",
    "package-source": "runtime",
}


def effects_of_path(
    operation: Operation,
    path: str,
    *,
    cwd: str = ".",
    home: str = "~",
    root: str = "",
    glob: bool = False,
    deep: bool = False,
    detail: str = "",
    real: Callable[[str], str] | None = None,
) -> tuple[Effect, ...]:
    """What reading, writing (also making, appending, changing) or deleting this path does; sorted, never empty.

    `glob`: the shell expands the path, so that it may mean several. `deep`: everything in the folder is read or
    deleted (`-r`). `detail` goes with the plain effect (such as `recursive`, `append`).
    """
    at = Surroundings(root, cwd, home, real)
    effects: set[Effect] = set()
    for known in _known(path, at):
        effects |= _plain(operation, known, detail)
        for held in _held(known.path, glob, deep):
            effects |= {msgspec.structs.replace(each, target=known.path) for each in _sensitive(operation, held)}
    return tuple(sorted(effects))


def _known(path: str, at: Surroundings) -> Iterator[PathInfo]:
    literal = canonical(path, at.cwd, at.home, at.root)
    yield info(literal)
    if literal.startswith("../"):  # nobody knows how far up it goes: it may end at the top, or in a home
        above = literal.replace("../", "")
        yield from (info(each) for each in (f"/{above}", f"~/{above}") if info(each).classes & _ANYWHERE)
    if at.real is not None and place(literal):
        followed = canonical(at.real(path), at.cwd, at.home, at.root)
        if followed != literal:
            yield info(followed)


_ANYWHERE = frozenset[PathClass](("credential", "guard", "start-up", "security", "audit-log", "production-data"))


def _plain(operation: Operation, known: PathInfo, detail: str) -> set[Effect]:
    plain = Effect(operation, known.path, known.where, detail)
    return {plain} | _sensitive(operation, known)


def _sensitive(operation: Operation, known: PathInfo) -> set[Effect]:
    table = _EFFECTS[operation]
    found = {_effect(known, name, *table[name]) for name in known.classes if name in table}
    return found | _git_internals(operation, known)


def _effect(known: PathInfo, name: PathClass, kind: EffectKind, detail: str) -> Effect:
    return Effect(kind, known.path, _WHERE_OF_DEPENDENCY.get(name, known.where), detail)


def _git_internals(operation: Operation, known: PathInfo) -> set[Effect]:
    """The repository's own files: what they hold runs at the next git command, or is history."""
    if operation == "read" or "git-internal" not in known.classes:
        return set()
    runs = re.search(r"\.git/(?:hooks/.+|config.*|.*/config|info/attributes)$", known.path)
    if operation == "write" and runs:
        return {Effect("security-config", known.path, known.where, "git-hook")}
    return {Effect("git-discard", known.path, known.where, "internals")}
