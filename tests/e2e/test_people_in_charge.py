"""Do people decide where they must, in whole runs through the real command: by level, by quorum, by their own keys?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Done
from tests.support.endtoend import Owner, ended_as_it_would_have
from tests.support.gitrepo import git

MANIFEST = """\
version: 1
name: mine
description: One task, and people who look at it.

steps:
  - {name: initialise, type: initialise, phase: 1, title: Preparing}
  - name: write
    type: agent
    phase: 2
    title: Making
    depends_on: [initialise]
    prompt: Write it.
    contract: {written: test -e a.txt}
  - name: look
    type: gate
    phase: 3
    title: Looking
    depends_on: [write]
    prompt: Is it good?
    choices:
      - {label: keep, key: k}
      - {label: again, key: g, target: write}
      - {label: stop, key: s, target: _fail}
    freeform: true
    default: keep
    conditions: true
    GATE
  - {name: handoff, type: handoff, phase: 4, title: Handoff, depends_on: [look]}
"""
PLAY = """\
playbook: 1
tasks:
  - id: write
    steps:
      - append: {path: a.txt, text: "written\\n"}
STEPS
"""
PIPELINE = '      - write: {path: .github/workflows/test.yml, text: "on: push\\n"}'
SECRET = '      - write: {path: deploy.py, text: "KEY = \\"AKIAIOSFODNN7ABCDEFG\\"\\n"}  # pragma: allowlist secret'


class Team(Owner):
    """Somebody with a workflow of their own; others with keys of theirs."""

    def prepares(self, gate: str = "max_visits: 9", steps: str = "") -> None:
        self.manifest = self.folder / "mine.yaml"
        self.manifest.write_text(MANIFEST.replace("GATE", gate))
        self.play.write_text(PLAY.replace("STEPS", steps))

    def runs(self, *more: str) -> Done:
        arguments = ("run", "--workflow", self.manifest, "--agent", f"script:{self.play}")
        return self.does(*arguments, *(more or ("--no-input",)))

    def goes_on(self, *more: str) -> Done:
        return self.does("resume", self.the_run(), *(more or ("--no-input",)))

    def meets(self, name: str, *roles: str) -> Path:
        """Enrols a colleague with a key of theirs; returns its file."""
        key = self.folder / f"{name}.key"
        made = subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        given = [part for role in roles for part in ("--role", role)]
        done = self.does("keys", "enrol", name, "--key", f"{key}.pub", *given)
        assert done.code == 0, done.err
        return key

    def decides(self, gate: str, choice: str, *more: object) -> Done:
        return self.does("gate", "decide", gate, choice, "--run", self.the_run(), *more)

    def waiting(self) -> list[str]:
        return [gate["gate"] for gate in self.does("gate", "list", "--json").json]

    def events(self, kind: str) -> list[dict[str, object]]:
        return [row["data"] for row in self.rows() if row["type"] == kind]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_a_change_of_level_2_waits_for_people_and_is_merged_when_they_approve(team: Team) -> None:
    team.prepares(steps=PIPELINE)
    waiting = team.runs()
    assert waiting.code == 5, waiting.out + waiting.err
    [gate] = team.waiting()
    assert gate.startswith("action:step:write")
    shown = team.does("gate", "show", gate).out
    assert ".github/workflows/test.yml" in shown and "        +on: push" in shown.splitlines()

    assert team.decides(gate, "approve", "--condition", "no secrets in it").code == 0
    assert team.goes_on().code == 5
    assert team.waiting() == ["look"], "what was seen before it was written need not be seen again before it is merged"
    assert team.decides("look", "keep").code == 0
    done = team.goes_on()

    assert done.code == 0, done.out + done.err
    assert git(team.repo, "show", f"maestro/{team.the_run()}:.github/workflows/test.yml") == "on: push"
    assert all(data["votes"] for data in team.events("GateDecided"))
    assert team.does("audit", "hitl", team.the_run()).code == 0


def test_a_rejected_action_is_not_done_and_nothing_of_it_is_on_the_branch(team: Team) -> None:
    team.prepares(steps=PIPELINE)
    assert team.runs().code == 5
    [gate] = team.waiting()
    done = team.does("gate", "reject", gate, "--run", team.the_run(), "--text", "no pipelines")
    assert done.code == 0, done.err
    ended = team.goes_on()

    assert ended.code == 1, ended.out + ended.err
    assert "no pipelines" in ended.out
    assert git(team.repo, "show", f"maestro/{team.the_run()}:.github/workflows/test.yml", ok=False) == ""
    assert len(team.events("ActionRejected")) > 1, "what was rejected is not asked about again"
    assert len([data for data in team.events("GateOpened") if data.get("kind") == "action"]) == 1


ASKING = """\
#!PYTHON
import asyncio, os, sys
from pathlib import Path
from mcp import Client, StdioServerParameters

async def work():
    server = StdioServerParameters(command=sys.executable, args=["-m", "maestro.cli", "mcp"], env=dict(os.environ))
    async with Client(server) as client:
        await client.call_tool("report_progress", {"text": "I shall ask first."})
        asked = {"action": {"kind": "shell", "command": "npm install left-pad"}, "why": "it pads"}
        said = (await client.call_tool("request_approval", asked)).structured_content
        if not said["approved"]:
            sys.exit(said["told"])
        decided = {"title": "Padding it is", "rationale": "People agree."}
        await client.call_tool("record_decision", decided)
        Path("a.txt").write_text(f"{said['told']}: {'; '.join(said['conditions'])}\\n")

