"""Is a replay made of the log and nothing else? No clock, no socket, no process, no model, no file."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from maestro.cli.commands.replay import check_whole, folded
from maestro.cli.errors import CliError
from maestro.cli.exit_codes import Exit
from maestro.cli.recorded import FromBundle
from maestro.log.keyring import Keyring
from maestro.log.reader import Commit, Rejected
from maestro.log.store import Store
from maestro.projections.projector import Projector
from maestro.runs.explaining import Explaining
from maestro.runs.follow import Follower
from maestro.runs.hashing import state_hash
from tests.golden.hashes import GOLDEN, stored

ROOT = Path(__file__).parents[2]
LOG, RUN = GOLDEN / "log-v2", "greet-people-m5m3la"
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"}
OF_A_TYPE = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Random.seed"}
CHANCE_AND_PROCESSES = {"urandom", "getrandom", "fork", "forkpty", "posix_spawn", "posix_spawnp", "execve", "fork_exec"}
TALK = ("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.system", "open", "urllib.", "http.")
Seen = list[str]
_seen: Seen | None = None


def audit(event: str, arguments: Any) -> None:
    if _seen is not None and event.startswith(TALK):
        _seen.append(f"{event} {arguments!r:.80}")


sys.addaudithook(audit)


@contextmanager
def watched() -> Iterator[Seen]:
    """Whatever asks the world for anything meanwhile."""
    global _seen
    seen: Seen = []

    def look(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
            if frame.f_code.co_filename.endswith("memory_store.py") or "/hypothesis/" in frame.f_code.co_filename:
                return  # The one stands where the server does, the other times the collection of garbage.
            if (module == "time" and name in CLOCKS) or name in OF_A_TYPE or name in CHANCE_AND_PROCESSES:
                seen.append(f"{module}.{name} from {frame.f_code.co_filename}:{frame.f_lineno}")

    _seen = seen
    sys.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        _seen = None


def driven(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing: with no event loop, which would read a clock."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits for something that is not in the log")


async def replayed(store: Store, keyring: Keyring) -> tuple[str, int, str]:
    """All that a replay shows: state, hash, files, report, and why a value is what it is."""
    follower, projector, explaining = Follower(store, keyring, RUN), Projector(RUN), Explaining.of(RUN, "tasks")
    async for commits in follower.all():
        for commit in commits:
            assert isinstance(commit, Commit)
            projector.apply(commit)
            explaining.take(commit)
    assert state_hash(projector.state) == state_hash(follower.state) == state_hash(explaining.state)
    return state_hash(projector.state), len(projector.files()), projector.report()


def test_a_replay_asks_nobody_for_anything() -> None:
    first = asyncio.run(again())
    store, keyring = asyncio.run(stored(LOG))

    with watched() as seen:
        second = driven(replayed(store, keyring))

    assert seen == []
    assert second == first


async def again() -> tuple[str, int, str]:
    return await replayed(*await stored(LOG))


def test_whoever_watches_sees_a_clock_a_process_and_a_file() -> None:
    """The control: what the test above looks for is found where it is."""
    import datetime
    import time

    with watched() as seen:
        time.time()
        datetime.datetime.now()
        subprocess.run(["true"])
        Path(os.devnull).read_bytes()

    found = " ".join(seen)
    assert all(name in found for name in ("time.time", "datetime.now", "subprocess.Popen", "open ('/dev/null'"))


def test_what_replays_has_no_agent_and_no_network_at_hand() -> None:
    ask = "import sys; print(*sorted(name for name in sys.modules))"
    path = os.pathsep.join(str(ROOT / part) for part in (".", "contracts", "services"))
    modules = "maestro.runs.follow, maestro.runs.hashing, maestro.runs.explaining, maestro.projections.projector"
    done = subprocess.run(
        [sys.executable, "-c", f"import {modules}\n{ask}"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    strangers = ("maestro.agents", "maestro.worker", "maestro.git", "maestro.bus", "httpx", "http.client", "redis")
    assert [name for name in loaded if name.startswith(strangers)] == []


async def test_what_was_recorded_and_is_gone_is_named_and_nothing_stands_for_it() -> None:
    store, keyring = await stored(GOLDEN / "log-v1")
    run = "add-search-k3v7qa"
    [sha] = store._runs[run].blobs  # What a backup that was put back half-way looks like.
    store._runs[run].blobs.clear()
    lost: list[Rejected] = []

    projector = await folded(FromBundle(store, keyring), run, await store.head(run), lost)

    assert any(sha in violation and "lost" in violation for violation in projector.state.violations)
    with pytest.raises(CliError, match="is not whole") as refused:
        check_whole(run, lost)
    assert sha in refused.value.mend and refused.value.code == Exit.BAD_INPUT


async def test_an_entry_that_is_gone_is_named() -> None:
    store, keyring = await stored(LOG)
    lost: list[Rejected] = []

    await folded(FromBundle(store, keyring), RUN, await store.head(RUN) + 2, lost)

    with pytest.raises(CliError) as refused:
        check_whole(RUN, lost)
    assert "entries 48 to 49 are missing" in refused.value.mend
