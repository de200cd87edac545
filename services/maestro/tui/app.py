"""What is the window? A list of runs, and for each run its tasks, events, gates, journal, changes and report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, RichLog, Static, TabbedContent, TabPane

from maestro.log.store import StoreUnavailable
from maestro.projections.text import one_line, visible
from maestro.runs.rewinding import TooLong
from maestro.runs.state import GateState, RunState
from maestro.tui import rows
from maestro.tui.feed import Feed, Followed
from maestro.tui.gate_screen import Answer, Decide, GateScreen

LOOK_S = 1.0
WAIT_MS = 500

Changes = Callable[[RunState], Awaitable[str]]
"""The difference between where the run began and where its branch is."""


class MaestroApp(App[None]):
    """`decide` sends a person's answer on, `changes` shows what a run changed."""

    TITLE = "Maestro"
    CSS_PATH = "maestro.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Quit")]

    def __init__(self, feed: Feed, decide: Decide, changes: Changes, run: str = "") -> None:
        super().__init__()
        self.feed, self.decide, self.changes = feed, decide, changes
        self._first = run

    def on_mount(self) -> None:
        self.push_screen(RunsScreen())
        if self._first:
            self.push_screen(RunScreen(self.feed.run(self._first)))

    def show_trouble(self, trouble: str) -> None:
        self.sub_title = visible(trouble)


class RunsScreen(Screen[None]):
    """All runs, the newest first."""

    app: MaestroApp
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open", show=True)]

    def compose(self) -> ComposeResult:
        yield Header()
        table: DataTable[Text] = DataTable(id="runs", cursor_type="row")
        yield table
        yield Static("", id="nothing")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#runs", DataTable).add_columns(*rows.RUNS)
        self.look()

    @work(exclusive=True)
    async def look(self) -> None:
        while True:
            try:
                states = await self.app.feed.look()
                self.app.show_trouble("")
                self._show(states)
            except StoreUnavailable as error:
                self.app.show_trouble(f"the server is away: {error}")
            await asyncio.sleep(LOOK_S)

    def _show(self, states: list[RunState]) -> None:
        if not self.query("#nothing"):
            return
        fill(self.query_one("#runs", DataTable), ((s.run, rows.run_row(s, now())) for s in states))
        self.query_one("#nothing", Static).update("" if states else "No runs yet. Start one: maestro run")

    def on_data_table_row_selected(self, chosen: DataTable.RowSelected) -> None:
        if chosen.row_key.value:
            self.app.push_screen(RunScreen(self.app.feed.run(chosen.row_key.value)))


