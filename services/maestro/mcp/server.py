"""Which tools does an agent have over MCP, and what do they answer?"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from maestro.agents.line import SOCKET, TOKEN, Caller, LineError, ReportProgress, Request, RequestApproval, WriteJournal
from maestro_contracts.proposals import InvalidProposal, to_proposal

INSTRUCTIONS = """\
Before anything that is not plainly harmless (a deletion, a new dependency, a migration, anything about credentials,
money, deployment, or other people's data) call `request_approval` and wait for the answer. What is not approved must
not be done. An answer may take hours: people are asked.
"""

Ask = Callable[[Request], Awaitable[Any]]
"""Sends a request over the line. Raises LineError."""


def make_server(ask: Ask) -> MCPServer:
    server = MCPServer("maestro", title="Maestro", instructions=INSTRUCTIONS)

    @server.tool(structured_output=True)
    async def request_approval(
        action: Annotated[
            dict[str, Any],
            Field(
                description="What you want to do, exactly: "
                '{"kind": "shell", "command": "..."}, {"kind": "file_write", "path": "...", "content": "..."}, '
                '{"kind": "file_delete", "path": "..."}, {"kind": "git", "args": ["..."]}, '
                '{"kind": "http", "method": "...", "path": "<url>"}, {"kind": "sql", "content": "..."}, '
                '{"kind": "dependency", "manifest": "...", "added": ["..."]}, '
                '{"kind": "tool", "tool": "...", "arguments": {}}'
            ),
        ],
        why: Annotated[str, Field(description="Why it is needed, for the people who are asked.")] = "",
    ) -> dict[str, Any]:
        """Ask whether an action may be done. Harmless ones are approved at once, others by people, some never.
        Do exactly the approved action or nothing; `approved: false` means that it must not be done."""
        try:
            proposal = to_proposal(action)
        except InvalidProposal as error:
            raise ToolError(str(error)) from None
        return dict(await _asked(ask, RequestApproval(proposal, why)))

    @server.tool()
    async def report_progress(
        text: Annotated[str, Field(description="What you are doing or have found, in a sentence.", max_length=4000)],
    ) -> str:
        """Tell the people who follow the run how it goes. Nobody is asked anything by this."""
        await _asked(ask, ReportProgress(text))
        return "told"

    @server.tool()
    async def record_decision(
        title: Annotated[str, Field(description="What was decided, in one line.", max_length=200)],
        rationale: Annotated[str, Field(description="Why, and what speaks against it.")],
        alternatives: Annotated[list[str] | None, Field(description="What else could have been done.")] = None,
        files: Annotated[list[str] | None, Field(description="The files it is about.")] = None,
    ) -> str:
        """Keep a decision of yours in the run's journal, so that people can look at it later."""
        entry = WriteJournal("decision", title, rationale, ("agent",), tuple(files or ()), tuple(alternatives or ()))
        await _asked(ask, entry)
        return "recorded"

    return server


async def _asked(ask: Ask, request: Request) -> Any:
    try:
        return await ask(request)
    except LineError as error:
        raise ToolError(f"{error.reason}; {error.mend}" if error.mend else error.reason) from None


async def serve() -> None:
    """Serve over standard input and output, on the line that the environment names. Raises LineError."""
    socket, token = os.environ.get(SOCKET, ""), os.environ.get(TOKEN, "")
    if not socket:
        raise LineError(f"${SOCKET} is not set", "this server is started by an agent that Maestro's worker has started")
    caller = await Caller.call(socket, token)
    try:
        await make_server(caller.ask).run_stdio_async()
    finally:
        await caller.close()
