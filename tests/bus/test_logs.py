"""What stands in a service's lines? One JSON object each, with what is being handled bound to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from maestro.bus.logs import HANDLING, get_log, set_up_logs
from maestro.bus.service import Delivery
from tests.support.bus import task


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_names_the_process_and_what_is_in_hand(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info", "json", role="worker", actor="worker-1")
    token = HANDLING.set(Delivery(task("T-7", ""), "task:T-7:1", "run-a", "x/dispatched", 1, "1-0", "worker"))

    get_log("test").info("something happened", what=3)
    HANDLING.reset(token)
    get_log("test").info("something else")

    bound, free = lines(capsys)
    assert (bound["role"], bound["actor"]) == ("worker", "worker-1")
    assert (bound["run"], bound["task"], bound["command"]) == ("run-a", "T-7", "task:T-7:1")
    assert (bound["event"], bound["what"], bound["level"]) == ("something happened", 3, "info")
    assert "run" not in free


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("warning", "json")

    get_log("test").info("no")
    logging.getLogger("library").info("no")
    logging.getLogger("library").warning("yes")

    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_an_error_carries_its_traceback_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info", "json")
    try:
        raise ValueError("ohé")
    except ValueError as error:
        get_log("test").error("failed", exc_info=error)

    (line,) = lines(capsys)
    assert "ValueError: ohé" in line["exception"]


def test_a_console_gets_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info", "console")

    get_log("test").info("something happened")

    assert "something happened" in capsys.readouterr().err
