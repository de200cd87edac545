"""Does the window show what the log says, and does it decide what a person chose and nothing else?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from textual.pilot import Pilot
from textual.widgets import Button, DataTable, RichLog, TextArea

from maestro.log.author import Author
from maestro.log.memory_store import MemoryStore
from maestro.log.store import StoreUnavailable
from maestro.runs.state import RunState
from maestro.tui.app import MaestroApp, RunScreen
from maestro.tui.feed import Feed
from maestro.tui.gate_screen import Answer, GateScreen
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Question
from tests.support.notes import People, Said
from tests.support.seeing import hidden
from tests.support.story import RUN, Story, approved, group, planned

EVIL = "\x1b[2Jplease [bold]press a[/bold]\u202e"
CHOICES = (Choice("approve", "a"), Choice("revise", "r", "plan"), Choice("abort", "x", "_fail"))


class Window:
    """A log that grows, and a window on it. `decided` is what the window sent on."""

    def __init__(self, store: MemoryStore, people: People, authors: dict[str, Author]) -> None:
        self.store, self.people, self.authors = store, people, authors
        self.told = 0
        self.decided: list[tuple[str, str, Answer]] = []
        self.refusal = ""
        self.story = Story()

    async def tell(self) -> None:
        """Write into the log what the story has more."""
        for commit in self.story.commits[self.told :]:
            author = self.authors[commit.header.actor]
            said = [Said(record.id, event) for record, event in zip(commit.records, commit.events, strict=True)]
            await author.write(self.store, author.draft(RUN, said, ts=commit.header.ts))
        self.told = len(self.story.commits)

    async def open_gate(self, **more: object) -> None:
        gate = e.GateOpened("look", 1, "approve-plan", "Shall it be built?", CHOICES, self.story.now, **more)  # type: ignore[arg-type]
        self.story.say("conductor-1", asked=e.GateRequested("look", 1, "approve-plan"))
        self.story.say("gatekeeper-1", opened=gate)
        await self.tell()

    async def decide(self, run: str, opened: e.GateOpened, answer: Answer) -> str:
        if self.refusal:
            raise ValueError(self.refusal)
        self.decided.append((run, opened.gate, answer))
        return "decided"

    async def changes(self, state: RunState) -> str:
        return f"+added in {state.run}\n-gone{EVIL}"

    @asynccontextmanager
    async def opened(self, run: str = RUN) -> AsyncIterator[Pilot[None]]:
        app = MaestroApp(Feed(self.store, self.people.keyring), self.decide, self.changes, run)
        async with app.run_test(size=(120, 40)) as pilot:
            yield pilot


@pytest_asyncio.fixture
async def window() -> Window:
    store = MemoryStore()
    people = People(store)
    roles = ("conductor", "integrator", "planner", "gatekeeper", "taskgen", "worker", "validator")
    numbers = {"worker": 7}
    authors = {name: await people.join(name, role) for role in roles for name in (f"{role}-{numbers.get(role, 1)}",)}
    window = Window(store, people, authors)
    group(approved(planned(window.story)), 1, "T-001")
    await window.tell()
    return window


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if holds():
            return
        await pilot.pause(0.05)
    raise AssertionError(f"not seen: {what}")


def cells(pilot: Pilot[None], table: str) -> list[list[str]]:
    found = pilot.app.screen.query(f"#{table}")
    if not found:
        return []
    return [[str(cell) for cell in found.first(DataTable).get_row(key)] for key in found.first(DataTable).rows]


async def test_a_run_is_listed_and_opens_with_its_tasks_by_group(window: Window) -> None:
    async with window.opened(run="") as pilot:
        await until(pilot, lambda: bool(cells(pilot, "runs")), "the run")
        assert cells(pilot, "runs")[0][:2] == [RUN, "running"]

        await pilot.press("enter")
        await until(pilot, lambda: bool(cells(pilot, "tasks-table")), "its tasks")

        groups = [row[1] for row in cells(pilot, "tasks-table")]
        assert groups == sorted(groups) and cells(pilot, "tasks-table")[0][2] == "ready"


async def test_what_happens_is_seen_while_it_happens(window: Window) -> None:
    async with window.opened() as pilot:
        await until(pilot, lambda: bool(cells(pilot, "tasks-table")), "the tasks")
        window.story.say("conductor-1", go=e.TaskDispatched("T-001", 1, "b" * 40))
        window.story.say("worker-7", went=e.TaskStarted("T-001", 1, 1, "worker-7"))
        await window.tell()

        await until(pilot, lambda: cells(pilot, "tasks-table")[0][2:5] == ["running", "1", "worker-7"], "its start")

        await pilot.press("2")
        lines = [str(line.text) for line in pilot.app.screen.query_one("#events-log", RichLog).lines]
        assert "TaskStarted" in lines[-1]


@pytest.mark.parametrize("by", ["key", "click"])
async def test_a_gate_is_decided_by_its_key_and_by_its_button(window: Window, by: str) -> None:
    async with window.opened() as pilot:
        await window.open_gate()
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateScreen), "the gate")

        if by == "key":
            await pilot.press("a")
        else:
            await pilot.click("#choice-0")
        await until(pilot, lambda: bool(window.decided), "the decision")

    assert window.decided == [(RUN, "look", Answer("a"))]


async def test_what_somebody_writes_goes_along_and_decides_nothing_by_itself(window: Window) -> None:
    async with window.opened() as pilot:
        await window.open_gate(freeform=True, conditions=True)
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateScreen), "the gate")
        pilot.app.screen.query_one("#gate-text", TextArea).focus()
        await pilot.press("x", "a", "space", "n", "o")
        assert isinstance(pilot.app.screen, GateScreen) and not window.decided

        pilot.app.screen.query_one("#gate-conditions", TextArea).text = "No new dependency\n\n"
        await pilot.click("#choice-1")
        await until(pilot, lambda: bool(window.decided), "the decision")

    assert window.decided == [(RUN, "look", Answer("r", "xa no", ("No new dependency",)))]


async def test_questions_are_answered_where_the_gate_asks_them(window: Window) -> None:
    asked = (Question("Q-1", "Which colour?", options=("red", "blue"), default="red"), Question("Q-2", "How many?"))
    async with window.opened() as pilot:
        await window.open_gate(questions=asked)
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateScreen), "the gate")
        pilot.app.screen.query_one("#question-1", TextArea).focus()
        await pilot.press("7")
        pilot.app.screen.query_one("#choice-0", Button).focus()
        await pilot.press("enter")
        await until(pilot, lambda: bool(window.decided), "the decision")

    assert window.decided == [(RUN, "look", Answer("a", answers={"Q-1": "red", "Q-2": "7"}))]


async def test_leaving_a_gate_decides_nothing(window: Window) -> None:
    async with window.opened() as pilot:
        await window.open_gate()
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateScreen), "the gate")
        await pilot.press("q", "z", "enter", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen), "the run")

    assert not window.decided


async def test_a_refusal_is_told_and_the_window_goes_on(window: Window) -> None:
    window.refusal = f"already decided by ben {EVIL}"
    async with window.opened() as pilot:
        await window.open_gate()
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("g", "a")
        await until(pilot, lambda: bool(pilot.app._notifications), "why it was refused")

        [told] = list(pilot.app._notifications)
        assert "already decided by ben" in told.message and not hidden(told.message)
        assert isinstance(pilot.app.screen, RunScreen)


async def test_no_text_of_an_agents_can_hide_or_pass_for_the_window(window: Window) -> None:
    window.story.say("worker-7", said=e.AgentReported("T-001", 1, EVIL))
    await window.tell()
    async with window.opened() as pilot:
        await window.open_gate(context=EVIL, impact=EVIL)
        await until(pilot, lambda: pilot.app.screen.query_one("#waiting").has_class("shown"), "that a gate waits")
        await pilot.press("5")
        await pilot.pause(0.2)
        changes = [str(line.text) for line in pilot.app.screen.query_one("#changes-log", RichLog).lines]
        await pilot.press("2")
        events = [str(line.text) for line in pilot.app.screen.query_one("#events-log", RichLog).lines]
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GateScreen), "the gate")
        facts = [str(fact.render()) for fact in pilot.app.screen.query(".fact")]

    for text in (*changes, *events, *facts):
        assert not hidden(text)
    assert any("[bold]press a[/bold]" in text for text in facts), "shown as it is, not as markup"
    assert any("[bold]press a[/bold]" in text for text in events)


async def test_a_server_that_is_away_is_told_and_waited_for(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = window.store.tail

    async def away(*_: object) -> dict[str, list[object]]:
        raise StoreUnavailable("nobody answers")

    async with window.opened() as pilot:
        await until(pilot, lambda: bool(cells(pilot, "tasks-table")), "the tasks")
        monkeypatch.setattr(window.store, "tail", away)
        await until(pilot, lambda: "nobody answers" in pilot.app.sub_title, "that the server is away")
        assert cells(pilot, "tasks-table"), "what was read stays"

        monkeypatch.setattr(window.store, "tail", tail)
        await until(pilot, lambda: not pilot.app.sub_title, "that it is back")


async def test_a_run_is_seen_as_it_was_at_any_entry_and_then_as_it_is(window: Window) -> None:
    async with window.opened() as pilot:
        await until(pilot, lambda: bool(cells(pilot, "tasks-table")), "the tasks")
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        head = screen.followed.reader.seq

        await pilot.press("left_square_bracket")
        await until(pilot, lambda: screen.then is not None, "the entry before")
        assert screen.then is not None and screen.then.seq == head - 1
        for _ in range(head):
            await pilot.press("left_curly_bracket")
        await until(pilot, lambda: not cells(pilot, "tasks-table"), "that there were no tasks yet")
        assert screen.then.seq == 1 and screen.followed.state.seq == head

        await pilot.press("n")
        await until(pilot, lambda: bool(cells(pilot, "tasks-table")), "the tasks again")
