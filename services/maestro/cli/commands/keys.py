"""`maestro keys`: who may decide here, and with which keys do they sign?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.cli.where import Place
    from maestro.people import Directory, Person, PublicKey
    from maestro.people.directory import PersonKey
    from maestro_contracts.events import PersonEnrolled, PersonRevoked

Roles = Annotated[
    tuple[str, ...],
    Parameter(name="--role", help="What they may decide, may be repeated; without it, what they have, or approver."),
]
FullName = Annotated[str, Parameter(name="--name", help="Their full name, for people who read it.")]


def new(
    person: Annotated[str, Parameter(help="As whom; without it, your name on this system.")] = "",
    /,
    *,
    role: Roles = (),
    name: FullName = "",
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Make a key, kept in the state directory for you alone.

    Where the operator's key is on this machine, it is enrolled at once.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_new(person, role, name, where))


async def _new(person: str, roles: tuple[str, ...], name: str, where: Where) -> int:
    from maestro.cli.own_key import key_file, my_name
    from maestro.cli.where import find_place
    from maestro.people.keyfile import make_key
    from maestro.people.names import why_no_person

    place = await find_place(where.repo)
    person = person or my_name()
    if why := why_no_person(person):
        raise CliError(*_split(why))
    path = key_file(place.state.root, person)
    try:
        public = make_key(path, person)
    except FileExistsError:
        raise CliError(
            f"{person} has a key already: {path}",
            f"have it enrolled: {_how_to_enrol(person, f'{path}.pub', roles)}; or make one under another name",
        ) from None
    console.write(f"{path}: a new key of {person}, {public.fingerprint}")
    if not await _enrolled_at_once(place, person, public, roles, name):
        console.write("it counts when the operator has enrolled it, where their key is:")
        console.write(f"  {_how_to_enrol(person, public.line, roles)}")
    return Exit.OK


async def _enrolled_at_once(place: Place, person: str, public: PublicKey, roles: tuple[str, ...], name: str) -> bool:
    from maestro.cli.engine import reading
    from maestro.cli.own_key import my_name, operator_key_of
    from maestro.people.names import BUILT_IN

    if place.own is None and not place.remote_url:
        return False
    if place.remote_url and operator_key_of(place) is None:
        return False
    # Whoever runs a private server is its operator as well.
    mine = BUILT_IN if person == my_name() and not place.remote_url else None
    async with reading(place) as engine:
        found = await _enrol(engine, person, public, roles or mine, name)
    console.write(f"{person} is enrolled as {', '.join(found.roles()) or 'nobody in particular'}")
    return True


def enrol(
    person: Annotated[str, Parameter(help="As whom they are enrolled: their user name, or their address.")],
    /,
    *,
    key: Annotated[str, Parameter(help="A .pub file, the line of one, or - for standard input.")] = "",
    no_key: Annotated[bool, Parameter(help="They have no key, and decide only where they have logged in.")] = False,
    role: Roles = (),
    name: FullName = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Introduce a person, a further key of theirs, or other roles.

    It is signed with the operator's key, so it works only where that is. All
    roles are given: those that are not named are taken back.
    """
    from maestro.cli.interrupts import run_async

    if bool(key) == no_key:
        raise CliError("whose key is it?", "give --key FILE.pub, or --no-key where they have none", Exit.USAGE)
    return run_async(_enrol_somebody(person, key, role, name, where))


async def _enrol_somebody(person: str, key: str, roles: tuple[str, ...], name: str, where: Where) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    public = _public(key) if key else None
    place = await find_place(where.repo)
    async with reading(place) as engine:
        found = await _enrol(engine, person, public, roles or None, name)
    with_key = f" with the key {public.fingerprint}" if public else ", without a key"
    console.write(f"{person} is enrolled{with_key}; roles: {', '.join(found.roles()) or 'none'}")
    return Exit.OK


