"""What becomes of a run in which every agent lies in its own way? Each lie is contained and recorded; it ends right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from maestro.worker.answering import MAX_ENTRIES
from tests.support.endtoend import Owner, ended_as_it_would_have, persons_own
from tests.support.gitrepo import commit, git

TESTED = "import unittest\n\n\nclass More(unittest.TestCase):\n" + "".join(
    f"    def test_{n}(self):\n        self.assertEqual({n}, {n})\n\n" for n in range(3)
)
MORE = {2: "tests/test_more.py", 3: "tests/test_most.py", 5: "deploy.py"}
"""Files that these tasks may change beside their own."""
SPEC = "# Nine files\n\n" + "".join(
    f"- **R-{n}**: File {n} is there.\n  - Check: `test -e file{n}.txt`\n"
    f"  - Files: `file{n}.txt`{f', `{MORE[n]}`' if n in MORE else ''}\n"
    for n in range(1, 10)
)
AGENT = """\
#!PYTHON
import asyncio, json, os
from pathlib import Path
from maestro.agents.line import *
from maestro_contracts.proposals import Claim, Shell

number, attempt = int(os.environ["MAESTRO_TASK_ID"][2:]), int(os.environ["MAESTRO_ATTEMPT"])

async def ask(token, *requests):
    caller = await Caller.call(os.environ["MAESTRO_LINE"], token)
    answers = []
    for request in requests:
        try:
            answers.append(await caller.ask(request))
        except LineError as error:
            answers.append({"error": error.reason})
    await caller.close()
    return answers

def asks(*requests, token=os.environ["MAESTRO_LINE_TOKEN"]):
    return asyncio.run(ask(token, *requests))

def claims_without_a_change():
    says = [{"command": "test -e file1.txt", "exit_code": 0}]
    Path(os.environ["MAESTRO_RESULT_FILE"]).write_text(json.dumps({"summary": "Done!", "says": says}))
    raise SystemExit(0)

def deletes_tests():
    Path("tests/test_more.py").unlink()

def weakens_tests():
    text = Path("tests/test_most.py").read_text()
    Path("tests/test_most.py").write_text(text.replace("self.assertEqual(1, 1)", "pass"))

def strays():
    Path("README.md").write_text("Mine now.")

def acts_before_it_is_approved():
    Path("deploy.py").write_text('KEY = "AKIA' + 'IOSFODNN7ABCDEFG"')

def mislabels():
    [said] = asks(RequestApproval(Shell("git push --force origin main", claimed=Claim(1)), "only a test"))
    assert not said["approved"], said
    raise SystemExit("then not")

def impersonates():
    [said] = asks(RequestApproval(Shell("true")), token="0" * 32)
    assert "not your line" in said["error"], said

def floods():
    asks(*[ReportProgress(f"progress {n}") for n in range(300)], *[WriteJournal("decision", "x") for _ in range(200)])

def uses_an_approval_twice():
    asked = RequestApproval(Shell("npm install left-pad"))
    first, second = asks(asked, asked)
    assert first["proposal"] != second["proposal"], (first, second)

LIES = [claims_without_a_change, deletes_tests, weakens_tests, strays, acts_before_it_is_approved, mislabels,
        impersonates, floods, uses_an_approval_twice]
if attempt == 1:
    LIES[number - 1]()
Path(f"file{number}.txt").write_text(f"{number}\\n")
"""
SETTINGS = "validation: {test_commands: [python3 -m unittest -q]}\n"


class Deceived(Owner):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, settings=SETTINGS)
        commit(self.repo, {MORE[2]: TESTED, MORE[3]: TESTED})
        self.spec.write_text(SPEC)
        self.agent = folder / "agent"
        self.agent.write_text(AGENT.replace("PYTHON", sys.executable))
        self.agent.chmod(0o755)
        self.before = persons_own(self.repo)

    def rejects_what_waits(self) -> list[str]:
        gates = [gate["gate"] for gate in self.does("gate", "list", "--json").json]
        for gate in gates:
            done = self.does("gate", "reject", gate, "--run", self.the_run(), "--text", "never")
            assert done.code == 0, done.err
        return gates


def of(events: list[dict[str, Any]], type: str, task: str = "") -> list[dict[str, Any]]:
    return [row["data"] for row in events if row["type"] == type and (not task or row["data"].get("task") == task)]


def test_every_kind_of_liar_is_contained_and_recorded_and_the_run_ends_right(tmp_path: Path) -> None:
    owner = Deceived(tmp_path)
    agent = ("run", "--spec", owner.spec, "--agent", f"command:{owner.agent}")
    done = owner.does(*agent, "--yes", "--no-input")
    waited: list[str] = []
    for _ in range(4):
        if done.code != 5:
            break
        waited += owner.rejects_what_waits()
        done = owner.does("resume", owner.the_run(), "--no-input")
    assert done.code == 0, done.out + done.err

    events = ended_as_it_would_have(owner)
    failed = {data["task"]: data["problem"]["kind"] for data in of(events, "TaskFailed") if data["attempt"] == 1}
    refused = {
        data["task"]: data["problem"]["kind"]
        for data in of(events, "VoteCast")
        if data["attempt"] == 1 and data["verdict"] == "reject"
    }
    assert (failed.get("T-001"), failed.get("T-004")) == ("no_change", "scope_violation")
    assert (refused.get("T-002"), refused.get("T-003")) == ("tests_tampered", "tests_tampered")
    assert len(waited) == 2, "the secret and the force push"
    assert {data["task"] for data in of(events, "ActionProposed") if data.get("claimed") == 1} == {"T-006"}
    assert any(data.get("violation") for data in of(events, "ActionClassified"))
    assert len(of(events, "JournalEntryAdded")) == MAX_ENTRIES
    assert len(of(events, "AgentReported", "T-008")) < 100
    begun = [data["proposal"] for data in of(events, "EffectStarted")]
    assert len(begun) == len(set(begun)), "no approval is used twice"
    tree = set(git(owner.repo, "ls-tree", "-r", "--name-only", f"maestro/{owner.the_run()}").splitlines())
    assert {f"file{n}.txt" for n in range(1, 10)} <= tree and "deploy.py" not in tree
    assert git(owner.repo, "show", f"maestro/{owner.the_run()}:README.md") == "Hello."
    assert owner.does("audit", "hitl", owner.the_run()).code == 0
