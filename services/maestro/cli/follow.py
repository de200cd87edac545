"""How does a command follow a run? It reads the log as it grows, tells it, keeps the files, and looks at the gates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from maestro.cli.engine import Engine
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.gates import GateDesk
from maestro.cli.lost import loss, nothing_left
from maestro.cli.narrate import Line, Narrator
from maestro.cli.show import Show
from maestro.embedded.errors import EmbeddedError
from maestro.embedded.stack import NOTARY
from maestro.embedded.supervisor import Notice, how_it_ended
from maestro.log.reader import Commit, Reader, Rejected
from maestro.log.store import LogWentBack, StoreUnavailable
from maestro.projections.projector import Projector
from maestro.runs.state import RunState
from maestro_contracts.events import Event, RunPaused, RunResumed, ViolationFound

BY_ITSELF = "maestro"
"""By whom a run is paused that cannot go on as things are around it."""
WAIT_MS = 500
"""How long a read waits for news before the panel's clock is drawn again."""
DRAW_S = 0.25
SEALING_S = 3.0
UNHEARD_S = 10.0
"""After this long without an answer to a request, the person is told who seems to be missing."""


def patience_s() -> float:
    """How long a server may be away: as for the services, `MAESTRO_CONNECT_SECONDS`."""
    try:
        return float(os.environ.get("MAESTRO_CONNECT_SECONDS") or 30.0)
    except ValueError:
        return 30.0


class Files:
    """Keeps the run's files under `.flow/`, not much more often than they take to write."""

    def __init__(self, repo: Path | None) -> None:
        self._repo = repo
        self._next = 0.0
        self.problem = ""

    def keep(self, projector: Projector, *, now: bool = False) -> None:
        if self._repo is None or (not now and time.monotonic() < self._next):
            return
        from maestro.projections import folder

        started = time.monotonic()
        beads = bool(projector.state.settings and projector.state.settings.beads)
        try:
            folder.write(self._repo, projector.files(), beads=beads)
            self.problem = ""
        except OSError as error:
            self.problem = f"the files under .flow/ cannot be written ({error}); the run goes on without them"
        self._next = time.monotonic() + max(1.0, 20 * (time.monotonic() - started))


