"""How is a playbook played?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maestro.agents.protocol import AgentEvent, AgentResult, Job
from maestro.agents.script import ScriptAgent
from maestro_contracts.records import AgentSpec, Ran, TaskSpec
from tests.support.gitrepo import git, make_repo


async def played(tmp_path: Path, *steps: str, said: list[AgentEvent] | None = None, playbook: str = "") -> AgentResult:
    tree, private = tmp_path / "tree", tmp_path / "private"
    if not tree.exists():
        make_repo(tree, {"a.txt": "one\ntwo\n", "lib/b.py": "B = 1\n"})
        private.mkdir()
    lines = ["playbook: 1", "tasks:", "  - id: T-001", "    steps:", *(f"      - {step}" for step in steps), ""]
    spec = AgentSpec("script", playbook=playbook or "\n".join(lines), timeout_s=30)
    session = ScriptAgent().start(Job("r-1", TaskSpec("T-001", "x"), 1, "", spec, tree, private, token="t"))
    async for event in session.events():
        if said is not None:
            said.append(event)
    return await session.result()


@pytest.mark.parametrize(
    ("step", "path", "text"),
    [
        ("write: {path: new/c.txt, text: hi}", "new/c.txt", "hi"),
        ("append: {path: a.txt, text: 'three'}", "a.txt", "one\ntwo\nthree"),
        ("append: {path: n.txt, text: 'first'}", "n.txt", "first"),
        ("replace: {path: a.txt, old: two, new: 2}", "a.txt", None),
        ("replace: {path: a.txt, old: two, new: '2'}", "a.txt", "one\n2\n"),
        ("edit: {path: a.txt, after: one, text: one and a half}", "a.txt", "one\none and a half\ntwo\n"),
        ("edit: {path: a.txt, before: one, text: zero}", "a.txt", "zero\none\ntwo\n"),
        ("move: {from: a.txt, to: sub/z.txt}", "sub/z.txt", "one\ntwo\n"),
    ],
)
async def test_edits_are_made(tmp_path: Path, step: str, path: str, text: str | None) -> None:
    result = await played(tmp_path, step)

    if text is None:
        assert result.problem is not None and "expected `str`" in result.problem.reason
    else:
        assert result.problem is None
        assert (tmp_path / "tree" / path).read_text() == text


async def test_files_and_folders_are_deleted(tmp_path: Path) -> None:
    assert (await played(tmp_path, "delete: a.txt", "delete: lib")).problem is None
    assert not (tmp_path / "tree/a.txt").exists() and not (tmp_path / "tree/lib").exists()


async def test_commands_are_run_and_truly_said(tmp_path: Path) -> None:
    result = await played(tmp_path, "run: echo made > made.txt", "run: {command: exit 3, expect: 3}")

    assert result.says == (Ran("echo made > made.txt", 0), Ran("exit 3", 3))
    assert (tmp_path / "tree/made.txt").read_text() == "made\n"


async def test_a_command_that_ends_otherwise_than_expected_ends_the_play(tmp_path: Path) -> None:
    result = await played(tmp_path, "run: echo no; exit 2", "write: {path: later, text: x}")

    assert result.problem is not None and result.problem.kind == "check_failed"
    assert "exited with code 2, not 0: no" in result.problem.reason
    assert not (tmp_path / "tree/later").exists()


async def test_what_is_said_comes_as_events_and_as_the_summary(tmp_path: Path) -> None:
    said: list[AgentEvent] = []
    result = await played(tmp_path, "say: first", "say: last", said=said)

    assert [event.text for event in said] == ["first", "last"]
    assert result.summary == "last"


async def test_a_lie_claims_what_was_not_run(tmp_path: Path) -> None:
    result = await played(tmp_path, "lie: tests_pass", "lie: {ran: [pytest -q, ruff check]}")

    assert result.problem is None
    assert result.says == (Ran("the project's tests", 0), Ran("pytest -q", 0), Ran("ruff check", 0))


async def test_a_lie_about_a_change_undoes_every_edit(tmp_path: Path) -> None:
    result = await played(tmp_path, "append: {path: a.txt, text: x}", "write: {path: new, text: x}", "lie: no_change")

    assert result.problem is None
    assert git(tmp_path / "tree", "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("fail: {kind: ambiguous, reason: what do you mean}", "ambiguous"),
        ("crash", "agent_crash"),
        ("run: kill -9 $$", "agent_crash"),
        ("run: {command: sleep 100, timeout_s: 0.3}", "time_out"),
        ("replace: {path: a.txt, old: absent, new: x}", "structural"),
        ("edit: {path: a.txt, after: absent, text: x}", "structural"),
        ("replace: {path: none.txt, old: x, new: y}", "agent_crash"),
        ("delete: none.txt", "agent_crash"),
    ],
)
async def test_failures_have_their_kind(tmp_path: Path, step: str, kind: str) -> None:
    result = await played(tmp_path, step)

    assert result.problem is not None and result.problem.kind == kind


@pytest.mark.parametrize("path", ["../x", "/tmp/x", ".", "lib/../../x", ".git/config", "way-out/x"])
async def test_a_path_outside_the_worktree_is_refused(tmp_path: Path, path: str) -> None:
    await played(tmp_path, "say: hello")
    (tmp_path / "tree/way-out").symlink_to(tmp_path)

    result = await played(tmp_path, f"write: {{path: {path}, text: x}}")

    assert result.problem is not None and result.problem.kind == "scope_violation"
    assert not (tmp_path / "x").exists()


async def test_a_task_without_an_entry_is_told_with_the_mend(tmp_path: Path) -> None:
    result = await played(tmp_path, playbook="playbook: 1\ntasks: []\n")

    assert result.problem is not None and result.problem.kind == "structural"
    assert "`id: T-001`" in result.problem.mend


@pytest.mark.parametrize("playbook", ["playbook: 7\ntasks: []\n", "/no/such/play.yaml"])
async def test_a_playbook_that_cannot_be_read_is_told(tmp_path: Path, playbook: str) -> None:
    result = await played(tmp_path, playbook=playbook)

    assert result.problem is not None and "playbook cannot be played" in result.problem.reason


async def test_a_cancelled_play_ends_its_command(tmp_path: Path) -> None:
    make_repo(tmp_path / "tree")
    (tmp_path / "private").mkdir()
    lines = "playbook: 1\ntasks:\n  - id: T-001\n    steps:\n      - say: go\n      - hang\n"
    spec: Any = AgentSpec("script", playbook=lines)
    session = ScriptAgent().start(
        Job("r", TaskSpec("T-001", "x"), 1, "", spec, tmp_path / "tree", tmp_path / "private")
    )
    assert await anext(aiter(session.events())) == AgentEvent("go")

    await session.cancel("enough")

    result = await session.result()
    assert result.problem is not None and (result.problem.kind, result.problem.reason) == ("cancelled", "enough")
