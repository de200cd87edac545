"""Who answers the gates of a run that this command follows? The person at the terminal, a playbook, or somebody else.

Fail closed: what is no answer is asked again; an end of the input, an error or silence decides nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from maestro.bus.client import ask
from maestro.cli.answers import AskAgain, how_to_decide, is_long, read_choice, read_option, takes_answers
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.show import Show
from maestro.cli.terminal import Terminal, edit
from maestro.log.store import Store
from maestro.projections.text import one_line, utc
from maestro.runs.state import GateState, RunState
from maestro_contracts import events as e
from maestro_contracts.commands import DecideGate
from maestro_contracts.records import Question
from maestro_contracts.workflow_rules import match_choice

if TYPE_CHECKING:
    from maestro.agents.playbook import Playbook
    from maestro.cli.own_key import OwnKey

SAID_BY_MAESTRO = "[Maestro]"
FOR_NOBODY = frozenset({"timer", "command", "pull-request"})
"""Kinds of gates that wait for no person. Whoever wants to decide one all the same does it from another terminal."""


async def decide(store: Store, run: str, command: DecideGate) -> str:
    """Send an answer to the gatekeeper; returns the command's id."""
    return await ask(store, run, command, f"decide:{uuid4().hex}")


Decide = Callable[[DecideGate, e.GateOpened], Awaitable[str]]
"""Sends an answer to the gate as it was shown, signed where the person has a key; returns the command's id."""


def sender(store: Store, run: str, own: OwnKey | None) -> Decide:
    """Answers in the name of whoever holds this key; unsigned without one. Raises KeyRefused and Unreadable."""

    async def send(command: DecideGate, opened: e.GateOpened) -> str:
        from maestro.cli.signing import signed

        now = time.time_ns() // 1_000_000
        choice = match_choice(opened.choices, command.choice)
        if choice is not None:
            command = msgspec.structs.replace(command, choice=choice.key)
        return await decide(store, run, await asyncio.to_thread(signed, command, opened, run, own, now))

    return send


class GateDesk:
    """Looks at a run's open gates again and again, and deals with each once (and again where it was refused)."""

    def __init__(self, run: str, show: Show, send: Decide, by: str) -> None:
        self._run, self._show, self._send, self._by = run, show, send, by
        self._seen: dict[tuple[str, int], int] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[None]] = {}

    def look(self, state: RunState) -> None:
        """Deal with what is new; stop asking what needs no answer any more."""
        open_now = {(gate.gate, gate.visit): gate for gate in state.open_gates()}
        for key in [key for key in self._asking if key not in open_now]:
            self._asking.pop(key).cancel()
        for key, gate in open_now.items():
            if self._seen.get(key) != len(gate.refused) and gate.opened is not None:
                self._seen[key] = len(gate.refused)
                self._start(key, gate, gate.opened)
        for key, task in list(self._asking.items()):
            if task.done():
                del self._asking[key]
                task.result()

    def _start(self, key: tuple[str, int], gate: GateState, opened: e.GateOpened) -> None:
        running = self._asking.get(key)
        if running is None or running.done():
            self._asking[key] = asyncio.get_running_loop().create_task(self.deal(gate, opened))

    async def deal(self, gate: GateState, opened: e.GateOpened) -> None:
        """What happens at an open gate; here: nothing, somebody else follows this run too."""

    async def close(self) -> None:
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _decide(
        self,
        opened: e.GateOpened,
        choice: str,
        text: str,
        answers: dict[str, str],
        via: str,
        conditions: tuple[str, ...] = (),
    ) -> None:
        command = DecideGate(
            gate=opened.gate,
            choice=choice,
            by=self._by,
            via=via,
            visit=opened.visit,
            text=text,
            answers=answers,
            conditions=conditions,
        )
        await self._send(command, opened)


class Telling(GateDesk):
    """Nobody can be asked here: says how the gate is decided from elsewhere, and waits; or gives up at once."""

    def __init__(self, run: str, show: Show, send: Decide, by: str, *, give_up: bool) -> None:
        super().__init__(run, show, send, by)
        self._give_up = give_up

    async def deal(self, gate: GateState, opened: e.GateOpened) -> None:
        if opened.kind in FOR_NOBODY:
            return
        if opened.deadline is not None and opened.deadline <= time.time() * 1000:
            return  # Nobody can answer it any more: what its deadline decides comes by itself.
        commands = how_to_decide(self._run, gate.gate, opened)
        if self._give_up:
            listing = "\n".join(f"  {command}" for command in commands)
            raise CliError(
                f"the gate {gate.gate} needs an answer, and --no-input forbids to ask for one",
                f"decide it with one of\n{listing}\nthen go on with\n  maestro resume {self._run}",
                Exit.NEEDS_ANSWER,
            )
        self._show.say(f"{SAID_BY_MAESTRO}     decide it from another terminal with one of", "yellow")
        for command in commands:
            self._show.say(f"{SAID_BY_MAESTRO}       {command}", "yellow")


class Scripted(GateDesk):
    """A playbook's answers, where it has one for the gate; else what another desk does."""

    def __init__(self, playbook: Playbook, otherwise: GateDesk) -> None:
        super().__init__(otherwise._run, otherwise._show, otherwise._send, "playbook")
        self._playbook, self._otherwise = playbook, otherwise

    async def deal(self, gate: GateState, opened: e.GateOpened) -> None:
        answer = self._playbook.answer(gate.gate)
        if answer is None or gate.refused:
            return await self._otherwise.deal(gate, opened)
        self._show.say(f"{SAID_BY_MAESTRO}     nobody is asked: the playbook answers", "yellow")
        choice = answer.choice or opened.choices[0].key
        await self._decide(opened, choice, answer.text, dict(answer.answers), "script")


