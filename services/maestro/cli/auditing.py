"""Where does a command find what it audits (a live run, or a bundle), and whom may it believe?"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit

if TYPE_CHECKING:
    from maestro.audit.trust import Trust
    from maestro.audit.verify import Audit, Flaw
    from maestro.cli.engine import Engine
    from maestro.cli.where import Place
    from maestro.log.store import Entry, Store
    from maestro.tlog.policy import Policy

T = TypeVar("T")
PAGE = 2000


class LiveSource:
    """Keeps `audit.verify.Source`: a run as it stands on a server, up to the entry that was its last when it was
    asked. It is read from another thread than that of the loop."""

    def __init__(self, run: str, store: Store, head: int, folder: Path | None) -> None:
        self._run, self._store, self._head, self._folder = run, store, head, folder
        self._loop = asyncio.get_running_loop()

    @property
    def run(self) -> str:
        return self._run

    def length(self) -> int:
        return self._head

    def system(self) -> Iterable[Sequence[Entry]]:
        from maestro.log.store import SYSTEM

        return self._pages(SYSTEM, None)

    def entries(self) -> Iterable[Sequence[Entry]]:
        return self._pages(self._run, self._head)

    def _pages(self, run: str, upto: int | None) -> Iterator[Sequence[Entry]]:
        after = 0
        while upto is None or after < upto:
            limit = PAGE if upto is None else min(PAGE, upto - after)
            page = self._wait(self._store.read(run, after, limit))
            if not page:
                return
            yield page
            after = page[-1].seq

    def blob(self, sha256: str) -> bytes | None:
        return self._wait(self._store.blob(self._run, sha256))

    def checkpoint(self) -> bytes | None:
        return None

    def projections(self) -> Mapping[str, bytes] | None:
        return files_on_disk(self._folder, self._run) if self._folder else None

    def flaws(self, audit: Audit) -> Iterable[Flaw]:
        return ()

    def _wait(self, asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


class _Files(Mapping[str, bytes]):
    """Plain files below a folder, read when they are asked for; links are followed by nobody."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __getitem__(self, path: str) -> bytes:
        file = self._root / path
        if any(part.is_symlink() for part in (file, *list(file.parents)[: len(Path(path).parts) - 1])):
            raise KeyError(path)
        try:
            return file.read_bytes()
        except OSError:
            raise KeyError(path) from None

    def __contains__(self, path: object) -> bool:
        try:
            return self[str(path)] is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        """None: in a repository lie many others' files."""
        return iter(())

    def __len__(self) -> int:
        return 0


def files_on_disk(folder: Path, run: str) -> Mapping[str, bytes] | None:
    """The files of a run in its repository; None where there are none of this run."""
    from maestro.projections.files import FLOW, safe_name

    session = folder / FLOW / "maestro" / "sessions" / safe_name(run)
    return _Files(folder) if session.is_dir() else None


@contextlib.asynccontextmanager
async def live(run: str, place: Place) -> AsyncIterator[tuple[LiveSource, Engine]]:
    """A run on its server. Raises CliError where there is no such run."""
    from maestro.cli.commands.resume import no_such_run
    from maestro.cli.engine import reading

    async with reading(place) as engine:
        head = await engine.store.head(run)
        if head == 0:
            raise await no_such_run(engine, run)
        yield LiveSource(run, engine.store, head, place.repo), engine


async def in_thread(work: Callable[[], T]) -> T:
    """Work that waits for the loop, or that takes long."""
    return await asyncio.get_running_loop().run_in_executor(None, work)


def trust_of(operator: Path | None, policy: Path | None, place: Place | None) -> Trust:
    """Whom this audit believes. Raises CliError, KeyRefused."""
    from maestro.audit.trust import Trust
    from maestro.cli.engine import operator_pub_file
    from maestro.log.identity import operator_key
    from maestro.tlog.keys import POLICY as WITNESSES

    if operator is not None:
        return Trust(operator_key(operator), _policy(policy), f"the operator's key in {operator}")
    here = operator_pub_file(place) if place is not None else _default_operator()
    recorded = here.with_name(WITNESSES)
    if policy is not None or not recorded.is_file():
        source = f"this machine's operator's key, since none was named: {here}"
        return Trust(operator_key(here), _policy(policy), source)
    source = f"this machine's operator's key and witnesses, since none were named: {here}, {recorded}"
    return Trust(operator_key(here), _policy(recorded), source, demands=False)


def recorded_policy(place: Place) -> bytes | None:
    """The witnesses' policy of this machine, as it goes into a bundle."""
    from maestro.cli.engine import operator_pub_file
    from maestro.tlog.keys import POLICY as WITNESSES

    path = operator_pub_file(place).with_name(WITNESSES)
    return path.read_bytes() if path.is_file() else None


def _policy(path: Path | None) -> Policy:
    from maestro.tlog.keys import read_policy
    from maestro.tlog.policy import Policy, PolicyRefused

    try:
        return read_policy(path) if path is not None else Policy()
    except PolicyRefused as error:
        raise CliError(str(error), "see: docs/audit.md", Exit.BAD_INPUT) from None


def _default_operator() -> Path:
    from maestro.embedded.state_dir import default_state_dir

    return Path(os.environ.get("MAESTRO_OPERATOR_PUB_FILE") or default_state_dir() / "operator.pub")
