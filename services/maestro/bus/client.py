"""How does one ask something of a role? A command is queued; what follows is read in the run's log."""

from __future__ import annotations

from uuid import uuid4

from maestro.log.store import Send, Store, Write
from maestro_contracts.commands import Command
from maestro_contracts.envelope import write_command


async def ask(store: Store, run: str, command: Command, id: str | None = None) -> str:
    """Queue a command for its role; returns its id. Asking twice under one id has one effect.
    Raises StoreUnavailable."""
    id = id or f"{type(command).__name__.lower()}:{uuid4().hex}"
    await store.write([Write(run, sends=(Send(command.to, write_command(command, id=id, run=run)),))])
    return id
