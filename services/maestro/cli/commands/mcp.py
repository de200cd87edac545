"""`maestro mcp`: Maestro's tools for an agent at work, over the Model Context Protocol."""

from __future__ import annotations

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit


def mcp() -> int:
    """Serve `request_approval`, `report_progress` and `record_decision` over standard input and output.

    For agents that a worker has started: name `maestro mcp` as a server in
    the agent's MCP configuration. The environment leads it to the worker.
    """
    from maestro.agents.line import LineError
    from maestro.cli.interrupts import run_async
    from maestro.mcp.server import serve

    try:
        run_async(serve())
    except LineError as error:
        raise CliError(error.reason, error.mend, Exit.USAGE) from None
    return Exit.OK
