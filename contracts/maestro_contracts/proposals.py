"""What may somebody want to do, and how was it judged? Proposals are actions before they happen; a classification says
their level, and why.

The `kind` tells a proposal's type on the wire; one proposal is one JSON object, such as
`{"kind": "shell", "command": "make test"}`. Nothing in it is believed: `claimed` is what the proposer says its level
is, and is compared with the level that the payload has.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

import msgspec

from maestro_contracts.records import Record

ACTION_MAGIC = "maestro/action/v1"


class Claim(Record):
    """What the proposer says of its own action. Compared, recorded, never believed."""

    level: int = 0
    summary: str = ""


class Shell(Record, tag_field="kind", tag="shell"):
    """A command line for a POSIX shell or bash. `env`: names of the variables that it would see."""

    command: str
    cwd: str = "."
    env: tuple[str, ...] = ()
    claimed: Claim | None = None


class FileRead(Record, tag_field="kind", tag="file_read"):
    """Looks into one file."""

    path: str
    cwd: str = "."
    claimed: Claim | None = None


class FileWrite(Record, tag_field="kind", tag="file_write"):
    """Makes or changes one file. `content` is the whole file, or a diff or fragment of it; `before` the whole file as
    it is now, where that is known."""

    path: str
    content: str = ""
    before: str | None = None
    cwd: str = "."
    claimed: Claim | None = None


class FileDelete(Record, tag_field="kind", tag="file_delete"):
    """Takes one file, or a folder with all that is in it, away."""

    path: str
    is_dir: bool = False
    cwd: str = "."
    claimed: Claim | None = None


class Git(Record, tag_field="kind", tag="git"):
    """`git` with these arguments."""

    args: tuple[str, ...]
    cwd: str = "."
    claimed: Claim | None = None


class Http(Record, tag_field="kind", tag="http"):
    """One request. `path` is the whole URL; `content` the body."""

    path: str
    method: str = "GET"
    content: str = ""
    headers: dict[str, str] = {}
    claimed: Claim | None = None


class Sql(Record, tag_field="kind", tag="sql"):
    """Statements for a database. `database`: its name or address; `dialect`: `postgres`, `mysql`, ... where known."""

    content: str
    database: str = ""
    dialect: str = ""
    claimed: Claim | None = None


class DependencyChange(Record, tag_field="kind", tag="dependency"):
    """Adds, changes or removes what the project is built from. Each entry is a requirement as the manifest has it."""

    manifest: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    dev: bool = False
    claimed: Claim | None = None


class ToolCall(Record, tag_field="kind", tag="tool"):
    """Calls a tool of a server (MCP or the agent's own)."""

    tool: str
    server: str = ""
    arguments: dict[str, Any] = {}
    claimed: Claim | None = None


Proposal = Shell | FileRead | FileWrite | FileDelete | Git | Http | Sql | DependencyChange | ToolCall

PROPOSALS: dict[str, type[Record]] = {
    "shell": Shell,
    "file_read": FileRead,
    "file_write": FileWrite,
    "file_delete": FileDelete,
    "git": Git,
    "http": Http,
    "sql": Sql,
    "dependency": DependencyChange,
    "tool": ToolCall,
}

Level = Literal[1, 2, 3]
"""1 runs, 2 asks first, 3 always needs a person."""


class EffectRecord(Record):
    """One thing that an action would do, in the words of the policy that judged it."""

    kind: str
    target: str = ""
    where: str = ""
    detail: str = ""


class Classification(Record):
    """How an action was judged. `rules` are the names of all that apply, the ones that made the level first;
    `reasons` say why in the same order. `violation` is set where the claim was lower than the level."""

    level: Level
    digest: str
    policy_version: int
    policy_sha256: str
    effects: tuple[EffectRecord, ...] = ()
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    claimed: int = 0
    violation: str = ""


def canonical_action(proposal: Proposal) -> bytes:
    """The bytes that an approval of this action is bound to.

    The line `maestro/action/v1`, then one line of JSON: the proposal without `claimed` (what is said of an action is
    no part of it), keys sorted, no spaces, everything beyond ASCII as `\\uXXXX`, fields that have their default left
    out. Never raises for a proposal that was read from JSON.
    """
    fields = msgspec.to_builtins(proposal)
    fields.pop("claimed", None)
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{ACTION_MAGIC}\n{text}\n".encode("ascii")


def action_digest(proposal: Proposal) -> str:
    """SHA-256 of `canonical_action`, lower-case hex."""
    return hashlib.sha256(canonical_action(proposal)).hexdigest()


class InvalidProposal(ValueError):
    """What was given is no proposal; `reason` says why, `mend` how to write one."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(f"{reason}; {mend}")
        self.reason = reason
        self.mend = mend


_DECODER: msgspec.json.Decoder[Proposal] = msgspec.json.Decoder(Proposal)
_MEND = 'write one JSON object such as {"kind": "shell", "command": "make test"}'


def parse_proposal(text: str | bytes) -> Proposal:
    """One JSON object as a proposal; keys it does not know are left aside. Raises InvalidProposal."""
    try:
        return _DECODER.decode(text)
    except msgspec.ValidationError as error:
        raise InvalidProposal(_plain(str(error)), f"kinds: {', '.join(PROPOSALS)}") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise InvalidProposal(f"not JSON: {error}", _MEND) from None


def to_proposal(value: Any) -> Proposal:
    """The same for data that is read already. Raises InvalidProposal."""
    try:
        converted: Proposal = msgspec.convert(value, Proposal)
        return converted
    except msgspec.ValidationError as error:
        raise InvalidProposal(_plain(str(error)), f"kinds: {', '.join(PROPOSALS)}") from None


def _plain(message: str) -> str:
    return message.replace(" - at `$", " at `").replace("Object missing required field", "missing field")
