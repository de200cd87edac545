"""What does a fork go on from? Whatever its parent had done, and nothing that its parent was allowed."""

from __future__ import annotations

import msgspec
import pytest

from maestro.approvals.book import ActionBook, Intent, evolve, why_not_begin
from maestro.conductor.decider import decide
from maestro.conductor.forking import waits_for_branch
from maestro.log.reader import Commit, commits
from maestro.runs.fold import fold, new_run
from maestro.runs.forking import go_on_from
from maestro.runs.hashing import state_hash
from maestro.runs.state import RunState
from maestro_contracts import events as e
from tests.golden.hashes import GOLDEN, stored

LOG, PARENT, FORK = GOLDEN / "log-v2", "greet-people-m5m3la", "greet-people-forked"
ENTRIES = range(1, 48)


async def story() -> list[Commit]:
    store, keyring = await stored(LOG)
    return [each async for each in commits(store, keyring, PARENT) if isinstance(each, Commit)]


def folded(story: list[Commit], entry: int) -> RunState:
    state = new_run(PARENT)
    for commit in story[:entry]:
        fold(state, commit)
    return state


def forked(state: RunState, entry: int) -> e.RunForked:
    assert state.repo and state.workflow and state.settings
    return e.RunForked(
        parent=PARENT,
        entry=entry,
        entry_sha256="0" * 64,
        entries=(),
        feature=state.feature,
        repo=state.repo,
        workflow=state.workflow,
        settings=state.settings,
        requested_by="ada",
        at=7,
    )


async def test_a_fork_from_any_entry_has_nothing_under_way_and_nothing_allowed() -> None:
    whole = await story()
    for entry in ENTRIES:
        before, state = folded(whole, entry), folded(whole, entry)
        assert go_on_from(state, forked(state, entry)) == ""

        assert (state.status, state.branch, state.head) == ("running", "", before.head)
        assert not (state.gates or state.actions or state.grants or state.checkpoints or state.in_flight)
        for name, task in state.tasks.items():
            was = before.tasks[name]
            settled = was.status in ("waiting", "done", "failed")
            assert task.status == (was.status if settled else "ready")
            assert (name in state.due.ready) == (task.status == "ready")
            assert task.commit == (was.commit if was.status == "done" else "")


async def test_from_any_entry_a_fork_first_makes_its_own_branch_and_does_nothing_else_meanwhile() -> None:
    whole = await story()
    for entry in ENTRIES:
        state = folded(whole, entry)
        go_on_from(state, forked(state, entry))
        assert waits_for_branch(state)
        said = [item.event for item in decide(state, (), now=9)]
        assert [(type(event).__name__, event.kind) for event in said] == [("StepStarted", "initialise")]  # type: ignore[attr-defined]


async def test_a_yes_that_was_not_used_up_is_asked_for_again() -> None:
    """The gate was decided at entry 7; the tasks that it allowed were made at entry 10."""
    whole = await story()
    for entry, again in ((7, True), (9, True), (10, False), (47, False)):
        state = folded(whole, entry)
        assert state.context["gate.approve-plan.key"]
        go_on_from(state, forked(state, entry))
        assert (state.steps["approve-plan"].status == "waiting") is again
        assert ("gate.approve-plan.key" in state.context) is not again


async def test_an_approval_of_the_parent_begins_nothing_in_the_fork() -> None:
    whole, parent = await story(), ActionBook()
    for commit in whole[:30]:
        for event in commit.events:
            parent = evolve(parent, event)
    fork = evolve(ActionBook(), forked(folded(whole, 30), 30))
    approved = [action.approval for action in parent.actions.values() if action.approval]
    assert approved
    for approval in approved:
        intent = Intent(approval.proposal, approval.digest, approval.level, approval.policy_sha256)
        hindrance = why_not_begin(fork, intent, now=0)
        assert hindrance is not None and hindrance.reason == "it was never proposed"
    assert (fork.allows, fork.grants, fork.settings is None) == ((), {}, False)


@pytest.mark.parametrize("field", ["feature", "repo", "workflow", "settings"])
async def test_a_fork_that_says_something_else_of_its_parent_does_not_begin(field: str) -> None:
    state = folded(await story(), 20)
    event = forked(state, 20)
    said = getattr(event, field)
    other = "x" if field == "feature" else msgspec.structs.replace(said, **{_A_FIELD[field]: _ANOTHER[field]})
    before = state_hash(state)

    problem = go_on_from(state, msgspec.structs.replace(event, **{field: other}))

    assert "something else" in problem and state_hash(state) == before


_A_FIELD = {"repo": "base", "workflow": "name", "settings": "validators"}
_ANOTHER = {"repo": "f" * 40, "workflow": "other", "settings": 7}


async def test_what_is_said_anew_is_who_is_asked_and_nothing_else() -> None:
    state = folded(await story(), 20)
    assert state.settings is not None
    anew = msgspec.structs.replace(state.settings, auto_approve=not state.settings.auto_approve)
    assert go_on_from(state, msgspec.structs.replace(forked(state, 20), settings=anew)) == ""
    assert state.settings == anew


def test_a_fork_without_a_past_does_not_begin_and_a_run_begins_once() -> None:
    from maestro.runs.fold import evolve as evolve_run

    state = new_run(FORK)
    parent = new_run(PARENT)
    parent.repo, parent.workflow, parent.settings = _made()
    evolve_run(state, forked(parent, 3))
    assert state.status == "none" and "brings no past along" in state.violations[0]


def _made():  # type: ignore[no-untyped-def]
    from maestro_contracts.records import AgentSpec, Repo, Settings, Workflow

    return Repo("/r", "b"), Workflow("w", ()), Settings(AgentSpec("script"))
