"""Is what a person sent an answer to this gate? It is one, or it is refused with the reason; nothing is guessed.

Pure: no clock, no I/O.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from maestro.gatekeeper.book import Gate
from maestro.policy.redact import redacted
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Question
from maestro_contracts.workflow_rules import FAIL, fold_answer, match_choice
from maestro_contracts.yamlfile import did_you_mean

MAX_TEXT = 16 * 1024
"""Bytes of UTF-8 in a free text, in one answer or in one condition."""
MAX_CONDITIONS = 20
MAX_NAME = 200
RESERVED = frozenset({"auto", "deadline", "timer", "command", "forge", "policy"})
"""Channels that only the gatekeeper itself uses: nobody may pass for the clock."""


class Refused(ValueError):
    """This decides nothing. The message says why, `code` says so to programs."""

    def __init__(self, reason: str, code: e.RefusalCode = "bad_choice") -> None:
        super().__init__(reason)
        self.code: e.RefusalCode = code


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that stands: one of the gate's choices, with the text, the conditions and the answers to it."""

    choice: Choice
    text: str = ""
    conditions: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)


def answer_of(opened: e.GateOpened, command: c.DecideGate) -> Answer:
    """The answer that the command gives to this gate. Raises Refused."""
    choice = match_choice(opened.choices, command.choice)
    if choice is None:
        raise Refused(f"{printable(command.choice)!r} is none of its choices: {_listed(opened.choices)}")
    text = _free_text(opened, command.text)
    conditions = _conditions(opened, choice, command.conditions)
    if choice.target == FAIL:
        return Answer(choice, text)
    return Answer(choice, text, conditions, _answers(opened.questions, command.answers))


def check_author(by: str, via: str) -> None:
    """Raises Refused where the name or the channel could deceive somebody."""
    if not by.strip():
        raise Refused("nobody's name is on it", "unauthenticated")
    if printable(by) != by or printable(via) != via:
        raise Refused("the name or the channel is too long, or has characters that cannot be shown")
    if not via or via in RESERVED:
        raise Refused(f"{via!r} is no channel that a person's answer comes through")


def check_open(gate: Gate, now: int) -> None:
    """Raises Refused where the gate takes no decision now."""
    if gate.decided is not None:
        decided = gate.decided
        said = f"already decided by {decided.approver} at {utc(decided.at)}: {decided.choice}"
        raise Refused(said, "already_decided")
    if gate.closed is not None:
        raise Refused(f"already closed: {gate.closed.because}", "expired")
    if gate.opened is None:
        raise Refused("not open yet", "unknown_gate")
    if gate.opened.deadline is not None and now >= gate.opened.deadline:
        raise Refused(f"too late: its deadline was {utc(gate.opened.deadline)}", "expired")


def utc(at: int) -> str:
    """Milliseconds since the epoch as people read them."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def printable(text: str, most: int = MAX_NAME) -> str:
    """The text on one line, with everything that could deceive a terminal's reader made visible, and shortened."""
    shown = "".join(f"\\u{ord(char):04x}" if _deceives(char) else char for char in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def _deceives(char: str) -> bool:
    """Control, format (bidirectional marks), surrogate, private and unassigned characters, and line separators."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _listed(choices: tuple[Choice, ...]) -> str:
    return ", ".join(f"{choice.label} ({choice.key})" for choice in choices)


def _free_text(opened: e.GateOpened, given: str) -> str:
    text = _clean(given, "the text")
    if text and not opened.freeform:
        raise Refused("it takes no free text, only a choice")
    return text


def _conditions(opened: e.GateOpened, choice: Choice, given: tuple[str, ...]) -> tuple[str, ...]:
    if given and not opened.conditions:
        raise Refused("it takes no conditions, only a choice")
    if given and choice.target:
        raise Refused(f"conditions go with a yes, and {choice.label} is none")
    if len(given) > MAX_CONDITIONS:
        raise Refused(f"more than {MAX_CONDITIONS} conditions")
    cleaned = tuple(_clean(each, "a condition").strip() for each in given)
    if not all(cleaned):
        raise Refused("a condition says nothing")
    return cleaned


_JOINERS = "\u200c\u200d"
"""Format characters that some scripts and emoji cannot be written without."""


def _clean(given: str, what: str) -> str:
    text = given.replace("\r\n", "\n")
    if len(text.encode("utf-8", "replace")) > MAX_TEXT:
        raise Refused(f"{what} is longer than {MAX_TEXT // 1024} KiB")
    bad = next((char for char in text if char not in "\n\t" + _JOINERS and _deceives(char)), None)
    if bad is not None:
        raise Refused(f"{what} has a character that cannot be shown: U+{ord(bad):04X}")
    check_no_secret(text, what)
    return text


def check_no_secret(text: str, what: str) -> None:
    """Raises Refused: what is signed cannot be changed, and what is in the log stays there."""
    if redacted(text) != text:
        raise Refused(f"{what} seems to hold a secret, and the log keeps it for ever: say where it is, not what it is")


def _answers(questions: tuple[Question, ...], given: Mapping[str, str]) -> dict[str, str]:
    known = {question.id: question for question in questions}
    for id in given:
        if id not in known:
            raise Refused(f"it asks no question {printable(id)!r}; {did_you_mean(id, known)}".rstrip("; "))
    answers = {id: _answered(question, given.get(id, "")) for id, question in known.items()}
    missing = [id for id, answer in answers.items() if not answer]
    if missing:
        raise Refused(f"without an answer: {', '.join(missing)}")
    return answers


def _answered(question: Question, given: str) -> str:
    """The answer to one question; its default where nothing was said; empty where there is neither."""
    text = _clean(given, f"the answer to {question.id}").strip()
    if not text or not question.options:
        return text or question.default
    matches = [option for option in question.options if fold_answer(option) == fold_answer(text)]
    if len(matches) != 1:
        raise Refused(f"{printable(text)!r} is no answer to {question.id}: {', '.join(question.options)}")
    return matches[0]
