"""Which gates is the person asked about who follows a run?"""

from __future__ import annotations

import pytest

from maestro.cli.gates import Asking, GateDesk, Telling
from maestro.cli.show import Show
from maestro.runs.state import GateState
from maestro_contracts import events as e
from maestro_contracts.commands import DecideGate
from maestro_contracts.records import Choice, GateKind


async def send(command: DecideGate, opened: e.GateOpened) -> str:
    raise AssertionError(f"nobody has answered, and this was sent: {command}")


@pytest.mark.parametrize("kind", ["timer", "command", "pull-request"])
@pytest.mark.parametrize("asks", [True, False], ids=["at a terminal", "--no-input"])
async def test_a_gate_that_waits_for_no_person_asks_nobody_and_ends_no_run(
    kind: GateKind, asks: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    show = Show(live=False)
    desk: GateDesk = Asking("r", show, send, "ann") if asks else Telling("r", show, send, "ann", give_up=True)
    opened = e.GateOpened("g", 1, "g", "Waiting.", (Choice("go on", "g"),), 1, kind=kind, command="make", commit="c1")

    await desk.deal(GateState("g", 1, "g", "open", opened), opened)

    assert ("waits for" in capsys.readouterr().out) == asks
