"""What does the conductor decide? Whole runs, told as conversations."""

from __future__ import annotations

import pytest

from maestro.conductor.decider import decide
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import (
    Choice,
    Evidence,
    Problem,
    Question,
    Repo,
    RequirementVerdict,
    Sighting,
    Step,
    Workflow,
)
from tests.support.conversation import (
    APPROVE_PLAN,
    AUTONOMOUS,
    Conversation,
    decided,
    failing,
    honest,
    opened,
)


def test_an_honest_run_ends_completed_with_every_task_merged() -> None:
    run = Conversation().start().answer_all(honest)
    assert run.state.status == "completed"
    assert [task.status for task in run.state.tasks.values()] == ["done"] * 3
    assert run.state.violations == []


def test_tasks_of_a_group_start_together_and_the_next_group_waits() -> None:
    run = Conversation().start()
    while not any(isinstance(command, c.DoTask) for command in run.asked.values()):
        id = next(iter(run.asked))
        actor, event = honest(run, id, run.asked.pop(id))  # type: ignore[misc]
        run.tell(f"{id}/result", event, actor)
    tasks = [command.task.id for command in run.asked.values() if isinstance(command, c.DoTask)]
    assert tasks == ["T-001", "T-002"]


def test_merges_happen_one_at_a_time() -> None:
    most = 0

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        nonlocal most
        merging = [task for task in run.state.tasks.values() if task.status == "merging"]
        most = max(most, len(merging))
        return honest(run, id, command)

    Conversation().start().answer_all(reply)
    assert most == 1


def test_a_checkpoint_is_made_at_each_group_and_phase_end_and_the_run_waits_for_all() -> None:
    run = Conversation().start().answer_all(honest)
    names = [event.name for event in run.events(e.CheckpointMade)]  # type: ignore[attr-defined]
    assert names == [
        "phase 1: Planning",
        "phase 2: Task generation",
        "group 1",
        "group 2",
        "phase 3: Implementation",
        "phase 4: Validation",
        "phase 5: Handoff",
    ]


def not_met(run: Conversation, id: str, command: c.Command, problem: Problem) -> tuple[str, e.Event] | None:
    """Every attempt at T-001 fails with the problem, and so does the check of its requirement."""
    if isinstance(command, c.ValidateRun):
        verdicts = (RequirementVerdict("R-1", "not_met", "no"), RequirementVerdict("R-2", "met"))
        evidence = (Evidence("true", 1, 1, False),)
        return "validator-1", e.RunChecked(
            command.step, command.visit, "validator-1", "c", "t", "not_met", verdicts, evidence
        )
    if isinstance(command, c.DoTask) and command.task.id.startswith("T-001"):
        return failing(problem)(run, id, command)
    return honest(run, id, command)


def attempts_of(run: Conversation) -> list[tuple[str, int]]:
    return [(event.task, event.attempt) for event in run.events(e.TaskDispatched)]  # type: ignore[attr-defined]


def test_a_task_that_fails_otherwise_each_time_is_refined_at_most_three_times() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        return not_met(run, id, command, Problem("agent_crash", f"it crashed at {run.now}"))

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "failed"
    assert run.state.iteration == 3
    assert [attempt for task, attempt in attempts_of(run) if task == "T-001"] == [1, 2, 3]
    assert "after 3 iterations" in run.state.problem.reason  # type: ignore[union-attr]


def test_a_task_that_fails_in_the_very_same_way_in_two_iterations_is_not_taken_up_a_third_time() -> None:
    crash = Problem("agent_crash", "it crashed")
    run = Conversation().start().answer_all(lambda run, id, command: not_met(run, id, command, crash))

    assert run.state.status == "failed"
    of_it = [each for each in attempts_of(run) if each[0].startswith("T-001")]
    assert of_it == [("T-001", 1), ("T-001", 2), ("T-001", 3), ("T-001.1", 1), ("T-001.1", 2), ("T-001.1", 3)]
    reason = run.state.problem.reason  # type: ignore[union-attr]
    assert reason.startswith("trying again would not help T-001.1, T-003.1: T-001.1 failed: it crashed")


