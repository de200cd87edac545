"""What does an honest history look like that holds everything an audit speaks of? A small run, from request to seal.

A plan that two people approve, a lie that validators catch, changes of level 1, 2 and 3, a grant, an agent's own
action, a handover. Every signature in it is real.
"""

from __future__ import annotations

import hashlib
from functools import cache

from maestro_contracts import events as e
from maestro_contracts.actions import ActionPart, Grant, grant_digest
from maestro_contracts.proposals import EffectRecord
from maestro_contracts.records import (
    AgentSpec,
    Approvals,
    Choice,
    Evidence,
    FileChange,
    Prd,
    Problem,
    Repo,
    Requirement,
    RequirementVerdict,
    Settings,
    Step,
    TaskSpec,
    Workflow,
)
from maestro_contracts.workflow_rules import FAIL, REJECT
from tamper.town import POLICY, Town

RUN = "settle-up-k3v7qa"
BRANCH = f"maestro/{RUN}"
APPROVE = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", FAIL))
ACT = (Choice("approve", "approve"), Choice("reject", "reject", REJECT), Choice("abort", "abort", FAIL))
STEPS = (
    Step("plan", "plan", 1, "Plan"),
    Step("approve-plan", "gate", 1, "Approve the plan", depends_on=("plan",), choices=APPROVE, quorum=2),
    Step("tasks", "tasks", 2, "Generate tasks", depends_on=("approve-plan",)),
    Step("implement", "implement", 3, "Implement", depends_on=("tasks",)),
    Step("validate", "validate", 4, "Validate", depends_on=("implement",)),
    Step("handoff", "handoff", 5, "Hand over", depends_on=("validate",)),
)
PRD = Prd(
    "Settle up", "settle-up", 1, "high", (Requirement("R-1", "No cent is lost."), Requirement("R-2", "A command."))
)
TASKS = (
    TaskSpec("T-001", "Split", 1, "E-1"),
    TaskSpec("T-002", "Command", 1, "E-1"),
    TaskSpec("T-003", "CI", 1, "E-1"),
)
ARTIFACT = "cd" * 32


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def tree_of(task: str, attempt: int) -> str:
    return digest(f"{task}:{attempt}")[:40]


