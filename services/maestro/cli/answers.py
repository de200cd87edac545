"""Is what a person typed at a gate an answer to it? It is exactly one of the choices, or it is asked again.

Pure: no terminal, no clock. Nothing is guessed: `no, stop` is no choice of a gate with `approve`: it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from maestro.projections.text import one_line
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Question
from maestro_contracts.workflow_rules import FAIL, fold_answer, match_choice


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the gate's choices. `text` is what came behind a colon (`revise: shorter, please`), None without one."""

    choice: Choice
    text: str | None = None


@dataclass(frozen=True, slots=True)
class AskAgain:
    """It decides nothing; the reason is shown."""

    reason: str


def read_choice(opened: e.GateOpened, typed: str) -> Chosen | AskAgain:
    """What a typed line chooses: a choice's key or label, with a text behind a colon where the gate takes one."""
    if not typed.strip():
        return AskAgain(f"nothing was chosen; type one of {listed(opened.choices)}")
    choice = match_choice(opened.choices, typed)
    if choice is not None:
        return Chosen(choice)
    before, colon, text = typed.partition(":")
    choice = match_choice(opened.choices, before) if colon else None
    if choice is not None and opened.freeform:
        return Chosen(choice, text.strip())
    return AskAgain(f"{one_line(typed, 60)!r} is none of the choices; type one of {listed(opened.choices)}")


def listed(choices: tuple[Choice, ...]) -> str:
    """`a (approve), r (revise), x (abort)`"""
    return ", ".join(f"{one_line(choice.key, 20)} ({one_line(choice.label, 60)})" for choice in choices)


def read_option(question: Question, typed: str) -> str | AskAgain:
    """The answer to one question: one of its options, by itself or by its number, where it has options; else any text.
    An empty line is the default."""
    text = typed.strip() or question.default
    if not question.options:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(question.options):
        return question.options[int(text) - 1]
    matches = [option for option in question.options if fold_answer(option) == fold_answer(text)]
    if len(matches) == 1:
        return matches[0]
    return AskAgain(
        f"{one_line(text, 60)!r} is none of: {', '.join(one_line(option, 60) for option in question.options)}"
    )


def is_long(question: Question) -> bool:
    """Whether its answer is a text to be written in an editor: it comes with a form of several lines."""
    return not question.options and "\n" in question.default


def takes_answers(choice: Choice) -> bool:
    """Whether the questions have to be answered for this choice: not where it gives the run up."""
    return choice.target != FAIL


def how_to_decide(run: str, gate: str, opened: e.GateOpened) -> list[str]:
    """The commands that decide a gate from elsewhere."""
    commands = [f"maestro gate decide {gate} {first_word(choice)} --run {run}" for choice in opened.choices[:6]]
    if opened.questions:
        given = " ".join(f"--answer {question.id}=..." for question in opened.questions)
        commands[0] = f"{commands[0]} {given}"
    return commands


def first_word(choice: Choice) -> str:
    """What to type for a choice in a shell: its label where it is one plain word, else its key."""
    return choice.label if choice.label.replace("-", "").replace("_", "").isalnum() else choice.key
