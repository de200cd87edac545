"""Does the report tell the story, all of it, and for every way that a run can end or stop?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from maestro.projections.files import execution_log
from maestro.projections.projector import Projector
from maestro.projections.report import SECTIONS
from maestro.projections.text import one_line
from maestro.validator.decider import Checked, noted
from maestro_contracts import events as e
from maestro_contracts.records import Decision, Evidence, FileChange, Prd, Problem, Ran, Repo, Requirement, TaskSpec
from tests.support import story as s
from tests.support.seeing import hidden

GOLDEN = Path(__file__).parent / "golden"
TITLES = [title for title, _ in SECTIONS]
MARKDOWN = MarkdownIt("commonmark").enable("table")


def check_golden(name: str, text: str) -> None:
    """`MAESTRO_UPDATE_GOLDEN=1 pytest tests/projections` writes them anew; look at the difference before committing."""
    path = GOLDEN / name
    if os.environ.get("MAESTRO_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def section(report: str, title: str) -> str:
    return report.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_a_whole_run_reads_as_the_golden_report() -> None:
    told = s.whole_story().told()
    assert told.state.violations == []
    check_golden("final-report.md", told.report())


def test_a_whole_run_reads_as_the_golden_log() -> None:
    told = s.whole_story().told()
    check_golden("execution-log.md", execution_log(told.state, told.history))


def test_an_unfinished_run_reads_as_the_golden_report() -> None:
    told = s.first_group(s.approved(s.planned(s.Story()))).told()
    check_golden("unfinished-report.md", told.report())


def test_every_section_is_there_after_every_event() -> None:
    told = Projector(s.RUN)
    for commit in s.whole_story().commits:
        told.apply(commit)
        report = told.report()
        headings = [line[3:] for line in report.splitlines() if line.startswith("## ")]
        assert headings == TITLES
        assert report.endswith("\n")


@pytest.mark.parametrize(
    ("via", "words"),
    [
        ("cli", "by a person at the command line"),
        ("script", "no person looked"),
        ("auto", "no person looked"),
        ("deadline", "nobody answered in time"),
        ("carrier pigeon", "via carrier pigeon"),
    ],
)
def test_an_approval_says_through_which_channel_it_came(via: str, words: str) -> None:
    approvals = section(s.whole_story(via).told().report(), "Approvals")
    assert words in approvals
    assert "2026-01-01T00:00:10.000Z" in approvals


def test_a_lie_is_told_with_what_was_said_and_what_was_found() -> None:
    told = section(s.whole_story().told().report(), "What was retried or rejected, and why")
    assert "**`T-001`, attempt 1, was rejected**: the worker said that its tests pass; they do not" in told
    assert "`worker-7` said: `python3 -m unittest` exited 0" in told
    assert "`validator-3` ran `python3 -m unittest` and it exited 1" in told
    assert "AssertionError: 0 != 1" in told


@pytest.mark.parametrize(
    ("passed", "before", "outcome"),
    [(True, 0, "passed"), (False, 0, "**1 of 1 failed**"), (False, 1, "failed before as well")],
)
def test_the_projects_tests_are_known_by_what_validators_write(passed: bool, before: int, outcome: str) -> None:
    found = Evidence("pytest", 0 if passed else 1, 10, passed)
    evidence = noted(Checked("tests", found, Evidence("pytest", before, 10, before == 0)))
    story = s.approved(s.planned(s.Story()))
    s.step(story, "validate")
    checked = e.RunChecked("validate", 1, "validator-3", "c" * 40, "d" * 40, "met", (), (evidence,))
    report = story.say("validator-3", checked=checked).told().report()
    assert f"| Tests | {outcome}: `pytest` |" in report
    assert f"| The project's tests | {outcome} |" in report


def test_a_report_does_not_say_untouched_where_an_agent_touched_something() -> None:
    told = s.whole_story().told()
    assert "your own branch and files were not touched" in section(told.report(), "Summary")

    reason = "while the agent worked, this changed outside its worktree: /repo/.git/config"
    told.state.tasks["T-001"].problems.append(Problem("scope_violation", reason))
    summary = section(told.report(), "Summary")

    assert "not touched" not in summary
    assert "Look at this first" in summary and "/repo/.git/config" in summary


def test_a_run_without_setbacks_says_so() -> None:
    story = s.second_group(s.approved(s.planned(s.Story())))
    assert "everything held at the first attempt" in section(
        story.told().report(), "What was retried or rejected, and why"
    )


def test_a_failed_run_says_why_what_is_missing_and_how_to_go_on() -> None:
    story = s.first_group(s.approved(s.planned(s.Story())))
    problem = Problem("environment", "the disk is full", "make room")
    report = story.say("conductor-1", end=e.RunFailed("implement", problem, story.now)).told().report()
    assert "**The run failed** at step `implement`" in report
    assert "the disk is full What to do: make room" in report
    assert "- Task `T-002`, The command: waiting" in section(report, "Summary")
    assert f"git branch keep-{s.RUN} refs/maestro/{s.RUN}/checkpoints/1" in section(report, "Next steps")


def test_a_run_that_failed_before_its_branch_was_made_leaves_nothing_to_review() -> None:
    story = s.step(s.started(s.Story()), "initialise")
    problem = Problem("environment", "not a git repository", "run `git init`")
    report = story.say("conductor-1", end=e.RunFailed("initialise", problem, story.now)).told().report()
    assert "Nothing was changed in the repository." in section(report, "Next steps")
    assert "git " not in section(report, "Next steps")


def test_a_cancelled_run_says_who_and_why() -> None:
    story = s.approved(s.planned(s.Story()))
    report = story.say("conductor-1", end=e.RunCancelled("ada", "wrong trip")).told().report()
    assert "**The run was cancelled**" in report
    assert "wrong trip" in section(report, "Summary")


def test_a_waiting_gate_is_named_with_the_command_that_answers_it() -> None:
    report = s.asked_story().told().report()
    assert "Gate `plan.questions` waits for an answer." in section(report, "Summary")
    assert "- Which currency? (no answer)" in section(report, "Approvals")
    assert f"maestro gate show {s.RUN} plan.questions" in section(report, "Next steps")
    assert f"maestro resume {s.RUN}" in section(report, "Next steps")


def test_answers_to_the_planners_questions_are_kept() -> None:
    story = s.asked_story()
    said = e.GateDecided("plan.questions", 1, "plan", "answer", "a", "", "ada", "cli", story.now, "", {"Q-1": "EUR"})
    assert "- Which currency? **EUR**" in story.say("gatekeeper-1", said=said).told().report()


def test_a_task_that_a_later_iteration_did_is_not_missing() -> None:
    story = s.approved(s.planned(s.Story()))
    s.group(story, 1, "T-001")
    problem = Problem("check_failed", "no")
    story.say("conductor-1", dispatched=e.TaskDispatched("T-001", 1)).say(
        "conductor-1", given_up=e.TaskAbandoned("T-001", 1, problem)
    )
    assert "- Task `T-001`" in section(story.told().report(), "Summary")
    again = TaskSpec("T-001.1", "Split amounts", 1)
    story.say("conductor-1", next=e.IterationStarted(1, (again,), ("R-1: not met",)))
    s.step(story, "implement")
    s.group(story, 1, "T-001.1")
    story.say("conductor-1", dispatched=e.TaskDispatched("T-001.1", 1))
    tree = "ab" * 20
    claim = e.TaskClaimed("T-001.1", 1, 1, "worker-7", "c" * 40, tree)
    story.say("worker-7", claimed=claim).say("conductor-1", validating=e.ValidationRequested("T-001.1", 1))
    story.say("conductor-1", accepted=e.TaskAccepted("T-001.1", 1, tree, 1), merging=e.MergeRequested("T-001.1", 1))
    story.say("integrator-1", merged=e.TaskMerged("T-001.1", 1, "d" * 40, tree))
    assert "- Task `T-001`" not in section(story.told().report(), "Summary")


def test_branch_names_are_quoted_for_the_shell() -> None:
    story = s.Story()
    s.started(story)
    story.commits[0] = s.Story().say("c", started=with_branch(story.commits[0].events[0], "it's; rm -rf")).commits[0]
    s.handed_over(s.second_group(s.first_group(s.approved(prepared(story)))))
    assert "git switch 'it'\"'\"'s; rm -rf'" in section(story.told().report(), "Next steps")


def with_branch(event: e.Event, branch: str) -> e.Event:
    assert isinstance(event, e.RunStarted)
    return e.RunStarted(
        event.feature,
        event.source,
        event.text,
        Repo("/repo", "base", branch),
        event.workflow,
        event.settings,
        event.requested_by,
        event.at,
    )


def prepared(story: s.Story) -> s.Story:
    s.step(story, "initialise")
    story.say("integrator-1", prepared=e.RunPrepared("initialise", 1, s.BRANCH, "base" * 10))
    s.step(story, "plan")
    return story.say("planner-1", prd=e.PrdDrafted("plan", 1, s.PRD, ".flow/prd-x-v1.md", "cd" * 32, s.MARKDOWN))


ALPHABET = st.one_of(st.sampled_from("`*[]<>|\\#\n\x1b\u202e-=~"), st.characters())
# What is blank leaves optional lines out, and so has a structure of its own.
HOSTILE = st.text(ALPHABET, max_size=20).filter(lambda text: one_line(text).strip())


def hostile_story(text: str) -> s.Story:
    """The story with this text wherever an agent, a planner or a person may write."""
    story = s.planned(s.Story())
    prd = Prd(text, "x", 2, "high", (Requirement("R-1", text, check=text),))
    drafted = e.PrdDrafted("plan", 2, prd, text, "cd" * 32, text)
    decision = e.DecisionRecorded(Decision(text, text, text, text, 0.5, (text,), (text,)))
    s.step(story, "plan").say("planner-1", drafted=drafted, decision=decision)
    s.approved(story, text, text)
    s.group(story, 1, "T-001")
    s.claimed(story, "T-001", 1, (FileChange(text, 1, 2, text),))
    evidence = Evidence(text, 1, 1, False, text, text, text)
    vote = e.VoteCast("T-001", 1, text, "11" * 20, "reject", Problem("check_failed", text, text), (evidence,))
    story.say(text, voted=vote).say(
        "conductor-1", judged=e.TaskRejected("T-001", 1, Problem("check_failed", text, text))
    )
    claim = e.TaskClaimed("T-001", 1, 1, text, "c" * 40, "t" * 40, summary=text, says=(Ran(text, 0),))
    return story.say(text, claimed=claim, reported=e.AgentReported("T-001", 1, text))


@settings(deadline=None)
@given(HOSTILE)
@example("x\n## Summary\n")
@example("```\n# A heading\n")
@example("<details>")
@example("| a | b |\n| --- | --- |\n")
def test_no_text_adds_a_section_a_row_or_html(text: str) -> None:
    told = hostile_story(text).told()
    plain = hostile_story("x").told()
    assert structure(told.report()) == structure(plain.report())
    assert structure(execution_log(told.state, told.history)) == structure(execution_log(plain.state, plain.history))
    assert not hidden(told.report().replace("\n", ""))


def structure(markdown: str) -> list[str]:
    """The blocks that a Markdown parser finds, without their texts."""
    tokens = MARKDOWN.parse(markdown)
    inline = [child for token in tokens for child in token.children or []]
    ours = ("<code>", "</code>")
    assert not [
        child for child in inline if child.type in ("html_inline", "link_open", "image") and child.content not in ours
    ]
    return [token.type for token in tokens]
