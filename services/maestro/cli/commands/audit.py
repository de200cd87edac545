"""`maestro audit`: did people decide where they must, and what becomes of what was done without them?"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.projections.hitl import Finding
    from maestro_contracts.commands import ApproveAfter, RollBack

Key = Annotated[str, Parameter(help="The key to sign with, instead of your own.")]
Why = Annotated[str, Parameter(help="The reason, for the log.")]


def hitl(run: str, /, *, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """List what people should have decided and did not: effects without
    approval, approvals without effect, missed checkpoints, self-approvals,
    late and expired decisions. Exit code 1 where one is grave and unsettled.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_hitl(run, where, listing))


async def _hitl(run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        findings = await _findings(engine, run)
    if listing.json:
        console.write_json([dataclasses.asdict(finding) for finding in findings])
    else:
        rows = [_row(finding) for finding in findings]
        console.table(("", "WHAT", "ABOUT", "EVENT", "WHY"), rows, "nothing was done without the people it needed")
    return Exit.RUN_FAILED if any(finding.grave and not finding.settled for finding in findings) else Exit.OK


async def _findings(engine: Engine, run: str) -> list[Finding]:
    from maestro.cli.commands.resume import no_such_run
    from maestro.log.reader import Commit, commits
    from maestro.projections.hitl import Audit

    if await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    keyring = engine.keyring()
    await keyring.refresh(engine.store)
    audit = Audit(frozenset(member.actor for member in keyring.members()))
    async for commit in commits(engine.store, keyring, run):
        if isinstance(commit, Commit):
            for index, event in enumerate(commit.events):
                audit.read(f"{commit.seq}.{index}", commit.header.actor, event)
    return audit.result()


def _row(finding: Finding) -> tuple[str, ...]:
    from maestro.projections.text import one_line

    mark = "ok" if finding.settled else "!" if finding.grave else "·"
    why = f"{finding.what}; {finding.settled}" if finding.settled else finding.what
    return mark, finding.kind, one_line(finding.about, 60), finding.at, one_line(why, 120)


def approve_after(run: str, proposal: str, /, *, why: Why = "", key: Key = "", where: Where = Where()) -> int:  # noqa: B008
    """Approve after the fact what was done. PROPOSAL is the one that `maestro audit hitl` names."""
    from maestro.cli.interrupts import run_async
    from maestro_contracts.commands import ApproveAfter

    return run_async(_settle(run, ApproveAfter(proposal, "", "cli", why), "approve-after", key, where))


def roll_back(run: str, proposal: str, /, *, why: Why = "", key: Key = "", where: Where = Where()) -> int:  # noqa: B008
    """Undo by a new commit on the run's branch what was merged; says why where it cannot be undone."""
    from maestro.cli.interrupts import run_async
    from maestro_contracts.commands import RollBack

    return run_async(_settle(run, RollBack(proposal, "", "cli", why), "roll-back", key, where))


async def _settle(run: str, command: ApproveAfter | RollBack, choice: str, key: str, where: Where) -> int:
    from maestro.cli.commands.resume import load_run
    from maestro.cli.engine import undoing
    from maestro.cli.signed import send_signed
    from maestro.cli.where import find_place
    from maestro_contracts import events as e

    place = await find_place(where.repo, run=run)
    async with undoing(place) as engine:
        state = await load_run(engine, run)
        action = state.actions.get(command.proposal)
        if action is None:
            raise CliError(f"nothing was proposed as {command.proposal!r} in {run}", "see: maestro audit hitl")
        digest = action.started.digest if action.started else action.proposed.digest
        ends = (e.EffectApproved, e.RolledBack, e.RollBackFailed)
        said = await send_signed(engine, run, command, f"audit:{command.proposal}", choice, digest, key, ends)
    match said:
        case e.EffectApproved():
            console.note(f"{command.proposal}: approved after the fact by {said.vote.person}")
        case e.RolledBack():
            console.note(f"{command.proposal}: rolled back by {said.commit[:12]}")
        case e.RollBackFailed(problem=problem):
            raise CliError(f"{command.proposal} cannot be rolled back: {problem.reason}", problem.mend, Exit.RUN_FAILED)
    return Exit.OK
