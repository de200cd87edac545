"""How does a stranger check a decision without us? Files for `ssh-keygen -Y verify`, and the line to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from maestro.people.directory import Person, PersonKey
from maestro_contracts.decision import DECISION_NAMESPACE

ALLOWED = "allowed_signers"


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of one decision by their names, and the command that checks it in their folder."""

    files: dict[str, bytes]
    command: str


def allowed_signers(people: Iterable[Person]) -> str:
    """Everybody's keys (ssh-keygen(1), ALLOWED SIGNERS). A revoked key is valid until then."""
    return "".join(_line(person, key) for person in people for key in person.keys)


def exported(stem: str, statement: str, signature: str, person: Person, key: PersonKey, at: int) -> Exported:
    """A decision that the person's key signed, in files that begin with `stem`. `at`: when it was written down (ms)."""
    text, signed, allowed = f"{stem}.statement", f"{stem}.statement.sig", f"{stem}.{ALLOWED}"
    files = {text: statement.encode(), signed: signature.encode(), allowed: _line(person, key).encode()}
    # A key that is revoked now was not when it signed.
    when = f" -Overify-time={_utc(at)}" if key.revoked is not None else ""
    command = (
        f"ssh-keygen -Y verify{when} -f {shlex.quote(allowed)} -I {shlex.quote(person.person)}"
        f" -n {DECISION_NAMESPACE} -s {shlex.quote(signed)} < {shlex.quote(text)}"
    )
    return Exported(files, command)


def _line(person: Person, key: PersonKey) -> str:
    until = f',valid-before="{_utc(key.revoked)}"' if key.revoked is not None else ""
    return f'{person.person} namespaces="{DECISION_NAMESPACE}"{until} {key.public.line}\n'


def _utc(at: int) -> str:
    """OpenSSH's `Z` says that it is UTC; it knows whole seconds."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%d%H%M%SZ")
