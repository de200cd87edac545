"""Is a run's journal what a captain would have written down?"""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.projections.journal import Journal, as_json, as_markdown, chosen, write_down
from maestro_contracts import events as e
from maestro_contracts.records import Choice, Problem
from tests.support.seeing import hidden
from tests.support.story import Story, approved, planned, started


def written(story: Story) -> Journal:
    journal = Journal()
    for commit in story.commits:
        write_down(journal, commit)
    return journal


def test_a_gate_is_a_question_until_a_person_decides_it() -> None:
    story = planned(Story())
    gate = e.GateOpened("approve-plan", 1, "approve-plan", "Build it?", (Choice("approve", "a"),), story.now)
    story.say("gatekeeper-1", opened=gate)

    [asked] = [entry for entry in written(story) if "gate" in entry.tags]

    assert (asked.kind, asked.title, asked.options) == ("question", "Build it?", ("approve",))
    assert asked in chosen(written(story), unreviewed=True)


def test_a_persons_decision_stands_beside_its_question_and_both_are_seen() -> None:
    journal = written(approved(planned(Story()), via="cli"))

    [asked, decided] = [entry for entry in journal if "gate" in entry.tags]

    assert decided.kind == "decision" and decided.author == "ada" and decided.related == (asked.id,)
    assert asked.hitl_reviewed and decided.hitl_reviewed
    assert asked.reviewed_by == "ada"


def test_what_nobody_looked_at_is_not_said_to_be_seen() -> None:
    journal = written(approved(planned(Story()), via="auto"))

    assert not any(entry.hitl_reviewed for entry in journal if "gate" in entry.tags)


def test_a_run_that_only_a_person_can_mend_is_a_blocker_and_one_that_a_person_paused_is_not() -> None:
    story = started(Story())
    story.say("conductor", paused=e.RunPaused(e.MAESTRO, "the agent needs the credential API_KEY"))
    story.say("conductor", paused=e.RunPaused("ada", "lunch"))

    stopped, paused = [
        entry for entry in written(story) if entry.content in ("lunch", "the agent needs the credential API_KEY")
    ]

    assert (stopped.kind, stopped.hitl_reviewed) == ("blocker", False)
    assert (paused.kind, paused.author, paused.hitl_reviewed) == ("decision", "ada", True)


def test_what_may_never_be_done_unasked_is_a_blocker_with_options() -> None:
    story = started(Story())
    story.say("gatekeeper-1", proposed=e.ActionProposed("p1", "T-001", 1, "worker-7", "ab" * 32, "git push --force"))
    opened = e.GateOpened(
        "action:p1",
        1,
        "",
        "Force push?",
        (Choice("approve", "a"), Choice("reject", "r")),
        story.now,
        proposal="p1",
        level=3,
    )
    story.say("gatekeeper-1", opened=opened)

    [blocker] = chosen(written(story), kinds=["blocker"])

    assert blocker.task == "T-001" and blocker.options == ("approve", "reject")


def test_people_and_agents_add_entries_and_people_mark_them_as_seen() -> None:
    story = started(Story())
    said = e.JournalEntryAdded("blocker", "T-001", "No database", "It refuses the port.", ("db",), task="T-001")
    story.say("gatekeeper-1", added=said)
    [entry] = chosen(written(story), tags=["db"])
    assert not entry.hitl_reviewed

    story.say("gatekeeper-1", seen=e.JournalReviewed(entry.id, "ada", "It was down."))

    [entry] = chosen(written(story), author="T-001")
    assert (entry.hitl_reviewed, entry.reviewed_by, entry.note) == (True, "ada", "It was down.")


def test_a_task_that_is_given_up_and_a_deadline_without_a_default_are_blockers() -> None:
    story = started(Story())
    story.say("conductor-1", gone=e.TaskAbandoned("T-002", 3, Problem("check_failed", "it fails", "read it")))
    story.say("gatekeeper-1", closed=e.GateClosed("g", 1, "g", "nobody answered", expired=True))

    titles = [entry.title for entry in chosen(written(story), kinds=["blocker"])]

    assert titles == ["T-002 was given up after 3 attempts", "Nobody decided g"]


def test_the_journal_is_exported_as_json_and_as_markdown() -> None:
    journal = list(written(approved(planned(Story()), via="cli", text="Fine.\n\x1b[31mred")))

    document = json.loads(as_json("r", journal))
    page = as_markdown("r", journal)

    assert [row["id"] for row in document["entries"]] == [entry.id for entry in journal]
    assert {"type", "author", "title", "content", "tags", "context", "hitl_reviewed"} <= document["entries"][0].keys()
    assert page.count("\n## ") == len(journal)
    assert not hidden(page.replace("\n", ""))


def test_entries_stand_in_the_order_of_the_log() -> None:
    times = [entry.at for entry in written(approved(planned(Story())))]
    assert times and all(one <= other for one, other in pairwise(times))


@settings(deadline=None)
@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_nothing_that_is_written_into_it_can_hide(title: str, content: str, tags: list[str]) -> None:
    story = started(Story())
    story.say("gatekeeper-1", added=e.JournalEntryAdded("milestone", title, title, content, tuple(tags)))

    page = as_markdown("r", list(written(story)))

    assert not hidden(page.replace("\n", ""))
