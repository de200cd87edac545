"""What does a person read of each event?"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maestro.cli.narrate import Narrator
from maestro.projections.text import visible
from maestro.runs.fold import evolve, new_run
from maestro.runs.state import RunState, TaskState
from maestro_contracts import events as e
from maestro_contracts.records import AgentSpec, FileChange, Problem, Repo, Settings, Sighting, TaskSpec, Workflow
from tests.support.building import built


@pytest.fixture
def state() -> RunState:
    repo = Repo("/repo", "a" * 40, "main")
    started = e.RunStarted(
        "Tags", "spec", "", repo, Workflow("autonomous", ()), Settings(AgentSpec("script")), "ann", 0
    )
    state = evolve(new_run("tags-abc234"), started)
    state.started = 1
    return state


def told(state: RunState, *events: e.Event) -> list[str]:
    narrator = Narrator()
    return [str(line) for event in events for line in narrator.lines(state, event)]


def step(name: str, phase: int) -> e.StepStarted:
    return e.StepStarted(name, 1, 1, "plan", phase, "")


def test_a_phase_is_told_once_however_many_steps_it_has(state: RunState) -> None:
    assert told(state, step("initialise", 1), step("plan", 1), step("implement", 3)) == [
        "[Maestro] Phase 1: Planning",
        "[Maestro] Phase 3: Implementation",
    ]


def test_a_task_is_told_with_its_title_and_worker(state: RunState) -> None:
    evolve(state, step("implement", 3))
    state.tasks["T-001"] = _task("T-001", "Add tags")

    assert told(state, e.TaskStarted("T-001", 2, 1, "worker-1")) == [
        "[Maestro]   → T-001 Add tags (worker-1, attempt 2)"
    ]


def test_a_rejection_says_why(state: RunState) -> None:
    problem = Problem("false_claim", "its test fails on a fresh checkout")

    assert told(state, e.TaskRejected("T-001", 1, problem)) == [
        "[Maestro]   ✗ T-001 rejected (false claim): its test fails on a fresh checkout"
    ]


def test_a_group_is_done_only_where_none_of_its_tasks_was_given_up(state: RunState) -> None:
    for name, group in (("T-001", 1), ("T-002", 1), ("T-003", 2)):
        state.tasks[name] = TaskState(TaskSpec(name, "x", group=group), "implement", status="done")
    state.tasks["T-002"].status = "failed"

    assert told(state, e.GroupCompleted(1, "implement"), e.GroupCompleted(2, "implement")) == [
        "[Maestro]   ✗ [P:Group-1] is over, T-002 given up",
        "[Maestro]   ✓ [P:Group-2] done",
    ]


def test_what_an_agent_did_outside_its_worktree_is_said_again_at_the_end(state: RunState) -> None:
    assert len(told(state, e.RunCompleted(1))) == 1
    wrong = Problem("scope_violation", "this changed outside its worktree: /repo/.git/config")
    state.tasks["T-001"] = TaskState(TaskSpec("T-001", "x"), "implement", problems=[wrong, wrong])

    for end in (e.RunCompleted(1), e.RunFailed("refine", wrong, 1)):
        assert told(state, end)[-2:] == [
            "[Maestro]   ✗ agents did what they may not, and nothing was put back; look at it first:",
            "[Maestro]   · this changed outside its worktree: /repo/.git/config",
        ]


def test_a_handover_says_branch_commit_and_size(state: RunState) -> None:
    files = (FileChange("a.py", 3, 1), FileChange("b.png", -1, -1))

    assert told(state, e.HandedOver("handoff", 1, "maestro/tags", "b" * 40, "", "a" * 40, files)) == [
        "[Maestro]   ✓ branch maestro/tags at bbbbbbbbbbbb: 2 files, +3 -1"
    ]


@pytest.mark.parametrize(
    ("via", "told_as"),
    [
        ("cli", "by ann"),
        ("web", "by ann via web"),
        ("script", "answered from the playbook"),
        ("deadline", "its default, since its deadline passed"),
        ("auto", "its default, since --auto-approve was given"),
    ],
)
def test_nobody_is_said_to_have_decided_what_a_clock_or_a_script_decided(
    state: RunState, via: str, told_as: str
) -> None:
    event = e.GateDecided("approve-plan", 1, "approve-plan", "approve", "a", "", "ann", via, 0)

    assert told(state, event) == [f"[Maestro]   ✓ approve-plan: approve ({told_as})"]


def test_what_an_agent_prints_can_neither_clear_the_screen_nor_start_a_line(state: RunState) -> None:
    [line] = told(state, e.AgentReported("T-001", 1, "\x1b[2J\x1b[H[Maestro] all good\n[Maestro] Phase 5"))

    assert "\x1b" not in line and "\n" not in line and "\\x1b[2J" in line


def test_a_failed_run_is_told_with_its_mend(state: RunState) -> None:
    problem = Problem("structural", "no requirements", "Give a specification.\n\n- R-1: it works")

    assert told(state, e.RunFailed("plan", problem, 5)) == [
        "[Maestro] The run failed at plan",
        "[Maestro]   ✗ no requirements",
        "[Maestro]   · Give a specification.",
        "[Maestro]   · - R-1: it works",
    ]


def test_checkpoints_are_told_by_their_numbers_however_they_were_made(state: RunState) -> None:
    def point(number: int) -> e.CheckpointMade:
        return e.CheckpointMade(number, "phase", "c" * 40, f"refs/{number}")

    narrator = Narrator()
    for number in (1, 2, 3, 4):
        evolve(state, e.CheckpointRequested(number, "phase", "c" * 40))
    told: list[list[str]] = []
    for event in (point(2), point(1), point(4), e.RunCancelled("ann")):
        evolve(state, event)
        told.append([str(line).partition(",")[0] for line in narrator.lines(state, event)])

    first, second, fourth = (f"[Maestro]   ✓ checkpoint {number}" for number in (1, 2, 4))
    assert told == [[], [first, second], [], [fourth, "[Maestro] Cancelled by ann"]]


@pytest.mark.parametrize("event_type", sorted(e.EVENTS))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_is_told_or_left_out_on_visible_lines(
    state: RunState, event_type: str, data: st.DataObject
) -> None:
    for line in told(state, data.draw(built(e.EVENTS[event_type]))):
        assert line.startswith("[Maestro] ")
        assert visible(line) == line


def _task(id: str, title: str) -> TaskState:
    return TaskState(spec=TaskSpec(id, title), step="implement")


def test_what_is_seen_at_the_forge_is_told_with_what_a_person_can_do(state: RunState) -> None:
    def seen(sighting: Sighting) -> e.PullRequestSeen:
        return e.PullRequestSeen("merged", 1, 1, "integrator-1", "c1", sighting)

    away = Problem("transient", "the forge at forge.example gave no answer: \x1b[2J", "is it there?")
    assert told(
        state,
        seen(Sighting("none")),
        seen(Sighting("open", 7, "https://forge.example/7")),
        seen(Sighting("unknown", problem=away)),
        seen(Sighting("merged", 7, merge_commit="m" * 40)),
    ) == [
        "[Maestro]   → merged: nobody asks to merge the run's branch yet; push it and open a pull or merge request",
        "[Maestro]   → merged: #7 is open (https://forge.example/7)",
        "[Maestro]   ✗ merged: the forge at forge.example gave no answer: \\x1b[2J; is it there?",
        "[Maestro]   → merged: #7 is merged, as mmmmmmmmmmmm",
    ]
