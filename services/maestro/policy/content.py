"""What does writing this into that file do, beyond changing the file? From the lines that are new.

Looked at: secrets, code that will run by itself (package scripts, hooks, start-up files, pipelines, images), code that
nobody can read, dependencies, and what others rely on (routes, authentication). Tests and documentation that merely
quote something dangerous do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from maestro.policy.changes import Change, change_of, is_comment
from maestro.policy.effects import Effect, EffectKind
from maestro.policy.hidden_code import hidden_code
from maestro.policy.manifests import effects_of_manifest
from maestro.policy.paths import NOWHERE, PathInfo, Surroundings, canonical, effects_of_path, info
from maestro.policy.running import code_that_runs, package_scripts
from maestro.policy.secrets import secrets_in

MAX_CHARACTERS = 300_000
"""A longer text is not read, and asked about: what nobody reads is not known."""


def effects_of_write(
    path: str, content: str, before: str | None = None, at: Surroundings = NOWHERE
) -> tuple[Effect, ...]:
    """Effects of writing `content` (a whole file, a diff or a fragment) to `path`; sorted, never empty."""
    plain = effects_of_path("write", path, cwd=at.cwd, home=at.home, root=at.root, real=at.real)
    if len(content) > MAX_CHARACTERS or (before and len(before) > MAX_CHARACTERS):
        return (*plain, Effect("unknown", canonical(path, at.cwd, at.home, at.root), "", "too long to read"))
    change = change_of(content, before, path)
    followed = [info(canonical(each, at.cwd, at.home, at.root)) for each in _names(path, at)]
    effects = set(plain)
    for known in followed:
        effects = _refined(effects, known, change) | set(_from_content(known, change))
    return tuple(sorted(effects))


def _names(path: str, at: Surroundings) -> list[str]:
    return [path] if at.real is None else list(dict.fromkeys((path, at.real(path))))


# --- what the path says, seen with the content ------------------------------------------------------------------


def _refined(effects: set[Effect], known: PathInfo, change: Change) -> set[Effect]:
    """Without what the path alone suggests and the content shows not to be so."""
    gone: set[tuple[EffectKind, str]] = set()
    if "manifest" in known.classes:
        gone.add(("dependency", "manifest"))
    if "source" in known.classes and change.lines:
        if all(is_comment(line.text, _extension(known.path)) for line in change.changed):
            gone |= {("auth-code", ""), ("api-contract", "")}
        elif not _ROUTER_NAME.search(known.path) and not _changes_an_api(change):
            gone.add(("api-contract", ""))
    if "editor-task" in known.classes and change.lines and not _runs_by_itself(change):
        gone.add(("ci", "editor"))
    return {each for each in effects if (each.kind, each.detail) not in gone or each.target != known.path}


def _changes_an_api(change: Change) -> bool:
    """In a folder that is about an API: what is declared there now, or a declaration that is changed or goes."""
    removed = [line.text for line in change.lines if line.sign == "-"]
    return any(_API_CUE.search(line.text) for line in change.changed) or any(map(_DECLARES.match, removed))


_DECLARES = re.compile(
    r"\s*(?:export|public|pub|async|def|class|func|fn|function|interface|type|struct|enum|message|rpc|field)\b"
)


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _runs_by_itself(change: Change) -> bool:
    return any(
        re.search(r"\"(?:command|runOn|script|program|preLaunchTask|args|shell\w*)\"", line.text)
        for line in change.added
    )


_ROUTER_NAME = re.compile(r"(?:rout(?:er|es?)s?|controllers?|endpoints?|urls)(?:[./_-]|$)", re.I)
_ROUTE = re.compile(
    r"@\w*(?:app|router|route|bp|blueprint|api|controller)\w*\.(?:get|post|put|delete|patch|head|options|route|websocket|api_route)\b\s*\(|"
    r"\b(?:app|router|server|fastify|api|routes?)\.(?:get|post|put|delete|patch|all|use)\(\s*[\"'`]/|"
    r"@(?:Get|Post|Put|Delete|Patch|Request)(?:Mapping)?\s*\(|#\[(?:get|post|put|delete|patch)\(\"|\[Http(?:Get|Post|Put|Delete|Patch)\b|"
    r"\.route\(\s*[\"']/|HandleFunc\(\s*\"|\.(?:GET|POST|PUT|DELETE|PATCH)\(\s*\"/|Route::(?:get|post|put|delete|patch)\(|"
    r"\bpath\(\s*[\"'][\w/<:>-]*[\"']\s*,|\bre_path\("
)
_API_CUE = re.compile(
    rf"{_ROUTE.pattern}|^\s*export\s+(?:declare\s+)?(?:interface|type|enum|abstract)\b|\((?:BaseModel|Schema|Serializer|ModelSerializer)\)|"
    r"^\s*(?:message|service|rpc|type|input|interface|enum)\s+\w+\s*[({]|response_model|status_code\s*="
)
_AUTH_CUE = re.compile(
    r"\b(?:verify|check|hash|compare|reset|set)_?password\w*\s*\(|\bjwt\.(?:encode|decode|sign|verify)\b|\bjsonwebtoken\b|"
    r"\b(?:bcrypt|argon2|passlib|pbkdf2_hmac|scrypt)\b|is_authenticated|is_admin\b|is_superuser|login_required|permission_required|"
    r"\b(?:permission_classes|authentication_classes)\b|@(?:PreAuthorize|RolesAllowed|Secured|UseGuards|requires_auth)\b|"
    r"before_action\s+:authenticate|\b(?:require|ensure|check)_?(?:auth|login|admin|permission)\w*\s*\(|csrf_exempt|"
    r"verify\s*=\s*False|rejectUnauthorized\s*:\s*false|InsecureSkipVerify\s*:\s*true|NODE_TLS_REJECT_UNAUTHORIZED|"
    r"CURLOPT_SSL_VERIFYPEER|_create_unverified_context|CERT_NONE|allow_origins\s*=\s*\[\s*[\"']\*|skip_before_action\s+:",
    re.I,
)


# --- what the content says --------------------------------------------------------------------------------------


def _from_content(known: PathInfo, change: Change) -> Iterator[Effect]:
    path, classes = known.path, known.classes
    example = "test" in classes or _is_prose(known)
    if not classes & {"lock-file", "generated"}:
        for finding in secrets_in(change.kept_or_added, path.rpartition("/")[2], example=example):
            yield Effect("credential", f"{path}:{finding.line}", known.where, "write")
            break
    if "manifest" in classes:
        yield from effects_of_manifest(path, change)
        yield from package_scripts(known, change)
    if _is_prose(known):
        return
    if example and not classes & {"hook", "start-up", "ci", "container"}:
        yield from _hidden_code(known, change, executed_only=True)
        return
    if "source" in classes:
        yield from _in_source(known, change)
    yield from code_that_runs(known, change)
    if re.search(r"\.(?:json[c5]?|toml|ya?ml|ini|cfg|conf)$", path, re.I):
        yield from _guards(known, change)
        yield from _hidden_code(known, change)


def _is_prose(known: PathInfo) -> bool:
    return "docs" in known.classes and not known.classes & {"source", "manifest", "hook", "start-up", "container", "ci"}


def _in_source(known: PathInfo, change: Change) -> Iterator[Effect]:
    extension = _extension(known.path)
    lines = [line for line in change.changed if not is_comment(line.text, extension)]
    if any(_ROUTE.search(line.text) for line in lines):
        yield Effect("api-contract", known.path, known.where)
    if any(_AUTH_CUE.search(line.text) for line in lines):
        yield Effect("auth-code", known.path, known.where)
    added = "\n".join(line.text for line in change.added if not is_comment(line.text, extension))
    yield from _hidden_code(known, change)
    if _SENDS.search(added) and any(_is_credential_path(text) for text in _STRINGS.findall(added)):
        yield Effect("credential", known.path, known.where, "send")


def _hidden_code(known: PathInfo, change: Change, *, executed_only: bool = False) -> Iterator[Effect]:
    # What stays counts too: a text that only looks like a diff is written as it is.
    extension = _extension(known.path)
    lines = [line.text for line in change.kept_or_added if not is_comment(line.text, extension)]
    return hidden_code(known, lines, executed_only=executed_only)


_STRINGS = re.compile(r"[\"'`]((?:~|/|\.|\$HOME|%USERPROFILE%)[^\"'`\n]{2,200})[\"'`]")
_SENDS = re.compile(
    r"\b(?:requests?|httpx|axios|session|client|http|https|aiohttp|got|superagent)\.(?:post|put|request|patch)\b|"
    r"urlopen\(|\bfetch\(|sendto\(|\.sendall\(|smtplib|XMLHttpRequest|Net::HTTP|http\.Post|curl_exec|WebClient|"
    r"UploadString|nc -|curl "
)


def _is_credential_path(text: str) -> bool:
    text = text.replace("$HOME", "~").replace("%USERPROFILE%", "~")
    return "credential" in info(canonical(text)).classes


_GUARD_SETTINGS = re.compile(
    r"approval_?policy[\"']?\s*[=:]\s*[\"']?never|danger-?full-?access|dangerously[-_]?(?:skip|allow|bypass)|bypass_?permissions|"
    r"skip_?(?:dangerous|permission)\w*[\"']?\s*[=:]\s*true|auto[-_.]?approve\w*[\"']?\s*[=:]\s*(?:true|\[\s*\"\*|\{)|alwaysAllow|"
    r"\byolo\w*[\"']?\s*[=:]\s*true|\"(?:allow|allowed)\"\s*:\s*\[\s*\"(?:Bash|Shell|Execute|run_\w+)?(?:\(\*?\)|\(\*:?\*?\)|\*|Bash)\"|"
    r"sandbox[_.\w]*[\"']?\s*[=:]\s*(?:false|[\"'](?:off|none|disabled))|disable_?(?:guard|hooks|audit|policy)\w*[\"']?\s*[=:]\s*true",
    re.I,
)


def _guards(known: PathInfo, change: Change) -> Iterator[Effect]:
    if any(_GUARD_SETTINGS.search(line.text) for line in change.kept_or_added):
        yield Effect("guard", known.path, known.where, "permission settings")