def test_a_task_that_left_its_bounds_three_times_is_not_taken_up_again_nor_what_needs_it() -> None:
    strayed = Problem("scope_violation", "changed files that are none of the task's: x")
    run = Conversation().start().answer_all(lambda run, id, command: not_met(run, id, command, strayed))

    assert run.state.status == "failed"
    assert attempts_of(run) == [("T-001", 1), ("T-002", 1), ("T-001", 2), ("T-001", 3)]
    assert run.state.iterations == []
    reason = run.state.problem.reason  # type: ignore[union-attr]
    assert reason.startswith("trying again would not help T-001, T-003: T-001 failed: changed files that are none")


def test_a_task_that_is_hopeless_holds_up_no_other_that_can_be_mended() -> None:
    strayed = Problem("scope_violation", "changed files that are none of the task's: x")
    crashed: list[str] = []

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DoTask) and command.task.id == "T-002":
            crashed.append(id)
            return failing(Problem("agent_crash", "it crashed"))(run, id, command)
        return not_met(run, id, command, strayed)

    run = Conversation().start().answer_all(reply)
    assert len(crashed) == 3
    assert [task.id for each in run.state.iterations for task in each.tasks] == ["T-002.1"]
    assert run.state.tasks["T-002.1"].status == "done"


def test_a_branch_that_somebody_moved_pauses_the_run_and_costs_no_attempt_until_it_is_mended() -> None:
    moved = [Problem("ambiguous", "the branch was moved by somebody else", "git branch -f, then resume the run")]

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.MergeTask) and moved:
            return "integrator-1", e.MergeRefused(command.task, command.attempt, moved[0])
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "paused"
    (paused,) = run.events(e.RunPaused)
    assert paused.why.startswith("the branch was moved by somebody else; git branch -f")  # type: ignore[attr-defined]
    assert all(attempt == 1 for _, attempt in attempts_of(run))

    moved.clear()
    run.request("resume", c.ResumeRun("ada")).answer_all(reply)
    assert run.state.status == "completed"
    assert run.state.iterations == []


def test_a_task_whose_dependency_failed_waits_for_the_next_iteration() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DoTask) and command.task.id == "T-001":
            problem = Problem("structural", "cannot be done")
            return "worker-1", e.TaskFailed("T-001", command.attempt, 1, "worker-1", problem)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    dispatched = [event.task for event in run.events(e.TaskDispatched)]  # type: ignore[attr-defined]
    assert dispatched == ["T-001", "T-002", "T-001.1", "T-003.1"]
    assert run.state.status == "completed"


def test_what_failed_comes_back_as_the_next_iterations_tasks_and_nothing_else() -> None:
    seen = 0

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        nonlocal seen
        if isinstance(command, c.ValidateRun):
            seen += 1
            if seen == 1:
                verdicts = (RequirementVerdict("R-1", "met"), RequirementVerdict("R-2", "not_met", "exit 1"))
                checked = e.RunChecked(command.step, command.visit, "validator-1", "c", "t", "not_met", verdicts)
                return "validator-1", checked
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    (iteration,) = run.state.iterations
    assert [task.requirements for task in iteration.tasks] == [("R-2",)]
    assert iteration.because == ("R-2: exit 1",)
    assert run.state.status == "completed"


def test_a_command_that_failed_before_the_run_as_well_becomes_nobodys_task() -> None:
    old = Evidence("flake8", 1, 1, False, what="lint", excused=True)
    new = Evidence("mypy", 1, 1, False, what="lint")
    looks = iter([("not_met", (old, new)), ("met", (old,))])

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.ValidateRun):
            verdict, evidence = next(looks)
            met = (RequirementVerdict("R-1", "met"), RequirementVerdict("R-2", "met"))
            return "validator-1", e.RunChecked(
                command.step, command.visit, "validator-1", "c", "t", verdict, met, evidence
            )
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    (iteration,) = run.state.iterations
    assert [task.check for task in iteration.tasks] == ["mypy"]
    assert iteration.because == ("`mypy` exited 1",)
    assert run.state.status == "completed"


