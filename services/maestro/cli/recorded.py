"""Where is the log of the run that a command looks back at? On a server, or in the file of a bundle."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

if TYPE_CHECKING:
    from maestro.cli.where import Where
    from maestro.log.keyring import Keyring
    from maestro.log.store import Store


class Log(Protocol):
    """What is read of a run, and whom to believe (`Engine` keeps this)."""

    @property
    def store(self) -> Store: ...
    def keyring(self) -> Keyring: ...


@dataclass(frozen=True, slots=True)
class FromBundle:
    """Keeps `Log`."""

    store: Store
    believed: Keyring

    def keyring(self) -> Keyring:
        return self.believed


@contextlib.asynccontextmanager
async def recorded(run: str, where: Where, operator: Path | None) -> AsyncIterator[tuple[Log, str]]:
    """The log, and the run's name. `run` is a run, or a bundle's file. Raises CliError."""
    from maestro.cli.where import find_place

    if Path(run).is_file():
        async with _bundle(Path(run), operator) as found:
            yield found
        return
    if operator is not None:
        raise CliError("--operator says whom to believe in a bundle", "leave it out for a run", Exit.USAGE)
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading

    async with reading(await find_place(where.repo, run=run)) as engine:
        if await engine.store.head(run) == 0:
            raise await no_such_run(engine, run)
        yield engine, run


@contextlib.asynccontextmanager
async def _bundle(path: Path, operator: Path | None) -> AsyncIterator[tuple[Log, str]]:
    """No server, and nothing but the file. Where something in it does not hold, none of it is shown as a run."""
    from maestro.audit.store import BundleStore
    from maestro.cli.auditing import trust_of
    from maestro.cli.bundles import opened
    from maestro.cli.commands.audit_bundle import verified
    from maestro.log.keyring import Keyring

    trust = trust_of(operator, None, None)
    if (await verified(path, trust)).verdict == "violated":
        raise CliError(f"{path} does not hold", f"see what: maestro audit verify {path}", Exit.VIOLATED)
    with opened(path) as (source, _):
        # Who only reads asks for no more of a store than this has.
        yield FromBundle(cast("Store", BundleStore(source)), Keyring(trust.operator)), source.run
