"""Which code does this write have run by itself, and what would it do? Package scripts, hooks, pipelines, images,
Makefiles and shell scripts, read as the shell would read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from maestro.policy.changes import Change, Line
from maestro.policy.effects import Effect
from maestro.policy.paths import PathInfo


def package_scripts(known: PathInfo, change: Change) -> Iterator[Effect]:
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
            if line.sign != "-" and (inside or automatic):
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


def code_that_runs(known: PathInfo, change: Change) -> Iterator[Effect]:
    path, classes = known.path.lower(), known.classes
    name = path.rpartition("/")[2]
    if "ci" in classes and name.endswith((".yml", ".yaml")):
        yield from _pipeline(known, change)
    elif "container" in classes and re.search(r"docker|container", name) and not name.endswith((".yml", ".yaml")):
        for command in _after_word(change, re.compile(r"\s*(?:RUN|CMD|ENTRYPOINT)\s+(?:--\S+\s+)*")):
            yield from _dangers(command, known, automatic=False)
    elif name in ("makefile", "gnumakefile", "justfile") or name.endswith(".mk"):
        for line in change.kept_or_added:
            if line.text.startswith(("\t", "    ")):
                yield from _dangers(line.text.strip().lstrip("@-+").replace("$$", "$"), known, automatic=False)
    elif classes & {"hook", "start-up"} or name.endswith((".sh", ".bash", ".zsh")) or _has_shell_line(change):
        automatic = bool(classes & {"hook", "start-up"})
        text = change.after() if change.whole else ""
        for command in [text] if text else [line.text.removeprefix("+") for line in change.kept_or_added]:
            yield from _dangers(command, known, automatic)


def _has_shell_line(change: Change) -> bool:
    first = change.lines[0].text if change.lines else ""
    return bool(re.match(r"#!.*\b(?:ba|z|da|k)?sh\b", first))


def _after_word(change: Change, regex: re.Pattern[str]) -> Iterator[str]:
    """Commands behind a word, their continued lines joined."""
    command = ""
    for line in change.kept_or_added:
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
    for line in change.kept_or_added:
        text = line.text
        if re.search(r"permissions:\s*write-all", text):
            yield Effect("security-config", known.path, known.where, "permissions")
        if _leaks(text, bound):
            yield Effect("credential", f"{known.path}:{line.number}", known.where, "print")
    for command in _runs(change.kept_or_added):
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
