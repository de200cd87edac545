"""What does the planner answer? A PRD, questions, or a refusal, from the request and the codebase alone.

`SpecificationPlanner` plans without a language model: it writes down what a specification says. From a bare sentence it
never makes requirements; it asks for them, or says what to give. A planner with a model behind it is another `Planner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from maestro.planner import prd as prds
from maestro.planner.blocks import clean
from maestro.planner.discovery import Found
from maestro.planner.errors import SpecificationError
from maestro.planner.revision import Revision, is_specification, keep, revise
from maestro.planner.skeleton import skeleton
from maestro.planner.specification import MINIMAL, Specification, parse
from maestro_contracts.commands import DraftPlan
from maestro_contracts.records import Codebase, Decision, Prd, Problem, Question, Requirement

SPECIFICATION, TEST_COMMAND = "specification", "test_command"
"""The questions' ids; the answers come back under them in `DraftPlan.answers`."""


@dataclass(frozen=True, slots=True)
class Planned:
    prd: Prd
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Questions:
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    problem: Problem


Plan = Planned | Questions | Refused


class Planner(Protocol):
    """Called in a thread of its own: it may block. It raises nothing for what is in the request or the codebase."""

    def plan(self, request: DraftPlan, codebase: Codebase) -> Plan: ...


@dataclass(frozen=True, slots=True)
class SpecificationPlanner:
    """The planner without a language model."""

    def plan(self, request: DraftPlan, codebase: Codebase) -> Plan:
        if request.previous is not None:
            return _plan_revision(request, request.previous, codebase)
        return _plan_specification(request, codebase)


def as_told(found: Found, request: DraftPlan) -> Found:
    """What was found, with the commands that people gave in place of those found."""
    answer = clean(request.answers.get(TEST_COMMAND, "")).strip()
    tests = request.test_commands or ((answer,) if answer else found.codebase.test_commands)
    lints = request.lint_commands or found.codebase.lint_commands
    codebase = msgspec.structs.replace(found.codebase, test_commands=tests, lint_commands=lints)
    chosen_here = tests == found.codebase.test_commands and request.previous is None
    return Found(codebase, found.decisions if chosen_here else ())


# --- from a specification ---------------------------------------------------------------------------------------------


def _plan_specification(request: DraftPlan, codebase: Codebase) -> Plan:
    text = _specification_text(request)
    if text is None:
        return _ask_for_specification(request, codebase) if request.interactive else _needs_specification()
    try:
        specification = parse(text)
    except SpecificationError as error:
        return _ask_again(request, text, error) if _may_ask_again(request, text) else Refused(error.problem)
    unproved = _unproved(specification.requirements, codebase)
    if unproved:
        return _ask_for_test_command(request, unproved)
    feature = specification.feature or " ".join(request.feature.split()) or "Feature"
    prd = _prd(specification, feature, prds.slug(feature), max(request.version, 1))
    return Planned(prd, _decisions(prd, specification.notes))


def _specification_text(request: DraftPlan) -> str | None:
    """The newest text that is meant as a specification; None where only a sentence was given."""
    if SPECIFICATION in request.answers:
        return request.answers[SPECIFICATION]
    return request.text if request.source == "spec" else None


def _prd(specification: Specification, feature: str, slug: str, version: int) -> Prd:
    return Prd(
        feature=feature,
        slug=slug,
        version=version,
        priority=specification.priority or "medium",
        requirements=specification.requirements,
        related_issues=specification.related_issues,
        constraints=specification.constraints,
        allows=specification.allows,
        body=specification.body,
    )


def _unproved(requirements: Sequence[Requirement], codebase: Codebase) -> list[str]:
    """The requirements that nothing could prove: no check of their own, and no tests in the project."""
    return [] if codebase.test_commands else [requirement.id for requirement in requirements if not requirement.check]


# --- questions and refusals -------------------------------------------------------------------------------------------

_FORMAT = f"The least that can be built from is:\n\n{MINIMAL}"


def _needs_specification() -> Refused:
    reason = "only a sentence was given, and without a language model no requirements are made up from it"
    return Refused(Problem("structural", reason, f"Give a specification with --spec FILE. {_FORMAT}"))


def _ask_for_specification(request: DraftPlan, codebase: Codebase) -> Questions:
    wanted = Question(
        id=SPECIFICATION,
        text="Which requirements does it have? Write them as a specification",
        why="Without a language model, no requirements are made up from a sentence.",
        default=skeleton(request.feature, request.text),
    )
    missing = not codebase.test_commands and TEST_COMMAND not in request.answers
    return Questions((wanted, _TEST_QUESTION) if missing else (wanted,))


