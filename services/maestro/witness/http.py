"""How does a witness speak HTTP? A small server over h11: a witness waits nearly always, and must cost nothing then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import h11

from maestro.tlog.exchange import MAX_BODY

Answer = tuple[int, str, bytes]
"""Status, content type, body."""
IDLE_S = 75.0
REQUEST_S = 10.0
MOST_CONNECTIONS = 256
_PAGE = 16 * 1024


def serve(
    answer: Callable[[str, str, bytes], Answer],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """What `asyncio.start_server` calls for each connection. `answer` takes method, target and body."""
    slots = asyncio.Semaphore(MOST_CONNECTIONS)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not slots.locked():
                async with slots:
                    await _converse(h11.Connection(h11.SERVER), reader, writer, answer)
        except (OSError, TimeoutError, h11.ProtocolError, asyncio.CancelledError):
            # Cancelled only when the witness ends.
            pass
        finally:
            writer.close()

    return connected


async def _converse(
    conversation: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answer: Callable[[str, str, bytes], Answer],
) -> None:
    """Request after request, until the other end has gone. Raises TimeoutError, OSError, h11.ProtocolError."""
    while True:
        async with asyncio.timeout(IDLE_S):
            request = await _next(conversation, reader, writer)
        if not isinstance(request, h11.Request):
            return
        async with asyncio.timeout(REQUEST_S):
            body = await _body(conversation, reader, writer)
        if body is None:
            said: Answer = (413, "text/plain; charset=utf-8", b"too large\n")
        else:
            said = answer(request.method.decode(), request.target.decode("latin-1"), body)
        await _send(conversation, writer, said)
        if body is None or conversation.our_state is h11.MUST_CLOSE:
            return
        conversation.start_next_cycle()


async def _next(
    conversation: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> h11.Event | type[h11.PAUSED]:
    while (event := conversation.next_event()) is h11.NEED_DATA:
        if conversation.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            writer.write(conversation.send(go_on) or b"")
        conversation.receive_data(await reader.read(_PAGE))
    return event  # type: ignore[return-value]


async def _body(
    conversation: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bytes | None:
    """None where it is too large."""
    body = b""
    while isinstance(event := await _next(conversation, reader, writer), h11.Data):
        body += event.data
        if len(body) > MAX_BODY:
            return None
    return body


async def _send(conversation: h11.Connection, writer: asyncio.StreamWriter, said: Answer) -> None:
    status, kind, body = said
    headers = [("content-type", kind), ("content-length", str(len(body)))]
    if status == 413:
        headers.append(("connection", "close"))
    for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
        writer.write(conversation.send(event) or b"")
    async with asyncio.timeout(REQUEST_S):
        await writer.drain()
