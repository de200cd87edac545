"""How does a run begin where another one was? What the parent's log holds is read first; then it is decided. Pure, but
for `resolve`, which reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from maestro.bus.service import Said
from maestro.log.commit import note_hash
from maestro.log.keyring import Keyring
from maestro.log.past import NotWhole, gather
from maestro.log.store import Store
from maestro.runs.follow import load
from maestro.runs.state import RunState
from maestro_contracts import commands as c
from maestro_contracts import events as e


@dataclass(frozen=True, slots=True)
class Forking:
    """A `ForkRun` with what was found of the parent: its first entries and their blobs, and the state that its whole
    log folds into. `problem` is why there is none of it."""

    command: c.ForkRun
    entries: tuple[bytes, ...] = ()
    blobs: tuple[bytes, ...] = ()
    parent: RunState | None = None
    problem: str = ""


async def resolve(store: Store, keyring: Keyring, command: c.ForkRun) -> Forking:
    """Read what a fork needs of its parent's log."""
    try:
        entries, blobs = await gather(store, command.parent, command.entry)
    except NotWhole as problem:
        return Forking(command, problem=str(problem))
    if not entries or note_hash(entries[-1]) != command.entry_sha256:
        return Forking(command, problem=f"entry {command.entry} of {command.parent} is not the one that was meant")
    return Forking(command, entries, blobs, await load(store, keyring, command.parent))


def begin(id: str, forking: Forking, now: int) -> Iterator[Said]:
    """What a run says first that goes on from another one. The parent's settings hold, but nobody is asked in its
    name: --auto-approve and whether there is somebody to ask are this run's own."""
    command, parent = forking.command, forking.parent
    problem = forking.problem
    if not problem and (parent is None or parent.repo is None or parent.workflow is None or parent.settings is None):
        problem = f"{command.parent} has not begun"
    if problem:
        yield Said(f"{id}/refused", e.RequestRefused("ForkRun", command.by, problem), id)
        return
    assert parent is not None and parent.repo and parent.workflow and parent.settings, "that was looked at"
    asked = {"auto_approve": command.auto_approve, "interactive": command.interactive}
    event = e.RunForked(
        parent=command.parent,
        entry=command.entry,
        entry_sha256=command.entry_sha256,
        entries=forking.entries,
        feature=parent.feature,
        repo=parent.repo,
        workflow=parent.workflow,
        settings=msgspec.structs.replace(parent.settings, **asked),
        requested_by=command.by,
        at=now,
        blobs=forking.blobs,
    )
    yield Said("run/started", event, id)


def waits_for_branch(state: RunState) -> bool:
    """A fork builds on nothing before it has a branch of its own."""
    return state.forked is not None and not state.branch and bool(_preparing(state))


def _preparing(state: RunState) -> list[str]:
    return [name for name, step in state.steps.items() if step.step.kind == "initialise" and step.status != "done"]
