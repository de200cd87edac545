"""`maestro replay`: what does the log alone say? The state at any point, what changed, why, or all of it once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.recorded import Log
    from maestro.log.reader import Commit, Rejected
    from maestro.projections.projector import Projector
    from maestro.runs.explaining import Change

LONGEST_S = 5.0
"""However long a run waited (for a person, over a night), its replay waits no longer than this."""


def replay(
    run: str,
    /,
    *,
    at: Annotated[
        str,
        Parameter(help="Up to an entry (12), a time (2026-01-31T08:15Z), +90s after the begin or -5m from the end."),
    ] = "",
    diff: Annotated[
        tuple[int, int] | None, Parameter(help="Two entries: what changed in the state from the first to the second.")
    ] = None,
    explain: Annotated[str, Parameter(help="A field (tasks.T-001.status): which events made it what it is.")] = "",
    speed: Annotated[
        float | None, Parameter(help="Play the run's lines with its own pauses, this many times faster.")
    ] = None,
    write: Annotated[bool, Parameter(help="Write the run's files under .flow/ again.")] = False,
    operator: Annotated[
        Path | None,
        Parameter(help="The operator's public key that a bundle must rest on; without it, this machine's."),
    ] = None,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Fold a run's log again: as it was, what changed, why, or its files anew.

    RUN is a run, or the file of a bundle (`maestro audit export`), which is
    verified first and needs no server.
    Nothing is called and nothing runs. Only --write changes files, and only
    those under .flow/. The hash of the state that is printed is the same
    wherever and whenever the same entries are folded.
    """
    from maestro.cli.interrupts import run_async

    _check_options(at, diff, explain, speed, write, listing)
    source = Source(run, where, operator)
    if diff is not None:
        return run_async(_differ(source, diff, listing))
    if explain:
        return run_async(_explain(source, explain, at, listing))
    if speed is not None:
        return run_async(_play(source, at, speed))
    return run_async(_replay(source, at, write, listing))


@dataclass(frozen=True, slots=True)
class Source:
    """What to look back at, as it was typed."""

    run: str
    where: Where
    operator: Path | None

    def open(self) -> AbstractAsyncContextManager[tuple[Log, str]]:
        from maestro.cli.recorded import recorded

        return recorded(self.run, self.where, self.operator)


def _check_options(
    at: str, diff: tuple[int, int] | None, explain: str, speed: float | None, write: bool, listing: Listing
) -> None:
    """Raises CliError where two things are wanted at once."""
    asked = [
        name
        for name, given in (("--diff", diff), ("--explain", explain), ("--speed", speed), ("--write", write))
        if given not in (None, "", False)
    ]
    if len(asked) > 1:
        raise CliError(f"{asked[0]} and {asked[1]} are two things", "ask for one of them", Exit.USAGE)
    if at and (diff is not None or write):
        what = "writes what the whole log says" if write else "names its entries itself"
        raise CliError(f"{asked[0]} {what}", "leave out --at", Exit.USAGE)
    if speed is not None and not 0 < speed < float("inf"):
        raise CliError(f"--speed {speed} is no speed", "give how many times faster, as in --speed 10", Exit.USAGE)
    if speed is not None and listing.json:
        raise CliError("--speed plays lines for people", "leave out --json, or take `maestro log --json`", Exit.USAGE)


async def _replay(source: Source, at: str, write: bool, listing: Listing) -> int:
    from maestro.cli.where import find_place

    place = await find_place(source.where.repo, run=source.run) if write else None
    lost: list[Rejected] = []
    async with source.open() as (engine, run):
        projector = await folded(engine, run, await entry_at(engine, run, at), lost)
    if place is None:
        _print(projector, as_json=listing.json)
    check_whole(run, lost)
    return Exit.OK if place is None else _write(place.folder(), projector)


def check_whole(run: str, lost: list[Rejected]) -> None:
    """What was recorded and is gone or unreadable is named: nothing else may stand for it. Raises CliError."""
    if lost:
        reasons = "\n".join(f"entry {verdict.seq}: {verdict.reason}" for verdict in lost[:20])
        mend = f"{reasons}\nput the server's data back from a backup; what is shown leaves this out"
        raise CliError(f"the log of {run} is not whole, so its state cannot be told", mend, Exit.BAD_INPUT)


