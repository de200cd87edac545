"""How is one run sealed? Sign, remember, have it cosigned, say so in the log: in this order, one seal at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro.bus.logs import get_log
from maestro.bus.service import Said
from maestro.log.author import Author
from maestro.log.note import Signature, SigningKey, VerifyKey
from maestro.log.store import Appended, Duplicate, Store, Write
from maestro.notary.anchors import Seal, lay_down
from maestro.notary.decider import RunBook
from maestro.notary.witnesses import Evidence, Point, WitnessLink
from maestro.tlog.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    log_key,
    parse_signed,
    sign_checkpoint,
    with_signatures,
)
from maestro.tlog.memory import Memory, Remembered
from maestro.tlog.policy import Policy
from maestro_contracts import events as e

PATIENCE_S = 0.5
"""A seal waits so long for its cosignatures before it is said; those that come later are said apart."""
LATE_S = 30.0
ANCHOR_S = 60.0
"""So often a run that goes on is laid down outside; one that has ended is at once."""


@dataclass(slots=True)
class Tools:
    """What sealing needs of the world."""

    store: Store
    author: Author
    key: SigningKey
    policy: Policy
    memory: Memory
    links: Sequence[WitnessLink]
    anchors: Sequence[str]
    patience_s: float = PATIENCE_S

    def now(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Sealer:
    """Seals one run. `book` is what was read of it; others fill it."""

    run: str
    origin: str
    book: RunBook
    tools: Tools
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)
    late: set[asyncio.Task[None]] = field(default_factory=set)
    anchored: float = 0.0

    async def seal(self) -> None:
        """Seal what was read. Raises StoreUnavailable, MemoryLost."""
        book, tree = self.book, self.book.tree
        size, whole = tree.size, book.ended
        before = self.tools.memory.last(self.origin)
        if broken := self._contradicts(before):
            return await self._break(broken)
        point = self._sign(size)
        checkpoint = point.signed.checkpoint
        if not self.tools.memory.advance(self.origin, before, Remembered(size, checkpoint.root, point.signed.note)):
            return
        asked = {asyncio.create_task(link.cosign(point)) for link in self.tools.links}
        if asked:
            await asyncio.wait(asked, timeout=self.tools.patience_s)
        if evidence := _evidence(asked):
            return await self._break(evidence)
        note, cosigned, missing = self._judged(point.signed, _signatures(asked))
        said = e.LogSealed(size, checkpoint.root.hex(), note.decode(), cosigned, missing, whole)
        slot = f"seal:{size}" + ("/whole" if whole else "")
        if not await self._say([Said(slot, said)], expected=book.seq if whole else None):
            return
        book.settle(size, whole=whole)
        await self._anchor(note, at_once=whole)
        if missing and any(not task.done() for task in asked):
            self._keep(self._wait_for_late(point, asked, cosigned))

    async def found(self, violations: Sequence[e.ViolationFound]) -> None:
        """Record violations, all that are known together: whoever looks at the run looks once. Raises
        StoreUnavailable."""
        said = []
        for each in violations:
            get_log("notary").error("violation", run=self.run, entry=each.entry, reason=each.reason)
            whose = "" if each.actor or not self.book.broken else "/log"
            said.append(Said(f"violation:{each.entry}{whose}", each))
        if said:
            await self._say(said)

    async def close(self) -> None:
        for task in self.late:
            task.cancel()
        await asyncio.gather(*self.late, return_exceptions=True)

    # --- the steps --------------------------------------------------------------------------------------------------

    def _contradicts(self, before: Remembered) -> str:
        """Why what was signed last and what stands there now are two histories; empty where they are one."""
        tree = self.book.tree
        if before.size > tree.size:
            return f"{before.size} entries were sealed, and the log has {tree.size}: its end was cut off"
        if before.note and tree.root(before.size) != before.root:
            return f"the {before.size} entries that were sealed are not those that stand there now"
        return ""

    async def _break(self, reason: str) -> None:
        """A log that contradicts its own seals is never sealed again: that would be a second history."""
        self.book.broken = reason
        await self.found([e.ViolationFound(self.book.tree.size, reason, "", self.tools.now())])

    def _sign(self, size: int) -> Point:
        checkpoint = Checkpoint(self.origin, size, self.book.tree.root(size))
        signed = parse_signed(sign_checkpoint(checkpoint, self.tools.key))
        return Point(signed, self.book.tree, self._key())

    def _key(self) -> VerifyKey:
        return log_key(self.origin, self.tools.key.verify_key)

    def _judged(
        self, signed: SignedCheckpoint, lines: Sequence[Signature]
    ) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
        """The note with these lines, and who has cosigned and who has not."""
        note = with_signatures(signed.note, lines)
        verdict = self.tools.policy.judge(parse_signed(note), [self._key()])
        return note, verdict.cosigned, verdict.missing

    async def _wait_for_late(
        self, point: Point, asked: set[asyncio.Task[Signature | Evidence | None]], before: tuple[str, ...]
    ) -> None:
        """Say what came late, where it is still of use: as long as no later seal stands there."""
        await asyncio.wait(asked, timeout=LATE_S)
        if evidence := _evidence(asked):
            return await self._break(evidence)
        note, cosigned, missing = self._judged(point.signed, _signatures(asked))
        if len(cosigned) > len(before) and self.book.sealed == point.size:
            late = e.SealCosigned(point.size, note.decode(), cosigned, missing)
            await self._say([Said(f"seal:{point.size}/cosigned", late)])
            await self._anchor(note, at_once=True)

    async def _anchor(self, note: bytes, *, at_once: bool) -> None:
        now = time.monotonic()
        if self.tools.anchors and (at_once or now - self.anchored > ANCHOR_S):
            self.anchored = now
            self._keep(lay_down(Seal(self.run, self.book.repo, note), self.tools.anchors))

    async def _say(self, said: Sequence[Said], expected: int | None = None) -> bool:
        """Append events together; False where the log has grown past `expected`, or where a slot is filled."""
        async with self.speaking:
            tools = self.tools
            draft = tools.author.draft(self.run, said, ts=tools.now())
            try:
                (result,) = await tools.store.write([Write(self.run, draft.notes, expected, blobs=draft.blobs)])
            except BaseException:
                # Nobody knows whether it stands: the log does.
                await asyncio.shield(tools.author.recover(tools.store, self.run))
                raise
            tools.author.settle(draft, result)
        return isinstance(result, Appended) or (isinstance(result, Duplicate) and result.same)

    def _keep(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.create_task(_quietly(work))
        self.late.add(task)
        task.add_done_callback(self.late.discard)


async def _quietly(work: object) -> None:
    """What happens beside a seal ends nothing."""
    assert asyncio.iscoroutine(work)
    try:
        await work
    except Exception as error:
        get_log("notary").warning("a late step failed", error=str(error))


def _signatures(asked: set[asyncio.Task[Signature | Evidence | None]]) -> list[Signature]:
    answers = [task.result() for task in asked if task.done() and task.exception() is None]
    return sorted((each for each in answers if isinstance(each, Signature)), key=lambda each: each.name)


def _evidence(asked: set[asyncio.Task[Signature | Evidence | None]]) -> str:
    answers = [task.result() for task in asked if task.done() and task.exception() is None]
    return next((each.reason for each in answers if isinstance(each, Evidence)), "")
