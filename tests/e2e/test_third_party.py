"""Does a run on somebody else's package give a branch with the change, and leave the person's repository alone?

The packages come from the package index as source distributions, at fixed versions with fixed hashes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command_line import Done
from tests.support.endtoend import Owner, persons_own, untouched
from tests.support.gitrepo import commit, git

INFLECTION = (
    "inflection==0.5.1",
    "1a29730d366e996aaacffb2f1f1cb9593dc38e2ddd30c91250c6dde09ea9b417",
    "pytest: 455 tests, the linters flake8 and mypy configured",
)
XMLTODICT = (
    "xmltodict==0.13.0",
    "341595a488e3e01a85a9d8911d8912fd922ede5fecc4dce437eb4b6c8d037e56",
    "unittest, in a folder that is no package",
)

INFLECTION_SPEC = """\
# Words for URLs and for people

`inflection` cuts words for programs. Two helpers for people are missing.

## Requirements

- **R-1**: `ordinal_words(number)` spells the ordinals from first to tenth, and falls back to `ordinalize` beyond.
  - Check: `python -c "from inflection import ordinal_words as o; assert (o(1), o(11)) == ('first', '11th')"`
  - Files: `inflection/__init__.py`, `test_ordinal_words.py`
- **R-2**: `slug(text, limit)` is `parameterize` cut at a word's end.
  - Check: `python -c "from inflection.slugs import slug; assert slug('Donald E. Knuth', 8) == 'donald-e'"`
  - Files: `inflection/slugs.py`
- **R-3**: The README tells of both.
  - Depends on: R-1, R-2
  - Check: `grep -q ordinal_words README.rst && grep -q slug README.rst`
  - Files: `README.rst`
"""
INFLECTION_PLAY = '''\
playbook: 1
tasks:
  - requirement: R-1
    attempts:
      # The lie breaks a function that the project's own tests know.
      - - replace: {path: inflection/__init__.py, old: "return word.replace('_', '-')", new: "return word"}
        - append: {path: inflection/__init__.py, text: "\\n\\ndef ordinal_words(n: int) -> str:\\n    return ''\\n"}
        - lie: {ran: python -m pytest -q}
      - - append:
            path: inflection/__init__.py
            text: |


              ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


              def ordinal_words(number: int) -> str:
                  """``first`` to ``tenth`` as words, everything else as :func:`ordinalize` has it."""
                  return ORDINALS[number - 1] if 1 <= number <= len(ORDINALS) else ordinalize(number)
        - write:
            path: test_ordinal_words.py
            text: |
              import inflection


              def test_words() -> None:
                  assert inflection.ordinal_words(2) == "second"
        - run: python -m pytest -q test_ordinal_words.py
  - requirement: R-2
    steps:
      - write:
          path: inflection/slugs.py
          text: |
            from inflection import parameterize


            def slug(text: str, limit: int) -> str:
                words = parameterize(text).split("-")
                while len("-".join(words)) > limit:
                    words.pop()
                return "-".join(words)
  - requirement: R-3
    steps:
      - append: {path: README.rst, text: "\\nFor people there are ``ordinal_words`` and ``slugs.slug``.\\n"}
'''
XMLTODICT_SPEC = """\
# Documents as JSON

## Requirements

- R-1: `to_json(xml)` gives a document as JSON, its keys sorted.
  - Check: `python -c "from xmltojson import to_json; assert to_json('<b>1</b>') == '{\\"b\\": \\"1\\"}'"`
  - Files: `xmltojson.py`, `tests/test_xmltojson.py`
"""
XMLTODICT_PLAY = """\
playbook: 1
tasks:
  - requirement: R-1
    steps:
      - write:
          path: xmltojson.py
          text: |
            import json

            import xmltodict


            def to_json(xml):
                return json.dumps(xmltodict.parse(xml), sort_keys=True)
      - write:
          path: tests/test_xmltojson.py
          text: |
            import unittest

            from xmltojson import to_json


            class ToJsonTest(unittest.TestCase):
                def test_an_empty_element_is_null(self):
                    self.assertEqual('{"a": null}', to_json('<a/>'))
"""


@dataclass(frozen=True)
class Finished:
    owner: Owner
    done: Done
    run: str

    @property
    def branch(self) -> str:
        return f"maestro/{self.run}"

    @property
    def report(self) -> str:
        return (self.owner.repo / f".flow/maestro/sessions/{self.run}/final-report.md").read_text()

    def section(self, title: str) -> str:
        return self.report.split(f"\n## {title}\n")[1].split("\n## ")[0]

    def tests_on_the_branch(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        git(self.owner.repo, "clone", "-q", "--branch", self.branch, str(self.owner.repo), str(folder))
        return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)


def unpacked(package: tuple[str, str, str], folder: Path) -> Path:
    """A package's source distribution, its hash checked by pip. Skips where the package index cannot be reached."""
    requirement, sha256, _ = package
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--retries=1",
        "--timeout=10",
    ]
    exact = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--require-hashes", "-r", str(wanted)]
    got = subprocess.run([*pip, *exact, "-d", str(folder)], capture_output=True, text=True, timeout=120)
    if got.returncode:
        assert "DO NOT MATCH" not in got.stderr, got.stderr
        pytest.skip(f"{requirement} cannot be downloaded: {(got.stderr.strip().splitlines() or ['pip failed'])[-1]}")
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "unpacked", filter="data")
    [package_folder] = (folder / "unpacked").iterdir()
    return package_folder