def _print(projector: Projector, *, as_json: bool) -> None:
    from maestro.cli.commands.runs import print_state
    from maestro.runs.fold import FOLD_VERSION
    from maestro.runs.hashing import state_hash

    state = projector.state
    if as_json:
        import msgspec

        from maestro.projections.files import metadata

        said = {"state_sha256": state_hash(state), "fold_version": FOLD_VERSION}
        return console.write_json({**msgspec.to_builtins(metadata(state)), **said})
    print_state(state, as_json=False)
    _print_hash(projector)


def _print_hash(projector: Projector) -> None:
    from maestro.projections.text import count
    from maestro.runs.fold import FOLD_VERSION
    from maestro.runs.hashing import state_hash

    state = projector.state
    console.write(f"\nstate {state_hash(state)}")
    console.write(f"  after entry {state.seq}, {count(state.events, 'event')}, folded by version {FOLD_VERSION}")


# --- which entries ----------------------------------------------------------------------------------------------


async def entry_at(engine: Log, run: str, at: str) -> int:
    """The entry that `--at` means; without it the last. Raises CliError."""
    from maestro.cli.moments import read_moment

    moment = read_moment(at) if at else None
    head = await engine.store.head(run)
    if moment is None:
        return head
    if moment.seq is not None:
        return _checked(run, moment.seq, head)
    return await _entry_of_time(engine, run, head, at)


def _checked(run: str, seq: int, head: int) -> int:
    if not 0 <= seq <= head:
        raise CliError(f"{run} has no entry {seq}", f"its entries are 1 to {head}", Exit.USAGE)
    return seq


async def _entry_of_time(engine: Log, run: str, head: int, at: str) -> int:
    """The last entry before the first that was written later than the time meant. Raises CliError where none is."""
    from maestro.cli.moments import read_moment
    from maestro.log.reader import Commit, Reader
    from maestro.projections.text import utc

    times: list[tuple[int, int]] = []
    async for page in Reader(engine.store, engine.keyring(), run).all():
        times += [(verdict.seq, verdict.header.ts) for verdict in page if isinstance(verdict, Commit)]
    if not times:
        raise CliError(f"no entry of {run} is believed, so none has a time", "name an entry", Exit.USAGE)
    first, last = times[0][1], times[-1][1]
    wanted = read_moment(at).time(first, last)
    assert wanted is not None, "an entry was taken care of"
    later = next((seq for seq, ts in times if ts > wanted), head + 1)
    if later <= times[0][0]:
        raise CliError(f"{run} had not begun by {utc(wanted) or wanted}", f"it began at {utc(first)}", Exit.USAGE)
    return later - 1


async def verdicts(engine: Log, run: str, upto: int) -> AsyncIterator[Commit | Rejected]:
    """The run's first `upto` entries; where some are missing, that is said of them."""
    from maestro.log.reader import Reader, missing

    reader = Reader(engine.store, engine.keyring(), run)
    async for page in reader.all():
        for verdict in page:
            if verdict.seq > upto:
                return
            yield verdict
    if reader.seq < upto:
        yield missing(reader.seq + 1, upto)


async def folded(engine: Log, run: str, upto: int, lost: list[Rejected] | None = None) -> Projector:
    """The run's state and history from its first `upto` entries. `lost` is given those that are gone or unreadable."""
    from maestro.log.reader import Commit
    from maestro.projections.projector import Projector

    projector = Projector(run)
    async for verdict in verdicts(engine, run, upto):
        if isinstance(verdict, Commit):
            projector.apply(verdict)
        else:
            projector.disbelieve(verdict.seq, verdict.reason)
            if lost is not None and verdict.flaw in {"missing", "content"}:
                lost.append(verdict)
    return projector


# --- files ------------------------------------------------------------------------------------------------------


def _write(repo: Any, projector: Projector) -> int:
    from maestro.embedded.state_dir import exclude_flow
    from maestro.projections import folder

    beads = bool(projector.state.settings and projector.state.settings.beads)
    exclude_flow(repo)
    files = projector.files()
    changed = folder.write(repo, files, beads=beads)
    for path in changed:
        console.write(path)
    console.note(f"{len(changed)} of {len(files)} files written; the others were right already")
    return Exit.OK


# --- playing ----------------------------------------------------------------------------------------------------


