"""How is a whole run through the real command disturbed from outside, and judged at its end?"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import redis

from maestro.embedded.processes import is_alive
from maestro.embedded.server import Endpoint, PrivateServer, live_endpoint
from maestro.embedded.state_dir import RepoDir
from maestro.log.identity import operator_key
from maestro.log.keyring import Keyring
from maestro.log.redis_store import RedisStore, open_store
from tests.support.command_line import Done, Going, Person
from tests.support.gitrepo import git, snapshot
from tests.support.insider import insider
from tests.support.wait import wait_for

T = TypeVar("T")

SPEC = """\
# Greet people

- **R-1**: `greet(name)` says hello.
  - Check: `python3 -c "from hello import greet; assert greet('Ann') == 'Hello, Ann!'"`
  - Files: `hello.py`
- **R-2**: `part(name)` says goodbye.
  - Check: `python3 -c "from bye import part; assert part('Ann') == 'Bye, Ann.'"`
  - Files: `bye.py`
- **R-3**: `meet(name)` does both.
  - Depends on: R-1, R-2
  - Check: `python3 -c "from meet import meet; assert meet('Ann') == 'Hello, Ann! Bye, Ann.'"`
  - Files: `meet.py`
"""
PLAY = """\
playbook: 1
tasks:
  - requirement: R-1
    attempts:
      - - write: {path: hello.py, text: "def greet(name):\\n    return name\\n"}
        - lie: tests_pass
      - - say: Greeting.
        - delay: 1
        - write: {path: hello.py, text: "def greet(name):\\n    return f'Hello, {name}!'\\n"}
  - requirement: R-2
    steps:
      - say: Parting.
      - delay: 1
      - write: {path: bye.py, text: "def part(name):\\n    return f'Bye, {name}.'\\n"}
  - requirement: R-3
    steps:
      - say: Meeting.
      - delay: 0.5
      - write:
          path: meet.py
          text: |
            from bye import part
            from hello import greet


            def meet(name):
                return f'{greet(name)} {part(name)}'
"""
ONCE = ("TaskAccepted", "TaskMerged", "HandedOver", "RunCompleted", "StepCompleted", "TasksGenerated")
"""What happens once in a run that ends well; of what belongs to a task, once a task (or visit)."""


class Owner(Person):
    """Somebody with a repository whose run has two groups and one worker that lies."""

    def __init__(self, folder: Path, name: str = "repo", settings: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, name)
        self.spec.write_text(SPEC)
        self.play.write_text(PLAY)
        self.configure("retry: {backoff_seconds: 0.2}\n" + settings)
        self.before = persons_own(self.repo)

    def configure(self, text: str) -> None:
        path = self.repo / ".flow/maestro/config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def place(self) -> RepoDir:
        [found] = (self.state / "repos").iterdir()
        return RepoDir(found)

    # --- looking from outside ------------------------------------------------------------------------------------

    def endpoint(self) -> Endpoint:
        """The private server that a command keeps running."""
        return wait_for(lambda: live_endpoint(self.place.server), what="a private server")

    @contextmanager
    def server(self) -> Iterator[redis.Redis]:
        """A plain client of the private server, started for this block where no command runs it."""
        own = None
        if live_endpoint(self.place.server) is None:
            own = PrivateServer(self.place.server)
            own.start()
        endpoint = self.endpoint()
        client = insider(endpoint, protocol=2)
        try:
            yield client
        finally:
            client.close()
            if own is not None:
                own.stop()

    def with_store(self, ask: Callable[[RedisStore, Keyring], Any]) -> Any:
        """What a coroutine function finds in the running server's store."""

        async def work() -> Any:
            endpoint = self.endpoint()
            store = await open_store(endpoint.url, endpoint.users)
            try:
                return await ask(store, Keyring(operator_key(self.state / "operator.pub")))
            finally:
                await store.close()

        return asyncio.run(work())

    def rows(self, run: str = "") -> list[dict[str, Any]]:
        """The run's events, as `maestro log --json` tells them."""
        done = self.does("log", run or self.the_run(), "--json")
        assert done.code == 0, done.err
        return [json.loads(line) for line in done.out.splitlines()]

    # --- disturbing ---------------------------------------------------------------------------------------------

    def starts_run(self, *more: str) -> Going:
        return self.starts(*self.run_arguments, "--yes", *more)

    def at_another_terminal(self) -> Owner:
        """The same person; what is said there is kept apart."""
        other = copy.copy(self)
        other.folder = self.folder / "another"
        other.folder.mkdir()
        return other

    def resumes(self, run: str = "") -> Done:
        return self.does("resume", run or self.the_run())

    def nobody_is_left(self, pids: dict[str, int]) -> None:
        wait_for(lambda: not [name for name, pid in pids.items() if is_alive(pid)], what=f"the end of {pids}")


