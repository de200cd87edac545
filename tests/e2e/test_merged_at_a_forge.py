"""Does a run wait for its branch to be merged at a forge, and go back where that is refused?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.endtoend import Owner, untouched
from tests.support.forge import REPOSITORY, ForgeDouble, Pull
from tests.support.gitrepo import git
from tests.support.wait import wait_for

MANIFEST = """\
version: 1
name: mine
steps:
  - {name: initialise, type: initialise}
  - {name: write, type: command, depends_on: [initialise], command: echo again >> NOTES.md}
  - name: merged
    type: gate
    gate: pull-request
    depends_on: [write]
    prompt: Waiting for the merge.
    choices:
      - {label: go on, key: g}
      - {label: again, key: a, target: write}
    every: 1s
  - {name: handoff, type: handoff, depends_on: [merged]}
"""
TOKEN = "forge-token-4711"


@pytest.fixture
def forge() -> Iterator[ForgeDouble]:
    with ForgeDouble("github", TOKEN) as double:
        yield double


@pytest.fixture
def owner(tmp_path: Path, forge: ForgeDouble) -> Owner:
    place = f"{{kind: github, url: '{forge.url}', repository: {REPOSITORY}, token: FORGE_TOKEN}}"
    owner = Owner(tmp_path, settings=f"forge: {place}\n")
    (owner.folder / "mine.yaml").write_text(MANIFEST)
    credential = owner.state / "credentials/FORGE_TOKEN"
    credential.parent.mkdir(mode=0o700, parents=True)
    credential.touch(0o600)
    credential.write_text(TOKEN)
    return owner


def test_a_run_goes_back_when_its_request_is_closed_and_on_when_another_is_merged(
    owner: Owner, forge: ForgeDouble
) -> None:
    def head() -> str:
        return git(owner.repo, "rev-parse", f"maestro/{owner.the_run()}")

    going = owner.starts("run", "Say it", "--workflow", owner.folder / "mine.yaml", "--no-input")
    going.says("nobody asks to merge the run's branch yet")

    first = head()
    forge.pulls = [Pull(1, f"maestro/{owner.the_run()}", first)]
    going.says("#1 is open")
    forge.pulls[0].state = "closed"
    going.says("#1 is at")  # The gate has taken its other choice: the closed request lacks what was written since.
    forge.pulls.append(Pull(2, f"maestro/{owner.the_run()}", wait_for(lambda: head() != first and head())))
    forge.pulls[1].state, forge.pulls[1].merge_commit = "merged", "d" * 40

    assert going.process.wait(120) == 0, going.said
    rows = owner.rows()
    decided = [row["data"] for row in rows if row["type"] == "GateDecided"]
    assert [(said["key"], said["via"]) for said in decided] == [("a", "forge"), ("g", "forge")]
    assert "was closed without being merged" in decided[0]["approver"]
    assert decided[1]["approver"].endswith("was merged as dddddddddddd")
    assert owner.does("audit", "hitl", owner.the_run()).code == 0
    assert TOKEN not in going.said + str(rows)
    untouched(owner)


def test_a_gate_that_waits_for_a_merge_is_refused_before_the_start_where_no_forge_is_configured(owner: Owner) -> None:
    owner.configure("retry: {backoff_seconds: 0.2}\n")
    done = owner.does("run", "Say it", "--workflow", owner.folder / "mine.yaml", "--no-input")
    assert done.code == 3
    assert "mine.yaml:8: steps[2].gate: no forge is configured" in done.err


def test_a_token_in_place_of_its_name_is_refused_before_it_is_recorded(owner: Owner) -> None:
    secret = "ghp_" + "0aB1cD2eF3" * 3 + "gH4iJ5"
    done = owner.does("run", "Say it", "--workflow", owner.folder / "mine.yaml", "--set", f"forge.token={secret}")
    assert done.code == 3
    assert "forge.token, which is the name of a credential" in done.err and secret not in done.err
