"""Does the claim stand up? From what was found in the commit and what the commands said: a verdict. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from maestro.git.scope import leads_out, outside
from maestro.validator.tampering import Touched, tampering
from maestro_contracts.records import (
    Evidence,
    FileChange,
    Problem,
    Ran,
    Requirement,
    RequirementVerdict,
    TaskSpec,
)

SHOWN = 8
TESTS_PASS = "the project's tests"
"""As a worker may put it that names no command (`maestro.agents.playbook.TESTS_PASS`)."""
RUNNERS = frozenset(
    {"pytest", "unittest", "nose2", "tox", "nox", "npm", "yarn", "pnpm", "jest", "vitest", "mocha", "cargo", "go"}
    | {"make", "just", "mvn", "gradle", "rspec", "rake", "ctest"}
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a commit turned out to be. `tree` is its own; `links` are its new links with their targets; `nested` its
    new entries that are repositories of their own; `tests` the touched files that matter to a test run;
    `steered` says that some of them decide which tests run."""

    tree: str
    descends: bool = True
    changes: tuple[FileChange, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    nested: tuple[str, ...] = ()
    tests: tuple[Touched, ...] = ()
    steered: bool = False


Kind = Literal["check", "tests", "lint"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A command that was run on the claimed commit. `base` is how it ends without the change: None where that was
    not looked at, since it passed.
    `no_longer_run` is how many tests fewer than without the change it says passed, where that was counted."""

    kind: Kind
    evidence: Evidence
    base: Evidence | None = None
    newly_failing: tuple[str, ...] = ()
    no_longer_run: int = 0

    @property
    def counts_against(self) -> bool:
        """A failure that was there before, in the same way, is not the change's fault; an acceptance check proves the
        change, so how it ended before does not matter."""
        if self.evidence.passed:
            return self.no_longer_run > 0
        if self.kind == "check" or self.base is None or self.base.passed:
            return True
        return self.base.exit_code != self.evidence.exit_code or bool(self.newly_failing)


def problem_of_commit(task: TaskSpec, claimed_tree: str, looked: Looked) -> Problem | None:
    """What is wrong with the commit itself; None where it is worth running the commands on it."""
    if looked.tree != claimed_tree:
        reason = f"the commit holds tree {looked.tree[:12]}, the claim says {claimed_tree[:12] or 'nothing'}"
        return Problem("false_claim", reason)
    if not looked.descends:
        return Problem("false_claim", "the commit does not descend from the base that the task started from")
    if not looked.changes and not task.may_be_empty:
        return Problem("no_change", "the claimed commit changes no file", "do what the task says")
    return _too_far(task, looked) or _tampered(looked)


def _too_far(task: TaskSpec, looked: Looked) -> Problem | None:
    strayed = outside((change.path for change in looked.changes), task.files)
    if strayed:
        reason = f"changed files that are none of the task's: {_listed(strayed)} (it may change {_listed(task.files)})"
        return Problem("scope_violation", reason, "keep to the task's files")
    escaping = [link for link, target in looked.links if leads_out(link, target)]
    if escaping or looked.nested:
        reason = f"leads out of the repository: {_listed([*escaping, *looked.nested])}"
        return Problem("scope_violation", reason, "add no links to elsewhere and no repositories")
    return None


def _tampered(looked: Looked) -> Problem | None:
    found = tampering(looked.tests)
    if not found:
        return None
    return Problem(
        "tests_tampered", f"the tests say less than before: {_listed(found)}", "leave existing tests in force"
    )


_MISSING_TOOL = re.compile(
    r"No module named '?([\w-]+)'?(?!\S)|sh: (?:\d+: |line \d+: )?([\w./-]+): (?:command )?not found"
)


def problem_of_checks(checks: Iterable[Checked], says: tuple[Ran, ...]) -> Problem | None:
    """What the commands have against the change. That the worker said otherwise of one of them comes first."""
    against = [check for check in checks if check.counts_against]
    for check in against:
        if check.evidence.passed:
            reason = f"with `{check.evidence.command}`, {check.no_longer_run} tests fewer pass than without the change"
            return Problem("tests_tampered", reason, "leave in force which tests are run")
        if claims_success(says, check):
            reason = f"the worker says that `{check.evidence.command}` passes, but {said_failure(check)}"
            return Problem("false_claim", reason, "run it before saying so")
    return Problem("check_failed", said_failure(against[0]), _mend(against[0])) if against else None


def _mend(check: Checked) -> str:
    """What to do about it; another word where it is a tool that is missing and no code."""
    missing = _MISSING_TOOL.search(check.evidence.tail)
    if missing is None:
        return "make it pass"
    tool = next(name for name in missing.groups() if name)
    return f"make it pass; where {tool} is a tool: install it where the validators run (the project's .venv, or PATH)"


def said_failure(check: Checked) -> str:
    """How a command failed, quoting the end of what it printed."""
    evidence = check.evidence
    new = f"; newly failing: {_listed(check.newly_failing)}" if check.newly_failing else ""
    how = f"exits {evidence.exit_code}" if evidence.exit_code >= 0 else f"was ended by signal {-evidence.exit_code}"
    return f"`{evidence.command}` {how} on a fresh checkout{new}: {_telling(evidence.tail) or 'it printed nothing'}"


def claims_success(says: Iterable[Ran], check: Checked) -> bool:
    """True where the worker says that it ran this command, or the same test runner, and that it passed."""
    command = _plain(check.evidence.command)
    runners = RUNNERS & set(_words(command))
    for ran in says:
        said = _plain(ran.command)
        same = said == command or (check.kind == "tests" and (said == TESTS_PASS or bool(runners & set(_words(said)))))
        if ran.exit_code == 0 and same:
            return True
    return False


def noted(check: Checked) -> Evidence:
    """The evidence with what it is evidence of."""
    what = {"check": "acceptance check", "tests": "the project's tests", "lint": "lint"}[check.kind]
    excused = not check.evidence.passed and not check.counts_against
    if excused:
        what += ", failing in the same way without the change: not its fault"
    if check.evidence.what:
        what += f" ({check.evidence.what})"
    old = check.evidence
    return Evidence(old.command, old.exit_code, old.duration_ms, old.passed, old.output_sha256, old.tail, what, excused)


# --- the whole run ------------------------------------------------------------------------------------------------


def requirement_verdict(
    requirement: Requirement, check: Checked | None, others: Iterable[Checked]
) -> RequirementVerdict:
    """Whether a requirement holds, by its own check alone."""
    if check is None:
        tests = [other for other in others if other.kind == "tests"]
        pass_ = bool(tests) and all(other.evidence.passed for other in tests)
        also = "; the project's tests pass" if pass_ else ""
        return RequirementVerdict(requirement.id, "cannot_tell", f"it names no acceptance check{also}")
    if check.evidence.passed:
        return RequirementVerdict(requirement.id, "met", f"`{check.evidence.command}` exits 0")
    return RequirementVerdict(requirement.id, "not_met", said_failure(check))


def run_verdict(verdicts: Iterable[RequirementVerdict], checks: Iterable[Checked]) -> Literal["met", "not_met"]:
    """Met where no requirement is known to fail and no command fails that did not fail before the run."""
    fails = any(verdict.verdict == "not_met" for verdict in verdicts) or any(check.counts_against for check in checks)
    return "not_met" if fails else "met"


# --- words ----------------------------------------------------------------------------------------------------------

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - .*)?$", re.MULTILINE)


def failing_tests(output: str) -> frozenset[str]:
    """The tests that pytest's summary names as failed; empty for other runners."""
    return frozenset(_FAILED.findall(output))


_PASSED = re.compile(r"\b(\d+) passed\b|^Ran (\d+) tests?\b|^# pass (\d+)$", re.MULTILINE)


def passed_tests(output: str) -> int:
    """How many tests passed, as pytest, unittest or a TAP runner sums up; 0 where nothing is said."""
    found = _PASSED.findall(output)
    return int(next(filter(None, found[-1]))) if found else 0


_TELLING = re.compile(
    r"\b\w*(?:Error|Exception)\b|^E  |^FAIL|^not ok|\bassert|\berror\b|panicked|did not end|more than"
)


def _telling(output: str) -> str:
    """The last lines that say what failed, or the last ones at all; rulers left out."""
    lines = [line.strip() for line in output.splitlines() if re.search(r"\w", line)]
    return " | ".join(([line for line in lines if _TELLING.search(line)] or lines)[-3:])[-500:]


def _plain(command: str) -> str:
    return " ".join(command.split())


def _words(command: str) -> list[str]:
    return [word.rpartition("/")[2] for word in re.split(r"[\s;&|()]+", command)]


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