def test_a_rejected_claim_is_retried_with_the_reason_as_feedback() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.ValidateClaim) and command.attempt == 1:
            problem = Problem("false_claim", "it said the tests pass; they do not")
            return "validator-1", e.VoteCast(command.task.id, 1, "validator-1", command.tree, "reject", problem)
        if isinstance(command, c.DoTask) and command.attempt == 2:
            assert command.feedback == ("false_claim: it said the tests pass; they do not",)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "completed"
    assert len(run.events(e.TaskRejected)) == 3


def test_what_only_a_person_can_mend_pauses_the_run_and_gives_nothing_up() -> None:
    full = Problem("environment", "the disk is full", "free some space")
    mended = False

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DoTask) and not mended:
            return failing(full)(run, id, command)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "paused"
    assert [(event.by, event.why) for event in run.events(e.RunPaused)] == [  # type: ignore[attr-defined]
        ("maestro", "the disk is full; free some space")
    ]
    assert run.events(e.TaskAbandoned) == []

    mended = True
    run.request("resume", c.ResumeRun("ada")).answer_all(reply)
    assert run.state.status == "completed"
    assert [event.task for event in run.events(e.TaskMerged)] == ["T-001", "T-002", "T-003"]  # type: ignore[attr-defined]


def test_a_retry_whose_timer_fired_while_the_run_was_paused_is_made_when_it_is_resumed() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DoTask) and command.attempt == 1:
            return failing(Problem("agent_crash", "it crashed"))(run, id, command)
        return honest(run, id, command)

    run = Conversation().start()
    while not run.timers:
        id = next(iter(run.asked))
        actor, event = reply(run, id, run.asked.pop(id))  # type: ignore[misc]
        run.tell(f"{id}/result", event, actor)
    run.request("pause", c.PauseRun("ada"))
    run.fire_timers()
    run.now += 60_000
    run.request("resume", c.ResumeRun("ada")).answer_all(reply)
    assert run.state.status == "completed"


def test_a_run_resumed_with_nothing_mended_is_paused_again() -> None:
    reply = failing(Problem("environment", "the disk is full"))
    run = Conversation().start().answer_all(reply)
    run.request("resume", c.ResumeRun("ada")).answer_all(reply)
    assert run.state.status == "paused"
    assert len(run.events(e.RunPaused)) == 2


def test_a_step_that_a_full_disk_stopped_is_done_when_the_run_is_resumed() -> None:
    full = Problem("environment", "the disk is full")

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.ValidateRun) and command.attempt == 1:
            return "validator-1", e.StepWorkFailed(command.step, command.visit, 1, full)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert (run.state.status, run.state.steps["validate"].status) == ("paused", "running")
    run.request("resume", c.ResumeRun("ada")).answer_all(reply)
    assert run.state.status == "completed"


def test_a_vote_over_another_tree_is_no_vote() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.ValidateClaim) and command.attempt == 1:
            return "validator-1", e.VoteCast(command.task.id, 1, "validator-1", "another tree", "accept")
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert {event.attempt for event in run.events(e.TaskAccepted)} == {2}  # type: ignore[attr-defined]


def test_two_of_three_votes_accept_and_one_voter_counts_once() -> None:
    voters = iter(["validator-1", "validator-1", "validator-2"] * 9)

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.ValidateClaim):
            voter = next(voters)
            return voter, e.VoteCast(command.task.id, command.attempt, voter, command.tree, "accept")
        return honest(run, id, command)

    run = Conversation(validators=3).start().answer_all(reply)
    assert {event.votes for event in run.events(e.TaskAccepted)} == {2}  # type: ignore[attr-defined]


