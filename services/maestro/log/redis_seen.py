"""Has a log gone back behind what this process knows of it? Looked at whenever a connection is made, since a server
whose log went back (a power cut with `everysec`, a backup put back, a replica that took over) was started anew.

A process that lived through it would go on in a chain whose last links are gone, on a state that never was: nobody
would believe it. It has to begin anew, and says so before it writes anything.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from redis.asyncio.connection import AbstractConnection

from maestro.log.store import LogWentBack

REMEMBERED = 4096
AT_ONCE = 256


class Seen:
    """The newest entry of each log, as far as this process has read or written it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._newest: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.gone_back: LogWentBack | None = None
        self.lost = asyncio.Event()

    def entry(self, log: str, seq: int, body: bytes) -> None:
        """An entry that stands in the log with this key."""
        known = self._newest.get(log)
        if known is None or known[0] < seq:
            self._newest[log] = (seq, hash(body))
            self._newest.move_to_end(log)
            if len(self._newest) > REMEMBERED:
                self._newest.popitem(last=False)

    async def still_stands(self, connection: AbstractConnection) -> None:
        """Ask on a connection that was just made. Raises LogWentBack."""
        newest = list(self._newest.items())
        for start in range(0, len(newest), AT_ONCE):
            page = newest[start : start + AT_ONCE]
            asked = [("XRANGE", log, f"0-{seq}", f"0-{seq}") for log, (seq, _) in page]
            await connection.send_packed_command(connection.pack_commands(asked))
            for log, (seq, body) in page:
                if not _is(await connection.read_response(), body):
                    self._say(log, seq)
        if self.gone_back is not None:
            raise self.gone_back

    def _say(self, log: str, seq: int) -> None:
        if self.gone_back is None:
            why = f"{self._address}: {log} went back: entry {seq} stood there and does not now"
            self.gone_back = LogWentBack(f"{why}; this process begins anew with what is there")
            self.lost.set()


def _is(reply: Any, body: int) -> bool:
    """Junk in the place of an entry was read as one without a body."""
    return bool(reply) and hash(reply[0][1][1] if reply[0][1][0] == b"n" else b"") == body
