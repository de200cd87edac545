"""Do Maestro's tools reach the worker, as a real client of the protocol calls them in a process of its own?"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

from maestro.agents.line import ReportProgress, RequestApproval, WriteJournal, line
from maestro_contracts.proposals import Shell
from tests.agents.test_line import Worker

MCP = (sys.executable, "-m", "maestro.cli", "mcp")


@asynccontextmanager
async def agent() -> AsyncIterator[tuple[Client, Worker]]:
    """An agent that has Maestro's server, and the worker that answers it."""
    worker = Worker()
    with tempfile.TemporaryDirectory(prefix="line") as folder:
        async with (
            line(Path(folder), "t", worker) as env,
            Client(StdioServerParameters(command=MCP[0], args=list(MCP[1:]), env=env)) as client,
        ):
            yield client, worker


def text_of(result: Any) -> str:
    return " ".join(part.text for part in result.content)


async def test_an_agent_finds_the_three_tools_and_gets_its_answers() -> None:
    async with agent() as (client, worker):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {"request_approval", "report_progress", "record_decision"}

        asked = await client.call_tool(
            "request_approval", {"action": {"kind": "shell", "command": "rm -rf /"}, "why": "to make room"}
        )
        told = await client.call_tool("report_progress", {"text": "Half way."})
        kept = await client.call_tool(
            "record_decision", {"title": "SQLite", "rationale": "It is there.", "alternatives": ["files"]}
        )

    assert asked.structured_content == {
        "approved": False,
        "level": 3,
        "proposal": "p1",
        "told": "Not on a Friday.",
        "conditions": ["no force"],
    }
    assert not (told.is_error or kept.is_error)
    assert worker.asked == [
        RequestApproval(Shell("rm -rf /"), "to make room"),
        ReportProgress("Half way."),
        WriteJournal("decision", "SQLite", "It is there.", ("agent",), (), ("files",)),
    ]


async def test_what_is_no_action_and_what_is_refused_come_back_as_errors_and_the_server_goes_on() -> None:
    async with agent() as (client, worker):
        for action in ({}, {"kind": "wish"}, {"kind": "shell"}, {"kind": "shell", "command": 3}):
            assert (await client.call_tool("request_approval", {"action": action})).is_error
        refused = await client.call_tool(
            "request_approval", {"action": {"kind": "file_write", "path": "a", "content": "b"}}
        )
        assert refused.is_error and "the run was cancelled" in text_of(refused)

        assert not (await client.call_tool("report_progress", {"text": "still here"})).is_error
    assert worker.asked[-1] == ReportProgress("still here")
