"""Is an agent's line its own, and is each request answered, whatever comes over it?"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.agents.line import (
    MAX_OPEN,
    SOCKET,
    Approval,
    Caller,
    LineError,
    ReportProgress,
    RequestApproval,
    WriteJournal,
    line,
)
from maestro_contracts.proposals import FileWrite, Shell
from tests.support.wait import wait_until


class Worker:
    """Answers as a worker would; what is asked of it waits until `go`."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.go = asyncio.Event()
        self.go.set()

    async def approval(self, asked: RequestApproval) -> Approval:
        self.asked.append(asked)
        await self.go.wait()
        if isinstance(asked.action, FileWrite):
            raise LineError("the run was cancelled", "stop")
        return Approval(False, 3, "p1", "Not on a Friday.", ("no force",))

    async def progress(self, asked: ReportProgress) -> None:
        self.asked.append(asked)

    async def journal(self, asked: WriteJournal) -> None:
        self.asked.append(asked)


@pytest.fixture
def room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="line") as folder:
        yield Path(folder)


async def test_what_is_asked_is_answered_and_a_refusal_says_why(room: Path) -> None:
    worker = Worker()
    async with line(room, "s3cret", worker) as env:
        caller = await Caller.call(env[SOCKET], "s3cret")

        answer = await caller.ask(RequestApproval(Shell("git push --force"), "to mend the branch"))

        assert answer["approved"] is False and answer["conditions"] == ["no force"]
        assert worker.asked == [RequestApproval(Shell("git push --force"), "to mend the branch")]
        with pytest.raises(LineError, match="cancelled"):
            await caller.ask(RequestApproval(FileWrite("a", "b")))
        await caller.close()


async def test_a_long_question_holds_up_no_other(room: Path) -> None:
    worker = Worker()
    worker.go.clear()
    async with line(room, "t", worker) as env:
        caller = await Caller.call(env[SOCKET], "t")
        slow = asyncio.ensure_future(caller.ask(RequestApproval(Shell("x"))))

        assert await caller.ask(ReportProgress("still here")) == {}

        assert not slow.done()
        worker.go.set()
        assert (await slow)["level"] == 3
        await caller.close()


async def test_nobody_without_the_secret_is_heard(room: Path) -> None:
    worker = Worker()
    async with line(room, "right", worker) as env:
        caller = await Caller.call(env[SOCKET], "wrong")

        with pytest.raises(LineError, match=r"not your line|closed"):
            await caller.ask(ReportProgress("let me in"))

        await caller.close()
    assert not worker.asked


async def test_no_more_than_so_many_questions_wait(room: Path) -> None:
    worker = Worker()
    worker.go.clear()
    async with line(room, "t", worker) as env:
        caller = await Caller.call(env[SOCKET], "t")
        open_ones = [asyncio.ensure_future(caller.ask(RequestApproval(Shell(str(i))))) for i in range(MAX_OPEN)]

        await wait_until(lambda: len(worker.asked) == MAX_OPEN, what="all of them are asked")

        with pytest.raises(LineError, match="too many"):
            await caller.ask(RequestApproval(Shell("one more")))

        worker.go.set()
        await asyncio.gather(*open_ones)
        await caller.close()


async def test_whoever_waits_is_told_when_the_line_closes(room: Path) -> None:
    worker = Worker()
    worker.go.clear()
    async with line(room, "t", worker) as env:
        caller = await Caller.call(env[SOCKET], "t")
        waiting = asyncio.ensure_future(caller.ask(RequestApproval(Shell("x"))))
        await wait_until(lambda: bool(worker.asked), what="it is asked")

    with pytest.raises(LineError, match="closed"):
        await waiting
    assert not (room / "line").exists()


async def test_what_is_no_request_is_refused_and_not_waited_for(room: Path) -> None:
    async with line(room, "t", Worker()) as env:
        caller = await Caller.call(env[SOCKET], "t")
        with pytest.raises(LineError, match="not a request"):
            async with asyncio.timeout(10):
                await caller.ask(RequestApproval(Shell("true", claimed=1)))  # type: ignore[arg-type]
        assert await caller.ask(ReportProgress("and on it goes")) == {}
        await caller.close()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_junk_on_the_line_harms_nobody(junk: list[bytes]) -> None:
    async def talk() -> None:
        with tempfile.TemporaryDirectory(prefix="line") as folder:
            worker = Worker()
            async with line(Path(folder), "t", worker) as env:
                reader, writer = await asyncio.open_unix_connection(env[SOCKET])
                writer.write(json.dumps({"token": "t"}).encode() + b"\n")
                for each in junk:
                    writer.write(each.replace(b"\n", b" ") + b"\n")
                good = {"id": "last", "request": {"ask": "report_progress", "text": "hello"}}
                writer.write(json.dumps(good).encode() + b"\n")
                while b'"last"' not in await asyncio.wait_for(reader.readline(), 10):
                    pass
                writer.close()
            assert ReportProgress("hello") in worker.asked

    asyncio.run(talk())
