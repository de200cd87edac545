"""What would this proposal do? The way from each kind of proposal to its effects."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

import msgspec

from maestro.policy.effects import Effect, Where
from maestro.policy.paths import NOWHERE, Operation, Surroundings, canonical, effects_of_path, info
from maestro_contracts.proposals import (
    DependencyChange,
    FileDelete,
    FileRead,
    FileWrite,
    Git,
    Http,
    Proposal,
    Shell,
    Sql,
    ToolCall,
)


class Read(msgspec.Struct, frozen=True):
    """What an action would do. `problems`: why something of it could not be seen."""

    effects: tuple[Effect, ...]
    problems: tuple[str, ...] = ()


def prepare(proposals: Iterable[Proposal]) -> None:
    """Before many proposals are read: the shell's parser is asked about all commands at once."""
    from maestro.policy import shell

    shell.prepare([command for proposal in proposals if (command := _command(proposal))])


def _command(proposal: Proposal) -> str:
    if isinstance(proposal, Shell):
        return proposal.command
    return _git_command(proposal) if isinstance(proposal, Git) else ""


def _git_command(proposal: Git) -> str:
    return shlex.join(("git", *proposal.args))


def effects_of_proposal(proposal: Proposal, at: Surroundings = NOWHERE) -> Read:
    """Effects sorted, never empty. Never raises: what cannot be read is opaque."""
    try:
        found = _read(proposal, at)
    except Exception as error:  # a defect in reading must not become a way past the gate
        return Read((Effect("opaque", "", "", "unreadable"),), (f"could not be read: {type(error).__name__}",))
    return found if found.effects else Read((Effect("unknown", "", "", "nothing was found"),), found.problems)


def _read(proposal: Proposal, at: Surroundings) -> Read:
    match proposal:
        case Shell():
            return _shell(proposal.command, _in(at, proposal.cwd))
        case Git():
            return _shell(_git_command(proposal), _in(at, proposal.cwd))
        case FileRead():
            return Read(_file("read", proposal.path, _in(at, proposal.cwd)))
        case FileDelete():
            deep = proposal.is_dir
            return Read(
                _file("delete", proposal.path, _in(at, proposal.cwd), deep=deep, detail="recursive" if deep else "")
            )
        case FileWrite():
            from maestro.policy.content import effects_of_write

            odd = _hidden(proposal.path)
            return Read(
                (*odd, *effects_of_write(proposal.path, proposal.content, proposal.before, _in(at, proposal.cwd)))
            )
        case Http():
            from maestro.policy.network import effects_of_request

            return Read(effects_of_request(proposal.method, proposal.path, proposal.content, proposal.headers))
        case Sql():
            from maestro.policy.sql import effects_of_sql

            return Read(effects_of_sql(proposal.content, database=proposal.database, dialect=proposal.dialect))
        case DependencyChange():
            return Read(tuple(sorted(set(_dependencies(proposal)))))
        case ToolCall():
            return Read(tuple(sorted(set(_tool(proposal, at)))))
        case _:
            assert_never(proposal)


def _in(at: Surroundings, cwd: str) -> Surroundings:
    """The surroundings of a proposal that names its own folder."""
    if cwd in ("", ".", "repo root"):
        return at
    return Surroundings(at.root, cwd, at.home, at.real)


def _shell(command: str, at: Surroundings) -> Read:
    from maestro.policy.shell import effects_of_command

    cwd = canonical(at.cwd, ".", at.home, at.root)
    reading = effects_of_command(command, cwd, at.home)
    return Read(tuple(_in_project(reading.effects, at)), reading.problems)


def _in_project(effects: Iterable[Effect], at: Surroundings) -> Iterator[Effect]:
    """Absolute paths of the project as the project's own: what guards its folder from outside is no part of it."""
    top = f"{canonical(at.root, '.', at.home)}/" if at.root else ""
    for effect in effects:
        if not top or not effect.target.startswith(top):
            yield effect
            continue
        known = info(effect.target.removeprefix(top))
        if effect.kind != "guard" or "guard" in known.classes:
            where = known.where if effect.where in ("outside", "home", "scratch", "system") else effect.where
            yield Effect(effect.kind, known.path, where, effect.detail)


def _file(
    operation: Operation, path: str, at: Surroundings, *, deep: bool = False, detail: str = ""
) -> tuple[Effect, ...]:
    found = effects_of_path(
        operation, path, cwd=at.cwd, home=at.home, root=at.root, deep=deep, detail=detail, real=at.real
    )
    return (*_hidden(path), *found)


_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def _hidden(path: str) -> tuple[Effect, ...]:
    """A path that shows otherwise than it is."""
    return (Effect("opaque", "", "", "hidden characters in a path"),) if _HIDDEN.search(path) else ()


# --- dependencies -----------------------------------------------------------------------------------------------


