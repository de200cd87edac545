"""Programs that a table describes, a file for each field of work. To add one, add a line: see ..table."""

from __future__ import annotations

from maestro.policy.shell.table import Tool
from maestro.policy.shell.tools import (
    cloud,
    containers,
    databases,
    dependencies,
    development,
    disks,
    forges,
    infrastructure,
    languages,
    network,
    rights,
    secrets,
    system,
)

TOOLS: dict[str, Tool] = {
    **development.TOOLS,
    **languages.TOOLS,
    **forges.TOOLS,
    **dependencies.TOOLS,
    **databases.TOOLS,
    **containers.TOOLS,
    **infrastructure.TOOLS,
    **cloud.TOOLS,
    **secrets.TOOLS,
    **network.TOOLS,
    **system.TOOLS,
    **disks.TOOLS,
    **rights.TOOLS,
}
