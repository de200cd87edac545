"""Who may say what to whom: are the law, the glossaries and the page that people read the same?"""

from __future__ import annotations

import pytest

import maestro_contracts
from maestro_contracts import commands as c
from maestro_contracts import events as e
from maestro_contracts.commands import COMMANDS
from maestro_contracts.events import EVENTS
from maestro_contracts.reference import table_of_roles
from maestro_contracts.roles import ASKED_BY, ROLES, SAYS, may_say

SHARED = {"CommandDeadLettered", "DecisionRecorded", "StepWorkFailed", "EffectStarted", "EffectEnded"}
"""Events that more than one role may say; every other one has one author."""


def classes(module: object, base: type) -> set[str]:
    found = (cls for cls in vars(module).values() if isinstance(cls, type) and issubclass(cls, base))
    return {cls.__name__ for cls in found if cls is not base}


def test_the_unions_hold_every_event_and_every_command_there_is() -> None:
    assert set(EVENTS) == classes(e, e.Event)
    assert set(COMMANDS) == classes(c, c.Command)


def test_every_event_has_an_author() -> None:
    assert {cls.__name__ for says in SAYS.values() for cls in says} == set(EVENTS)


@pytest.mark.parametrize("name", sorted(set(EVENTS) - SHARED))
def test_nobody_but_its_one_author_may_say_an_event(name: str) -> None:
    assert len([role for role in ROLES if may_say(role, name)]) == 1


@pytest.mark.parametrize(
    ("role", "name"), [("worker", "VoteCast"), ("conductor", "TaskClaimed"), ("worker", "GateDecided")]
)
def test_nobody_speaks_for_another(role: str, name: str) -> None:
    assert not may_say(role, name)


@pytest.mark.parametrize(("role", "name"), [("", "RunStarted"), ("god", "RunStarted"), ("conductor", "Nonsense")])
def test_unknown_roles_and_events_are_never_allowed(role: str, name: str) -> None:
    assert not may_say(role, name)


def test_every_role_has_its_line_in_the_law() -> None:
    assert tuple(SAYS) == ROLES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_goes_to_a_role_and_comes_from_somebody(name: str) -> None:
    assert COMMANDS[name].to in ROLES
    asker = ASKED_BY[COMMANDS[name]]
    assert asker in {*ROLES, "a person", "a timer", "any process"}


def test_the_packages_docstring_ends_with_the_law() -> None:
    assert (maestro_contracts.__doc__ or "").rstrip().endswith(table_of_roles()), "paste table_of_roles() into it"


@pytest.mark.parametrize("cls", [*EVENTS.values(), *COMMANDS.values()], ids=lambda cls: cls.__name__)
def test_every_word_of_the_glossary_says_what_it_means(cls: type) -> None:
    assert (cls.__doc__ or "").strip().endswith((".", ")"))
