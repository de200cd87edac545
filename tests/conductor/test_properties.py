"""What must hold for every run, whatever goes wrong and in whatever order the others answer?"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.conductor.decider import decide
from maestro.runs.fold import evolve, new_run
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Problem, RequirementVerdict
from tests.support.conversation import Conversation, decided, honest, opened

KINDS = ["agent_crash", "time_out", "check_failed", "scope_violation", "structural", "environment", "ambiguous"]


class Fate:
    """Draws what happens next: which waiting command is answered, and how."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def pick(self, run: Conversation) -> str:
        return self.data.draw(st.sampled_from(list(run.asked)), label="answered next")

    def reply(self, run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        luck = self.data.draw(st.integers(0, 5), label="luck")
        match command:
            case c.DoTask(task=task, attempt=attempt) if luck == 0:
                kind = self.data.draw(st.sampled_from(KINDS))
                return "worker-2", e.TaskFailed(task.id, attempt, 1, "worker-2", Problem(kind, "bad luck"))
            case c.ValidateClaim(task=task, attempt=attempt, tree=tree) if luck == 0:
                problem = Problem("check_failed", "bad luck")
                return "validator-1", e.VoteCast(task.id, attempt, "validator-1", tree, "reject", problem)
            case c.MergeTask(task=name, attempt=attempt) if luck == 0:
                return "integrator-1", e.MergeRefused(name, attempt, Problem("merge_conflict", "bad luck"))
            case c.ValidateRun(step=step, visit=visit) if luck == 0:
                verdicts = (RequirementVerdict("R-1", "not_met"),)
                return "validator-1", e.RunChecked(step, visit, "validator-1", "c", "t", "not_met", verdicts)
            case c.OpenGate() if luck == 0:
                run.tell(f"{id}ed", opened(command), "gatekeeper-1")
                return "gatekeeper-1", decided(command, "revise", "again")
            case c.PrepareRun(step=step, visit=visit, attempt=attempt) if luck == 0:
                return "integrator-1", e.StepWorkFailed(step, visit, attempt, Problem("transient", "bad luck"))
            case _:
                return honest(run, id, command)


def play(data: st.DataObject) -> Conversation:
    fate, run = Fate(data), Conversation().start()
    for _ in range(2_000):
        if run.asked:
            id = fate.pick(run)
            answered = fate.reply(run, id, run.asked.pop(id))
            if answered is not None:
                run.tell(f"{id}/result", answered[1], answered[0])
        elif run.timers:
            run.fire_timers()
        elif run.state.status == "paused":
            run.request(f"resume:{run.now}", c.ResumeRun("ada"))
        else:
            return run
    raise AssertionError("the run never came to rest")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_run_comes_to_an_end_whatever_the_order_and_the_luck(data: st.DataObject) -> None:
    assert play(data).state.status in {"completed", "failed"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_task_is_merged_without_an_accepting_vote_over_the_claimed_tree(data: st.DataObject) -> None:
    run = play(data)
    votes = {(v.task, v.attempt, v.tree) for v in run.events(e.VoteCast) if v.verdict == "accept"}  # type: ignore[attr-defined]
    claims = {(t.task, t.attempt): t.tree for t in run.events(e.TaskClaimed)}  # type: ignore[attr-defined]
    for merged in run.events(e.TaskMerged):
        key = (merged.task, merged.attempt)  # type: ignore[attr-defined]
        assert (*key, claims[key]) in votes


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_folding_the_log_again_gives_the_live_state(data: st.DataObject) -> None:
    run = play(data)
    again = new_run("run-1")
    for (_, actor, event), at in zip(run.said, run.times, strict=True):
        evolve(again, event, at, actor)
    assert again == run.state


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_ended_run_decides_nothing_more(data: st.DataObject) -> None:
    run = play(data)
    assert decide(run.state, [("advance", c.Advance())], 9_999_999) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_events_that_do_not_fit_never_stop_the_fold(data: st.DataObject) -> None:
    run = play(data)
    events = [event for _, _, event in run.said]
    shuffled = data.draw(st.permutations(events))
    state = new_run("run-1")
    for event in shuffled:
        evolve(state, event, 5, data.draw(st.sampled_from(["worker-1", "validator-1", "conductor-1"])))
    assert state.run == "run-1"
