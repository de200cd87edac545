"""`maestro replay`: what does the log alone say? The state at any entry, what changed between two, the files anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from maestro.cli import console
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.cli.engine import Engine
    from maestro.projections.projector import Projector


def replay(
    run: str,
    /,
    *,
    at: Annotated[int | None, Parameter(help="Fold up to this entry; without it, all.")] = None,
    diff: Annotated[
        tuple[int, int] | None, Parameter(help="Two entries: what changed in the state from the first to the second.")
    ] = None,
    write: Annotated[bool, Parameter(help="Write the run's files under .flow/ again.")] = False,
    where: Where = Where(),  # noqa: B008 - frozen, no options given
    listing: Listing = Listing(),  # noqa: B008
) -> int:
    """Fold a run's log again: as it was, what changed, or its files anew.

    Nothing is called and nothing runs. Only --write changes files, and only
    those under .flow/.
    """
    from maestro.cli.interrupts import run_async

    if write and (at is not None or diff is not None):
        raise CliError("--write writes what the whole log says", "leave out --at and --diff", Exit.USAGE)
    return run_async(_replay(run, at, diff, write, where, listing))


async def _replay(
    run: str, at: int | None, diff: tuple[int, int] | None, write: bool, where: Where, listing: Listing
) -> int:
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        head = await engine.store.head(run)
        if head == 0:
            raise await no_such_run(engine, run)
        for seq in (at, *(diff or ())):
            if seq is not None and not 0 <= seq <= head:
                raise CliError(f"{run} has no entry {seq}", f"its entries are 1 to {head}", Exit.USAGE)
        if diff is not None:
            before = flat((await folded(engine, run, diff[0])).state)
            after = flat((await folded(engine, run, diff[1])).state)
            _print_changes(before, after, as_json=listing.json)
            return Exit.OK
        projector = await folded(engine, run, head if at is None else at)
    if write:
        return _write(place.folder(), projector)
    from maestro.cli.commands.runs import print_state

    print_state(projector.state, as_json=listing.json)
    return Exit.OK


async def folded(engine: Engine, run: str, upto: int) -> Projector:
    """The run's state and history from its first `upto` entries."""
    from maestro.log.reader import Commit, Reader, missing
    from maestro.projections.projector import Projector

    projector = Projector(run)
    reader = Reader(engine.store, engine.keyring(), run)
    async for page in reader.all():
        for verdict in page:
            if verdict.seq > upto:
                return projector
            if isinstance(verdict, Commit):
                projector.apply(verdict)
            else:
                projector.disbelieve(verdict.seq, verdict.reason)
    if reader.seq < upto:
        lost = missing(reader.seq + 1, upto)
        projector.disbelieve(lost.seq, lost.reason)
    return projector


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


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """A state's leaves by their path: `tasks.T-001.status`."""
    return dict(_leaves(value, path))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    import msgspec

    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            name = "@".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, list | tuple) and any(
        isinstance(item, msgspec.Struct | dict | list | tuple) for item in value
    ):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, list(value) if isinstance(value, tuple) else value


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