asyncio.run(work())
"""


def test_an_agent_that_asks_over_mcp_waits_for_people_and_gets_their_conditions(team: Team) -> None:
    team.prepares()
    agent = team.folder / "agent.py"
    agent.write_text(ASKING.replace("PYTHON", sys.executable))
    agent.chmod(0o755)
    waiting = team.does("run", "--workflow", team.manifest, "--agent", f"command:{agent}", "--no-input")
    assert waiting.code == 5, waiting.out + waiting.err
    [gate] = team.waiting()
    shown = team.does("gate", "show", gate).out
    assert "npm install left-pad" in shown and "the agent says: it pads" in shown

    assert team.decides(gate, "approve", "--condition", "this version only").code == 0
    assert team.goes_on().code == 5
    assert team.waiting() == ["look"]
    assert team.decides("look", "keep").code == 0
    done = team.goes_on()

    assert done.code == 0, done.out + done.err
    written = git(team.repo, "show", f"maestro/{team.the_run()}:a.txt")
    assert written.startswith("approved by ") and written.endswith(": this version only")
    assert "Padding it is" in team.does("journal", "show", team.the_run()).out
    assert "unknown" in {data["outcome"] for data in team.events("EffectEnded")}


def test_a_run_that_needs_a_credential_says_where_it_goes_and_goes_on_when_it_is_there(team: Team) -> None:
    team.prepares()
    team.configure("retry: {backoff_seconds: 0.2}\nagent: {credentials: [SHOP_TOKEN]}\n")
    team.play.write_text(PLAY.replace("STEPS", '      - run: test "${#SHOP_TOKEN}" = 11'))
    paused = team.runs()
    assert paused.code == 1
    assert "the agent needs the credential SHOP_TOKEN" in paused.err
    file = team.state / "credentials/SHOP_TOKEN"
    assert str(file) in paused.err and f"maestro resume {team.the_run()}" in paused.err
    assert "SHOP_TOKEN" in team.does("journal", "show", team.the_run(), "--kind", "blocker").out

    file.parent.mkdir(mode=0o700)
    file.write_text("hush-hush-1\n")
    file.chmod(0o600)
    assert team.goes_on().code == 5
    assert team.decides("look", "keep").code == 0
    done = team.goes_on()

    assert done.code == 0, done.out + done.err
    assert "hush-hush-1" not in done.out + str(team.rows())


def test_yes_takes_level_2_and_never_level_3_which_waits_for_a_person(team: Team) -> None:
    team.prepares(steps=f"{PIPELINE}\n{SECRET}")
    waiting = team.runs("--yes", "--no-input")

    assert waiting.code == 5, waiting.out + waiting.err
    [gate] = team.waiting()
    told = [row for row in team.rows() if row["type"] not in ("RunStarted", "TaskDispatched")]
    assert "AKIAIOSFODNN7ABCDEFG" not in waiting.out + str(told), "only the playbook itself, which holds it, does"
    assert {data["by"] for data in team.events("ApprovalGiven") if data["level"] == 2} == {"auto"}
    opened = next(data for data in team.events("GateOpened") if data["gate"] == gate)
    assert (opened["level"], opened.get("default", "")) == (3, "")

    assert team.decides(gate, "abort").code == 0
    assert team.goes_on("--no-input").code == 1


def test_a_plan_that_is_sent_back_twice_and_then_kept(team: Team) -> None:
    team.prepares()
    assert team.runs().code == 5
    for _ in range(2):
        assert team.decides("look", "again", "--text", "once more").code == 0
        assert team.goes_on().code == 5
    assert team.decides("look", "k").code == 0
    done = team.goes_on()

    assert done.code == 0, done.out + done.err
    assert git(team.repo, "show", f"maestro/{team.the_run()}:a.txt") == "written\nwritten\nwritten"
    ended_as_it_would_have(team)


@pytest.mark.parametrize("veto", [True, False])
def test_two_of_three_must_agree_and_one_who_does_not_ends_it_only_with_a_veto(team: Team, veto: bool) -> None:
    team.prepares(f"quorum: 2\n    roles: [approver]\n    veto: {str(veto).lower()}")
    assert team.runs().code == 5
    bob, cy = team.meets("bob", "approver"), team.meets("cy", "approver")

    first = team.decides("look", "keep")
    assert "1 have answered, 2 must agree" in first.err
    assert team.decides("look", "keep").code == 5, "nobody counts twice"
    against = team.decides("look", "stop", "--key", bob)
    assert against.code == 0, against.err
    last = team.decides("look", "keep", "--key", cy)
    done = team.goes_on()

    if veto:
        assert "takes no answer" in last.err
        assert (done.code, [data["key"] for data in team.events("GateDecided")]) == (1, ["s"])
    else:
        assert (done.code, [data["key"] for data in team.events("GateDecided")]) == (0, ["k"])
    assert {data["vote"]["signed"] for data in team.events("GateVoted")} == {"person"}  # type: ignore[index]


def test_a_decision_of_somebody_without_the_role_is_refused_and_recorded(team: Team) -> None:
    team.prepares("roles: [security]")
    assert team.runs().code == 5
    bob = team.meets("bob", "approver")

    refused = team.decides("look", "keep", "--key", bob)
    assert refused.code == 5
    assert "may not decide this" in refused.err
    assert [data["code"] for data in team.events("DecisionRefused")] == ["not_your_gate"]
    assert team.waiting() == ["look"]