def _dependencies(proposal: DependencyChange) -> Iterator[Effect]:
    where: Where = "dev" if proposal.dev else "runtime"
    for detail, requirements in (("add", proposal.added), ("remove", proposal.removed)):
        for each in requirements:
            name = re.split(r"(?<!^)@|[\s<>=!~;\[(]", each.strip(), maxsplit=1)[0] or each
            odd = re.search(r"git\+|://|^file:|^\.{0,2}/", each)
            yield Effect("dependency", name[:120], where, "source" if odd else detail)
    if not proposal.added and not proposal.removed:
        yield Effect("dependency", proposal.manifest, "runtime", "unknown change")


# --- tools ------------------------------------------------------------------------------------------------------

_OWN_TOOLS = frozenset(("request_approval", "report_progress", "record_decision"))
_COMMAND_KEYS = frozenset(("command", "cmd", "script", "shell", "bash", "commandline", "command_line", "exec"))
_PATH_KEYS = re.compile(
    r"(?:.*_)?(?:paths?|files?|file_?names?|file_?paths?|dir|directory|folder|target|source|destination|notebook_path|cwd)$",
    re.I,
)
_URL_KEYS = re.compile(r"(?:.*_)?(?:url|uri|endpoint|href|webhook)s?$", re.I)
_SQL_KEYS = re.compile(r"(?:sql|query|statement|queries)$", re.I)
_CODE_KEYS = re.compile(r"(?:code|source_code|python|javascript|expression|function|eval)$", re.I)
_SQL_START = re.compile(
    r"\s*(?:select|insert|update|delete|drop|truncate|create|alter|grant|revoke|with|copy|exec|merge)\b", re.I
)
_DELETES = re.compile(r"delete|remove|unlink|\brm\b|destroy|drop|purge|trash|erase", re.I)
_WRITES = re.compile(
    r"write|edit|create|update|append|insert|replace|patch|save|move|rename|copy|upload|put|mkdir|set|apply|modify|format",
    re.I,
)


def _tool(proposal: ToolCall, at: Surroundings) -> Iterator[Effect]:
    """A tool is what its arguments can do, and unknown besides: nobody here has seen its code."""
    name = f"{proposal.server}/{proposal.tool}" if proposal.server else proposal.tool
    if proposal.server == "maestro" and proposal.tool in _OWN_TOOLS:
        yield Effect("read", name, "", "maestro")
        return
    yield Effect("unknown", name[:200], "", "tool")
    try:
        yield from _arguments(proposal, name, at)
    except _TooDeep:
        yield Effect("opaque", name[:200], "", "nested too deeply")


def _arguments(proposal: ToolCall, name: str, at: Surroundings) -> Iterator[Effect]:
    operation = _operation(proposal.tool)
    arguments = proposal.arguments
    method = str(arguments.get("method") or ("POST" if arguments.get("body") or arguments.get("data") else "GET"))
    content = next((arguments[key] for key in _CONTENT_KEYS if isinstance(arguments.get(key), str)), "")
    for key, value in _strings(arguments):
        yield from _argument(key, value, operation, method, content, at)
    yield from _secret_arguments(name, arguments)


_CONTENT_KEYS = ("content", "contents", "text", "new_str", "new_string", "body", "data", "file_text", "patch", "diff")


def _operation(tool: str) -> Operation:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", tool)
    return "delete" if _DELETES.search(words) else "write" if _WRITES.search(words) else "read"


def _argument(
    key: str, value: str, operation: Operation, method: str, content: str, at: Surroundings
) -> Iterator[Effect]:
    from maestro.policy.content import effects_of_write
    from maestro.policy.network import effects_of_request
    from maestro.policy.sql import effects_of_sql

    if key.lower() in _COMMAND_KEYS:
        yield from _shell(value, at).effects
    elif _URL_KEYS.search(key) or re.match(r"(?:https?|ftp|wss?)://", value):
        yield from effects_of_request(method, value, content)
    elif _SQL_KEYS.fullmatch(key) and _SQL_START.match(value):
        yield from effects_of_sql(value)
    elif _CODE_KEYS.fullmatch(key):
        yield Effect("opaque", "", "", "code given to a tool")
    elif _PATH_KEYS.fullmatch(key) and value and "\n" not in value:
        if operation == "write" and content:
            yield from effects_of_write(value, content, None, at)
        else:
            yield from _file(operation, value, at)


MAX_DEPTH = 20


class _TooDeep(Exception):
    """Arguments that are nested deeper than anybody reads."""


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """All texts in the arguments with the key that they stand under."""
    if depth > MAX_DEPTH:
        raise _TooDeep
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for inner, each in value.items():
            yield from _strings(each, str(inner), depth + 1)
    elif isinstance(value, list | tuple):
        if key.lower() in _COMMAND_KEYS and all(isinstance(each, str) for each in value):
            yield key, shlex.join(value)
            return
        for each in value:
            yield from _strings(each, key, depth + 1)


def _secret_arguments(name: str, arguments: dict[str, Any]) -> Iterator[Effect]:
    from maestro.policy.secrets import secrets_in_text

    texts = [value for _, value in _strings(arguments) if 8 <= len(value) <= 100_000]
    if any(secrets_in_text(text, "arguments.json") for text in texts):
        yield Effect("credential", name[:200], "", "send")
