"""What does an entry of a queue ask for? Whatever its bytes are, the answer is a delivery or junk with a reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro.bus.reading import Junk, read_entry
from maestro.bus.service import Delivery
from maestro_contracts import commands as c
from maestro_contracts.envelope import CommandRecord, encode, write_command


def test_a_command_is_a_delivery() -> None:
    message = write_command(c.Advance(), id="x/advance", run="run-a", cause="x")

    assert read_entry("conductor", "1-0", message, 3) == Delivery(
        c.Advance(), "x/advance", "run-a", "x", 3, "1-0", "conductor"
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_junk_with_a_reason(message: bytes) -> None:
    read = read_entry("conductor", "1-0", message, 1)

    assert isinstance(read, Junk) and read.why and not read.run


@given(st.builds(CommandRecord, id=st.text(), type=st.sampled_from(["Advance", "DoTask", "X"]), run=st.text()))
def test_any_record_is_a_delivery_only_with_a_run_and_an_id_that_can_stand_in_a_log(record: CommandRecord) -> None:
    read = read_entry("conductor", "1-0", encode(record), 1)

    if isinstance(read, Delivery):
        assert record.run.isascii() and record.id.isprintable() and " " not in record.id
    else:
        assert read.why


def test_what_can_be_read_of_junk_is_kept_for_the_run_that_waits() -> None:
    read = read_entry("worker", "1-0", encode(CommandRecord("task:T-1:1", "DoTask", "run-a")), 1)

    assert isinstance(read, Junk)
    assert (read.run, read.command, read.type) == ("run-a", "task:T-1:1", "DoTask")
