"""How does a whole run go without a server? The real decider and every real service in one process, one after another.

It proves what the services say to each other and do to the repository; queues, crashes and signatures it does not.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from maestro.agents.playbook import Playbook
from maestro.bus.service import Handler, Outcome
from maestro.conductor.asking import follow
from maestro.conductor.decider import decide
from maestro.integrator.service import make_service as make_integrator
from maestro.planner.service import make_service as make_planner
from maestro.projections.projector import Projector
from maestro.taskgen.service import make_service as make_taskgen
from maestro.validator.service import make_service as make_validator
from maestro.worker.service import make_service as make_worker
from maestro_contracts import commands as c
from maestro_contracts import events as e
from tests.support.conversation import opened
from tests.support.handling import RecordingContext, delivered
from tests.support.story import Story

SERVICES = (make_planner, make_taskgen, make_worker, make_validator, make_integrator)
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
        tools: Any = SimpleNamespace(settings=SimpleNamespace(work_dir=work))
        self.handlers: dict[type[c.Command], Handler] = {}
        for make in SERVICES:
            self.handlers.update(make(tools).handlers or {})

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

    async def _handle(self, id: str, command: c.Command) -> None:
        if isinstance(command, c.OpenGate):
            return self._answer(command)
        context = RecordingContext(f"{command.to}-1")
        outcome = await self.handlers[type(command)](delivered(command, id, run=self.run), context)
        for said in [*context.said, outcome]:
            self._heard(context.actor, said)

    def _heard(self, actor: str, outcome: Outcome) -> None:
        if outcome.events:
            self._say(actor, [said.event for said in outcome.events])
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
