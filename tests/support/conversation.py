"""A run as a conversation without a server: the real decider, the real fold, and a test that speaks for the others."""

from __future__ import annotations

from collections.abc import Callable

from maestro.conductor.asking import outstanding
from maestro.conductor.turn import take_turn
from maestro.runs.fold import evolve, new_run
from maestro.runs.state import RunState
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import (
    AgentSpec,
    Choice,
    Epic,
    Prd,
    Problem,
    Repo,
    Requirement,
    RequirementVerdict,
    Retry,
    Settings,
    Step,
    TaskSpec,
    Workflow,
)

APPROVE_PLAN = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))

AUTONOMOUS = Workflow(
    name="autonomous",
    steps=(
        Step("initialise", "initialise", 1, "Planning"),
        Step("plan", "plan", 1, "Planning", depends_on=("initialise",)),
        Step(
            "approve-plan",
            "gate",
            1,
            "Planning",
            depends_on=("plan",),
            choices=APPROVE_PLAN,
            default="approve",
            auto=True,
        ),
        Step("tasks", "tasks", 2, "Task generation", depends_on=("approve-plan",)),
        Step("implement", "implement", 3, "Implementation", depends_on=("tasks",)),
        Step("validate", "validate", 4, "Validation", depends_on=("implement",)),
        Step("refine", "refine", 4, "Validation", depends_on=("validate",), target="implement", max_iterations=3),
        Step("handoff", "handoff", 5, "Handoff", depends_on=("refine",)),
    ),
)

REQUIREMENTS = (Requirement("R-1", "add", check="true"), Requirement("R-2", "subtract", check="true"))
PRD = Prd("calc", "calc", 1, "should", REQUIREMENTS)
TASKS = (
    TaskSpec("T-001", "add", 1, requirements=("R-1",)),
    TaskSpec("T-002", "subtract", 1, requirements=("R-2",)),
    TaskSpec("T-003", "document", 2, depends_on=("T-001", "T-002")),
)
EPICS = (Epic("E-1", "Calc", ("T-001", "T-002", "T-003"), ("R-1", "R-2")),)
Reply = Callable[["Conversation", str, c.Command], "tuple[str, e.Event] | None"]


class Conversation:
    """`asked` holds the commands nobody has answered; `said` every event so far with its author."""

    def __init__(self, workflow: Workflow = AUTONOMOUS, **settings: object) -> None:
        self.state: RunState = new_run("run-1")
        self.asked: dict[str, c.Command] = {}
        self.timers: dict[str, c.Command] = {}
        self.due: dict[str, int] = {}
        self.said: list[tuple[str, str, e.Event]] = []
        self.times: list[int] = []
        self.now = 1_000
        self.taken: set[str] = set()
        self.workflow = workflow
        self.settings = Settings(agent=AgentSpec("script"), retry=Retry(3, 1.0), **settings)  # type: ignore[arg-type]

    def start(self) -> Conversation:
        command = c.StartRun("calc", "spec", "# calc", Repo("/repo", "base0"), self.workflow, self.settings, "ada")
        return self.request("start", command)

    def request(self, id: str, command: c.Command) -> Conversation:
        """Somebody asks the conductor; it decides until nothing is due."""
        requests = [(id, command)]
        while True:
            turn = take_turn(self.state, requests, self.now)
            for item in turn.said:
                assert item.id not in self.taken, f"{item.id} decided twice"
                self._record(item.id, item.event, "conductor-1")
            self.asked.update({ask.id: ask.command for ask in turn.asks.commands})
            self.timers.update({timer.id: timer.asked.command for timer in turn.asks.timers})
            self.due.update({timer.id: timer.due for timer in turn.asks.timers})
            if not turn.unfinished:
                return self
            requests = []

    def tell(self, id: str, event: e.Event, actor: str) -> Conversation:
        """Another role says something, and the conductor is woken."""
        self._record(id, event, actor)
        return self.request("advance", c.Advance())

    def _record(self, id: str, event: e.Event, actor: str) -> None:
        self.now += 10
        self.taken.add(id)
        self.said.append((id, actor, event))
        self.times.append(self.now)
        evolve(self.state, event, self.now, actor)

    def fire_timers(self) -> Conversation:
        timers, self.timers = self.timers, {}
        for id, command in timers.items():
            self.now = max(self.now, self.due[id])
            self.request(id, command)
        return self

    def answer_all(self, reply: Reply, most: int = 500) -> Conversation:
        """Lets `reply` answer each command in turn until there are none (retry timers included)."""
        for _ in range(most):
            if not self.asked and not self.timers:
                return self
            if not self.asked:
                self.fire_timers()
                continue
            id = next(iter(self.asked))
            command = self.asked.pop(id)
            answered = reply(self, id, command)
            if answered is not None:
                actor, event = answered
                self.tell(f"{id}/result", event, actor)
        raise AssertionError(f"still asking after {most} answers: {list(self.asked)}")

    def events(self, *types: type[e.Event]) -> list[e.Event]:
        return [event for _, _, event in self.said if isinstance(event, types)]

    def lost_everything(self) -> dict[str, c.Command]:
        """What would be sent again had all queues and timers been lost."""
        asks = outstanding(self.state)
        return {ask.id: ask.command for ask in asks.commands} | {t.id: t.asked.command for t in asks.timers}