def revoke(
    person: str,
    /,
    *,
    key: Annotated[str, Parameter(help="Only this key: its fingerprint (SHA256:...), or a .pub file.")] = "",
    reason: Annotated[str, Parameter(help="Why: it stands in the log.")] = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Take back one key, or everything that a person may.

    What they decided before stands.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_revoke(person, key, reason, where))


async def _revoke(person: str, key: str, reason: str, where: Where) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.own_key import people_of
    from maestro.cli.where import find_place
    from maestro.people.operator import revoke as revocation

    fingerprint = key if not key or key.startswith("SHA256:") else _public(key).fingerprint
    place = await find_place(where.repo)
    async with reading(place) as engine:
        directory = await people_of(engine)
        await _say(engine, directory, lambda: revocation(directory, person, fingerprint, reason))
    console.write(f"{person}: {f'the key {fingerprint}' if fingerprint else 'every key and role'} is revoked")
    return Exit.OK


def list_(*, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List the people who may decide, their keys and their roles."""
    from maestro.cli.interrupts import run_async

    return run_async(_list(where, listing))


async def _list(where: Where, listing: Listing) -> int:
    directory = await _everybody(where)
    rows = [_row(person, key) for person in directory.listing() for key in person.keys or (None,)]
    if listing.json:
        console.write_json(rows)
    else:
        console.table(
            ("PERSON", "KEY", "ROLES", "SINCE", "REVOKED"),
            [_cells(row) for row in rows],
            "nobody is enrolled yet: the first `maestro run` here enrols you, `maestro keys enrol` others",
        )
    return Exit.OK


def show(
    person: Annotated[str, Parameter(help="Without it: you, and the key that you would sign with here.")] = "",
    /,
    *,
    key: Annotated[str, Parameter(help="The key to sign with, instead of the one that would be found.")] = "",
    where: Where = Where(),  # noqa: B008
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Show a person's keys and roles, and who and why revoked them."""
    from maestro.cli.interrupts import run_async

    return run_async(_show(person, key, where, listing))


async def _show(name: str, key: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.own_key import own_key, people_of
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    async with reading(place) as engine:
        directory = await people_of(engine)
    own = None
    if not name:
        own = own_key(place.state.root, directory, key)
        if own is None:
            raise CliError("no key of yours is enrolled here", "make one: maestro keys new; or name one: --key FILE")
        name = own.person
    person = directory.person(name)
    if person is None:
        known = ", ".join(each.person for each in directory.listing()) or "nobody is enrolled"
        raise CliError(f"nobody is enrolled as {name!r}", known)
    if listing.json:
        console.write_json([_row(person, each) for each in person.keys or (None,)])
    else:
        _print_person(person, own.where if own else "")
    return Exit.OK


def export(
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="A file; without it, print it.")] = None,
    where: Where = Where(),  # noqa: B008
) -> int:
    """Write everybody's keys as an allowed_signers file for `ssh-keygen -Y verify`."""
    from maestro.cli.interrupts import run_async

    return run_async(_export(output, where))


async def _export(output: Path | None, where: Where) -> int:
    from maestro.people.exporting import allowed_signers

    text = allowed_signers((await _everybody(where)).listing())
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
        console.note(f"written: {output}")
    return Exit.OK


# --- the operator's words --------------------------------------------------------------------------------------------


async def _enrol(
    engine: Engine, person: str, public: PublicKey | None, roles: tuple[str, ...] | None, name: str
) -> Person:
    from maestro.cli.own_key import now, people_of
    from maestro.people.operator import enrol as enrolment

    directory = await people_of(engine)
    keyring = engine.keyring()
    await keyring.refresh(engine.store)
    return await _say(
        engine,
        directory,
        lambda: enrolment(directory, person, public, roles, now(), name=name, role_of=keyring.role_of),
    )