class Given(GateDesk):
    """A person's answers, given beforehand for gates by name; each is given once, and else another desk looks."""

    def __init__(self, answers: Mapping[str, str], otherwise: GateDesk) -> None:
        person = otherwise._otherwise if isinstance(otherwise, Scripted) else otherwise
        super().__init__(person._run, person._show, person._send, person._by)
        self._answers, self._otherwise = dict(answers), otherwise

    async def deal(self, gate: GateState, opened: e.GateOpened) -> None:
        choice = None if gate.refused else self._answers.pop(gate.gate, None)
        if choice is None:
            return await self._otherwise.deal(gate, opened)
        self._show.say(f"{SAID_BY_MAESTRO}     you answered it beforehand: {one_line(choice, 60)}", "yellow")
        await self._decide(opened, choice, "", {}, "cli")


class Asking(GateDesk):
    """Asks the person at the terminal, one gate after the other. What it waits for besides is not asked: a question
    would hold back what is told meanwhile."""

    unasked = FOR_NOBODY

    def __init__(self, run: str, show: Show, send: Decide, by: str, turn: asyncio.Lock | None = None) -> None:
        super().__init__(run, show, send, by)
        self._terminal = Terminal()
        self._turn = turn or asyncio.Lock()

    async def deal(self, gate: GateState, opened: e.GateOpened) -> None:
        if opened.kind in self.unasked:
            return self._introduce(opened)
        async with self._turn:
            with self._show.paused():
                await self._ask(opened)

    async def _ask(self, opened: e.GateOpened) -> None:
        self._introduce(opened)
        answers: dict[str, str] = {}
        if opened.questions:
            for question in opened.questions:
                answer = await self._answer(question)
                if answer is None:
                    return self._nothing(opened)
                answers[question.id] = answer
        while True:
            typed = await self._terminal.line(f"  {self._prompt(opened)} > ")
            if typed is None:
                return self._nothing(opened)
            chosen = read_choice(opened, typed)
            if isinstance(chosen, AskAgain):
                self._show.say(f"  {chosen.reason}", "red")
                continue
            text = chosen.text
            if text is None and opened.freeform and not opened.questions:
                text = await self._text()
                if text is None:
                    return self._nothing(opened)
            given = answers if takes_answers(chosen.choice) else {}
            conditions = await self._conditions() if opened.conditions and not chosen.choice.target else ()
            if conditions is None:
                return self._nothing(opened)
            return await self._decide(opened, chosen.choice.key, text or "", given, "cli", conditions)

    def _introduce(self, opened: e.GateOpened) -> None:
        from maestro.cli.deciding import about

        for line in about(opened):
            self._show.tell(f"  {line}")
        if opened.deadline is not None:
            after = f"then {one_line(opened.default, 60)} is taken" if opened.default else "then it closes"
            self._show.say(f"  until {utc(opened.deadline)}; {after}")

    def _prompt(self, opened: e.GateOpened) -> str:
        return "  ".join(f"[{one_line(choice.key, 20)}] {one_line(choice.label, 60)}" for choice in opened.choices)

    def _nothing(self, opened: e.GateOpened) -> None:
        self._show.say("\n  No answer was given, so nothing is decided. From another terminal:")
        for command in how_to_decide(self._run, opened.gate, opened):
            self._show.say(f"    {command}")

    async def _conditions(self) -> tuple[str, ...] | None:
        """'Yes, but ...': one condition a line, until an empty one."""
        given: list[str] = []
        while True:
            typed = await self._terminal.line("  a condition for all later tasks (Enter: no more) > ")
            if typed is None:
                return None
            if not typed.strip():
                return tuple(given)
            given.append(typed.strip())

    async def _text(self) -> str | None:
        typed = await self._terminal.line("  a text to go with it (Enter: none; e: write it in your editor) > ")
        if typed is None or typed.strip() != "e":
            return typed
        try:
            return (await edit("")).strip()
        except CliError as error:
            self._show.say(f"  {error.reason}", "red")
            return await self._text()

    async def _answer(self, question: Question) -> str | None:
        self._show.tell(f"  {one_line(question.text)}", "bold")
        if question.why:
            self._show.tell(f"  {one_line(question.why)}", "dim")
        if is_long(question):
            return await self._long_answer(question)
        for number, option in enumerate(question.options, start=1):
            self._show.tell(f"    {number}. {one_line(option)}")
        default = f" (Enter: {one_line(question.default, 60)})" if question.default else ""
        while True:
            typed = await self._terminal.line(f"  {one_line(question.id, 40)}{default} > ")
            if typed is None:
                return None
            answer = read_option(question, typed)
            if isinstance(answer, str):
                return answer
            self._show.say(f"  {answer.reason}", "red")

    async def _long_answer(self, question: Question) -> str | None:
        """The form opens in the person's editor; left as it is, it says nothing."""
        if await self._terminal.line("  Enter: write it in your editor > ") is None:
            return None
        try:
            return await edit(question.default)
        except CliError as error:
            self._show.say(f"  {error.reason}{f': {error.mend}' if error.mend else ''}", "red")
            return await self._long_answer(question)


class Presenting(Asking):
    """Asks where nobody else tells what the run is doing: each gate is introduced with its run and its question."""

    unasked = frozenset[str]()

    def _introduce(self, opened: e.GateOpened) -> None:
        self._show.say(f"\n{one_line(opened.gate)} of {self._run}", "bold")
        self._show.tell(f"  {one_line(opened.prompt)}")
        super()._introduce(opened)
