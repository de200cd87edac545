"""Programs that a table describes, one file per field of work. To add one, add a line; see maestro.policy.shell.table."""

from __future__ import annotations

from maestro.policy.shell.table import Tool
from maestro.policy.shell.tools import (
    cloud,
    containers,
    databases,
    dependencies,
    development,
    infrastructure,
    network,
    secrets,
    system,
)

TOOLS: dict[str, Tool] = {
    **development.TOOLS,
    **dependencies.TOOLS,
    **databases.TOOLS,
    **containers.TOOLS,
    **infrastructure.TOOLS,
    **cloud.TOOLS,
    **secrets.TOOLS,
    **network.TOOLS,
    **system.TOOLS,
}
