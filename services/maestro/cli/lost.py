"""Is there a log of a run that was asked for? Where it is gone: what is left of the run, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

if TYPE_CHECKING:
    from maestro.cli.where import Place
    from maestro.log.redis_store import RedisStore

RESTORE = "Stop what writes to that server, put a backup of its data back (docs/running.md), and then: maestro resume"


async def loss(store: RedisStore, run: str, seen: int) -> str:
    """What became of the log that was believed up to its entry `seen`; empty where that is there. Raises
    StoreUnavailable, StoreCorrupt."""
    if seen:
        # The index may be wrong for a while, and entries may be taken out singly: neither is a loss of the log.
        if not await store.read(run, seen - 1, 1) and (left := await store.head(run)) < seen:
            return f"the log of the run {run} is gone: {seen} entries were read from it, and the server has {left}"
    # The request leaves its queue in the same step in which the log begins: so it is looked for first.
    elif not await store.queue_length("conductor") and not await store.head(run):
        return f"the request for the run {run} is gone: the server has neither it nor a log that answers it"
    return ""


async def is_asked_for(store: RedisStore, run: str) -> bool:
    """Whether the request for a run still waits for a conductor. Raises StoreUnavailable."""
    from maestro_contracts.envelope import Unreadable, read_command

    for message in await store.queued("conductor"):
        try:
            record, _ = read_command(message)
        except Unreadable:
            continue
        if record.run == run and record.type in {"StartRun", "ForkRun"}:
            return True
    return False


async def nothing_left(place: Place, run: str, what: str) -> CliError:
    """The error for a run whose log is lost: where its work lies, and the ways on."""
    ways = [
        *await _left_in_git(place, run),
        *_left_in_files(place, run),
        f"{RESTORE} {run}",
        "Or start anew: maestro run",
    ]
    return CliError(what, "\n".join(ways), Exit.RUN_FAILED)


async def _left_in_git(place: Place, run: str) -> list[str]:
    from maestro.git import names
    from maestro.git.command import git

    if place.repo is None:
        return []
    below = f"{names.REFS}{names.safe(run)}/"
    asked = ("for-each-ref", "--format=%(objectname:short=12) %(refname)", names.branch_ref(run), below)
    rows = [line.split(" ", 1) for line in (await git(*asked, cwd=place.repo)).text.splitlines()]
    branch = [f"Its branch is there: {names.branch(run)} at {at}" for at, ref in rows if ref == names.branch_ref(run)]
    others = sum(ref.startswith(below) for _, ref in rows)
    return [
        *branch,
        *([f"Its results and checkpoints are there: git for-each-ref {below} ({others})"] if others else []),
    ]


def _left_in_files(place: Place, run: str) -> list[str]:
    folder = f".flow/maestro/sessions/{run}"
    if place.repo is None or not (place.repo / folder).is_dir():
        return []
    return [f"What was known of it last: {folder}/"]
