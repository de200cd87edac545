"""`maestro gate export`: how does somebody who trusts nobody here check who decided what?"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.people import Directory
    from maestro.people.exporting import Exported
    from maestro_contracts.records import Vote

Dated = tuple["Vote", int]
"""A person's word at a gate, and when it was written down (ms)."""


def export(
    run: str,
    gate: str,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="A folder for the files.")] = Path("."),
    visit: Annotated[int, Parameter(help="Which visit of the gate; without it, the last one.")] = 0,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
) -> int:
    """Write what people signed at a gate, and the line that checks it.

    For each decision that was signed with a person's own key: the exact
    statement, its signature, and an allowed_signers file with that key.
    `ssh-keygen -Y verify` needs nothing else. Whether the key is the
    person's, ask the person: compare its fingerprint.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_export(run, gate, output, visit, where))


async def _export(run: str, gate: str, output: Path, visit: int, where: Where) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.own_key import people_of
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        visit, votes = await _votes(engine, run, gate, visit)
        directory = await people_of(engine)
    signed = [(vote, at) for vote, at in votes if vote.statement and vote.signature]
    if not signed:
        raise CliError(f"nobody signed a decision at {gate} (visit {visit}) with a key of their own: {_who(votes)}")
    output.mkdir(parents=True, exist_ok=True)
    console.write(f"cd {shlex.quote(str(output))}")
    for vote, at in signed:
        made = _exported(directory, f"{run}.{gate}.{visit}", vote, at)
        for name, content in made.files.items():
            (output / name).write_bytes(content)
        console.write(made.command)
    return Exit.OK


async def _votes(engine: Engine, run: str, gate: str, visit: int) -> tuple[int, list[Dated]]:
    """The visit that is meant, and every vote at it that stands in the log. Raises CliError where there is none."""
    from maestro.cli.commands.resume import no_such_run
    from maestro.log.reader import Commit, commits
    from maestro_contracts.events import GateDecided, GateOpened, GateVoted
    from maestro_contracts.yamlfile import did_you_mean

    if await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    gates: dict[str, None] = {}
    found: dict[int, dict[Vote, int]] = {}
    believed = [each async for each in commits(engine.store, engine.keyring(), run) if isinstance(each, Commit)]
    for event, at in ((event, commit.header.ts) for commit in believed for event in commit.events):
        match event:
            case GateOpened():
                gates[event.gate] = None
            case GateVoted() if event.gate == gate:
                found.setdefault(event.visit, {}).setdefault(event.vote, at)
            case GateDecided() if event.gate == gate:
                votes = found.setdefault(event.visit, {})
                for vote in event.votes:
                    votes.setdefault(vote, at)
    visit = visit or max(found, default=0)
    if visit not in found:
        known = did_you_mean(gate, list(gates)) if gate not in gates else "see `maestro gate show`"
        raise CliError(f"nobody has decided anything at the gate {gate!r} of {run} (visit {visit or 1})", known)
    return visit, list(found[visit].items())


def _exported(directory: Directory, place: str, vote: Vote, at: int) -> Exported:
    """Raises CliError where the decision is not what it says: then it is not written as if it were."""
    from maestro.people import Unverified
    from maestro.people.exporting import exported

    try:
        checked = directory.check(vote.statement.encode(), vote.signature, at)
    except Unverified as error:
        raise CliError(
            f"the decision of {vote.person} does not hold: {error}", "it is in the log: maestro log"
        ) from None
    stem = re.sub(r"[^A-Za-z0-9._@+-]", "_", f"{place}.{vote.person}")
    return exported(stem, vote.statement, vote.signature, checked.person, checked.key, at)


def _who(votes: list[Dated]) -> str:
    if not votes:
        return "it was decided without a person"
    named = {
        f"{vote.person} by a gateway" if vote.attested else f"{vote.person} without a signature" for vote, _ in votes
    }
    return "it was decided for " + ", ".join(sorted(named))