def ran(package: tuple[str, str, str], spec: str, play: str, folder: Path) -> Finished:
    """A clone of the package, with settings and hooks that would betray anybody who used them, and a run on it."""
    origin = unpacked(package, folder)
    git(origin, "init", "-q", "-b", "main")
    commit(origin, {}, "As it was distributed")
    owner = Owner(folder / "owner")
    # As in the virtual environment that its developers would have activated.
    owner.env["PATH"] = f"{Path(sys.executable).parent}:{owner.env['PATH']}"
    git(owner.folder, "clone", "-q", str(origin), "package")
    owner.repo = owner.folder / "package"
    owner.spec.write_text(spec)
    owner.play.write_text(play)
    betray(owner.repo)
    owner.before = persons_own(owner.repo)
    done = owner.does(*owner.run_arguments, "--yes", "--repo", owner.repo, cwd=owner.folder)
    assert done.code == 0, done.out + done.err
    return Finished(owner, done, owner.the_run())


def betray(repo: Path) -> None:
    """Whoever runs a hook, a filter, a signer or an editor of the person's, leaves a trace."""
    for hook in (
        "pre-commit",
        "post-checkout",
        "post-commit",
        "post-merge",
        "reference-transaction",
        "prepare-commit-msg",
    ):
        path = repo / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {hook} >> '{repo.parent}/betrayed'\n")
        path.chmod(0o755)
    for key, value in {
        "commit.gpgSign": "true",
        "gpg.program": f"{repo.parent}/no-such-program",
        "core.fsmonitor": f"sh -c 'echo fsmonitor >> {repo.parent}/betrayed'",
        "core.editor": f"sh -c 'echo editor >> {repo.parent}/betrayed'",
        "user.name": "Ann Owner",
        "user.email": "ann@example.org",
    }.items():
        git(repo, "config", key, value)


@pytest.fixture(scope="module")
def inflection(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return ran(INFLECTION, INFLECTION_SPEC, INFLECTION_PLAY, tmp_path_factory.mktemp("inflection"))


@pytest.fixture(scope="module")
def xmltodict(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return ran(XMLTODICT, XMLTODICT_SPEC, XMLTODICT_PLAY, tmp_path_factory.mktemp("xmltodict"))


@pytest.fixture(params=["inflection", "xmltodict"])
def finished(request: pytest.FixtureRequest) -> Finished:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def test_the_branch_holds_the_change_and_its_tests_pass(
    inflection: Finished, xmltodict: Finished, tmp_path: Path
) -> None:
    one = inflection.tests_on_the_branch(tmp_path / "one", "-m", "pytest", "-q")
    two = xmltodict.tests_on_the_branch(tmp_path / "two", "-m", "unittest", "discover", "-s", "tests")

    assert one.returncode == 0 and "456 passed" in one.stdout, one.stdout
    assert two.returncode == 0 and "Ran 59 tests" in two.stderr, two.stderr


def test_nothing_of_the_persons_is_touched_or_used(finished: Finished) -> None:
    repo = finished.owner.repo

    untouched(finished.owner)
    assert not (repo.parent / "betrayed").exists()
    assert git(repo, "-c", "core.fsmonitor=false", "status", "--porcelain") == ""


def test_the_commits_are_maestros_and_name_run_and_task(finished: Finished) -> None:
    log = git(
        finished.owner.repo,
        "log",
        "--format=%an|%(trailers:key=Maestro-Run,valueonly,separator=)",
        f"main..{finished.branch}",
    )

    assert {line.split("|")[1] for line in log.splitlines()} == {finished.run}
    assert not {line.split("|")[0] for line in log.splitlines()} & {"Ann Owner", "A Person"}


def test_the_report_has_every_section_in_order(finished: Finished) -> None:
    titles = re.findall(r"^## (.+)$", finished.report, flags=re.MULTILINE)

    assert titles == [
        "Summary",
        "Decisions",
        "Changes",
        "Testing",
        "Quality gates",
        "Approvals",
        "Checkpoints",
        "What was retried or rejected, and why",
        "Next steps",
    ]
    assert "**The run is completed**" in finished.section("Summary")


def test_the_report_counts_files_and_lines_as_git_does(finished: Finished) -> None:
    base = git(finished.owner.repo, "rev-parse", "main")
    counted = git(finished.owner.repo, "diff", "--numstat", f"{base}...{finished.branch}").splitlines()
    changes = finished.section("Changes")

    for added, removed, path in (line.split("\t") for line in counted):
        assert re.search(rf"^\| `{re.escape(path)}` \| \w+ \| \+{added} \| -{removed} \|$", changes, re.MULTILINE), path
    plus, minus = (sum(int(line.split("\t")[n]) for line in counted) for n in (0, 1))
    assert f"{len(counted)} files, {plus} lines added, {minus} lines removed" in changes


def test_the_report_of_a_liar_says_what_was_claimed_and_what_was_seen(inflection: Finished) -> None:
    told = inflection.section("What was retried or rejected, and why")

    assert "**`T-001`, attempt 1, was rejected**" in told and "false_claim" in told
    assert "said: `python -m pytest -q` exited 0" in told
    assert "test_inflection.py::test_dasherize" in told
    assert "`T-001` | 2 |" in inflection.section("Testing")


def test_a_linter_that_is_not_there_is_told_and_holds_up_nobody(inflection: Finished) -> None:
    testing = inflection.section("Testing")

    assert "| lint, failing in the same way without the change: not its fault | `python -m flake8` | **1** |" in testing
    assert "| lint | `python -m mypy .` | 0 |" in testing
    assert "An iteration started" not in inflection.report


def test_every_requirement_is_met_by_its_own_check(finished: Finished) -> None:
    verdicts = re.findall(r"^\| `(R-\d)` \|.*\| (\w+) \|[^|]*\|$", finished.section("Testing"), flags=re.MULTILINE)

    assert verdicts and {verdict for _, verdict in verdicts} == {"met"}