def honest(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
    """What each role says when all goes well."""
    match command:
        case c.PrepareRun(step=step, visit=visit):
            return "integrator-1", e.RunPrepared(step, visit, "maestro/run-1", "base0")
        case c.DraftPlan(step=step, visit=visit, version=version):
            prd = Prd("calc", "calc", version, "should", REQUIREMENTS)
            return "planner-1", e.PrdDrafted(step, visit, prd, ".flow/prd.md", "sha", "status: draft\n")
        case c.OpenGate():
            run.tell(f"{id}ed", opened(command), "gatekeeper-1")
            return "gatekeeper-1", decided(command, "approve")
        case c.CommitPrd(version=version, path=path, status=status):
            return "integrator-1", e.PrdCommitted(version, path, f"prd{version}", status)
        case c.GenerateTasks(step=step, visit=visit):
            return "taskgen-1", e.TasksGenerated(step, visit, EPICS, TASKS)
        case c.DoTask(task=task, attempt=attempt):
            commit = f"c-{task.id}-{attempt}"
            return "worker-1", e.TaskClaimed(task.id, attempt, 1, "worker-1", commit, f"t-{commit}", command.base)
        case c.ValidateClaim(task=task, attempt=attempt, tree=tree):
            return "validator-1", e.VoteCast(task.id, attempt, "validator-1", tree, "accept")
        case c.ProposeChange(proposal=proposal):
            asked = (proposal, command.task, command.attempt, command.by, "d")
            run.tell(f"{id}/proposed", e.ActionProposed(*asked, "1 ordinary change"), "gatekeeper-1")
            run.tell(f"{id}/classified", e.ActionClassified(proposal, 1, "1", "p"), "gatekeeper-1")
            return "gatekeeper-1", e.ApprovalGiven(proposal, "d", 1, "policy", "p", 0)
        case c.MergeTask(task=task, attempt=attempt):
            return "integrator-1", e.TaskMerged(task, attempt, f"m-{task}-{attempt}", f"mt-{task}")
        case c.MakeCheckpoint(number=number, name=name, commit=commit):
            return "integrator-1", e.CheckpointMade(number, name, commit, f"refs/maestro/run-1/checkpoints/{number}")
        case c.ValidateRun(step=step, visit=visit, commit=commit):
            verdicts = tuple(RequirementVerdict(r.id, "met") for r in command.requirements)
            return "validator-1", e.RunChecked(step, visit, "validator-1", commit, "tree", "met", verdicts)
        case c.HandOver(step=step, visit=visit):
            return "integrator-1", e.HandedOver(step, visit, "maestro/run-1", "final", "tree", "base0")
        case c.CloseGate(gate=gate, visit=visit, because=because):
            return "gatekeeper-1", e.GateClosed(gate, visit, gate, because)
        case _:
            raise AssertionError(f"nobody answers {type(command).__name__}")


def opened(command: c.OpenGate) -> e.GateOpened:
    return e.GateOpened(
        gate=command.gate,
        visit=command.visit,
        step=command.step,
        prompt=command.prompt,
        choices=command.choices,
        opened=0,
        freeform=command.freeform,
        questions=command.questions,
    )


def decided(command: c.OpenGate, label: str, text: str = "", **answers: str) -> e.GateDecided:
    choice = next(item for item in command.choices if item.label == label)
    return e.GateDecided(
        gate=command.gate,
        visit=command.visit,
        step=command.step,
        choice=choice.label,
        key=choice.key,
        target=choice.target,
        approver="ada",
        via="cli",
        at=0,
        text=text,
        answers=answers,
    )


def failing(problem: Problem) -> Reply:
    """A worker whose every attempt ends with this problem; all others are honest."""

    def reply(run: Conversation, id: str, command: c.Command) -> tuple[str, e.Event] | None:
        if isinstance(command, c.DoTask):
            return "worker-1", e.TaskFailed(command.task.id, command.attempt, 1, "worker-1", problem)
        return honest(run, id, command)

    return reply