_TEST_QUESTION = Question(
    id=TEST_COMMAND,
    text="Which command runs the project's tests?",
    why="None was found in the repository. Leave it empty where each requirement has a check of its own.",
)


def _may_ask_again(request: DraftPlan, text: str) -> bool:
    """Not where the form came back empty: that is a person's way of saying no."""
    untouched = skeleton(request.feature, request.text)
    return request.interactive and bool(text.strip()) and text.split() != untouched.split()


def _ask_again(request: DraftPlan, text: str, error: SpecificationError) -> Questions:
    question = Question(
        id=SPECIFICATION,
        text=f"The specification cannot be read yet: {error.problem.reason}. Mend it",
        why=error.mend,
        default=text,
    )
    return Questions((question,))


def _ask_for_test_command(request: DraftPlan, unproved: Sequence[str]) -> Plan:
    names = ", ".join(unproved[:10]) + (f" and {len(unproved) - 10} more" if len(unproved) > 10 else "")
    if request.interactive and TEST_COMMAND not in request.answers:
        why = f"{names} would have nothing to prove them: no check of their own, and no tests were found."
        return Questions((msgspec.structs.replace(_TEST_QUESTION, why=why),))
    reason = f"nothing could prove {names}: no check of their own, and no test command was found in the repository"
    mend = "Give each a line such as: Check: `make test`; or set validation.test_commands in .flow/maestro/config.yaml"
    return Refused(Problem("structural", reason, mend))


# --- from a revision --------------------------------------------------------------------------------------------------


def _plan_revision(request: DraftPlan, previous: Prd, codebase: Codebase) -> Plan:
    """The next version. A revision that cannot be carried out ends no run: the PRD stays, and says so at its gate."""
    version = max(request.version, previous.version + 1)
    try:
        prd, revision, notes = _revised(request.revision, previous, version)
    except SpecificationError as error:
        return _unchanged(request.revision, previous, version, error.problem.reason)
    unproved = _unproved(prd.requirements, codebase)
    if not unproved:
        return Planned(prd, (*_revision_decisions(revision, version), *_decisions(prd, notes)))
    answer = _ask_for_test_command(request, unproved)
    if isinstance(answer, Refused):
        return _unchanged(request.revision, previous, version, answer.problem.reason)
    return answer


def _revised(text: str, previous: Prd, version: int) -> tuple[Prd, Revision, Sequence[str]]:
    """The next version, what became of each edit, and notes. Raises SpecificationError for a broken specification."""
    if not is_specification(text):
        return *revise(previous, text, version), ()
    specification = parse(text)
    prd = _prd(specification, specification.feature or previous.feature, previous.slug, version)
    return prd, Revision(prd.requirements), specification.notes


def _unchanged(text: str, previous: Prd, version: int, reason: str) -> Planned:
    prd, revision = keep(previous, text, version, reason)
    return Planned(prd, (*_revision_decisions(revision, version), *_decisions(prd, ())))


def _revision_decisions(revision: Revision, version: int) -> tuple[Decision, ...]:
    if not revision.constraints and not revision.left_out:
        return ()
    return (
        Decision(
            id=f"revision-v{version}",
            topic="How the revision was read",
            decision=f"{len(revision.applied)} edits done, {len(revision.left_out)} left out, "
            f"{len(revision.constraints)} paragraphs passed to the agents as constraints",
            rationale="Without a language model only the documented edits are carried out; nothing is guessed",
            confidence=0.9 if not revision.left_out else 0.5,
            evidence=(*revision.left_out, *revision.constraints),
        ),
    )


# --- what was decided on the way --------------------------------------------------------------------------------------


def _decisions(prd: Prd, notes: Sequence[str]) -> tuple[Decision, ...]:
    decisions = []
    if notes:
        decisions.append(
            Decision(
                id=f"specification-v{prd.version}",
                topic="How the specification was read",
                decision=f"{len(prd.requirements)} requirements",
                rationale="Only what is marked as a requirement is one; the rest is kept as prose",
                confidence=0.8,
                evidence=tuple(notes),
            )
        )
    bare = [requirement.id for requirement in prd.requirements if not requirement.check]
    if bare:
        decisions.append(
            Decision(
                id=f"acceptance-v{prd.version}",
                topic="What proves the requirements without a check of their own",
                decision="The project's tests",
                rationale="The specification gives no command for them, and none is made up",
                confidence=0.6,
                alternatives=("a check for each of them in the specification",),
                evidence=tuple(bare),
            )
        )
    return tuple(decisions)
