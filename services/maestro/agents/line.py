"""How does an agent at work reach its worker? Over a line: a Unix socket in its own room, one JSON object a line.

The first line from the agent is `{"token": "..."}`, the attempt's secret. Then come requests, each with an `id` of the
agent's choosing and one of the types below; each is answered with its `id` and either `result` or `error` (`reason`,
`mend`). A question may take as long as people need for it; others are answered meanwhile. Whoever is on the line can
ask for this task and for nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from maestro_contracts.proposals import Proposal
from maestro_contracts.records import JournalKind

SOCKET, TOKEN = "MAESTRO_LINE", "MAESTRO_LINE_TOKEN"
"""The environment variables that tell an agent where its line is, and its secret."""
MAX_LINE = 1024 * 1024
MAX_OPEN = 32
"""So many requests of one agent may wait for answers."""


class RequestApproval(msgspec.Struct, tag_field="ask", tag="request_approval", frozen=True):
    """May this be done? `why` is for the people who are asked."""

    action: Proposal
    why: str = ""


class ReportProgress(msgspec.Struct, tag_field="ask", tag="report_progress", frozen=True):
    """Tell whoever follows the run."""

    text: str


class WriteJournal(msgspec.Struct, tag_field="ask", tag="write_journal", frozen=True):
    """Keep this in the run's journal."""

    kind: JournalKind
    title: str
    content: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


Request = RequestApproval | ReportProgress | WriteJournal


class Approval(msgspec.Struct, frozen=True):
    """What came of a request for approval. `told` is what people said; `conditions` hold for the rest of the task."""

    approved: bool
    level: int
    proposal: str
    told: str = ""
    conditions: tuple[str, ...] = ()


class LineError(Exception):
    """A request could not be done: the reason, and how to mend it."""

    def __init__(self, reason: str, mend: str = "") -> None:
        super().__init__(reason)
        self.reason, self.mend = reason, mend


class Answering(Protocol):
    """Who answers: the worker, for the attempt that the agent works on. Each may raise LineError."""

    async def approval(self, asked: RequestApproval) -> Approval: ...

    async def progress(self, asked: ReportProgress) -> None: ...

    async def journal(self, asked: WriteJournal) -> None: ...


class _Envelope(msgspec.Struct):
    id: int | str
    request: Request


_read_request = msgspec.json.Decoder(_Envelope).decode


@asynccontextmanager
async def line(folder: Path, token: str, answering: Answering) -> AsyncIterator[dict[str, str]]:
    """Opens the line in a folder that only this user can enter; gives the environment that leads an agent to it.
    When it closes, what was still asked is dropped."""
    path = folder / "line"
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await _Talk(reader, writer, token, answering).held()
        finally:
            talks.discard(task)

    server = await asyncio.start_unix_server(talk, path, limit=MAX_LINE)
    try:
        yield {SOCKET: str(path), TOKEN: token}
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        path.unlink(missing_ok=True)


class _Talk:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, answering: Answering
    ) -> None:
        self._reader, self._writer, self._token, self._answering = reader, writer, token, answering
        self._asked: set[asyncio.Task[None]] = set()

    async def held(self) -> None:
        try:
            if await self._is_ours():
                await self._listen()
        except (ConnectionError, ValueError):
            pass  # It is gone, or sent a line without end.
        finally:
            for task in self._asked:
                task.cancel()
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _is_ours(self) -> bool:
        try:
            said = msgspec.json.decode(await self._reader.readline())
        except (msgspec.DecodeError, RecursionError):
            said = None
        given = said.get("token") if isinstance(said, dict) else ""
        if isinstance(given, str) and hmac.compare_digest(given.encode(), self._token.encode()):
            return True
        await self._send({"error": {"reason": "this is not your line", "mend": f"the token is in ${TOKEN}"}})
        return False

    async def _listen(self) -> None:
        while text := await self._reader.readline():
            try:
                envelope = _read_request(text)
            except (msgspec.DecodeError, RecursionError) as error:
                refusal = {"reason": f"not a request: {error}", "mend": "see maestro.agents.line"}
                await self._send({"id": _id_of(text), "error": refusal})
                continue
            if len(self._asked) >= MAX_OPEN:
                mend = "wait until some of them are answered"
                await self._send({"id": envelope.id, "error": {"reason": "too many open requests", "mend": mend}})
                continue
            task = asyncio.ensure_future(self._answer(envelope))
            self._asked.add(task)
            task.add_done_callback(self._asked.discard)
        if self._asked:
            await asyncio.wait(self._asked)

    async def _answer(self, envelope: _Envelope) -> None:
        try:
            answer: dict[str, Any] = {"result": await self._result(envelope.request)}
        except LineError as error:
            answer = {"error": {"reason": error.reason, "mend": error.mend}}
        with contextlib.suppress(ConnectionError):
            await self._send({"id": envelope.id, **answer})

    async def _result(self, request: Request) -> Any:
        match request:
            case RequestApproval():
                return await self._answering.approval(request)
            case ReportProgress():
                await self._answering.progress(request)
            case WriteJournal():
                await self._answering.journal(request)
        return {}

    async def _send(self, answer: dict[str, Any]) -> None:
        self._writer.write(msgspec.json.encode(answer) + b"\n")
        await self._writer.drain()


def _id_of(text: bytes) -> int | str | None:
    """The id of what is no request otherwise, so that whoever asked waits for no answer."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    id = found.get("id") if isinstance(found, dict) else None
    return id if isinstance(id, int | str) else None


class Caller:
    """An agent's end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0
        self._waiting: dict[int | str, asyncio.Future[Any]] = {}
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def call(cls, socket: str, token: str) -> Caller:
        """Raises LineError where nobody is there."""
        try:
            reader, writer = await asyncio.open_unix_connection(socket, limit=MAX_LINE)
        except OSError as error:
            raise LineError(f"nobody is on the line {socket}: {error}", "does the task still go on?") from None
        writer.write(msgspec.json.encode({"token": token}) + b"\n")
        return cls(reader, writer)

    async def ask(self, request: Request) -> Any:
        """The result of a request, waited for as long as it takes. Raises LineError."""
        self._number += 1
        id = self._number
        answer = self._waiting[id] = asyncio.get_running_loop().create_future()
        try:
            if self._listening.done():
                raise LineError("the line was closed", "does the task still go on?")
            self._writer.write(msgspec.json.encode({"id": id, "request": request}) + b"\n")
            await self._writer.drain()
            return await answer
        except ConnectionError as error:
            raise LineError(f"the line was cut: {error}", "does the task still go on?") from None
        finally:
            self._waiting.pop(id, None)

    async def close(self) -> None:
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        reason = LineError("the line was closed", "does the task still go on?")
        with contextlib.suppress(ConnectionError, ValueError, msgspec.DecodeError):
            while text := await self._reader.readline():
                said = msgspec.json.decode(text)
                waiting = self._waiting.get(said.get("id"))
                error = said.get("error")
                if waiting is None and error:
                    reason = LineError(error["reason"], error["mend"])
                elif waiting is not None and not waiting.done():
                    if error:
                        waiting.set_exception(LineError(error["reason"], error["mend"]))
                    else:
                        waiting.set_result(said["result"])
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(reason)
