"""How does a person decide a gate in the window? They see all of it, and press a button or its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static, TextArea
from textual.widgets.button import ButtonVariant

from maestro.projections.text import one_line, utc, visible
from maestro_contracts import events as e
from maestro_contracts.records import Choice
from maestro_contracts.workflow_rules import FAIL


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person chose: the choice's key, a text, conditions of a yes, and the answers to its questions by id."""

    key: str
    text: str = ""
    conditions: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)


Decide = Callable[[str, e.GateOpened, Answer], Awaitable[str]]
"""Sends an answer on; returns what came of it. Raises an error that says why it was refused."""


class GateScreen(ModalScreen[Answer | None]):
    """One gate. `details` is the artifact or the difference that it is about."""

    BINDINGS = [("escape", "dismiss", "Back")]

    def __init__(self, opened: e.GateOpened, details: str = "") -> None:
        super().__init__()
        self._opened = opened
        self._details = details

    def compose(self) -> ComposeResult:
        opened = self._opened
        with VerticalScroll(id="gate"):
            yield Label(_plain(opened.gate, "bold"), id="gate-name")
            yield Static(_plain(opened.prompt), id="gate-prompt")
            for name, value in _facts(opened):
                yield Static(Text.assemble((f"{name}: ", "bold"), one_line(value)), classes="fact")
            if self._details:
                yield Static(Text("\n".join(visible(line) for line in self._details.splitlines())), id="gate-details")
            for number, question in enumerate(opened.questions):
                yield Label(_plain(question.text, "bold"))
                options = f" One of: {', '.join(question.options)}." if question.options else ""
                yield Label(_plain(f"{question.why}{options}"))
                yield TextArea(question.default, id=f"question-{number}", classes="answer")
            if opened.freeform:
                yield Label("A text to go with it (Tab to the buttons):")
                yield TextArea(id="gate-text")
            if opened.conditions:
                yield Label("Yes, but: one condition a line, for all later work")
                yield TextArea(id="gate-conditions")
            with Horizontal(id="gate-choices"):
                for number, choice in enumerate(opened.choices):
                    label = f"{one_line(choice.label, 40)} [{one_line(choice.key, 20)}]"
                    yield Button(Text(label), id=f"choice-{number}", variant=_variant(choice))

    def on_mount(self) -> None:
        self.query_one("#gate", VerticalScroll).focus()

    def on_button_pressed(self, pressed: Button.Pressed) -> None:
        number = int(str(pressed.button.id).removeprefix("choice-"))
        self.dismiss(self._answer(self._opened.choices[number].key))

    def on_key(self, pressed: events.Key) -> None:
        """A choice's key decides, but not while somebody is writing."""
        if isinstance(self.focused, TextArea):
            return
        for choice in self._opened.choices:
            if pressed.character == choice.key:
                pressed.stop()
                self.dismiss(self._answer(choice.key))
                return

    def _answer(self, key: str) -> Answer:
        conditions = tuple(line for line in self._written("#gate-conditions").splitlines() if line.strip())
        given = {q.id: self._written(f"#question-{i}") for i, q in enumerate(self._opened.questions)}
        answers = {id: text for id, text in given.items() if text}
        return Answer(key, self._written("#gate-text"), conditions, answers)

    def _written(self, where: str) -> str:
        found = self.query(where)
        return found.first(TextArea).text.strip() if found else ""


def _variant(choice: Choice) -> ButtonVariant:
    """What goes on is green, what ends the run is red."""
    return "error" if choice.target == FAIL else "default" if choice.target else "success"


def _plain(text: str, style: str = "") -> Text:
    return Text(one_line(text), style=style)


def _facts(opened: e.GateOpened) -> list[tuple[str, str]]:
    """What somebody should know before they decide."""
    until = ""
    if opened.deadline:
        then = f"then `{opened.default}` is taken" if opened.default else "then it closes, and no answer is no yes"
        until = f"{utc(opened.deadline)}, {then}"
    who = ", ".join(opened.roles)
    facts = [
        ("Level", str(opened.level) if opened.level else ""),
        ("Why it is asked", opened.context),
        ("Impact", opened.impact),
        ("Can it be undone", opened.reversibility),
        ("Who may decide", f"{who} ({opened.quorum} of them)" if opened.quorum > 1 else who),
        ("Until", until),
        ("Bound to", opened.digest[:16]),
    ]
    return [(name, value) for name, value in facts if value]
