"""What does a command say on a commit? It is run on a fresh checkout, in a clean environment, within limits."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from maestro.agents.environment import clean_environment, room
from maestro.agents.process import TOKEN, Ended, Program, run_program
from maestro.agents.words import plain
from maestro.git.workspace import RunRepo
from maestro.git.worktree import Worktree
from maestro.policy.redact import redacted
from maestro.validator.decider import Checked, Kind, failing_tests, passed_tests
from maestro_contracts.records import Evidence

OUTPUT_LIMIT = 4 * 1024 * 1024
TAIL = 2000
REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command said: the evidence, the tests that it named as failing, and how many it says passed."""

    evidence: Evidence
    failing: frozenset[str]
    passed: int = 0


@dataclass(slots=True)
class Bases:
    """How commands end on trees that many changes start from: looked at once, remembered for a while."""

    known: OrderedDict[tuple[str, str], Outcome] = field(default_factory=OrderedDict)

    def get(self, tree: str, command: str) -> Outcome | None:
        return self.known.get((tree, command))

    def put(self, tree: str, command: str, outcome: Outcome) -> None:
        self.known[tree, command] = outcome
        while len(self.known) > REMEMBERED:
            self.known.popitem(last=False)


class Checks:
    """Runs commands on one commit and, where one fails, on the commit that it started from. `name` is what the
    checkouts are called, so that whoever does this again finds what was left behind. `steered`: the change may have
    touched which tests run, so that the tests are counted on both."""

    def __init__(
        self, repo: RunRepo, name: str, commit: str, base: str, timeout_s: float, bases: Bases, steered: bool = False
    ) -> None:
        self.repo = repo
        self.name = name
        self.commit = commit
        self.base = base
        self.timeout_s = timeout_s
        self.bases = bases
        self.steered = steered

    async def run(self, commands: list[tuple[Kind, str]]) -> list[Checked]:
        """Each command on a checkout in which no command has run before."""
        checked = []
        async with self.repo.checkout(self.name, self.commit) as tree:
            for kind, command in commands:
                outcome = await self._one(tree, command)
                checked.append(await self._compared(kind, command, outcome))
        return checked

    async def tidy(self) -> None:
        """Remove the checkouts of somebody who was killed: they hold nobody's work."""
        for name in (self.name, f"{self.name}-base"):
            for tree in await self.repo.left_behind(name, self.commit):
                await tree.remove()

    async def _compared(self, kind: Kind, command: str, outcome: Outcome) -> Checked:
        if kind == "check" or (outcome.evidence.passed and not (kind == "tests" and self.steered)):
            return Checked(kind, outcome.evidence)
        before = await self._on_base(command)
        if outcome.evidence.passed:
            return Checked(kind, outcome.evidence, no_longer_run=max(0, before.passed - outcome.passed))
        new = tuple(sorted(outcome.failing - before.failing))
        return Checked(kind, outcome.evidence, before.evidence, new)

    async def _on_base(self, command: str) -> Outcome:
        tree = (await self.repo.repository.commit(self.base)).tree
        outcome = self.bases.get(tree, command)
        if outcome is None:
            async with self.repo.checkout(f"{self.name}-base", self.base) as checkout:
                outcome = await self._one(checkout, command)
            self.bases.put(tree, command, outcome)
        return outcome

    async def _one(self, tree: Worktree, command: str) -> Outcome:
        with room(tree.private) as private:
            env = clean_environment(tree.path, private, self.repo.root) | {TOKEN: secrets.token_hex(16)}
            program = Program(("sh", "-c", command), tree.path, env, b"", self.timeout_s, OUTPUT_LIMIT)
            ended = await run_program(program)
        await tree.restore()
        output = plain(ended.output.decode("utf-8", "replace"))
        return Outcome(_evidence(command, ended, self.timeout_s), failing_tests(output), passed_tests(output))


def _evidence(command: str, ended: Ended, timeout_s: float) -> Evidence:
    why = {
        "time_out": f"it did not end within {timeout_s:g} s",
        "output_limit": f"it printed more than {OUTPUT_LIMIT} bytes",
        "not_started": ended.error,
    }.get(ended.why, "")
    tail = "\n".join(part for part in (redacted(plain(ended.tail))[-TAIL:], why) if part)
    return Evidence(command, ended.exit_code, ended.duration_ms, ended.ok, ended.sha256, tail, why)