class Following:
    """One run, followed from its first event to its end, or until this command is told to stop."""

    def __init__(
        self, engine: Engine, run: str, show: Show, desk: GateDesk | None = None, files: Files | None = None
    ) -> None:
        self._engine, self._show, self._desk = engine, show, desk
        self._files = files or Files(None)
        self._narrator = Narrator()
        self._reader = Reader(engine.store, engine.keyring(), run)
        self._projector = Projector(run)
        self._away_since = 0.0
        self._told_once: set[str] = set()
        self._ended: Counter[str] = Counter()
        self.told_from = 0
        """Entries up to this seq are not told: they were before."""
        self.hindrance: RunPaused | None = None
        """Why the run paused itself while this command looked on: something that a person has to mend."""
        engine.notices.append(self._notice)

    @property
    def state(self) -> RunState:
        return self._projector.state

    @property
    def seq(self) -> int:
        """How far the log was read, entries that nobody believes among them."""
        return self._reader.seq

    @property
    def projector(self) -> Projector:
        return self._projector

    async def catch_up(self) -> RunState:
        """Read to the end of what is there, without a word."""
        async for page in self._reader.all():
            for verdict in page:
                if isinstance(verdict, Commit):
                    self._projector.apply(verdict)
                else:
                    self._projector.disbelieve(verdict.seq, verdict.reason)
        self.told_from = self._reader.seq
        return self.state

    async def to_the_end(self, done: Callable[[RunState], bool] = lambda state: state.ended_for_good) -> RunState:
        """Follow until the run has ended. Raises CliError where it cannot go on."""
        started = time.monotonic()
        drawing = asyncio.create_task(self._draw())
        self._show.start()
        try:
            while not done(self.state):
                await self._step()
                self._warn_unheard(started)
            await self._until_sealed()
            self._files.keep(self._projector, now=True)
        finally:
            drawing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drawing
            if self._desk is not None:
                await self._desk.close()
            self._show.stop()
        return self.state

    async def _until_sealed(self) -> None:
        """Whoever seals the whole run is given a moment for it, where there is somebody who does."""
        supervisor = self._engine.supervisor
        somebody = self.state.sealed is not None or (supervisor is not None and NOTARY in supervisor.names)
        deadline = time.monotonic() + SEALING_S
        while self.state.ended_for_good and somebody and time.monotonic() < deadline:
            if self.state.sealed is not None and self.state.sealed.final:
                return
            await self._step()

    async def _step(self) -> None:
        self._check_supervisor()
        try:
            page = await self._reader.new(WAIT_MS)
            lost = "" if page else await loss(self._engine.store, self.state.run, self.state.seq)
            self._away_since = 0.0
            self._show.notes.pop("server", None)
        except StoreUnavailable as error:
            return await self._server_is_away(error)
        except LogWentBack as error:
            raise await self._went_back(error) from None
        if lost:
            raise await self._lost(lost)
        for verdict in page:
            self._take(verdict)
        if page:
            self._files.keep(self._projector)
            self._note_files()
        if self._desk is not None and not self.state.ended_for_good:
            self._desk.look(self.state)

    async def _lost(self, what: str) -> CliError:
        self._files.keep(self._projector, now=True)
        return await nothing_left(self._engine.place, self.state.run, what)

    async def _went_back(self, error: LogWentBack) -> CliError:
        """Some log is not what it was: ours is gone, or this command began with something that is not there now."""
        async with self._engine.store_anew() as store:
            if lost := await loss(store, self.state.run, self.state.seq):
                return await self._lost(lost)
        reason = str(error).partition("; ")[0]
        return CliError(reason, f"go on with what is there: maestro resume {self.state.run}", Exit.RUN_FAILED)

    def _take(self, verdict: Commit | Rejected) -> None:
        if isinstance(verdict, Rejected):
            self._projector.disbelieve(verdict.seq, verdict.reason)
            return self._show.lines([Line("bad", f"entry {verdict.seq} of the log is not believed: {verdict.reason}")])
        self._projector.apply(verdict)
        if verdict.seq > self.told_from:
            for event in verdict.events:
                self._notice_hindrance(event)
                self._show.lines(self._narrator.lines(self.state, event))

    def _notice_hindrance(self, event: Event) -> None:
        if isinstance(event, RunPaused | RunResumed):
            self.hindrance = event if isinstance(event, RunPaused) and event.by == BY_ITSELF else None
        elif isinstance(event, ViolationFound) and self.state.quarantine is not None:
            self.hindrance = RunPaused(BY_ITSELF, f"entry {event.entry} of its log cannot stand: {event.reason}")

    def _check_supervisor(self) -> None:
        supervisor = self._engine.supervisor
        if supervisor is not None and supervisor.trouble.done():
            trouble: EmbeddedError = supervisor.trouble.result()
            raise CliError(
                trouble.reason, f"{trouble.mend}\nthen go on: maestro resume {self.state.run}", Exit.UNAVAILABLE
            )

    async def _server_is_away(self, error: StoreUnavailable) -> None:
        now = time.monotonic()
        if not self._away_since:
            self._away_since = now
            self._show.lines([Line("bad", "the server does not answer; waiting for it")])
        self._show.notes["server"] = "the server does not answer"
        if self._engine.owner_is_gone():
            raise CliError(
                "the command that kept the server running has ended",
                f"go on with the run: maestro resume {self.state.run}",
                Exit.UNAVAILABLE,
            )
        if now - self._away_since > patience_s():
            raise error
        await asyncio.sleep(0.2)

    def _warn_unheard(self, started: float) -> None:
        if self.state.status == "none" and time.monotonic() - started > UNHEARD_S:
            self._show.notes["unheard"] = "nobody has taken the request yet: does a conductor run? (`maestro ps`)"
            if "unheard" not in self._told_once:
                self._told_once.add("unheard")
                self._show.lines([Line("bad", self._show.notes["unheard"])])
        elif self.state.status != "none":
            self._show.notes.pop("unheard", None)

    def _note_files(self) -> None:
        if self._files.problem and "files" not in self._told_once:
            self._told_once.add("files")
            self._show.lines([Line("bad", self._files.problem)])

    def _notice(self, notice: Notice) -> None:
        """What the supervisor sees of our own processes: only what went wrong is told."""
        if notice.what != "ended":
            return
        self._ended[notice.name] += 1
        if (times := self._ended[notice.name]) <= 2 or times % 10 == 0:
            again = f", {times} times now" if times > 1 else ""
            how = how_it_ended(notice.code)
            self._show.lines([Line("bad", f"{notice.name} ended ({how}{again}); it is started again")])

    async def _draw(self) -> None:
        while True:
            self._show.draw(self.state)
            await asyncio.sleep(DRAW_S)
