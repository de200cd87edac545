"""How do tests tell a run's story? Commits made from the contracts directly, as the log would hand them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from maestro.projections.projector import Projector
from maestro_contracts import events as e
from maestro_contracts.envelope import CommitHeader, EventRecord
from maestro_contracts.records import (
    AgentSpec,
    Choice,
    Codebase,
    Decision,
    Epic,
    Evidence,
    FileChange,
    Prd,
    Problem,
    Question,
    Ran,
    Repo,
    Requirement,
    RequirementVerdict,
    Settings,
    Step,
    TaskSpec,
    Workflow,
)

RUN = "settle-up-abc234"
BRANCH = f"maestro/{RUN}"
START = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""

APPROVE = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))
WORKFLOW = Workflow(
    "autonomous",
    (
        Step("initialise", "initialise", 1, "Prepare the run's branch"),
        Step("plan", "plan", 1, "Plan", depends_on=("initialise",)),
        Step("approve-plan", "gate", 1, "Approve the plan", depends_on=("plan",), choices=APPROVE, default="approve"),
        Step("tasks", "tasks", 2, "Generate tasks", depends_on=("approve-plan",)),
        Step("implement", "implement", 3, "Implement", depends_on=("tasks",)),
        Step("validate", "validate", 4, "Validate", depends_on=("implement",)),
        Step("handoff", "handoff", 5, "Hand over", depends_on=("validate",)),
    ),
    sha256="ab" * 32,
)
PRD = Prd(
    "Settle up",
    "settle-up",
    1,
    "high",
    (
        Requirement("R-1", "An amount splits without losing a cent.", check="python3 -m unittest tests.test_split"),
        Requirement("R-2", "A command prints `who | pays`.", "should", check='tally settle | grep "Ben pays"'),
    ),
)
MARKDOWN = "---\nstatus: draft\nfeature: Settle up\nversion: 1\n---\n\n# Settle up\n\nstatus: of the trip\n"
TASKS = (
    TaskSpec("T-001", "Split amounts", 1, "E-1", requirements=("R-1",), check=PRD.requirements[0].check),
    TaskSpec("T-002", "The command", 2, "E-1", requirements=("R-2",), check=PRD.requirements[1].check),
)


@dataclass(frozen=True)
class Commit:
    seq: int
    header: CommitHeader
    records: tuple[EventRecord, ...]
    events: tuple[e.Event, ...]


class Story:
    """Commits in their order. Every commit comes one second after the one before it."""

    def __init__(self, run: str = RUN) -> None:
        self.run = run
        self.commits: list[Commit] = []

    @property
    def now(self) -> int:
        return START + len(self.commits) * 1000

    def say(self, actor: str, **events: e.Event) -> Story:
        """One commit of an actor's; the keys end the events' ids."""
        return self.say_all(actor, list(events.values()), list(events))

    def say_all(self, actor: str, events: list[Any], names: list[str] | None = None) -> Story:
        seq = len(self.commits) + 1
        header = CommitHeader(self.run, actor, "e1", seq, "", self.now)
        ids = names or [str(number) for number in range(len(events))]
        records = tuple(
            EventRecord(f"{seq}/{id}", type(event).__name__, 1) for id, event in zip(ids, events, strict=True)
        )
        self.commits.append(Commit(seq, header, records, tuple(events)))
        return self

    def told(self) -> Projector:
        projector = Projector(self.run)
        for commit in self.commits:
            projector.apply(commit)
        return projector


def started(story: Story, **settings: Any) -> Story:
    event = e.RunStarted(
        feature="Settle up",
        source="spec",
        text="# Settle up",
        repo=Repo("/home/ada/tally", "base" * 10, "main"),
        workflow=WORKFLOW,
        settings=Settings(AgentSpec("script"), **settings),
        requested_by="ada",
        at=story.now,
    )
    return story.say("conductor-1", started=event)


def step(story: Story, name: str) -> Story:
    spec = next(item for item in WORKFLOW.steps if item.name == name)
    return story.say("conductor-1", step=e.StepStarted(name, 1, 1, spec.kind, spec.phase, spec.title))


def planned(story: Story) -> Story:
    started(story)
    step(story, "initialise")
    story.say("integrator-1", prepared=e.RunPrepared("initialise", 1, BRANCH, "base" * 10))
    story.say("conductor-1", ended=e.StepCompleted("initialise", 1))
    step(story, "plan")
    found = Codebase((("Python", 12),), test_commands=("python3 -m unittest",), files=14)
    choice = Decision(
        "D-1",
        "Where shares are rounded",
        "In Money.split",
        "One place can be proved; three cannot.",
        0.85,
        ("In each caller", "Never: keep fractions"),
        ("tally/money.py",),
    )
    story.say(
        "planner-1",
        codebase=e.CodebaseDiscovered(found),
        decision=e.DecisionRecorded(choice),
        prd=e.PrdDrafted("plan", 1, PRD, ".flow/prd-settle-up-v1.md", "cd" * 32, MARKDOWN),
    )
    return story.say("conductor-1", ended=e.StepCompleted("plan", 1))


def approved(story: Story, via: str = "script", text: str = "Looks right.") -> Story:
    step(story, "approve-plan")
    gate = e.GateOpened("approve-plan", 1, "approve-plan", "Build it?", APPROVE, story.now, True, default="approve")
    story.say("gatekeeper-1", opened=gate)
    story.say("gatekeeper-1", refused=e.DecisionRefused("approve-plan", 1, "maybe", "ada", "no choice of this gate"))
    said = e.GateDecided("approve-plan", 1, "approve-plan", "approve", "a", "", "ada", via, story.now, text)
    story.say("gatekeeper-1", decided=said)
    story.say("conductor-1", ended=e.StepCompleted("approve-plan", 1, "a"))
    step(story, "tasks")
    story.say("integrator-1", prd=e.PrdCommitted(1, ".flow/prd-settle-up-v1.md", "prd1" * 10, "approved"))
    epics = (Epic("E-1", "Settling", ("T-001", "T-002"), ("R-1", "R-2")),)
    story.say("taskgen-1", tasks=e.TasksGenerated("tasks", 1, epics, TASKS))
    story.say("conductor-1", ended=e.StepCompleted("tasks", 1))
    return step(story, "implement")


def group(story: Story, number: int, task: str) -> Story:
    return story.say("conductor-1", group=e.GroupStarted(number, (task,), "implement"))


def claimed(story: Story, task: str, attempt: int, files: tuple[FileChange, ...]) -> Story:
    story.say("conductor-1", dispatched=e.TaskDispatched(task, attempt, "base" * 10))
    story.say("worker-7", started=e.TaskStarted(task, attempt, 1, "worker-7"))
    claim = e.TaskClaimed(
        task=task,
        attempt=attempt,
        delivery=1,
        worker="worker-7",
        commit=f"{task[-1]}{attempt}" * 20,
        tree=f"{attempt}{task[-1]}" * 20,
        summary="All tests pass.",
        says=(Ran("python3 -m unittest", 0),),
        files=files,
    )
    story.say("worker-7", claimed=claim)
    return story.say("conductor-1", validating=e.ValidationRequested(task, attempt))


def voted(story: Story, task: str, attempt: int, *, tail: str = "") -> Story:
    passed = not tail
    problem = None if passed else Problem("false_claim", "the worker said that its tests pass; they do not", "mend it")
    evidence = Evidence("python3 -m unittest", 0 if passed else 1, 312, passed, "ef" * 32, tail, "the project's tests")
    tree = f"{attempt}{task[-1]}" * 20
    vote = e.VoteCast(task, attempt, "validator-3", tree, "accept" if passed else "reject", problem, (evidence,))
    story.say("validator-3", voted=vote)
    if problem:
        rejected = e.TaskRejected(task, attempt, problem)
        return story.say("conductor-1", judged=rejected).say(
            "conductor-1", retry=e.TaskRetryScheduled(task, attempt, problem, 1100)
        )
    story.say("conductor-1", judged=e.TaskAccepted(task, attempt, tree, 1), merging=e.MergeRequested(task, attempt))
    return story.say("integrator-1", merged=e.TaskMerged(task, attempt, f"m{task[-1]}" * 20, "7e" * 20))


def checkpoint(story: Story, number: int, name: str) -> Story:
    commit = f"m{number}" * 20
    story.say("conductor-1", requested=e.CheckpointRequested(number, name, commit))
    ref = f"refs/maestro/{RUN}/checkpoints/{number}"
    return story.say("integrator-1", made=e.CheckpointMade(number, name, commit, ref))


LOST_CENT = "FAIL: test_no_cent_is_lost\nAssertionError: 0 != 1\n```\nRan 24 tests\n\x1b[31mFAILED\x1b[0m\n"


def first_group(story: Story) -> Story:
    """The first task lies, is caught, and does it right the second time."""
    group(story, 1, "T-001")
    claimed(story, "T-001", 1, (FileChange("tally/money.py", 3, 0),))
    voted(story, "T-001", 1, tail=LOST_CENT)
    claimed(story, "T-001", 2, (FileChange("tally/money.py", 7, 0), FileChange("tests/test_split.py", 19, 0, "A")))
    voted(story, "T-001", 2)
    story.say("conductor-1", group=e.GroupCompleted(1, "implement"))
    return checkpoint(story, 1, "group 1")


def second_group(story: Story) -> Story:
    group(story, 2, "T-002")
    claimed(story, "T-002", 1, (FileChange("tally/__main__.py", 37, 9), FileChange("docs/demo.png", -1, -1, "A")))
    voted(story, "T-002", 1)
    story.say("conductor-1", group=e.GroupCompleted(2, "implement"))
    checkpoint(story, 2, "group 2")
    return story.say("conductor-1", ended=e.StepCompleted("implement", 1))


def handed_over(story: Story) -> Story:
    step(story, "validate")
    checked = e.RunChecked(
        step="validate",
        visit=1,
        validator="validator-3",
        commit="m2" * 20,
        tree="7e" * 20,
        verdict="met",
        requirements=(RequirementVerdict("R-1", "met"), RequirementVerdict("R-2", "met", "exit code 0")),
        evidence=(
            Evidence("python3 -m unittest", 0, 410, True, "ef" * 32, "OK", "the project's tests"),
            Evidence(PRD.requirements[1].check, 0, 95, True, "12" * 32, "", "acceptance check"),
        ),
    )
    story.say("validator-3", checked=checked).say("conductor-1", ended=e.StepCompleted("validate", 1, "met"))
    step(story, "handoff")
    files = (
        FileChange("docs/demo.png", -1, -1, "A"),
        FileChange("tally/__main__.py", 37, 9),
        FileChange("tally/money.py", 7, 0),
        FileChange("tests/test_split.py", 19, 0, "A"),
    )
    over = e.HandedOver("handoff", 1, BRANCH, "f1" * 20, "7e" * 20, "base" * 10, files)
    story.say("integrator-1", over=over).say("conductor-1", ended=e.StepCompleted("handoff", 1))
    return story.say("conductor-1", ended=e.RunCompleted(story.now))


def whole_story(via: str = "script") -> Story:
    """From the request to the handed-over branch: one lie, one refused answer, two groups."""
    return handed_over(second_group(first_group(approved(planned(Story()), via))))


def asked_story() -> Story:
    """The planner has asked, and nobody has answered yet."""
    story = step(started(Story()), "initialise")
    story.say("integrator-1", prepared=e.RunPrepared("initialise", 1, BRANCH, "base" * 10))
    story.say("conductor-1", ended=e.StepCompleted("initialise", 1))
    step(story, "plan")
    questions = (Question("Q-1", "Which currency?", options=("EUR", "USD")),)
    story.say("planner-1", asked=e.QuestionsAsked("plan", 1, questions))
    story.say("conductor-1", gate=e.GateRequested("plan.questions", 1, "plan"))
    choices = (Choice("answer", "a"), Choice("abort", "x", "_fail"))
    gate = e.GateOpened("plan.questions", 1, "plan", "Answers?", choices, story.now, questions=questions)
    return story.say("gatekeeper-1", opened=gate)