def test_a_merge_conflict_starts_the_task_again_from_the_new_head() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.MergeTask) and (command.task, command.attempt) == ("T-002", 1):
            return "integrator-1", e.MergeRefused("T-002", 1, Problem("merge_conflict", "calc.py"), ("calc.py",))
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    again = [event for event in run.events(e.TaskDispatched) if event.task == "T-002"]  # type: ignore[attr-defined]
    assert [event.base for event in again] == ["prd1", "m-T-001-1"]  # type: ignore[attr-defined]
    assert run.state.status == "completed"


def test_revise_sends_the_text_back_to_the_planner_and_asks_again() -> None:
    texts: list[str] = []

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DraftPlan):
            texts.append(command.revision)
        if isinstance(command, c.OpenGate) and command.visit == 1:
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "revise", "smaller, please")
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert texts == ["", "smaller, please"]
    assert run.state.prd is not None and run.state.prd.version == 2
    assert run.state.status == "completed"


def test_revising_for_ever_is_bounded_by_max_visits() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.OpenGate):
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "revise", "again")
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "failed"
    assert run.state.steps["plan"].visit == AUTONOMOUS.steps[1].max_visits


def test_abort_fails_the_run_and_says_who_and_why() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.OpenGate):
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "abort", "too dear")
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "failed"
    assert run.state.problem == Problem("cancelled", "ada chose 'abort' at approve-plan: too dear")


def test_a_gate_that_closes_unanswered_never_means_yes() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.OpenGate):
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", e.GateClosed(command.gate, 1, command.step, "nobody answered in time", True)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "failed"
    assert not run.events(e.TaskDispatched)


def test_the_planners_questions_become_a_gate_and_its_answers_reach_the_planner() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DraftPlan) and not command.answers:
            return "planner-1", e.QuestionsAsked("plan", command.visit, (Question("specification", "What?"),))
        if isinstance(command, c.OpenGate) and command.questions:
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "answer", specification="# calc")
        if isinstance(command, c.DraftPlan):
            assert command.answers == {"specification": "# calc"}
        return honest(run, id, command)

    assert Conversation().start().answer_all(reply).state.status == "completed"


def test_a_refused_plan_fails_the_run_with_its_mend() -> None:
    problem = Problem("ambiguous", "no requirement", "give it --spec FILE")

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DraftPlan):
            return "planner-1", e.PlanRefused("plan", command.visit, command.attempt, problem)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert (run.state.status, run.state.problem) == ("failed", problem)


def test_a_transient_failure_of_a_step_is_tried_again_after_its_timer() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.PrepareRun) and command.attempt == 1:
            problem = Problem("transient", "the lock is held")
            return "integrator-1", e.StepWorkFailed(command.step, command.visit, 1, problem)
        return honest(run, id, command)

    run = Conversation().start().answer_all(reply)
    assert run.state.status == "completed"
    assert run.state.steps["initialise"].attempt == 2


@pytest.mark.parametrize("ended_by", ["completed", "cancelled"])
def test_requests_to_a_run_that_is_over_are_refused_and_change_nothing(ended_by: str) -> None:
    run = Conversation().start()
    if ended_by == "completed":
        run.answer_all(honest)
    else:
        run.request("cancel:1", c.CancelRun("ada", "enough"))
    run.request("cancel:2", c.CancelRun("ada"))
    assert run.state.status == ended_by
    assert run.state.refusals[-1].reason == f"the run is {ended_by}"


def test_a_paused_run_starts_nothing_new_and_goes_on_when_resumed() -> None:
    run = Conversation().start().request("pause:1", c.PauseRun("ada"))
    (id,) = run.asked
    actor, event = honest(run, id, run.asked.pop(id))  # type: ignore[misc]
    run.tell(f"{id}/result", event, actor)
    assert run.asked == {}
    run.request("resume:1", c.ResumeRun("ada"))
    assert run.answer_all(honest).state.status == "completed"


def test_cancelling_closes_the_gate_that_waits() -> None:
    run = Conversation().start()
    for _ in range(2):
        id = next(iter(run.asked))
        actor, event = honest(run, id, run.asked.pop(id))  # type: ignore[misc]
        run.tell(f"{id}/result", event, actor)
    id = next(iter(run.asked))
    command = run.asked.pop(id)
    assert isinstance(command, c.OpenGate)
    run.tell(f"{id}ed", opened(command), "gatekeeper-1")
    run.request("cancel:1", c.CancelRun("ada"))
    assert list(run.asked) == ["gate:approve-plan:1/close"]


