"""A whole Maestro whose processes are killed at random moments, and what must be true afterwards all the same."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from maestro.bus.client import ask
from maestro.embedded.server import PrivateServer
from maestro.embedded.stack import make_keys, service_specs
from maestro.embedded.state_dir import open_state_dir
from maestro.embedded.supervisor import Supervisor, read_status
from maestro.log.commit import parse_commit
from maestro.log.identity import operator_key
from maestro.log.keyring import Keyring
from maestro.log.redis_store import RedisStore, open_store
from maestro.log.store import StoreUnavailable
from maestro.runs.follow import load
from maestro.runs.state import ENDED, RunState
from maestro.workflows import load_builtin
from maestro_contracts import events as e
from maestro_contracts.commands import StartRun
from maestro_contracts.envelope import Unreadable
from maestro_contracts.records import AgentSpec, Repo, Retry, Settings
from tests.support.wait import wait_until

ROOT = Path(__file__).resolve().parents[2]
TASKS = 8
LEASE_S = 1.5
RUN_S = 120.0
ONCE = (e.TaskDispatched, e.TaskClaimed, e.VoteCast, e.TaskAccepted, e.TaskMerged, e.HandedOver, e.RunCompleted)
"""What may happen once for each attempt of a task, or once for a run."""

SPEC = "# Eight files\n\n" + "\n".join(
    f"- **R-{n}**: File {n} holds its number.\n  - Check: `grep -qx {n} file{n}.txt`\n  - Files: `file{n}.txt`\n"
    + (f"  - Depends on: R-{n - 4}\n" if n > 4 else "")
    for n in range(1, TASKS + 1)
)
PLAY = "playbook: 1\ntasks:\n" + "\n".join(
    f"  - requirement: R-{n}\n    steps:\n      - delay: 0.3\n      - write: {{path: file{n}.txt, text: '{n}\\n'}}"
    for n in range(1, TASKS + 1)
).replace("'", '"')


@dataclass
class Findings:
    """What went wrong, in words; nothing where all is well."""

    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    tree: str = ""


class Stack:
    """Server and services of one repository, as `maestro run` starts them, with short leases."""

    def __init__(self, folder: Path, worker_module: str = "maestro.worker") -> None:
        self.repo = make_repository(folder / "repo")
        self.state_dir = open_state_dir(folder / "state")
        make_keys(self.state_dir)
        self.place = self.state_dir.repo(self.repo, self.repo / ".git")
        self.server = PrivateServer(self.place.server)
        self.worker_module = worker_module
        self.supervisor: Supervisor
        self.store: RedisStore

    async def __aenter__(self) -> Stack:
        self.endpoint = self.server.start()
        quick = {"MAESTRO_LEASE_SECONDS": str(LEASE_S), "PYTHONPATH": str(ROOT)}
        roles = ("conductor", "gatekeeper", "planner", "taskgen", "integrator", "validator", "registrar")
        specs = service_specs(
            self.state_dir,
            self.place,
            self.endpoint.url,
            self.endpoint.users,
            counts={"worker": 2, "validator": 2},
            environments=dict.fromkeys(roles, quick) | {"worker": {**quick, "MAESTRO_BATCH": "1"}},
        )
        specs = [replace(s, module=self.worker_module) if s.module == "maestro.worker" else s for s in specs]
        self.supervisor = Supervisor(server=self.server, status_file=self.place.services)
        await self.supervisor.start(specs)
        self.store = await open_store(self.endpoint.url, self.endpoint.users)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()
        await self.supervisor.stop()
        self.server.stop()

    async def start_run(self, run: str, agent: AgentSpec | None = None, workflow: str = "autonomous") -> None:
        base = git(self.repo, "rev-parse", "HEAD")
        settings = Settings(agent or AgentSpec("script", playbook=PLAY), auto_approve=True, retry=Retry(5, 0.2))
        repo = Repo(str(self.repo), base, "main")
        command = StartRun("eight files", "spec", SPEC, repo, load_builtin(workflow), settings, "ada")
        await ask(self.store, run, command, "start")

    async def fold(self, run: str) -> RunState:
        """The run's state, from the log alone; waits for a server that is being restarted."""
        while True:
            try:
                return await load(self.store, self.keyring(), run)
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    def keyring(self) -> Keyring:
        return Keyring(operator_key(self.state_dir.root / "operator.pub"))

    def processes(self) -> dict[str, int]:
        """The running processes by name, the server among them."""
        return {process.name: process.pid for process in read_status(self.place.services) if process.pid}

    def kill(self, rng: random.Random, only: Sequence[str] = ()) -> str:
        """kill -9 of one process of ours; returns its name, or nothing where none runs."""
        running = self.processes() | {"server": self.server.pid}
        names = sorted(name for name, pid in running.items() if pid and (not only or name.startswith(tuple(only))))
        if not names:
            return ""
        name = rng.choice(names)
        try:
            os.kill(running[name], signal.SIGKILL)
        except ProcessLookupError:
            return ""
        return name


