"""`maestro log`: which events is a run made of?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.log.reader import Commit, Rejected


def log(
    run: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], help="Wait for what comes next.")] = False,
    after: Annotated[int, Parameter(help="Only entries after this seq.")] = 0,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Print the events of a run, one line each.

    Entries that cannot be believed are named as such; so are those that
    somebody added out of place and that were set aside. RUN may be `system`:
    the log of who was enrolled. With --json each line is one event.
    """
    from maestro.cli.interrupts import run_async

    return run_async(_log(run, follow, after, where, listing))


async def _log(run: str, follow: bool, after: int, where: Where, listing: Listing) -> int:
    from maestro.bus.aside import set_aside
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place
    from maestro.log.reader import commits, missing

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        head, last = await engine.store.head(run), 0
        if head == 0:
            raise await no_such_run(engine, run)
        show = _as_json if listing.json else _as_line
        # A server that runs only for this command hears nothing new.
        waits = follow and not engine.is_ours
        async for verdict in commits(engine.store, engine.keyring(), run, follow=waits):
            last = verdict.seq
            if last > after:
                for line in show(verdict):
                    console.write(line)
                if waits:
                    sys.stdout.flush()
        if last < head:
            for line in show(missing(last + 1, head)):
                console.write(line)
        # After the log: reading that sets aside what is new.
        for id, size in await set_aside(engine.store, run):
            console.write(_aside(id, size, as_json=listing.json))
    return Exit.OK


def _aside(id: str, size: int, *, as_json: bool) -> str:
    """An entry that stands in no place, and so is part of no run."""
    from maestro.projections.text import one_line

    reason = f"somebody added it under the id {one_line(id, 60)}, which is no place in a log ({size} bytes)"
    if as_json:
        return json.dumps({"set_aside": id, "rejected": reason}, ensure_ascii=False)
    return f"{'-':>5}.-  ✗ set aside: {reason}"


def _as_line(verdict: Commit | Rejected) -> list[str]:
    from maestro.log.reader import Rejected
    from maestro.projections.log_view import log_line
    from maestro.projections.text import one_line

    if isinstance(verdict, Rejected):
        return [f"{verdict.seq:>5}.-  ✗ not believed: {one_line(verdict.reason)}"]
    header = verdict.header
    return [
        str(log_line(f"{verdict.seq}.{index}", header.ts, header.actor, event))
        for index, event in enumerate(verdict.events)
    ]


def _as_json(verdict: Commit | Rejected) -> list[str]:
    from maestro.log.reader import Rejected

    if isinstance(verdict, Rejected):
        return [json.dumps({"seq": verdict.seq, "rejected": verdict.reason}, ensure_ascii=False)]
    return [json.dumps(row, ensure_ascii=False) for row in _rows(verdict)]


def _rows(commit: Commit) -> list[dict[str, Any]]:
    import msgspec

    header = commit.header
    return [
        {
            "address": f"{commit.seq}.{index}",
            "at": header.ts,
            "actor": header.actor,
            "epoch": header.epoch,
            "id": record.id,
            "type": record.type,
            "cause": record.cause,
            "data": msgspec.to_builtins(event),
        }
        for index, (record, event) in enumerate(zip(commit.records, commit.events, strict=True))
    ]
