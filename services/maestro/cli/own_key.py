"""With which key does the person at this command line sign, and as whom?

In this order: the key that is named (`--key`, `MAESTRO_KEY`); the one in `~/.config/maestro/person.yaml`; one that
`maestro keys new` made here; one of the ssh-agent's. It counts where the operator has enrolled it. A key that is named
and cannot be used is an error: nothing else is taken in its place.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.log.note import KeyRefused
from maestro.people.agent import Agent
from maestro.people.keyfile import FileKey, make_key, public_of
from maestro.people.names import BUILT_IN, person_of, why_no_person

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.cli.where import Place
    from maestro.log.note import SigningKey
    from maestro.people import Directory, Person, PublicKey, Signer

VARIABLE = "MAESTRO_KEY"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Who decides here, and what signs for them. `where` tells people which key that is."""

    person: str
    signer: Signer
    where: str


def own_key(state: Path, directory: Directory, given: str = "", env: Mapping[str, str] = os.environ) -> OwnKey | None:
    """The person's key; None where there is none, so that what they decide is not signed. Raises KeyRefused and
    CliError where a key that was named cannot be used."""
    named = _named(given, env)
    if named is not None:
        return OwnKey(_enrolled(directory, named.public).person, named, describe(named))
    for path in _key_files(state, env):
        owner = directory.by_key(FileKey(path).public.fingerprint)
        if owner is not None:
            return _own(owner, FileKey(path, ask_passphrase))
    return _from_agent(directory, env)


async def ensure_own_key(
    engine: Engine, given: str = "", env: Mapping[str, str] = os.environ
) -> tuple[OwnKey | None, Directory]:
    """The person's key, and everybody's. Where the server is a private one and the operator's key is here, whoever sits
    here is the operator: a key is made where there is none, enrolled with all built-in roles, and a line says so."""
    directory = await people_of(engine)
    root = engine.place.state.root
    operator = operator_key_of(engine.place) if not engine.place.remote_url else None
    newcomer = _newcomer(root, directory, given, env) if operator is not None else None
    if operator is None or newcomer is None:
        return own_key(root, directory, given, env), directory
    name, signer = newcomer
    own = _own(await _enrol_me(engine, operator, directory, name, signer.public), signer)
    roles = ", ".join(directory.roles(own.person))
    console.note(f"your decisions are signed with {own.where}; you are enrolled as {own.person} ({roles})")
    return own, directory


async def people_of(engine: Engine) -> Directory:
    """Everybody who is enrolled at this server. Raises KeyRefused."""
    from maestro.cli.engine import operator_pub_file
    from maestro.log.identity import operator_key
    from maestro.people import Directory

    directory = Directory(operator_key(operator_pub_file(engine.place)))
    await directory.refresh(engine.store)
    return directory


def operator_key_of(place: Place) -> SigningKey | None:
    """The operator's key, where it is on this machine and is the one that is believed. Raises KeyRefused."""
    from maestro.cli.engine import operator_pub_file
    from maestro.log.identity import operator_key
    from maestro.log.note import SigningKey

    path, public = operator_key_file(place), operator_pub_file(place)
    if not path.exists() or not public.exists():
        return None
    key = SigningKey.load(path)
    return key if key.verify_key == operator_key(public) else None


def operator_key_file(place: Place) -> Path:
    return Path(os.environ.get("MAESTRO_OPERATOR_KEY_FILE") or place.state.root / "operator.key")


def signer_of(path: Path, env: Mapping[str, str] = os.environ) -> Signer:
    """What signs with this key: the file, or the agent where it holds the same key and the file has a passphrase or is
    only the public half. Raises KeyRefused."""
    path, agent = path.expanduser(), Agent.here(env)
    if path.suffix == ".pub":
        private, held = path.with_suffix(""), _held(agent, public_of(path))
        if held is None and not private.exists():
            raise KeyRefused(f"{path} is a public key whose private half is neither beside it nor in an ssh-agent")
        return held or FileKey(private, ask_passphrase)
    key = FileKey(path, ask_passphrase)
    return (_held(agent, key.public) if key.is_encrypted else None) or key


def describe(signer: Signer) -> str:
    """A signer as people know it."""
    where = str(signer.path) if isinstance(signer, FileKey) else "the ssh-agent"
    return f"{where} ({signer.public.fingerprint})"


def ask_passphrase(what: str) -> str | None:
    """From the terminal; None where there is none."""
    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"{what}: ")
    except EOFError:
        return None