class Watcher:
    """Sees what was acknowledged while it happens, so that what is lost afterwards is known to be lost."""

    def __init__(self, stack: Stack, run: str) -> None:
        self.stack, self.run = stack, run
        self.seen: dict[int, str] = {}

    async def look(self) -> None:
        try:
            for entry in await self.stack.store.read(self.run, len(self.seen)):
                self.seen[entry.seq] = hashlib.sha256(entry.body).hexdigest()
        except StoreUnavailable:
            return


async def campaign(
    stack: Stack,
    run: str,
    rng: random.Random,
    kills: int,
    pause_s: tuple[float, float] = (0.1, 0.9),
    only: Sequence[str] = (),
) -> Findings:
    """One run, `kills` processes killed while it goes on, and what was found at its end."""
    findings, watcher = Findings(), Watcher(stack, run)
    await stack.start_run(run)
    while sum(findings.kills.values()) < kills:
        await asyncio.sleep(rng.uniform(0.1, 0.9))
        await watcher.look()
        if name := stack.kill(rng, only):
            findings.kills[name] += 1
        if stack.supervisor.trouble.done():
            findings.wrong.append(f"the supervisor gave up: {stack.supervisor.trouble.result()}")
            return findings
        if (await stack.fold(run)).status in ENDED:
            break
    try:
        await wait_until(lambda: _ended(stack, run), RUN_S, f"{run}'s end")
    except AssertionError:
        state = await stack.fold(run)
        unfinished = {name: task.status for name, task in state.tasks.items() if task.status != "done"}
        findings.wrong.append(f"the run did not end: {state.status}, unfinished: {unfinished}")
        return findings
    await judge(stack, run, watcher, findings)
    return findings


async def _ended(stack: Stack, run: str) -> bool:
    return (await stack.fold(run)).status in ENDED


async def judge(stack: Stack, run: str, watcher: Watcher, findings: Findings) -> None:
    """Everything that must be true of an ended run, however it got there."""
    state = await stack.fold(run)
    wrong = findings.wrong
    if state.status != "completed":
        wrong.append(f"the run ended as {state.status}: {state.problem}")
    wrong.extend(f"violation: {violation}" for violation in state.violations)
    entries = await stack.store.read(run, 0, 100_000)
    if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
        wrong.append("the log has gaps")
    now = {entry.seq: hashlib.sha256(entry.body).hexdigest() for entry in entries}
    lost = [seq for seq, digest in watcher.seen.items() if now.get(seq) != digest]
    if lost:
        wrong.append(f"entries that were there are lost or changed: {lost}")
    wrong.extend(_doubled([entry.body for entry in entries]))
    findings.tree = git(stack.repo, "rev-parse", f"maestro/{run}^{{tree}}")
    merges = Counter(
        git(stack.repo, "log", "--merges", "--format=%(trailers:key=Maestro-Task,valueonly)", f"maestro/{run}").split()
    )
    wrong.extend(f"{task} is on the branch {count} times" for task, count in merges.items() if count != 1)
    if len(merges) != TASKS:
        wrong.append(f"{len(merges)} tasks of {TASKS} are on the branch")
    if git(stack.repo, "status", "--porcelain"):
        wrong.append("the person's working tree was touched")


def _doubled(bodies: Sequence[bytes]) -> list[str]:
    ids: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    once = {cls.__name__ for cls in ONCE}
    for body in bodies:
        try:
            commit = parse_commit(body)
        except Unreadable as error:
            return [f"an entry cannot be read: {error}"]
        for record in commit.records:
            ids[record.id] += 1
            if record.type in once:
                data = msgspec.json.decode(record.data) if record.data else {}
                effects[
                    f"{record.type} {data.get('task', '')} {data.get('attempt', '')} {data.get('validator', '')}"
                ] += 1
    return [f"{what} stands {n} times in the log" for what, n in (ids + effects).items() if n > 1]


def make_repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "README.md").write_text("files\n")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
