"""`maestro journal`: what would a captain have written down of this run, and what do you want to add?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.projections.journal import Journal
    from maestro_contracts.commands import Command

Kind = Literal["question", "decision", "blocker", "milestone"]


def show(
    run: str,
    /,
    *,
    kind: Annotated[tuple[Kind, ...], Parameter(help="Only entries of these kinds.")] = (),
    tag: Annotated[tuple[str, ...], Parameter(help="Only entries that have all of these tags.")] = (),
    author: Annotated[str, Parameter(help="Only entries by this author.")] = "",
    task: Annotated[str, Parameter(help="Only entries about this task.")] = "",
    unreviewed: Annotated[bool, Parameter(help="Only entries that no person has decided or looked at.")] = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Write it there: .md or .json.")] = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Print a run's journal: questions, decisions, blockers and milestones."""
    from maestro.cli.interrupts import run_async
    from maestro.projections.journal import as_json, as_markdown, chosen

    if output is not None and output.suffix not in {".md", ".json"}:
        raise CliError(f"{output} is neither Markdown nor JSON", "name a file that ends in .md or .json", Exit.USAGE)
    journal = run_async(_read(run, where))
    entries = chosen(journal, kinds=kind, tags=tag, author=author, task=task, unreviewed=unreviewed)
    json = listing.json if output is None else output.suffix == ".json"
    text = as_json(run, entries) if json else as_markdown(run, entries)
    if output is None:
        console.write(text.rstrip("\n"))
    else:
        output.write_text(text, "utf-8")
        console.note(f"{len(entries)} entries written to {output}")
    return Exit.OK


def add(
    run: str,
    title: str,
    /,
    *,
    kind: Annotated[Kind, Parameter(help="What it is.")] = "decision",
    text: Annotated[str, Parameter(help="The entry itself.")] = "",
    tag: Annotated[tuple[str, ...], Parameter(help="Words to find it by.")] = (),
    task: Annotated[str, Parameter(help="The task that it is about.")] = "",
    file: Annotated[tuple[str, ...], Parameter(help="Files that it is about.")] = (),
    related: Annotated[tuple[str, ...], Parameter(help="Ids of other entries.")] = (),
    where: Where = Where(),  # noqa: B008
) -> int:
    """Write an entry into a run's journal. It decides nothing: gates are decided with `maestro gate`."""
    from maestro.cli.interrupts import run_async
    from maestro.cli.person import who
    from maestro_contracts.commands import AddJournalEntry

    if not title.strip():
        raise CliError("an entry needs a title", 'maestro journal add RUN "What happened"', Exit.USAGE)
    entry = AddJournalEntry(
        kind, who(where.repo), title, text, tag, task, file, related=related, by_person=True, via="cli"
    )
    run_async(_send(run, entry, where))
    console.note("written down")
    return Exit.OK


def review(
    run: str,
    entry: str,
    /,
    *,
    note: Annotated[str, Parameter(help="What you think of it.")] = "",
    where: Where = Where(),  # noqa: B008
) -> int:
    """Mark an entry of a run's journal as looked at."""
    from maestro.cli.interrupts import run_async
    from maestro.cli.person import who
    from maestro_contracts.commands import ReviewJournalEntry

    journal = run_async(_read(run, where))
    if entry not in journal.entries:
        raise CliError(
            f"the journal of {run} has no entry {entry!r}", f"see its ids: maestro journal show {run} --json"
        )
    run_async(_send(run, ReviewJournalEntry(entry, who(where.repo), note, "cli"), where))
    console.note("marked as looked at")
    return Exit.OK


async def _read(run: str, where: Where) -> Journal:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        return await _journal(engine, run)


async def _journal(engine: Engine, run: str) -> Journal:
    from maestro.cli.commands.resume import no_such_run
    from maestro.log.reader import Commit, Reader
    from maestro.projections.journal import Journal, write_down

    if await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    journal = Journal()
    async for page in Reader(engine.store, engine.keyring(), run).all():
        for verdict in page:
            if isinstance(verdict, Commit):
                write_down(journal, verdict)
    return journal


async def _send(run: str, command: Command, where: Where) -> None:
    """Ask the gatekeeper, and wait until its answer is in the log."""
    import uuid

    from maestro.bus.client import ask
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import answering
    from maestro.cli.where import find_place
    from maestro.log.reader import Commit, Reader

    place = await find_place(where.repo, run=run)
    async with answering(place) as engine:
        if await engine.store.head(run) == 0:
            raise await no_such_run(engine, run)
        id = f"journal:{uuid.uuid4().hex}"
        reader = Reader(engine.store, engine.keyring(), run, after=await engine.store.head(run))
        await ask(engine.store, run, command, id)
        for _ in range(30):
            for verdict in await reader.new(1000):
                if isinstance(verdict, Commit) and any(record.id.startswith(f"{id}/") for record in verdict.records):
                    return
    mend = f"does a gatekeeper run? (`maestro ps`) It is written when one does; see `maestro journal show {run}`"
    raise CliError("nobody has written it down yet", mend, Exit.UNAVAILABLE)
