"""Are a run's files the same whenever and by whomever they are made, and do they say what happened?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.projections.files import files, safe_name, with_status
from maestro.projections.folder import write
from maestro.projections.history import History, remember
from maestro.projections.projector import Projector
from maestro.runs.fold import fold, new_run
from maestro_contracts import events as e
from maestro_contracts.records import Decision, Prd
from tests.support import story as s

SESSION = f".flow/maestro/sessions/{s.RUN}"
PRD_FILE = ".flow/prd-settle-up-v1.md"


def loaded(told: Projector, name: str) -> dict[str, object]:
    return json.loads(told.files()[name])  # type: ignore[no-any-return]


def test_a_run_becomes_these_files() -> None:
    assert list(s.whole_story().told().files()) == [
        f".flow/maestro/decisions/{s.RUN}-D-1.json",
        f"{SESSION}/checkpoints.json",
        f"{SESSION}/decisions.json",
        f"{SESSION}/execution-log.md",
        f"{SESSION}/final-report.md",
        f"{SESSION}/metadata.json",
        PRD_FILE,
    ]


def test_a_run_that_has_not_started_has_no_files() -> None:
    assert Projector(s.RUN).files() == {}


def test_following_the_log_ends_with_the_same_bytes_as_reading_it_at_once() -> None:
    story = s.whole_story()
    following = Projector(s.RUN)
    for commit in story.commits:
        following.apply(commit)
        following.files()
    state, history = new_run(s.RUN), History()
    for commit in story.commits:
        fold(state, commit)
        remember(history, commit)
    assert following.files() == files(state, history)


@given(st.lists(st.integers(0, 53), max_size=30))
@settings(deadline=None, max_examples=30)
def test_commits_that_come_again_change_nothing(again: list[int]) -> None:
    commits = s.whole_story().commits
    told = Projector(s.RUN)
    for number, commit in enumerate(commits):
        told.apply(commit)
        for old in again:
            if old <= number:
                told.apply(commits[old])
    assert told.files() == s.whole_story().told().files()


def test_deleted_files_come_back_byte_for_byte(tmp_path: Path) -> None:
    made = s.whole_story().told().files()
    write(tmp_path, made)
    before = {path: (tmp_path / path).read_bytes() for path in made}
    for path in made:
        (tmp_path / path).unlink()
    write(tmp_path, s.whole_story().told().files())
    assert {path: (tmp_path / path).read_bytes() for path in made} == before


def test_the_metadata_tells_a_program_where_the_run_stands() -> None:
    told = loaded(s.first_group(s.approved(s.planned(s.Story()))).told(), f"{SESSION}/metadata.json")
    assert told["status"] == "running"
    assert told["branch"] == s.BRANCH
    assert told["started"] == "2026-01-01T00:00:00.000Z"
    assert [(task["id"], task["status"], task["attempts"]) for task in told["tasks"]] == [  # type: ignore[attr-defined]
        ("T-001", "done", 2),
        ("T-002", "waiting", 0),
    ]


def test_decisions_of_maestro_and_of_people_stand_side_by_side() -> None:
    told = loaded(s.whole_story().told(), f"{SESSION}/decisions.json")
    assert [decision["id"] for decision in told["decisions"]] == ["D-1"]  # type: ignore[attr-defined]
    assert [(said["gate"], said["by"], said["via"]) for said in told["approvals"]] == [  # type: ignore[attr-defined]
        ("approve-plan", "ada", "script")
    ]


def test_two_decisions_with_one_id_are_two_files() -> None:
    story = s.planned(s.Story())
    again = Decision("D-1", "Where shares are rounded", "Nowhere", "A revision", 0.9)
    story.say("planner-1", decision=e.DecisionRecorded(again))
    names = [path for path in story.told().files() if "/decisions/" in path]
    assert names == [f".flow/maestro/decisions/{s.RUN}-D-1.8.0.json", f".flow/maestro/decisions/{s.RUN}-D-1.json"]


@pytest.mark.parametrize(
    ("story", "status"),
    [
        (s.planned(s.Story()), "draft"),
        (s.approved(s.planned(s.Story())), "approved"),
        (s.whole_story(), "implemented"),
    ],
)
def test_the_prd_file_has_the_status_that_is_true_now(story: s.Story, status: str) -> None:
    expected = s.MARKDOWN.replace("status: draft", f"status: {status}")
    assert story.told().files()[PRD_FILE].decode() == expected


def test_an_older_version_of_the_prd_is_superseded() -> None:
    story = s.planned(s.Story())
    story.say("conductor-1", reset=e.StepsReset("plan", ("plan",), "approve-plan", "ada chose revise"))
    story.say("conductor-1", step=e.StepStarted("plan", 2, 1, "plan", 1, "Plan"))
    second = Prd("Settle up", "settle-up", 2, "high", s.PRD.requirements)
    story.say("planner-1", prd=e.PrdDrafted("plan", 2, second, ".flow/prd-settle-up-v2.md", "ee" * 32, s.MARKDOWN))
    made = story.told().files()
    assert b"status: superseded\n" in made[PRD_FILE]
    assert b"status: draft\n" in made[".flow/prd-settle-up-v2.md"]


def test_only_the_front_matters_status_is_changed() -> None:
    assert with_status("status: draft\n", "approved") == "status: draft\n"
    assert with_status("---\na: 1\n---\nstatus: x\n", "approved") == "---\na: 1\n---\nstatus: x\n"


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_id_leads_out_of_its_folder(text: str) -> None:
    name = safe_name(text)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert len(name) <= 70


def test_different_ids_keep_different_names() -> None:
    assert len({safe_name(text) for text in ("a/b", "a b", "a-b", "a..b", "../a-b")}) == 5


@given(
    st.one_of(st.text(max_size=30), st.sampled_from(["/etc/passwd", "../x.md", ".flow/../x.md", ".flow/a/b.md", ""]))
)
@settings(deadline=None)
def test_a_planners_path_never_leads_elsewhere(path: str) -> None:
    story = s.step(s.started(s.Story()), "plan")
    story.say("planner-1", prd=e.PrdDrafted("plan", 1, s.PRD, path, "cd" * 32, s.MARKDOWN))
    prds = [name for name in story.told().files() if "/maestro/" not in name]
    assert len(prds) == 1
    assert prds[0].startswith(".flow/prd-")
    assert ".." not in prds[0].split("/")
