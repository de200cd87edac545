"""How does a wish become an effect? Propose it, wait for the log to say what became of it, begin it there, once.

Whoever does something begins it here: at the newest entry of the log, after looking at the law once more (`book.py`),
with `EffectStarted` in the slot that the log takes once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from maestro.approvals.book import Action, ActionBook, Hindrance, Intent, evolve, why_not_begin
from maestro.approvals.sealing import SealRule
from maestro.bus.service import Asked, Context, Outcome, Said
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Reader
from maestro.log.store import Store
from maestro.tlog.checkpoint import origin_of
from maestro.tlog.policy import Policy
from maestro.tlog.sealing import SealBook
from maestro_contracts import commands as c
from maestro_contracts import events as e

KEPT = 256
TRIES = 100
"""A log that grows faster than it can be read and written to a hundred times is left for the next delivery."""
WAIT_MS = 2000


def consumed(proposal: str) -> str:
    """The slot of the one use of an approval."""
    return f"approval:{proposal}/consumed"


def ended(proposal: str) -> str:
    return f"approval:{proposal}/ended"


class Begins(Protocol):
    """What the integrator needs of this."""

    async def begin(self, run: str, intend: Callable[[ActionBook], Intent], ctx: Context) -> Hindrance | None:
        """Say that this effect begins now; returns why it may not. The same command may go on with what it began."""
        ...


@dataclass(slots=True)
class _Page:
    reader: Reader
    seals: SealBook
    book: ActionBook = field(default_factory=ActionBook)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    approved: dict[str, int] = field(default_factory=dict)
    """In which entry each proposal was approved."""

    def take(self, commit: Commit) -> None:
        for event in commit.events:
            self.book = evolve(self.book, event)
            if isinstance(event, e.ApprovalGiven):
                self.approved.setdefault(event.proposal, commit.seq)
            elif commit.role == "notary":
                self.seals.take(event)


class Permission:
    """What is known of the actions of all runs that this process works for."""

    def __init__(self, store: Store, keyring: Keyring, sealed: SealRule | None = None) -> None:
        """`sealed`: which effects wait until their approval is sealed; none where it is not given."""
        self._store = store
        self._keyring = keyring
        self._rule = sealed
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    async def read(self, run: str) -> tuple[ActionBook, int]:
        """The book up to the newest entry of the run's log, and that entry's seq."""
        page = await self._read(run)
        return page.book, page.reader.seq

    async def _read(self, run: str) -> _Page:
        page = self._pages.pop(run, None) or self._new_page(run)
        self._pages[run] = page
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        async with page.lock:
            try:
                while verdicts := await page.reader.new():
                    for verdict in verdicts:
                        if isinstance(verdict, Commit):
                            page.take(verdict)
            except BaseException:
                # Half of a page may be folded: it is read again from its start.
                self._pages.pop(run, None)
                raise
            return page

    def _new_page(self, run: str) -> _Page:
        policy = self._rule.policy if self._rule else Policy()
        seals = SealBook(origin_of(self._keyring.operator, run), policy, self._keyring.seal_keys)
        each = (lambda entry: seals.entry(entry.body)) if self._rule else (lambda _entry: None)
        return _Page(Reader(self._store, self._keyring, run, each=each), seals)

    async def answer(self, run: str, command: c.ProposeAction, ctx: Context, cause: str) -> Action:
        """Propose it, and wait until it is approved or rejected, however long people take."""
        asked = Asked(f"propose:{command.proposal}", command, cause)
        await ctx.say(Outcome(run, asks=(asked,), advance=False))
        while True:
            book, seq = await self.read(run)
            action = book.actions.get(command.proposal)
            if action is not None and not action.is_pending:
                return action
            # Nobody else's reading waits for this.
            await self._store.tail({run: seq}, WAIT_MS)

    async def begin(self, run: str, intend: Callable[[ActionBook], Intent], ctx: Context) -> Hindrance | None:
        """See `Begins`. Raises TimeoutError where the log never stood still."""
        if unsealed := await self._not_sealed(run, intend, ctx):
            return unsealed
        for _ in range(TRIES):
            book, seq = await self.read(run)
            intent = intend(book)
            now = ctx.now()
            hindrance = why_not_begin(book, intent, now)
            if hindrance is not None:
                return hindrance
            action = book.actions[intent.proposal]
            if action.started is not None:
                return None
            place = _place(action, seq)
            written = await ctx.say_at(Outcome(run, (_started(intent, ctx, now),), expected=place, advance=False))
            if written and place is not None:
                return None
        raise TimeoutError(f"the log of {run} grew faster than it could be read")

    async def _not_sealed(self, run: str, intend: Callable[[ActionBook], Intent], ctx: Context) -> Hindrance | None:
        """Wait until the approval is sealed, where the rule asks for that; why it does not become so in time. What is
        sealed once stays so."""
        if self._rule is None:
            return None
        deadline = asyncio.get_running_loop().time() + self._rule.wait_s
        while True:
            page = await self._read(run)
            intent = intend(page.book)
            if why_not_begin(page.book, intent, ctx.now()) is not None or not self._asks_for_seal(page.book, intent):
                return None
            if page.approved[intent.proposal] <= page.seals.covered:
                return None
            if asyncio.get_running_loop().time() > deadline:
                who = self._rule.policy.in_words
                return Hindrance(f"its approval is in no checkpoint that {who} cosigned; is everybody up?")
            await self._store.tail({run: page.reader.seq}, WAIT_MS)

    def _asks_for_seal(self, book: ActionBook, intent: Intent) -> bool:
        assert self._rule is not None
        action = book.actions[intent.proposal]
        approved = action.approval.level if action.approval else 0
        return action.started is None and max(intent.level, approved) >= self._rule.level


def _place(action: Action, seq: int) -> int | None:
    """What the policy allows by itself nobody takes back: it may begin at any place; who did is read in its slot."""
    return None if action.approval is not None and action.approval.by == "policy" else seq


def _started(intent: Intent, ctx: Context, now: int) -> Said:
    event = e.EffectStarted(
        proposal=intent.proposal,
        digest=intent.digest,
        by=ctx.actor,
        at=now,
        command=intent.command,
        level=intent.level,
        policy_sha256=intent.policy,
    )
    return Said(consumed(intent.proposal), event, f"approval:{intent.proposal}/decided")
