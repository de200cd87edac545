"""What does writing this into that file do, beyond changing the file? From the lines that are new.

Looked at: secrets, code that will run by itself (package scripts, hooks, start-up files, pipelines, images), code that
nobody can read, dependencies, and what others rely on (routes, authentication). Tests and documentation that merely
quote something dangerous do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from maestro.policy.changes import Change, Line, change_of, is_comment
from maestro.policy.effects import Effect, EffectKind
from maestro.policy.manifests import effects_of_manifest
from maestro.policy.paths import NOWHERE, PathInfo, Surroundings, canonical, effects_of_path, info
from maestro.policy.secrets import secrets_in

MAX_CHARACTERS = 2_000_000


def effects_of_write(
    path: str, content: str, before: str | None = None, at: Surroundings = NOWHERE
) -> tuple[Effect, ...]:
    """Effects of writing `content` (a whole file, a diff or a fragment) to `path`; sorted, never empty."""
    plain = effects_of_path("write", path, cwd=at.cwd, home=at.home, root=at.root, real=at.real)
    if len(content) > MAX_CHARACTERS or (before and len(before) > MAX_CHARACTERS):
        return (*plain, Effect("unknown", canonical(path, at.cwd, at.home, at.root), "", "too long to read"))
    change = change_of(content, before)
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
        elif not _ROUTER_NAME.search(known.path) and not any(_API_CUE.search(line.text) for line in change.changed):
            gone.add(("api-contract", ""))
    if "editor-task" in known.classes and change.lines and not _runs_by_itself(change):
        gone.add(("ci", "editor"))
    return {each for each in effects if (each.kind, each.detail) not in gone or each.target != known.path}


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
        yield from _package_scripts(known, change)
    if _is_prose(known) or ("test" in classes and not classes & {"hook", "start-up", "ci", "container"}):
        return
    if "source" in classes:
        yield from _in_source(known, change)
    yield from _code_that_runs(known, change)
    if re.search(r"\.(?:json[c5]?|toml|ya?ml|ini|cfg|conf)$", path, re.I):
        yield from _guards(known, change)


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
    for regex, kind, detail in _HIDDEN_CODE:
        if regex.search(added):
            yield Effect(kind, known.path, known.where, detail)
    if _SENDS.search(added) and any(_is_credential_path(text) for text in _STRINGS.findall(added)):
        yield Effect("credential", known.path, known.where, "send")


_STRINGS = re.compile(r"[\"'`]((?:~|/|\.|\$HOME|%USERPROFILE%)[^\"'`\n]{2,200})[\"'`]")
_SENDS = re.compile(
    r"\b(?:requests?|httpx|axios|session|client|http|https|aiohttp|got|superagent)\.(?:post|put|request|patch)\b|"
    r"urlopen\(|\bfetch\(|sendto\(|\.sendall\(|smtplib|XMLHttpRequest|Net::HTTP|http\.Post|curl_exec|WebClient|"
    r"UploadString|nc -|curl "
)
_HIDDEN_CODE: tuple[tuple[re.Pattern[str], EffectKind, str], ...] = (
    (
        re.compile(
            r"\b(?:exec|eval|compile|Function|execSync|system|instance_eval|loadstring|Invoke-Expression|iex|assert)\s*\(?[^\n]{0,200}?"
            r"(?:b64decode|b32decode|a85decode|unhexlify|fromhex|decompress|marshal\.loads|atob\(|[\"']base64[\"']|base64_decode|"
            r"decode64|rot.?13|gzinflate|FromBase64String|unpack\()",
            re.I,
        ),
        "opaque",
        "decoded",
    ),
    (re.compile(r"\bpickle\.loads\([^\n]*(?:b64decode|get\(|urlopen)|marshal\.loads\("), "opaque", "decoded"),
    (
        re.compile(
            r"\b(?:exec|eval|Function|compile|iex)\s*\([^\n]{0,200}?(?:urlopen|requests\.get|httpx\.get|fetch\(|http\.get|DownloadString)"
        ),
        "opaque",
        "remote",
    ),
    (
        re.compile(r"\b(?:curl|wget|iwr)\b[^|\"'\n]{0,300}\|\s*(?:sudo\s+)?(?:env\s+\S+\s+)*(?:ba|z|da|k)?sh\b"),
        "opaque",
        "remote",
    ),
    (re.compile(r"(?:bash|sh)\s+-i\s*[>&]+\s*/dev/tcp/|/dev/tcp/\d"), "opaque", "remote"),
    (
        re.compile(
            r"socket[^\n]*\n?(?:[^\n]*\n){0,12}?[^\n]*(?:os\.dup2|pty\.spawn|subprocess\.(?:call|run|Popen)\(\[?[\"']/bin/(?:ba)?sh)"
        ),
        "opaque",
        "remote",
    ),
    (
        re.compile(
            r"\b(?:post|put|send|urlopen|fetch|axios)\w*\s*\([^\n]*(?:os\.environ\b(?!\s*[\[.])|dict\(os\.environ|"
            r"(?:json|data|body)\s*[=:(]+\s*(?:JSON\.stringify\()?process\.env\b(?!\s*[\[.]))"
        ),
        "credential",
        "send",
    ),
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
    if any(_GUARD_SETTINGS.search(line.text) for line in change.added):
        yield Effect("guard", known.path, known.where, "permission settings")


# --- code that runs by itself -----------------------------------------------------------------------------------


def _package_scripts(known: PathInfo, change: Change) -> Iterator[Effect]:
    """The scripts of a package: those that package managers run by themselves are asked, and each is read."""
    if not known.path.lower().endswith(("package.json", "composer.json", "deno.json", "deno.jsonc")):
        return
    inside = False
    for line in change.lines:
        text = line.text.strip()
        if re.match(r"@@.*\bscripts\b", text) or re.search(r"\"(?:scripts|tasks)\"\s*:\s*\{", text):
            inside = True
        for name, command in re.findall(r"\"([\w:.-]+)\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"", text):
            automatic = name in _LIFECYCLE
            if line.sign == "+" and (inside or automatic):
                if automatic:
                    yield Effect("ci", f"{known.path}:{name}", known.where, "script that runs by itself")
                yield from _dangers(command.replace('\\"', '"').replace("\\\\", "\\"), known, automatic)
        if inside and "}" in text:
            inside = False


_LIFECYCLE = frozenset(
    (
        *(
            "preinstall",
            "install",
            "postinstall",
            "preprepare",
            "prepare",
            "postprepare",
            "prepublish",
            "prepublishOnly",
        ),
        *("prepack", "postpack", "preuninstall", "uninstall", "postuninstall", "dependencies", "pre-install-cmd"),
        *("post-install-cmd", "pre-update-cmd", "post-update-cmd", "post-autoload-dump", "post-create-project-cmd"),
    )
)


def _code_that_runs(known: PathInfo, change: Change) -> Iterator[Effect]:
    path, classes = known.path.lower(), known.classes
    name = path.rpartition("/")[2]
    if "ci" in classes and name.endswith((".yml", ".yaml")):
        yield from _pipeline(known, change)
    elif "container" in classes and re.search(r"docker|container", name) and not name.endswith((".yml", ".yaml")):
        for command in _after_word(change, re.compile(r"\s*(?:RUN|CMD|ENTRYPOINT)\s+(?:--\S+\s+)*")):
            yield from _dangers(command, known, automatic=False)
    elif name in ("makefile", "gnumakefile", "justfile") or name.endswith(".mk"):
        for line in change.added:
            if line.text.startswith(("\t", "    ")):
                yield from _dangers(line.text.strip().lstrip("@-+").replace("$$", "$"), known, automatic=False)
    elif classes & {"hook", "start-up"} or name.endswith((".sh", ".bash", ".zsh")) or _has_shell_line(change):
        automatic = bool(classes & {"hook", "start-up"})
        text = change.after() if change.whole else ""
        for command in [text] if text else [line.text.removeprefix("+") for line in change.added]:
            yield from _dangers(command, known, automatic)


def _has_shell_line(change: Change) -> bool:
    first = change.lines[0].text if change.lines else ""
    return bool(re.match(r"#!.*\b(?:ba|z|da|k)?sh\b", first))


def _after_word(change: Change, regex: re.Pattern[str]) -> Iterator[str]:
    """Commands behind a word, their continued lines joined."""
    command = ""
    for line in change.added:
        text = line.text.rstrip()
        if not command and (found := regex.match(text)):
            command = text[found.end() :]
        elif command:
            command = f"{command}{text.strip()}"
        if command.endswith("\\"):
            command = f"{command[:-1]} "
        elif command:
            yield command
            command = ""
    if command:
        yield command


_ALWAYS = frozenset(("guard", "personal-data"))
_WHERE_NOT_OURS = frozenset(("system", "home", "device"))


def _dangers(command: str, known: PathInfo, automatic: bool) -> Iterator[Effect]:
    """What a command in a file would do that is dangerous whenever it runs; the rest is judged when it is run."""
    from maestro.policy.shell import effects_of_command

    if not command.strip():
        return
    for effect in effects_of_command(command).effects:
        seen_as_danger = (
            (effect.kind == "opaque" and effect.detail.startswith(("remote", "decoded", "hidden")))
            or (effect.kind == "credential" and effect.detail in ("read", "send"))
            or effect.kind in _ALWAYS
            or (effect.kind == "security-config" and effect.detail in ("start-up", "git-hook"))
            or (effect.kind in ("delete", "write") and effect.where in ("device",))
            or (effect.kind == "delete" and effect.target in ("/", "~", "/*", "~/*"))
            or (automatic and effect.kind in ("git-discard", "data-destroy", "security-config", "money"))
            or (automatic and effect.kind in ("delete",) and effect.where in _WHERE_NOT_OURS)
        )
        if seen_as_danger:
            yield Effect(effect.kind, f"{known.path}: {effect.target}"[:200].rstrip(": "), effect.where, effect.detail)


# --- pipelines --------------------------------------------------------------------------------------------------

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_PRINTS = re.compile(
    r"(?:^|[\s;|&(`])(?:echo|printf|cat|tee|base64|xxd|od|hexdump|rev|tr|sed|awk|fold|gzip|openssl\s+enc|print|puts|console\.log|"
    r"Write-(?:Host|Output)|core\.(?:info|notice|warning|setOutput))\b"
)
_SENDS_OUT = re.compile(r"\b(?:curl|wget|nc|ncat|netcat|Invoke-WebRequest|iwr|http|https|nslookup|dig)\b")
_DUMPS = re.compile(
    r"(?:^|[\s;|&])(?:printenv|env|set|export\s+-p|declare\s+-p)\s*(?:$|[|>;&])|toJSON\(\s*secrets\s*\)|\$\{\{\s*secrets\s*\}\}"
)
_SECRET_NAME = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)(?:$|_)", re.I
)
_MASKED = re.compile(r"::add-mask::|--password-stdin|>>\s*[\"']?\$\{?GITHUB_(?:ENV|OUTPUT|PATH)")


def _pipeline(known: PathInfo, change: Change) -> Iterator[Effect]:
    bound = _bound_to_secrets(change.kept_or_added)
    for line in change.added:
        text = line.text
        if re.search(r"permissions:\s*write-all", text):
            yield Effect("security-config", known.path, known.where, "permissions")
        if _leaks(text, bound):
            yield Effect("credential", f"{known.path}:{line.number}", known.where, "print")
    for command in _runs(change.added):
        yield from _dangers(_EXPRESSION.sub("EXPRESSION", command), known, automatic=False)


def _bound_to_secrets(lines: Iterable[Line]) -> set[str]:
    """Names of variables that hold a secret there."""
    found = (re.match(r"\s*-?\s*([A-Za-z_]\w*)\s*:\s*.*\$\{\{\s*secrets\.", line.text) for line in lines)
    return {each.group(1) for each in found if each}


def _leaks(text: str, bound: set[str]) -> bool:
    """Whether the line shows a secret, or sends one in what it downloads from."""
    if _DUMPS.search(text):
        return True
    if not (_PRINTS.search(text) or _SENDS_OUT.search(text)) or _MASKED.search(text):
        return False
    names = re.findall(r"\$\{?([A-Za-z_]\w*)", _EXPRESSION.sub("", text))
    held = [name for name in names if name in bound or _SECRET_NAME.search(name)]
    secret = "secrets." in text or held
    if _PRINTS.search(text):
        return bool(secret) and not re.search(
            r"\|\s*(?:docker|podman|helm|gh|oras|skopeo|crane)\s+(?:\w+\s+)*login|\|\s*(?:gpg|ssh-add|base64\s+-(?:d|-decode)\b)",
            text,
        )
    in_header = re.search(r"(?:-H|--header)\s+[\"']?(?:Authorization|PRIVATE-TOKEN|X-[\w-]+)", text, re.I)
    return bool(secret) and not in_header


def _runs(lines: list[Line]) -> Iterator[str]:
    """The commands of `run:`, `script:` and their like, inline, as a block or as a list."""
    block: list[str] = []
    indent = -1
    for line in lines:
        text = line.text
        depth = len(text) - len(text.lstrip())
        if indent >= 0 and (depth > indent or not text.strip()):
            block.append(re.sub(r"^\s*- ", "", text))
            continue
        if block:
            yield "\n".join(block)
        block, indent = [], -1
        found = re.match(
            r"(\s*(?:-\s+)?)(?:run|script|before_script|after_script|command|commands|cmd|bash|sh|pwsh|install):\s*(.*)$",
            text,
        )
        if found and re.fullmatch(r"[|>][+-]?\d*|", found.group(2).strip()):
            indent = depth
        elif found:
            yield found.group(2).strip().strip("\"'")
    if block:
        yield "\n".join(block)
