"""How does a person's signed word that is about no gate get to the gatekeeper? And what became of it?"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from maestro.bus.client import ask
from maestro.cli.commands.resume import no_such_run
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.own_key import ensure_own_key
from maestro.cli.person import who
from maestro.cli.signing import GOOD_FOR_MS
from maestro.log.reader import Commit, Reader
from maestro.people import sign
from maestro_contracts import events as e
from maestro_contracts.commands import ApproveAfter, IssueGrant, RevokeGrant, RollBack
from maestro_contracts.decision import DecisionStatement, encode

if TYPE_CHECKING:
    from maestro.cli.engine import Engine

Signed = IssueGrant | RevokeGrant | ApproveAfter | RollBack
WAIT_S = 60.0


async def send_signed(
    engine: Engine,
    run: str,
    command: Signed,
    about: str,
    choice: str,
    digest: str,
    key: str,
    ends: tuple[type[e.Event], ...],
) -> e.Event:
    """Sign it, send it, and wait for the first of these events that follows from it. Raises CliError where it was
    refused, or nobody took it."""
    if await engine.store.head(run) == 0:
        raise await no_such_run(engine, run)
    own, _ = await ensure_own_key(engine, key)
    by = own.person if own else who(engine.place.repo)
    if own is not None:
        now = time.time_ns() // 1_000_000
        text = encode(
            DecisionStatement(
                run=run,
                gate=about,
                visit=1,
                choice=choice,
                text="" if isinstance(command, IssueGrant) else command.why,
                digest=digest,
                person=by,
                at=now,
                expires=now + GOOD_FOR_MS,
                nonce=secrets.token_hex(16),
            )
        )
        signature = await asyncio.to_thread(sign, text, own.signer)
        command = msgspec.structs.replace(command, statement=text.decode(), signature=signature)
    id = f"{type(command).__name__.lower()}:{uuid4().hex}"
    after = await engine.store.head(run)
    await ask(engine.store, run, msgspec.structs.replace(command, by=by), id)
    return await _answer(engine, run, after, id, ends)


async def _answer(engine: Engine, run: str, after: int, id: str, ends: tuple[type[e.Event], ...]) -> e.Event:
    keyring = engine.keyring()
    await keyring.refresh(engine.store)
    reader = Reader(engine.store, keyring, run, after)
    causes = {id}
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                for commit in await reader.new(500):
                    if isinstance(commit, Commit):
                        for record, event in zip(commit.records, commit.events, strict=True):
                            if isinstance(event, e.DecisionRefused) and record.cause == id:
                                raise CliError(f"refused: {event.reason}", "nothing was changed", Exit.NEEDS_ANSWER)
                            if record.cause in causes:
                                causes.add(record.id)
                                if isinstance(event, ends):
                                    return event
    except TimeoutError:
        mend = "does a gatekeeper run? (`maestro ps`); `maestro log` tells when it counts"
        raise CliError("nobody has taken it yet; it stays in the queue", mend, Exit.UNAVAILABLE) from None