async def _say(engine: Engine, directory: Directory, words) -> Person:  # type: ignore[no-untyped-def]
    """Raises CliError where the operator's key is elsewhere, or this cannot be said."""
    from maestro.cli.engine import check_server
    from maestro.cli.own_key import now, operator_key_file, operator_key_of
    from maestro.people.operator import Operator, Refused

    key = operator_key_of(engine.place)
    if key is None:
        raise CliError(
            f"the operator's key is not on this machine ({operator_key_file(engine.place)}), so nobody can be "
            "introduced or revoked from here",
            f"say it where the registrar runs, for example: docker compose exec registrar {_this_command()}",
        )
    if engine.place.remote_url:
        await check_server(engine)
    try:
        said: PersonEnrolled | PersonRevoked = words()
        return await Operator(key, engine.store, now).say(said, directory)
    except Refused as error:
        raise CliError(*_split(str(error))) from None


def _this_command() -> str:
    """As it would be typed there: the other machine does not have this one's files."""
    arguments = [_as_line(each) for each in sys.argv[1:]]
    return shlex.join(["maestro", *arguments])


def _as_line(argument: str) -> str:
    if not argument.endswith(".pub"):
        return argument
    try:
        return _public(argument).line
    except ValueError:
        return argument


def _how_to_enrol(person: str, key: str, roles: tuple[str, ...]) -> str:
    named = [word for role in roles or ("approver",) for word in ("--role", role)]
    return shlex.join(["maestro", "keys", "enrol", person, "--key", key, *named])


def _public(key: str) -> PublicKey:
    """From a file, a line, or standard input. Raises KeyRefused."""
    from maestro.people import PublicKey
    from maestro.people.keyfile import public_of

    if key == "-":
        return PublicKey.decode(sys.stdin.read(4096))
    return PublicKey.decode(key) if " " in key.strip() and not Path(key).exists() else public_of(Path(key).expanduser())


# --- showing people -------------------------------------------------------------------------------------------------


async def _everybody(where: Where) -> Directory:
    from maestro.cli.engine import reading
    from maestro.cli.own_key import people_of
    from maestro.cli.where import find_place

    place = await find_place(where.repo)
    async with reading(place) as engine:
        return await people_of(engine)


def _row(person: Person, key: PersonKey | None) -> dict[str, Any]:
    revoked = key.revoked if key and key.revoked else person.standing().since if person.is_revoked() else None
    reason = key.reason if key and key.revoked else person.standing().reason if person.is_revoked() else ""
    return {
        "person": person.person,
        "name": person.name,
        "fingerprint": key.public.fingerprint if key else "",
        "key": key.public.line if key else "",
        "roles": list(person.roles()),
        "since": key.since if key else person.standings[0].since,
        "revoked": revoked,
        "reason": reason,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from maestro.projections.text import one_line, utc

    revoked = f"{utc(row['revoked'])}: {one_line(row['reason'], 60)}" if row["revoked"] is not None else ""
    return (
        one_line(row["person"], 64),
        row["fingerprint"] or "(none)",
        one_line(", ".join(row["roles"]), 80),
        utc(row["since"]),
        revoked,
    )


def _print_person(person: Person, signs_with: str) -> None:
    from maestro.projections.text import one_line, utc

    called = f" ({one_line(person.name, 100)})" if person.name else ""
    console.write(f"{person.person}{called}: {one_line(', '.join(person.roles()), 200) or 'no roles'}")
    if person.is_revoked():
        console.write(f"  revoked {utc(person.standing().since)}: {one_line(person.standing().reason)}")
    for key in person.keys:
        gone = f", revoked {utc(key.revoked)}: {one_line(key.reason)}" if key.revoked is not None else ""
        console.write(f"  {key.public.fingerprint} since {utc(key.since)}{gone}")
        console.write(f"    {one_line(f'{key.public.line} {key.public.comment}'.strip())}")
    if signs_with:
        console.write(f"  signs here with {signs_with}")


def _split(message: str) -> tuple[str, str]:
    reason, semicolon, mend = message.rpartition("; ")
    return (reason, mend) if semicolon else (message, "")
