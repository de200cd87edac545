"""`maestro audit verify`: which properties does this history have, and what does not hold?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.audit.findings import Report
    from maestro.tlog.checkpoint import SignedCheckpoint

Policy = Annotated[
    Path | None, Parameter(help="Whom to trust as witnesses, and how many of them (c2sp.org/tlog-policy).")
]
Operator = Annotated[Path | None, Parameter(help="The operator's public key; without it, this machine's.")]
Since = Annotated[Path | None, Parameter(help="An older checkpoint that you kept: the log must continue it.")]
MAX_CHECKPOINT = 64 * 1024


def verify(
    run: str,
    /,
    *,
    policy: Policy = None,
    operator: Operator = None,
    since: Since = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Show each property of a run's log, and what does not hold.

    RUN is a run, or the file of a bundle. What cannot be verified is a
    finding: exit code 7 where something does not hold, 8 where something
    cannot be told, 0 where everything was looked at and holds.
    """
    from maestro.cli.interrupts import run_async

    report = run_async(_verify(run, policy, operator, since, where))
    show(report, as_json=listing.json)
    return exit_code(report)


async def _verify(run: str, policy: Path | None, operator: Path | None, since: Path | None, where: Where) -> Report:
    from maestro.audit.verify import audit
    from maestro.cli.auditing import in_thread, live, trust_of
    from maestro.cli.where import find_place

    older = _older(since)
    if Path(run).is_file():
        from maestro.cli.commands.audit_bundle import verified

        return await verified(Path(run), trust_of(operator, policy, None), older)
    place = await find_place(where.repo, run=run)
    async with live(run, place) as (source, _):
        trust = trust_of(operator, policy, place)
        return await in_thread(lambda: audit(source, trust, since=older))


def _older(path: Path | None) -> SignedCheckpoint | None:
    from maestro.tlog.checkpoint import parse_signed
    from maestro_contracts.envelope import Unreadable

    if path is None:
        return None
    with path.open("rb") as file:
        note = file.read(MAX_CHECKPOINT)
    try:
        return parse_signed(note)
    except Unreadable as error:
        raise CliError(
            f"{path}: {error}", "name a checkpoint that you kept, as `maestro audit export` has it"
        ) from None


def show(report: Report, *, as_json: bool) -> None:
    """The report as lines, or as JSON."""
    from maestro.audit.findings import as_dict, lines
    from maestro.projections.text import one_line, visible

    if as_json:
        return console.write_json(as_dict(report))
    for line in lines(report):
        text = line.lstrip(" ")
        console.write(" " * (len(line) - len(text)) + visible(text))
    console.write(f"{report.run}: {report.verdict}; {report.entries:,} entries, {report.events:,} events")
    console.note(f"believed: {one_line(report.trust, 400)}")


def exit_code(report: Report) -> Exit:
    """0, 7 or 8."""
    return {"holds": Exit.OK, "violated": Exit.VIOLATED, "cannot tell": Exit.CANNOT_TELL}[report.verdict]