def key_file(state: Path, person: str) -> Path:
    """Where `maestro keys new` keeps a person's key."""
    return state / "people" / f"{person}.key"


def my_name(env: Mapping[str, str] = os.environ) -> str:
    """As whom the person at this command line is enrolled: their own word, else the system's name for them."""
    from maestro.cli.person_file import read_person_file

    name = read_person_file(env).name
    if name:
        if why := why_no_person(name):
            raise CliError(f"the name in your person.yaml: {why}")
        return name
    try:
        return person_of(getpass.getuser())
    except (KeyError, OSError):
        return f"user-{os.getuid()}"


# --- where keys come from ------------------------------------------------------------------------------------------


def _named(given: str, env: Mapping[str, str]) -> Signer | None:
    from maestro.cli.person_file import read_person_file

    path = given or env.get(VARIABLE) or read_person_file(env).key
    return signer_of(Path(path), env) if path else None


def _key_files(state: Path, env: Mapping[str, str]) -> list[Path]:
    """One's own first."""
    own = key_file(state, my_name(env))
    others = sorted(path for path in own.parent.glob("*.key") if path != own)
    return [own, *others] if own.exists() else others


def _from_agent(directory: Directory, env: Mapping[str, str]) -> OwnKey | None:
    agent = Agent.here(env)
    keys: list[PublicKey] = []
    if agent is not None:
        # One that is gone holds no key.
        with contextlib.suppress(KeyRefused):
            keys = agent.keys()
    owned = [(owner, key) for key in keys if (owner := directory.by_key(key.fingerprint)) is not None]
    if len({owner.person for owner, _ in owned}) > 1:
        names = ", ".join(sorted({owner.person for owner, _ in owned}))
        raise CliError(f"the ssh-agent holds keys of several people: {names}", "name yours: --key ~/.ssh/....pub")
    if agent is None or not owned:
        return None
    signer = agent.find(owned[0][1])
    return _own(owned[0][0], signer) if signer is not None else None


def _held(agent: Agent | None, key: PublicKey) -> Signer | None:
    """The agent's key where it has it; an agent that is gone has none."""
    with contextlib.suppress(KeyRefused):
        return agent.find(key) if agent is not None else None
    return None


def _enrolled(directory: Directory, key: PublicKey) -> Person:
    owner = directory.by_key(key.fingerprint)
    if owner is not None:
        return owner
    revoked = directory.owner(key.fingerprint)
    if revoked is not None:
        found = revoked.key(key.fingerprint)
        reason = found.reason if found else ""
        raise CliError(
            f"the key {key.fingerprint} of {revoked.person} was revoked: {reason}",
            "make another one (`maestro keys new`), and have the operator enrol it",
        )
    raise CliError(
        f"nobody is enrolled with the key {key.fingerprint}",
        f"have the operator say: maestro keys enrol NAME --key '{key.line}' --role approver",
    )


def _newcomer(state: Path, directory: Directory, given: str, env: Mapping[str, str]) -> tuple[str, Signer] | None:
    """Who is to be enrolled here, with which key: the named one, else one that is made. None where there is a key that
    counts, where the operator has taken that person or key back, and where the named one is not the key of somebody who
    is known already: it may be anybody's, and does not become theirs by being named."""
    named = _named(given, env)
    if named is None and own_key(state, directory, given, env) is not None:
        return None
    name = my_name(env)
    signer = named or _made(state, name)
    known = directory.person(name)
    if named is not None and known is not None and known.keys:
        return None
    if directory.owner(signer.public.fingerprint) is not None or (known is not None and known.is_revoked()):
        return None
    return name, signer


def _own(person: Person, signer: Signer) -> OwnKey:
    return OwnKey(person.person, signer, describe(signer))


def _made(state: Path, person: str) -> FileKey:
    """The person's key in the state directory, made where it is missing."""
    path = key_file(state, person)
    # Another command may make it at the same time.
    with contextlib.suppress(FileExistsError):
        if not path.exists():
            make_key(path, person)
    return FileKey(path, ask_passphrase)


async def _enrol_me(engine: Engine, operator: SigningKey, directory: Directory, person: str, key: PublicKey) -> Person:
    from maestro.people.operator import Operator, enrol

    keyring = engine.keyring()
    await keyring.refresh(engine.store)
    roles = BUILT_IN if directory.person(person) is None else None
    event = enrol(directory, person, key, roles, now(), role_of=keyring.role_of)
    return await Operator(operator, engine.store, now).say(event, directory)


def now() -> int:
    return int(time.time() * 1000)
