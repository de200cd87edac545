"""`maestro runs` and `maestro show`: which runs are there, and how does one stand?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maestro.cli import console
from maestro.cli.exit_codes import Exit
from maestro.cli.where import Listing, Where

if TYPE_CHECKING:
    from maestro.runs.state import RunState


def runs(*, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008 - frozen, no options given
    """List the runs of this repository, the newest first."""
    from maestro.cli.interrupts import run_async

    return run_async(_runs(where, listing))


async def _runs(where: Where, listing: Listing) -> int:
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place
    from maestro.runs.follow import load

    place = await find_place(where.repo)
    async with reading(place) as engine:
        names = await engine.store.runs()
        keyring = engine.keyring() if names else None
        states = [await load(engine.store, keyring, name) for name in names] if keyring else []
    states.sort(key=lambda state: state.started, reverse=True)
    if listing.json:
        console.write_json([_summary(state) for state in states])
    else:
        _table(states)
    return Exit.OK


def _summary(state: RunState) -> dict[str, Any]:
    return {
        "run": state.run,
        "feature": state.feature,
        "status": state.status,
        "started": state.started,
        "ended": state.ended,
        "branch": state.branch,
        "tasks": len(state.tasks),
        "done": sum(task.status == "done" for task in state.tasks.values()),
        "gates": [gate.gate for gate in state.open_gates()],
    }


def _table(states: list[RunState]) -> None:
    from maestro.projections.text import duration, one_line, utc

    rows = []
    for state in states:
        done = sum(task.status == "done" for task in state.tasks.values())
        took = duration(max(0, (state.ended or state.last) - state.started)) if state.started else ""
        waits = ", ".join(one_line(gate.gate, 40) for gate in state.open_gates())
        status = f"{state.status}, {waits} waits" if waits and not state.ended_for_good else state.status
        started = f"{utc(state.started)[:16]}Z" if state.started else ""
        rows.append((state.run, status, f"{done}/{len(state.tasks)}", started, took, one_line(state.feature, 60)))
    console.table(("RUN", "STATUS", "TASKS", "STARTED", "TOOK", "FEATURE"), rows, "no runs yet; start one: maestro run")


def show(run: str, /, *, where: Where = Where(), listing: Listing = Listing()) -> int:  # noqa: B008
    """Show how a run stands."""
    from maestro.cli.interrupts import run_async

    return run_async(_show(run, where, listing))


async def _show(run: str, where: Where, listing: Listing) -> int:
    from maestro.cli.commands.resume import load_run
    from maestro.cli.engine import reading
    from maestro.cli.where import find_place

    place = await find_place(where.repo, run=run)
    async with reading(place) as engine:
        state = await load_run(engine, run)
    print_state(state, as_json=listing.json)
    return Exit.OK


def print_state(state: RunState, *, as_json: bool) -> None:
    """A run as tables, or as the JSON that `.flow/maestro/sessions/<run>/metadata.json` holds."""
    if as_json:
        import msgspec

        from maestro.projections.files import metadata

        return console.write_json(msgspec.to_builtins(metadata(state)))
    _print_head(state)
    _print_steps(state)
    _print_tasks(state)
    _print_rest(state)


def _print_head(state: RunState) -> None:
    from maestro.projections.text import duration, one_line, utc

    took = duration(max(0, (state.ended or state.last) - state.started)) if state.started else ""
    console.write(f"{state.run}  {state.status}  {took}")
    console.write(f"  {one_line(state.feature, 200)}")
    if state.started:
        console.write(
            f"  started {utc(state.started)} by {one_line(state.requested_by)}, branch {one_line(state.branch)}"
        )
    if state.forked is not None:
        console.write(f"  goes on from entry {state.forked.entry} of {one_line(state.forked.parent)}")
    if state.problem is not None:
        console.write(f"  {one_line(state.problem.reason)}")
        for line in state.problem.mend.splitlines():
            console.write(f"    {one_line(line)}")


def _print_steps(state: RunState) -> None:
    from maestro.projections.text import one_line

    rows = [
        (
            one_line(s.step.name),
            s.step.kind,
            s.status,
            str(s.visit or ""),
            one_line(s.outcome or _reason(s.problem), 80),
        )
        for s in state.steps.values()
    ]
    console.write()
    console.table(("STEP", "KIND", "STATUS", "VISIT", "OUTCOME"), rows, "no steps")


def _print_tasks(state: RunState) -> None:
    from maestro.projections.text import one_line

    rows = [
        (
            one_line(t.spec.id),
            f"[P:Group-{t.spec.group}]",
            t.status,
            str(t.attempt or ""),
            one_line(t.worker),
            one_line(t.spec.title, 60),
        )
        for t in state.tasks.values()
    ]
    if rows:
        console.write()
        console.table(("TASK", "GROUP", "STATUS", "ATTEMPT", "WORKER", "TITLE"), rows, "no tasks")


def _print_rest(state: RunState) -> None:
    from maestro.projections.text import one_line

    gates = [
        (one_line(g.gate), str(g.visit), g.status, *_decided(g)) for g in state.gates.values() if g.opened is not None
    ]
    if gates:
        console.write()
        console.table(("GATE", "VISIT", "STATUS", "CHOICE", "BY", "VIA"), gates, "no gates")
    points = [(str(c.number), one_line(c.name), c.commit[:12], one_line(c.ref)) for c in state.checkpoints.values()]
    if points:
        console.write()
        console.table(("CHECKPOINT", "NAME", "COMMIT", "REF"), points, "no checkpoints")
    for violation in state.violations:
        console.write(f"  ✗ {one_line(violation)}")


def _reason(problem: Any) -> str:
    return problem.reason if problem is not None else ""


def _decided(gate: Any) -> tuple[str, str, str]:
    from maestro.projections.text import one_line

    if gate.decided is None:
        return ("", "", "")
    return one_line(gate.decided.choice), one_line(gate.decided.approver), one_line(gate.decided.via)
