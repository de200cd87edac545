"""Does an old log still read?"""

from __future__ import annotations

import msgspec
import pytest

from maestro_contracts import events as e
from maestro_contracts.envelope import EventRecord, Unreadable, read_event
from maestro_contracts.events import EVENTS
from maestro_contracts.upcast import CURRENT, UPCASTS

OLD = (
    b'{"id":"gate:approve-plan:1/decided","type":"GateDecided","v":1,"cause":"decide:7","data":'
    b'{"gate":"approve-plan","visit":1,"step":"approve-plan","choice":"revise","key":"r","target":"plan",'
    b'"approver":"ann","at":1767225600000,"comment":"split it in two"}}'
)
"""One event exactly as version 1 wrote it. It stays as it is for ever."""


def record(line: bytes = OLD) -> EventRecord:
    return msgspec.json.decode(line, type=EventRecord)


def test_a_decision_of_version_1_reads_as_one_of_today() -> None:
    assert read_event(record()) == e.GateDecided(
        gate="approve-plan",
        visit=1,
        step="approve-plan",
        choice="revise",
        key="r",
        target="plan",
        approver="ann",
        via="cli",
        at=1_767_225_600_000,
        text="split it in two",
    )


def test_a_version_newer_than_this_maestro_is_unreadable_and_says_to_upgrade() -> None:
    with pytest.raises(Unreadable, match="upgrade"):
        read_event(record(OLD.replace(b'"v":1', b'"v":3')))


@pytest.mark.parametrize("version", [b"0", b"-1"])
def test_a_version_that_never_was_is_unreadable(version: bytes) -> None:
    with pytest.raises(Unreadable):
        read_event(record(OLD.replace(b'"v":1', b'"v":' + version)))


def test_every_step_from_version_1_to_today_is_there() -> None:
    wanted = {(name, version) for name, newest in CURRENT.items() for version in range(1, newest)}
    assert set(UPCASTS) == wanted
    assert set(CURRENT) <= set(EVENTS)