class RunScreen(Screen[None]):
    """One run, live."""

    app: MaestroApp
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Runs"),
        Binding("g", "gate", "Decide a gate"),
        Binding("1", "tab('tasks')", "Tasks"),
        Binding("2", "tab('events')", "Events"),
        Binding("3", "tab('gates')", "Gates"),
        Binding("4", "tab('journal')", "Journal"),
        Binding("5", "tab('changes')", "Changes"),
        Binding("6", "tab('report')", "Report"),
        Binding("left_square_bracket", "look_back(-1)", "Earlier", key_display="["),
        Binding("right_square_bracket", "look_back(1)", "Later", key_display="]"),
        Binding("left_curly_bracket", "look_back(-20)", "20 earlier", key_display="{", show=False),
        Binding("right_curly_bracket", "look_back(20)", "20 later", key_display="}", show=False),
        Binding("n", "now", "Now", show=False),
    ]

    def __init__(self, followed: Followed) -> None:
        super().__init__()
        self.followed = followed
        self._told = 0
        self.then: RunState | None = None
        """The run as it was after an earlier entry, while somebody looks back."""
        self._back = 0

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("", id="head")
        yield Static("", id="waiting")
        with TabbedContent(initial="tasks", id="tabs"):
            with TabPane("Tasks", id="tasks"):
                yield _table("tasks", rows.TASKS)
            with TabPane("Events", id="events"):
                yield RichLog(id="events-log", markup=False, wrap=False, auto_scroll=True, max_lines=5000)
            with TabPane("Gates", id="gates"):
                yield _table("gates", rows.GATES)
            with TabPane("Journal", id="journal"):
                yield _table("journal", rows.JOURNAL)
            with TabPane("Changes", id="changes"):
                yield RichLog(id="changes-log", markup=False, wrap=False, auto_scroll=False)
            with TabPane("Report", id="report"):
                yield RichLog(id="report-log", markup=False, wrap=True, auto_scroll=False)
        yield Footer()

    def on_mount(self) -> None:
        self.show()
        self.follow()

    @work(exclusive=True)
    async def follow(self) -> None:
        while True:
            try:
                await self.followed.read_on(WAIT_MS)
                self.app.show_trouble("")
            except StoreUnavailable as error:
                self.app.show_trouble(f"the server is away: {error}")
                await asyncio.sleep(LOOK_S)
            self.show()

    def show(self) -> None:
        if len(self.query("#head, #waiting, #tabs")) < 3:
            return  # The window is being taken down.
        state = self.then or self.followed.state
        head = rows.run_row(state, state.last if self.then else now())
        self.query_one("#head", Static).update(
            Text(f"{head[0]}  {head[1]}  {head[2]} tasks  {head[5]}{self._where()}\n{head[6]}")
        )
        waits = rows.open_gates(self.followed.state)
        names = ", ".join(one_line(name.rpartition(":")[0], 40) for name in waits)
        self.query_one("#waiting", Static).update(Text(f"? {names} waits for an answer: press g" if waits else ""))
        self.query_one("#waiting").set_class(bool(waits), "shown")
        fill(self._table("tasks"), ((row[0], row) for row in rows.task_rows(state, now())))
        fill(self._table("gates"), rows.gate_rows(state, now()))
        fill(self._table("journal"), rows.journal_rows(self.followed.journal))
        self._tell()

    def _where(self) -> str:
        """Said while somebody looks back: what is shown is not how the run stands."""
        if self.then is None:
            return ""
        return f"  ⟲ after entry {self._back} of {self.followed.reader.seq}: ] later, n now"

    async def action_look_back(self, by: int) -> None:
        """The state some entries earlier or later; at the last one the window follows the run again."""
        head = self.followed.reader.seq
        self._back = max(1, (self._back if self.then else head) + by)
        if self._back >= head:
            return self.action_now()
        try:
            self.then = await self.followed.rewind.at(self._back)
        except (TooLong, StoreUnavailable) as error:
            self.then = None
            self.notify(visible(str(error)), severity="warning", markup=False)
        self.show()

    def action_now(self) -> None:
        self.then = None
        self.show()

    def _table(self, name: str) -> DataTable[Text]:
        return self.query_one(f"#{name}-table", DataTable)

    def _tell(self) -> None:
        lines = self.followed.projector.history.lines
        if self._told < len(lines):
            log = self.query_one("#events-log", RichLog)
            for line in lines[self._told :]:
                log.write(Text(str(line)))
            self._told = len(lines)

    def action_tab(self, name: str) -> None:
        self.query_one("#tabs", TabbedContent).active = name

    async def on_tabbed_content_tab_activated(self, activated: TabbedContent.TabActivated) -> None:
        name = activated.pane.id
        if name == "report":
            self._write("report", self.followed.projector.report())
        elif name == "changes":
            self._write("changes", await self.app.changes(self.followed.state))

    def _write(self, name: str, text: str) -> None:
        log = self.query_one(f"#{name}-log", RichLog)
        log.clear()
        for line in text.split("\n"):
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            log.write(Text(visible(line), style=style if name == "changes" else ""))

    def on_data_table_row_selected(self, chosen: DataTable.RowSelected) -> None:
        if chosen.data_table.id == "gates-table" and chosen.row_key.value:
            self._ask(chosen.row_key.value)

    def action_gate(self) -> None:
        waits = rows.open_gates(self.followed.state)
        if waits:
            self._ask(waits[0])
        else:
            self.notify("No gate waits.")

    @work
    async def _ask(self, key: str) -> None:
        gate, _, visit = key.rpartition(":")
        found: GateState | None = self.followed.state.gates.get((gate, int(visit)))
        if found is None or found.opened is None:
            return
        answer: Answer | None = await self.app.push_screen_wait(GateScreen(found.opened, self._details(found)))
        if answer is None:
            return
        try:
            said = await self.app.decide(self.followed.state.run, found.opened, answer)
        except Exception as error:
            self.notify(visible(str(error)), title="Nothing was decided", severity="error", timeout=15, markup=False)
        else:
            self.notify(visible(said), timeout=8, markup=False)

    def _details(self, gate: GateState) -> str:
        """The plan, where the gate is about it; what an action would change."""
        state = self.followed.state
        if gate.opened is not None and gate.opened.diff:
            return gate.opened.diff
        is_about_plan = gate.opened is not None and gate.opened.artifact_sha256 == state.prd_sha256 != ""
        return state.prd_texts.get(state.prd.version, "") if is_about_plan and state.prd is not None else ""


def _table(name: str, columns: rows.Row) -> DataTable[Text]:
    table: DataTable[Text] = DataTable(id=f"{name}-table", cursor_type="row")
    table.add_columns(*columns)
    return table


def fill(table: DataTable[Text], wanted: Iterable[tuple[str, rows.Row]]) -> None:
    """Bring a table to these rows, so that the cursor stays where a person has put it."""
    new = dict(wanted)
    known = [str(key.value) for key in table.rows]
    if known != list(new)[: len(known)] or len(known) > len(new):
        cursor = table.cursor_row
        table.clear()
        known = []
        for key, row in new.items():
            table.add_row(*map(Text, row), key=key)
        table.move_cursor(row=min(cursor, max(len(new) - 1, 0)))
        return
    columns = list(table.columns)
    for number, (key, row) in enumerate(new.items()):
        if number >= len(known):
            table.add_row(*map(Text, row), key=key)
            continue
        for column, value in zip(columns, row, strict=True):
            if str(table.get_cell(key, column)) != value:
                table.update_cell(key, column, Text(value), update_width=True)


def now() -> int:
    return int(time.time() * 1000)
