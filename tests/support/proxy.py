"""How does a test cut a connection at the worst moment? A proxy before the server that loses answers on demand."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path


class Proxy:
    """Hands everything on to a server's Unix socket, until it is told to lose the next answers."""

    def __init__(self, server: Path, socket: Path) -> None:
        self._server_socket, self.socket = server, socket
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.to_lose = 0
        self.lost = 0
        self.deaf = False

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def lose_answers(self, count: int) -> None:
        """The next answers come from the server, and go nowhere: the connection is closed instead."""
        self.to_lose = count

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_unix_server(self._serve, self.socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        there, back = await asyncio.open_unix_connection(self._server_socket)
        both = [asyncio.create_task(self._hand_on(reader, back)), asyncio.create_task(self._answer(there, writer))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            for end in (writer, back):
                end.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if self.to_lose:
                    self.to_lose -= 1
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()