class Writer:
    """Writes the sample, part by part."""

    def __init__(self) -> None:
        self.town = town = Town(RUN)
        for actor, role in (
            ("conductor-1", "conductor"),
            ("planner-1", "planner"),
            ("taskgen-1", "taskgen"),
            ("gatekeeper-1", "gatekeeper"),
            ("worker-1", "worker"),
            ("worker-2", "worker"),
            ("validator-1", "validator"),
            ("validator-2", "validator"),
            ("validator-3", "validator"),
            ("integrator-1", "integrator"),
            ("notary-1", "notary"),
        ):
            town.join(actor, role)
        town.meet("ada", "lead", "operator")
        town.meet("ben", "lead")
        town.meet("eve")
        town.join("worker-9", "worker")
        epoch = town.authors["worker-9"].identity.epoch
        town.introduce(e.ActorRevoked("worker-9", epoch, "its laptop was stolen"))

    def whole(self) -> Town:
        self.plan()
        self.town.say("conductor-1", e.GroupStarted(1, ("T-001", "T-002", "T-003"), "implement"))
        self.attempt("T-001", 1, "worker-1", lies=True)
        self.town.seal()
        self.attempt("T-001", 2, "worker-1")
        self.change("T-001", 2, level=1)
        self.own_action()
        self.town.seal(witnesses=("w3",), later=("w1",))
        self.attempt("T-002", 1, "worker-2")
        self.change("T-002", 1, level=2)
        self.attempt("T-003", 1, "worker-2")
        self.change("T-003", 1, level=3)
        self.hand_over()
        self.town.seal(final=True)
        return self.town

    def conduct(self, *events: e.Event) -> None:
        self.town.say("conductor-1", *events)

    def step(self, name: str) -> e.StepStarted:
        spec = next(step for step in STEPS if step.name == name)
        return e.StepStarted(name, 1, 1, spec.kind, spec.phase, spec.title)

    def plan(self) -> None:
        town = self.town
        approvals = Approvals(level2=("lead",), level3=("lead",), quorum=2)
        settings = Settings(AgentSpec("script"), validators=3, approvals=approvals)
        workflow = Workflow("autonomous", STEPS, "ab" * 32)
        repo = Repo("/home/ada/tally", "ba5e" * 10, "main")
        town.say(
            "conductor-1",
            e.RunStarted("Settle up", "spec", "# Settle up", repo, workflow, settings, "ada", town.now + 1000),
            self.step("plan"),
        )
        town.say("planner-1", e.PrdDrafted("plan", 1, PRD, ".flow/prd-settle-up-v1.md", ARTIFACT, "# Settle up\n"))
        self.conduct(e.StepCompleted("plan", 1), self.step("approve-plan"))
        opened = e.GateOpened(
            "approve-plan", 1, "approve-plan", "Build it?", APPROVE, town.now + 1000, True,
            quorum=2, artifact_sha256=ARTIFACT, digest=ARTIFACT, policy_sha256=POLICY, roles=("lead",),
        )  # fmt: skip
        town.say("gatekeeper-1", opened)
        self.decide(opened, "a", "ada", "ben")
        self.conduct(e.StepCompleted("approve-plan", 1, "a"), self.step("tasks"))
        town.say("taskgen-1", e.TasksGenerated("tasks", 1, (), TASKS))
        self.conduct(e.StepCompleted("tasks", 1), self.step("implement"))

    def decide(self, opened: e.GateOpened, key: str, *people: str) -> tuple[e.GateVoted, ...]:
        """Each person's vote in a commit of its own; the gate's end beside the last."""
        voted: list[e.GateVoted] = []
        for person in people:
            voted.append(self.town.vote(person, opened, key))
            end = self._end(opened, key, voted) if person == people[-1] else ()
            self.town.say("gatekeeper-1", voted[-1], *end)
        return tuple(voted)

    def _end(self, opened: e.GateOpened, key: str, voted: list[e.GateVoted]) -> tuple[e.GateDecided]:
        choice = next(each for each in opened.choices if each.key == key)
        names, at = ", ".join(each.vote.person for each in voted), self.town.now + 1000
        votes = tuple(each.vote for each in voted)
        return (
            e.GateDecided(
                opened.gate, opened.visit, opened.step, choice.label, key, choice.target, names, "cli", at, votes=votes
            ),
        )

    # --- tasks --------------------------------------------------------------------------------------------------------

    def attempt(self, task: str, attempt: int, worker: str, *, lies: bool = False) -> None:
        town, tree = self.town, tree_of(task, attempt)
        self.conduct(e.TaskDispatched(task, attempt, "ba5e" * 10))
        town.say(worker, e.TaskStarted(task, attempt, 1, worker))
        commit, files = digest(tree)[:40], (FileChange(f"tally/{task.lower()}.py", 7, 0),)
        town.say(worker, e.TaskClaimed(task, attempt, 1, worker, commit, tree, summary="All tests pass.", files=files))
        self.conduct(e.ValidationRequested(task, attempt))
        problem = Problem("false_claim", "its tests do not pass") if lies else None
        for name in ("validator-1", "validator-2", "validator-3"):
            evidence = Evidence("python3 -m unittest", int(lies), 312, not lies, "ef" * 32, "", "the project's tests")
            verdict = "reject" if lies else "accept"
            town.say(name, e.VoteCast(task, attempt, name, tree, verdict, problem, (evidence,)))  # type: ignore[arg-type]
        if problem:
            retry = e.TaskRetryScheduled(task, attempt, problem, 1100)
            return self.conduct(e.TaskRejected(task, attempt, problem), retry)
        self.conduct(e.TaskAccepted(task, attempt, tree, 3))

    def change(self, task: str, attempt: int, *, level: int) -> None:
        """What an attempt changed, from the proposal to the branch."""
        town, proposal, of = self.town, f"change:{task}:{attempt}", digest(f"change of {task}")
        part = ActionPart("file_write", f"write {task}", of, level, (EffectRecord("ci", f"{task}.yml"),))
        self.propose(proposal, task, attempt, "worker-2" if task != "T-001" else "worker-1", of, level, part)
        if level > 1:
            opened = self.ask(proposal, "worker-2", of, level)
            people = ("ada", "ben") if level == 3 else ("ben",)
            voted = self.decide(opened, "approve", *people)
            names = tuple(each.vote.person for each in voted)
            self.approve(proposal, of, level, "person", approvers=names, gate=opened.gate, visit=1, asked=of)
        else:
            self.approve(proposal, of, level, "policy")
        self.conduct(e.MergeRequested(task, attempt))
        self.begin("integrator-1", proposal, of, level)
        commit, tree = digest(f"merge {task}")[:40], digest(f"merged {task}")[:40]
        done = e.EffectEnded(proposal, "done", commit=commit)
        town.say("integrator-1", done, e.TaskMerged(task, attempt, commit, tree))

    def propose(self, proposal: str, task: str, attempt: int, by: str, of: str, level: int, part: ActionPart) -> None:
        asked = of if level > 1 else ""
        proposed = e.ActionProposed(proposal, task, attempt, by, of, "a change")
        self.town.say("gatekeeper-1", proposed, e.ActionClassified(proposal, level, "1", POLICY, (part,), asked))

    def ask(self, proposal: str, proposer: str, of: str, level: int) -> e.GateOpened:
        opened = e.GateOpened(
            f"action:{proposal}", 1, "", "May it?", ACT, self.town.now + 1000, True,
            quorum=2 if level == 3 else 1, kind="action", digest=of, policy_sha256=POLICY, roles=("lead",),
            proposal=proposal, proposer=proposer, level=level,
        )  # fmt: skip
        self.town.say("gatekeeper-1", opened)
        return opened

    def approve(self, proposal: str, of: str, level: int, by: str, **more: object) -> None:
        at = self.town.now + 1000
        expires = at + 86_400_000 if by == "person" else 0
        given = {"at": at, "expires": expires, **more}
        event = e.ApprovalGiven(proposal, of, level, by, POLICY, **given)  # type: ignore[arg-type]
        self.town.say("gatekeeper-1", event)

    def begin(self, actor: str, proposal: str, of: str, level: int) -> None:
        at = self.town.now + 1000
        self.town.say(actor, e.EffectStarted(proposal, of, actor, at, f"cmd:{proposal}", level, POLICY))

    def own_action(self) -> None:
        """Something that the agent itself wants to do, under a grant of ada's."""
        town = self.town
        grant = Grant("g-1", town.now + 3_600_000, ("dependency",), command=("pip", "install"), uses=2, why="as agreed")
        statement = town.statement("ada", gate="grant:g-1", visit=1, choice="issue", digest=grant_digest(grant))
        vote = town.signed("ada", statement, "issue", "issue")
        town.say("gatekeeper-1", e.GrantIssued(grant, vote, statement.nonce))
        proposal, of = "act:T-002:1:1", digest("pip install requests")
        effects = (EffectRecord("dependency", "requests", "declared"),)
        part = ActionPart("shell", "run pip install requests", of, 2, effects)
        self.propose(proposal, "T-002", 1, "worker-2", of, 2, part)
        self.approve(proposal, of, 2, "grant", grant="g-1", asked=of)
        self.begin("worker-2", proposal, of, 2)
        town.say("worker-2", e.EffectEnded(proposal, "done"))

    def hand_over(self) -> None:
        self.conduct(e.GroupCompleted(1, "implement"), e.StepCompleted("implement", 1), self.step("validate"))
        tree, commit = digest("merged T-003")[:40], digest("merge T-003")[:40]
        verdicts = (RequirementVerdict("R-1", "met"), RequirementVerdict("R-2", "met"))
        self.town.say("validator-1", e.RunChecked("validate", 1, "validator-1", commit, tree, "met", verdicts))
        self.conduct(e.StepCompleted("validate", 1, "met"), self.step("handoff"))
        files = (FileChange("tally/money.py", 7, 0),)
        over = e.HandedOver("handoff", 1, BRANCH, "f1" * 20, "7e" * 20, "ba5e" * 10, files)
        self.town.say("integrator-1", over)
        self.conduct(e.StepCompleted("handoff", 1), e.RunCompleted(self.town.now + 1000))


def honest() -> Town:
    """The whole history, written anew: whoever changes it changes their own."""
    return Writer().whole()


@cache
def shared() -> Town:
    """The same, made once, to be read only."""
    return honest()
