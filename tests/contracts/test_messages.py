"""Does everything that may be said come back as it was said, and does nothing else come back at all?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maestro_contracts import events as e
from maestro_contracts.commands import COMMANDS
from maestro_contracts.envelope import (
    CommandRecord,
    EventRecord,
    Unreadable,
    encode,
    read_command,
    read_event,
    write_command,
)
from maestro_contracts.events import EVENTS
from maestro_contracts.upcast import current_version
from tests.support.building import TEXT, built

each_event = pytest.mark.parametrize("name", EVENTS)
each_command = pytest.mark.parametrize("name", COMMANDS)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors])


def written(event: Any, **more: Any) -> EventRecord:
    """The event's record, as it comes out of a log."""
    name = type(event).__name__
    record = EventRecord(id="slot", type=name, v=current_version(name), data=msgspec.Raw(encode(event)))
    return msgspec.json.decode(encode(msgspec.structs.replace(record, **more)), type=EventRecord)


@each_event
@few
@given(data=st.data())
def test_an_event_comes_back_as_it_was_said(name: str, data: st.DataObject) -> None:
    event = data.draw(built(EVENTS[name]))
    assert read_event(written(event)) == event


@each_event
@few
@given(data=st.data())
def test_a_large_event_comes_back_from_its_blob(name: str, data: st.DataObject) -> None:
    event = data.draw(built(EVENTS[name]))
    blob = encode(event)
    record = EventRecord(id="slot", type=name, v=current_version(name), data_sha256="ab" * 32, size=len(blob))
    assert read_event(msgspec.json.decode(encode(record), type=EventRecord), blob) == event


@each_command
@few
@given(data=st.data(), id=TEXT, run=TEXT, cause=TEXT)
def test_a_command_comes_back_as_it_was_asked(name: str, data: st.DataObject, id: str, run: str, cause: str) -> None:
    command = data.draw(built(COMMANDS[name]))
    record, read = read_command(write_command(command, id=id, run=run, cause=cause))
    assert (record.id, record.run, record.cause, read) == (id, run, cause, command)


@pytest.mark.parametrize("cls", [*EVENTS.values(), *COMMANDS.values()])
def test_what_was_said_is_not_changed_afterwards(cls: type[msgspec.Struct]) -> None:
    assert cls.__struct_config__.frozen


def test_changing_an_event_raises() -> None:
    with pytest.raises(AttributeError):
        e.RunCompleted(1).at = 2  # type: ignore[misc]


@each_event
@few
@given(data=st.data())
def test_a_field_that_a_newer_maestro_added_is_passed_over(name: str, data: st.DataObject) -> None:
    event = data.draw(built(EVENTS[name]))
    newer = {**msgspec.to_builtins(event), "a_field_of_tomorrow": [1]}
    assert read_event(written(event, data=msgspec.Raw(encode(newer)))) == event


def test_an_event_of_a_type_nobody_knows_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="nobody knows the type 'RunTeleported'"):
        read_event(written(e.RunCompleted(1), type="RunTeleported"))


def test_a_command_of_a_type_nobody_knows_is_unreadable() -> None:
    message = encode(CommandRecord(id="x", type="Teleport", run="r"))
    with pytest.raises(Unreadable, match="nobody knows a command of type 'Teleport'"):
        read_command(message)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"1", b"null", b'{"at": "late"}', b'{"at": 1.5}', b"{", b""])
def test_data_that_does_not_fit_its_type_is_unreadable(data: bytes) -> None:
    record = EventRecord(id="slot", type="RunCompleted", v=1)
    with pytest.raises(Unreadable, match="slot"):
        read_event(record, data)


@given(st.binary(max_size=64))
def test_no_junk_in_a_queue_does_more_than_be_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        read_command(junk)


@given(st.sampled_from(sorted(EVENTS)), st.integers(-1, 4), st.binary(max_size=32))
def test_no_junk_in_a_log_does_more_than_be_unreadable(name: str, version: int, junk: bytes) -> None:
    with pytest.raises(Unreadable):
        read_event(EventRecord(id="slot", type=name, v=version), junk)
