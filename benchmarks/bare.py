"""The floor of a task: a bare loop over FastStream's batch subscriber. `python -m benchmarks.bare` is the process.

It appends, for each message, the same signed events that Maestro's log has for a no-op task, through the same
functions, with the acknowledgement in the same call. It decides nothing, dispatches nothing and folds nothing.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub

from maestro.bus.service import Said
from maestro.log.author import Author
from maestro.log.identity import Identity
from maestro.log.redis_store import open_store
from maestro.log.store import Ack, Appended, Store, Write
from maestro_contracts import events as e
from maestro_contracts.commands import DoTask
from maestro_contracts.envelope import read_command

ROLE, GROUP, CONSUMER = "bare", "g", "bare-1"
QUEUE = f"{{p00}}:q:{ROLE}"
BATCH = 256


class Loop:
    """The whole of its work: read the batch, sign what happened in each run, write once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.author = Author(Identity.fresh(CONSUMER, "worker"))

    async def handle(self, entries: list[tuple[str, bytes]]) -> None:
        by_run: dict[str, Batch] = {}
        for message_id, message in entries:
            record, command = read_command(message)
            assert isinstance(command, DoTask)
            batch = by_run.setdefault(record.run, Batch())
            batch.answers.append(record.id)
            batch.said += events_of_a_task(record.id, command.task.id, command.attempt, command.base)
            batch.messages.append(message_id)
        ts = int(time.time() * 1000)
        drafts = [self.author.draft(run, batch.said, ts=ts, answers=batch.answers) for run, batch in by_run.items()]
        acks = [Ack(ROLE, CONSUMER, tuple(batch.messages)) for batch in by_run.values()]
        writes = [Write(draft.run, draft.notes, acks=(ack,)) for draft, ack in zip(drafts, acks, strict=True)]
        for draft, result in zip(drafts, await self.store.write(writes), strict=True):
            assert isinstance(result, Appended), result
            self.author.settle(draft, result)


@dataclass(slots=True)
class Batch:
    """What one read brought of one run."""

    said: list[Said] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def events_of_a_task(id: str, task: str, attempt: int, base: str) -> Sequence[Said]:
    """What a no-op task leaves in Maestro's log."""
    return (
        Said(f"{id}/dispatched", e.TaskDispatched(task, attempt)),
        Said(f"{id}/started:1", e.TaskStarted(task, attempt, 1, CONSUMER), f"{id}/dispatched"),
        Said(f"{id}/ended", e.TaskClaimed(task, attempt, 1, CONSUMER, base=base), f"{id}/started:1"),
    )


async def _parse(message: Any) -> StreamMessage[Any]:
    entries = [
        (id.decode(), fields[b"__data__"]) for id, fields in zip(message["message_ids"], message["data"], strict=True)
    ]
    return StreamMessage(message, entries, correlation_id="-", message_id=entries[0][0])


async def _decode(message: StreamMessage[Any]) -> Any:
    return message.body


async def main(url: str, password_file: str, folder: str) -> None:
    """Gets ready, says so by the file `ready`, and begins to read when the file `go` is there."""
    store = await open_store(url, password_file)
    broker = RedisBroker(url, password=Path(password_file).read_text(), apply_types=False, logger=None)
    subscription = StreamSub(QUEUE, group=GROUP, consumer=CONSUMER, batch=True, max_records=BATCH, declare=False)
    subscriber = broker.subscriber(
        stream=subscription, ack_policy=AckPolicy.MANUAL, no_reply=True, parser=_parse, decoder=_decode
    )
    subscriber(Loop(store).handle)
    await broker.connect()
    (Path(folder) / "ready").touch()
    while not (Path(folder) / "go").exists():
        await asyncio.sleep(0.001)
    await FastStream(broker, logger=None).run()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