async def _play(source: Source, at: str, speed: float) -> int:
    """The log's lines as they came. All is read before the first is shown, so that no server is kept for it."""
    import asyncio
    import sys

    from maestro.log.reader import Commit
    from maestro.projections.projector import Projector

    async with source.open() as (engine, run):
        upto = await entry_at(engine, run, at)
        said = [verdict async for verdict in verdicts(engine, run, upto)]
    projector, before = Projector(run), 0
    for verdict in said:
        if isinstance(verdict, Commit):
            await asyncio.sleep(pause_s(before, verdict.header.ts, speed))
            before = max(before, verdict.header.ts)
            shown = len(projector.history.lines)
            projector.apply(verdict)
            lines = [str(line) for line in projector.history.lines[shown:]]
        else:
            projector.disbelieve(verdict.seq, verdict.reason)
            lines = [_not_believed(verdict)]
        for line in lines:
            console.write(line)
        sys.stdout.flush()
    _print_hash(projector)
    return Exit.OK


def pause_s(before: int, now: int, speed: float) -> float:
    """How long to wait between what was written at these times (ms; 0: nothing was before)."""
    return min(LONGEST_S, max(0, now - before) / 1000 / speed) if before else 0.0


def _not_believed(verdict: Rejected) -> str:
    from maestro.projections.text import one_line

    return f"{verdict.seq:>5}.-  ✗ not believed: {one_line(verdict.reason)}"


# --- why --------------------------------------------------------------------------------------------------------


async def _explain(source: Source, field: str, at: str, listing: Listing) -> int:
    from maestro.log.reader import Commit
    from maestro.runs.explaining import Explaining

    changes: list[Change] = []
    async with source.open() as (engine, run):
        explaining = Explaining.of(run, field)
        async for verdict in verdicts(engine, run, await entry_at(engine, run, at)):
            if isinstance(verdict, Commit):
                changes += explaining.take(verdict)
            else:
                changes += explaining.disbelieve(verdict.seq, verdict.reason)
    if not explaining.seen:
        raise _no_such_field(field, explaining.state)
    if listing.json:
        console.write_json([_as_row(change) for change in changes])
    else:
        _print_explained(field, changes)
    return Exit.OK


def _print_explained(field: str, changes: list[Change]) -> None:
    from maestro.projections.text import utc, visible

    for change in changes:
        console.write(f"{change.address:>7}  {utc(change.at)}  {visible(change.actor):<18}  {change.type}".rstrip())
        console.write(f"         {visible(change.id)}")
        console.write(f"         - {_value(change.before)}")
        console.write(f"         + {_value(change.after)}")
    if not changes:
        console.note(f"{field} is as it was before the first event")


def _value(value: Any) -> str:
    import json

    from maestro.projections.text import one_line
    from maestro.runs.explaining import ABSENT

    return "nothing" if value is ABSENT else one_line(json.dumps(value, ensure_ascii=False), 160)


def _as_row(change: Change) -> dict[str, Any]:
    """`had` and `has` tell what is nothing from what is null."""
    from maestro.runs.explaining import ABSENT

    row = change._asdict()
    for name, flag in (("before", "had"), ("after", "has")):
        row[flag] = row[name] is not ABSENT
        row[name] = row[name] if row[flag] else None
    return row


def _no_such_field(field: str, state: Any) -> CliError:
    from difflib import get_close_matches

    from maestro.runs.hashing import flat

    near = get_close_matches(field, flat(state), n=3, cutoff=0.4)
    mend = f"near it are: {', '.join(near)}; " if near else ""
    return CliError(f"the state never had a field {field!r}", f"{mend}`replay --diff 0 N` lists all", Exit.USAGE)


# --- what changed -----------------------------------------------------------------------------------------------


async def _differ(source: Source, diff: tuple[int, int], listing: Listing) -> int:
    from maestro.runs.hashing import flat

    async with source.open() as (engine, run):
        head = await entry_at(engine, run, "")
        before = flat((await folded(engine, run, _checked(run, diff[0], head))).state)
        after = flat((await folded(engine, run, _checked(run, diff[1], head))).state)
    _print_changes(before, after, as_json=listing.json)
    return Exit.OK


def _print_changes(before: dict[str, Any], after: dict[str, Any], *, as_json: bool) -> None:
    from maestro.projections.text import one_line

    paths = [path for path in {**before, **after} if before.get(path, _GONE) != after.get(path, _GONE)]
    if as_json:
        rows = [{"path": path, "before": before.get(path), "after": after.get(path)} for path in paths]
        return console.write_json(rows)
    for path in paths:
        if path in before:
            console.write(f"- {one_line(path)}: {one_line(str(before[path]), 160)}")
        if path in after:
            console.write(f"+ {one_line(path)}: {one_line(str(after[path]), 160)}")
    if not paths:
        console.note("nothing changed")


_GONE = object()
