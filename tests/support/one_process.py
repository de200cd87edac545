"""How does a whole run go without a server? The real decider and every real service in one process, one after another.

It proves what the services say to each other and do to the repository; queues, crashes and signatures it does not.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from maestro.agents.playbook import Playbook
from maestro.approvals.policies import policy_for
from maestro.bus.service import Handler, Outcome
from maestro.conductor.asking import follow
from maestro.conductor.decider import decide
from maestro.gatekeeper.decider import Books, Here
from maestro.gatekeeper.decider import decide as decide_gate
from maestro.gatekeeper.decider import evolve as evolve_books
from maestro.gatekeeper.judging import judge_change
from maestro.git.change import read_change
from maestro.git.workspace import Workspace
from maestro.integrator.service import Integrator, handlers_of
from maestro.planner.service import make_service as make_planner
from maestro.projections.projector import Projector
from maestro.taskgen.service import make_service as make_taskgen
from maestro.validator.service import make_service as make_validator
from maestro.worker.service import Worker
from maestro_contracts import commands as c
from maestro_contracts import events as e
from tests.support.conversation import opened
from tests.support.handling import RecordingContext, delivered
from tests.support.permitting import Permitting
from tests.support.story import Story

SERVICES = (make_planner, make_taskgen, make_validator)
MOST_COMMANDS = 200


class OneProcess:
    """`story` holds the commits, `told` the run's projections, up to date."""

    def __init__(self, run: str, work: Path, playbook: Playbook) -> None:
        self.run = run
        self.playbook = playbook
        self.story = Story(run)
        self.told = Projector(run)
        self.asked: dict[str, c.Command] = {}
        self.timers: list[tuple[str, c.Command]] = []
        self.workspace = Workspace(work)
        self.books = Books()
        nothing = SimpleNamespace(keyring=None)
        tools: Any = SimpleNamespace(
            settings=SimpleNamespace(work_dir=work, state_dir=work), store=None, admission=nothing
        )
        self.handlers: dict[type[c.Command], Handler] = {}
        for make in SERVICES:
            self.handlers.update(make(tools).handlers or {})
        self.handlers[c.DoTask] = Worker(self.workspace, Permitting(), work).do_task
        self.handlers.update(handlers_of(Integrator(self.workspace, Permitting())))

    async def start(self, command: c.StartRun) -> None:
        """Until nobody has anything to do."""
        self._decide([("start", command)])
        for _ in range(MOST_COMMANDS):
            if self.asked:
                id = next(iter(self.asked))
                await self._handle(id, self.asked.pop(id))
            elif self.timers:
                due, self.timers = self.timers, []
                self._decide(due)
            else:
                return
        raise AssertionError(f"still asking after {MOST_COMMANDS} commands: {list(self.asked)}")

    def _decide(self, requests: list[tuple[str, c.Command]]) -> None:
        while said := decide(self.told.state, requests, self.story.now):
            asks = follow(self.told.state, said, self.story.now)
            self._say("conductor-1", [item.event for item in said])
            self.asked.update({ask.id: ask.command for ask in asks.commands})
            self.timers += [(timer.asked.id, timer.asked.command) for timer in asks.timers]
            requests = []

    def _say(self, actor: str, events: list[e.Event]) -> None:
        self.story.say_all(actor, events)
        self.told.apply(self.story.commits[-1])
        for event in events:
            self.books = evolve_books(self.books, event)

    async def _handle(self, id: str, command: c.Command) -> None:
        if isinstance(command, c.OpenGate):
            return self._answer(command)
        if isinstance(command, c.ProposeChange):
            return await self._judge(id, command)
        context = RecordingContext(f"{command.to}-1")
        outcome = await self.handlers[type(command)](delivered(command, id, run=self.run), context)
        for said in [*context.said, outcome]:
            self._heard(context.actor, said)

    def _heard(self, actor: str, outcome: Outcome) -> None:
        # The steps of the playbook are asked about nowhere here.
        heard = [
            said.event for said in outcome.events if not isinstance(said.event, e.EffectEnded) or actor != "worker-1"
        ]
        if heard:
            self._say(actor, heard)
            self._decide([])

    async def _judge(self, id: str, command: c.ProposeChange) -> None:
        """What the gatekeeper makes of a change; here it must need nobody."""
        repo = await self.workspace.open(self.run, command.repo.url)
        change = await read_change(repo.repository, command.base, command.commit)
        policy = policy_for(())
        here = Here(self.run, self.story.now, policy=policy.sha256)
        said = decide_gate(self.books, id, judge_change(command, change, policy), here).said
        self._say("gatekeeper-1", [item.event for item in said])
        self._decide([])

    def _answer(self, command: c.OpenGate) -> None:
        """The playbook's answer, as a run with nobody to ask takes it."""
        answer = self.playbook.answer(command.gate)
        assert answer is not None, f"the playbook has no answer for {command.gate}"
        choice = next(item for item in command.choices if item.label == answer.choice)
        at = self.story.now
        said = e.GateDecided(
            command.gate,
            command.visit,
            command.step,
            choice.label,
            choice.key,
            choice.target,
            "ada",
            "script",
            at,
            answer.text,
        )
        self._say("gatekeeper-1", [opened(command), said])
        self._decide([])
