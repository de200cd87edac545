"""`maestro grant`: which standing approvals are there, and how does a person give one or take one back?"""

from __future__ import annotations

import math
import secrets
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.runs.state import GrantState

Key = Annotated[str, Parameter(help="The key to sign with, instead of your own.")]


def list_(run: str = "", /, *, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List the standing approvals of a run, or of all runs of this repository."""
    from maestro.cli.interrupts import run_async

    return run_async(_list(run, where, listing))


async def _list(run: str, where: Where, listing: Listing) -> int:
    import msgspec

    from maestro.cli.deciding import states_of
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        states = await states_of(engine, run)
    rows = [(state.run, grant) for state in states for grant in state.grants.values()]
    if listing.json:
        console.write_json([{"run": name, **msgspec.to_builtins(grant)} for name, grant in rows])
    else:
        head = ("RUN", "GRANT", "BY", "COVERS", "LEVEL", "LEFT", "UNTIL")
        console.table(head, [_row(name, grant) for name, grant in rows], "there are no standing approvals")
    return Exit.OK


def _row(run: str, state: GrantState) -> tuple[str, ...]:
    from maestro.projections.text import one_line, utc

    grant, now = state.issued.grant, time.time_ns() // 1_000_000
    over = "revoked" if state.revoked else "ended" if now >= grant.expires else ""
    left = over or f"{grant.uses - state.used} of {grant.uses}"
    parts = [*grant.effects, *grant.where, *grant.paths, *([" ".join(grant.command)] if grant.command else [])]
    covers = one_line(", ".join(parts), 80)
    return run, grant.id, one_line(state.issued.vote.person), covers, f"up to {grant.level}", left, utc(grant.expires)


def issue(
    run: str,
    /,
    *,
    effect: Annotated[tuple[str, ...], Parameter(help="An effect it covers, such as `dependency` or `ci`.")] = (),
    place: Annotated[tuple[str, ...], Parameter(help="Where: `project`, `dev`, `runtime`, ...")] = (),
    path: Annotated[tuple[str, ...], Parameter(help="A glob for what the effects are about.")] = (),
    command: Annotated[str, Parameter(help="The words with which a shell command begins.")] = "",
    level: Annotated[int, Parameter(help="The highest level it covers: 2 (without it), or 3.")] = 2,
    uses: Annotated[int, Parameter(help="How often it may be used; without it, once.")] = 1,
    hours: Annotated[float, Parameter(help="How long it lasts; without it, 8.")] = 8.0,
    why: Annotated[str, Parameter(help="The reason, for the log.")] = "",
    key: Key = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Approve beforehand, within bounds, what a run's agents may ask for. Signed with your key."""
    from maestro.cli.interrupts import run_async
    from maestro_contracts.actions import Grant

    if not math.isfinite(hours):
        raise CliError(f"--hours {hours} is no time", "write how many hours it lasts: --hours 8", Exit.USAGE)
    grant = Grant(
        id=f"G-{secrets.token_hex(4)}",
        expires=time.time_ns() // 1_000_000 + int(hours * 3_600_000),
        effects=effect,
        where=place,
        paths=path,
        command=tuple(command.split()),
        level=level,
        uses=uses,
        why=why,
    )
    return run_async(_issue(run, grant, key, where))


async def _issue(run: str, grant, key: str, where: Where) -> int:  # type: ignore[no-untyped-def]
    from maestro.cli.engine import answering
    from maestro.cli.signed import send_signed
    from maestro.cli.where import find_place
    from maestro_contracts import events as e
    from maestro_contracts.actions import grant_digest
    from maestro_contracts.commands import IssueGrant

    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        command = IssueGrant(grant, "", "cli")
        ends = (e.GrantIssued,)
        await send_signed(engine, run, command, f"grant:{grant.id}", "issue", grant_digest(grant), key, ends)
    console.write(grant.id)
    return Exit.OK


def revoke(
    run: str,
    grant: str,
    /,
    *,
    why: Annotated[str, Parameter(help="The reason, for the log.")] = "",
    key: Key = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Take a standing approval back: what it approved and was not begun is not begun any more."""
    from maestro.cli.interrupts import run_async

    return run_async(_revoke(run, grant, why, key, where))


async def _revoke(run: str, id: str, why: str, key: str, where: Where) -> int:
    from maestro.cli.commands.resume import load_run
    from maestro.cli.engine import answering
    from maestro.cli.signed import send_signed
    from maestro.cli.where import find_place
    from maestro_contracts import events as e
    from maestro_contracts.actions import grant_digest
    from maestro_contracts.commands import RevokeGrant
    from maestro_contracts.yamlfile import did_you_mean

    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        found = (await load_run(engine, run)).grants
        if id not in found:
            raise CliError(f"{run} has no standing approval {id!r}", did_you_mean(id, list(found)))
        command, digest = RevokeGrant(id, "", "cli", why), grant_digest(found[id].issued.grant)
        await send_signed(engine, run, command, f"grant:{id}", "revoke", digest, key, (e.GrantRevoked,))
    console.note(f"{id} covers nothing any more")
    return Exit.OK