def test_deciding_twice_on_one_state_gives_the_same_events() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        before = decide(run.state, [], 5)
        assert before == decide(run.state, [], 5)
        return honest(run, id, command)

    Conversation().start().answer_all(reply)


def test_whatever_is_unanswered_is_what_would_be_sent_again_after_a_loss() -> None:
    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        again = run.lost_everything()
        ignored = {"prd"}
        waiting = {key for key in run.asked if key.split(":")[0] not in ignored} | {id} - {
            key for key in [id] if key.split(":")[0] in ignored
        }
        assert waiting <= set(again) | set(run.timers)
        return honest(run, id, command)

    Conversation().start().answer_all(reply)


def test_a_gate_may_send_finished_work_back_with_a_text() -> None:
    review = Step(
        "review",
        "gate",
        4,
        "Review",
        depends_on=("implement",),
        choices=(Choice("good", "g"), Choice("redo", "r", "implement")),
        freeform=True,
    )
    steps = (*AUTONOMOUS.steps[:5], review, Step("handoff", "handoff", 5, "Handoff", depends_on=("review",)))

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.OpenGate) and command.gate == "review":
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "redo" if command.visit == 1 else "good", "rename it")
        return honest(run, id, command)

    run = Conversation(Workflow("w", steps)).start().answer_all(reply)
    assert run.state.status == "completed"
    assert run.state.tasks["G-1.1"].status == "done"


def test_a_probe_steps_tasks_are_done_when_claimed_and_keep_their_groups() -> None:
    workflow = Workflow("probe", (Step("probe", "probe", 1, "Probe", prompt="1,20,1"),))
    run = Conversation(workflow).start().answer_all(honest)
    assert run.state.status == "completed"
    assert len(run.state.tasks) == 22
    assert not run.events(e.ValidationRequested, e.MergeRequested)
    assert APPROVE_PLAN


# --- a gate that waits for a merge ----------------------------------------------------------------------------------

GO_ON = (Choice("go on", "g"),)
MERGE = (
    Step("initialise", "initialise"),
    Step("merged", "gate", gate="pull-request", depends_on=("initialise",), choices=GO_ON, every_s=60.0),
)


def waits_for_a_merge() -> tuple[Conversation, c.OpenGate]:
    run = Conversation(Workflow("mine", MERGE)).start()
    run.tell("prepare/result", e.RunPrepared("initialise", 1, "maestro/run-1", "base0"), "integrator-1")
    (asked,) = [command for command in run.asked.values() if isinstance(command, c.OpenGate)]
    return run, asked


def test_a_gate_that_waits_for_a_merge_is_about_the_branch_as_it_is() -> None:
    run, asked = waits_for_a_merge()
    assert (asked.kind, asked.repo, asked.commit, asked.every_s) == ("pull-request", run.state.repo, "base0", 60.0)


@pytest.mark.parametrize(("integrator", "number"), [("integrator-1", 8), ("integrator-2", 1)])
def test_after_a_loss_of_the_queues_the_forge_is_asked_on_from_what_the_log_says(integrator: str, number: int) -> None:
    run, asked = waits_for_a_merge()
    gate = e.GateOpened("merged", 1, "merged", "?", asked.choices, run.now, kind="pull-request", commit="base0")
    run.tell("gate/opened", gate, "gatekeeper-1")
    seen = e.PullRequestSeen("merged", 1, 7, integrator, "base0", Sighting("open", 3))
    run.tell("gate/seen", seen, "integrator-1")
    poll = c.PollGate("merged", 1, number, asked.repo or Repo("", ""), "base0")
    assert run.lost_everything()["gate:merged:1/poll"] == poll
    assert bool(run.state.violations) == (integrator != "integrator-1")