def forget_all_but_the_log(client: redis.Redis) -> set[str]:
    """Deletes every key but the log streams, and the functions; returns what is left."""
    for key in client.scan_iter("*"):
        if not key.endswith((b":log", b":blob")):
            client.delete(key)
    client.function_flush()
    return {key.decode().rpartition(":")[2] for key in client.scan_iter("*")}


def kill_tree(root: int) -> list[int]:
    """kill -9 of a process and of all its descendants, as far as they can be found: first stopped, so that none
    escapes; returns their pids."""
    found = [root]
    os.kill(root, signal.SIGSTOP)
    for pid in found:
        for child in children(pid):
            with_signal(child, signal.SIGSTOP)
            found.append(child)
    for pid in found:
        with_signal(pid, signal.SIGKILL)
    return found


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            continue
    return found


def pids_of(words: str) -> list[int]:
    """The processes with exactly this command line."""
    wanted = words.replace(" ", "\0").encode() + b"\0"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def with_signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def tree_of(owner: Person, run: str) -> str:
    return git(owner.repo, "rev-parse", f"maestro/{run}^{{tree}}")


def ended_as_it_would_have(owner: Owner, tree: str = "", run: str = "", rejected: bool = False) -> list[dict[str, Any]]:
    """Completed, every id taken once, no effect twice, the branch as an undisturbed run leaves it, the person's files
    untouched; returns the events. `rejected`: entries that nobody believes are expected in the log."""
    run = run or owner.the_run()
    rows = owner.rows(run)
    events = [row for row in rows if "rejected" not in row]
    assert bool(len(rows) - len(events)) == rejected, rows
    told = [row for row in events if not row["actor"].startswith("notary")]
    assert told[-1]["type"] == "RunCompleted", told[-1]
    # A witness may be heard of after the seal of the whole.
    sealed = [row for row in events if row["type"] == "LogSealed"]
    assert rejected or sealed[-1]["data"]["final"], events[-1]
    assert [id for id, times in Counter(row["id"] for row in events).items() if times > 1] == []
    effects = Counter(_effect(row) for row in events if row["type"] in ONCE)
    assert [effect for effect, times in effects.items() if times > 1] == []
    merges = git(owner.repo, "log", "--merges", "--format=%(trailers:key=Maestro-Task,valueonly)", f"maestro/{run}")
    assert sorted(merges.split()) == sorted(row["data"]["task"] for row in events if row["type"] == "TaskMerged")
    if tree:
        assert tree_of(owner, run) == tree
    untouched(owner)
    return events


def untouched(owner: Owner) -> None:
    """The person's HEAD, branches, index, configuration, hooks and files are as they were."""
    now = persons_own(owner.repo)
    changed = {what: (owner.before[what], now[what]) for what in now if now[what] != owner.before[what]}
    assert changed == {}, changed


def persons_own(repo: Path) -> dict[str, str]:
    """What nobody may touch: all but `.flow/`, and `.beads/`, which is written where it is asked for."""
    files = {
        str(path.relative_to(repo)): path.read_bytes()
        for path in sorted(repo.rglob("*"))
        if path.is_file() and path.relative_to(repo).parts[0] not in {".git", ".flow", ".beads"}
    }
    return snapshot(repo) | {"files": str(files)}


def _effect(row: dict[str, Any]) -> tuple[Any, ...]:
    data = row["data"]
    return (row["type"], *(data.get(name) for name in ("task", "attempt", "step", "visit")))
