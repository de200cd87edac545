"""Which properties does an audit show of a history, and what does it say of one that was changed?"""

from __future__ import annotations

import pytest

from maestro.audit import determinism
from maestro.audit.auditor import Auditor
from maestro.audit.findings import as_dict, lines
from maestro.audit.memory_source import MemorySource
from maestro.audit.pool import Signatures
from maestro.audit.trust import Enrolled, Trust
from maestro.audit.verify import audit
from maestro.log.note import SigningKey
from maestro.log.signatures import is_signed
from maestro.log.verify import Commit
from maestro.projections.projector import Projector
from maestro.tlog.checkpoint import parse_signed
from maestro_contracts import events as e
from maestro_contracts.actions import ActionPart
from maestro_contracts.proposals import EffectRecord
from tamper.sample import Writer, honest, shared
from tamper.town import Town
from tests.support.audited import audited, source_of, trust_in, what


def files_of(town: Town) -> dict[str, bytes]:
    """The files that the run's log makes."""
    made = Projector(town.run)
    enrolled = Enrolled.of(town.operator.verify_key, source_of(town).system())
    auditor = Auditor(
        town.run, trust_in(town), enrolled, listeners=[lambda v: made.apply(v) if isinstance(v, Commit) else None]
    )
    for page in source_of(town).entries():
        opened = auditor.open(page)
        auditor.take(page, opened, [is_signed(plain.proof) for plain in opened if plain])
    return made.files()


def test_an_honest_history_with_its_files_holds_in_every_property() -> None:
    town = shared()
    report = audited(town, files=files_of(town))
    assert [str(finding) for each in report.properties.values() for finding in each.findings] == []
    assert report.verdict == "holds"
    assert report.properties["authorisation"].counts["effects"] == 3
    assert report.properties["verification"].counts["acceptances"] == 3


def test_each_property_is_one_line_and_json_says_the_same() -> None:
    report = audited(shared())
    shown = [line for line in lines(report) if not line.startswith("    ")]
    assert len(shown) == len(report.properties) == 9
    assert as_dict(report)["verdict"] == "cannot tell"


def test_nothing_to_verify_is_never_clean() -> None:
    town = shared()
    report = audit(MemorySource(town.run, [], town.system), trust_in(town))
    assert {each.verdict for each in report.properties.values()} == {"cannot tell"}


def test_whoever_trusts_another_operator_believes_nothing() -> None:
    town = shared()
    stranger = Trust(SigningKey.generate("maestro/operator").verify_key)
    report = audit(source_of(town), stranger)
    assert report.verdict == "violated"
    authenticity = report.properties["authenticity"]
    assert authenticity.broken >= len(town.bodies)
    assert "is it theirs?" in authenticity.findings[0].what, "the likeliest reason is told first"


def test_without_a_policy_cosignatures_count_for_nothing_and_that_is_said() -> None:
    town = shared()
    trust = Trust(town.operator.verify_key)
    report = audit(source_of(town), trust)
    assert "no witnesses" in report.trust
    assert not [name for name in report.properties["seals"].counts if "cosigned" in name]


def test_an_older_checkpoint_that_the_log_continues_is_counted_and_another_is_found() -> None:
    town = shared()
    older = parse_signed(town.checkpoint(town.bodies[:20]))
    assert audited(town, since=older).properties["tree"].counts["older checkpoints continued"] == 1
    other = parse_signed(town.checkpoint([*town.bodies[:19], b"something else"]))
    assert what(audited(town, since=other), "tree") == [
        "--since: the first 20 entries are others than when it was made"
    ]
    longer = parse_signed(town.checkpoint([*town.bodies, b"one more"]))
    assert f"the log has {len(town.bodies)} now" in what(audited(town, since=longer), "tree")[0]


def test_a_file_that_is_not_what_the_log_says_is_found() -> None:
    town = shared()
    files = files_of(town)
    name = next(path for path in files if path.endswith("final-report.md"))
    report = audited(town, files={**files, name: files[name] + b"All good!\n"})
    assert what(report, "determinism") == [
        f"{name}: it is not what the log says; `maestro replay --write` makes it again"
    ]


def test_files_of_an_earlier_entry_are_compared_with_the_log_up_to_there() -> None:
    town = honest()
    files = files_of(town)
    assert audited(town, files=files).verdict == "holds"
    town.say("gatekeeper-1", e.JournalReviewed("1.0", "ada"))
    report = audited(town, files=files)
    assert report.properties["determinism"].verdict == "cannot tell"


def test_a_history_that_was_cut_behind_its_last_seal_cannot_be_told_to_be_whole() -> None:
    town = shared()
    report = audited(town, town.bodies[:40])
    assert report.properties["completeness"].verdict == "cannot tell"
    assert "a shorter log could not be told from this one" in str(report.properties["completeness"].findings)


def test_a_run_that_claims_work_and_judges_none_of_it_is_not_clean() -> None:
    town = shared()
    first_claim = next(n for n, body in enumerate(town.bodies) if b'"type":"TaskClaimed"' in body)
    report = audited(town, town.bodies[: first_claim + 1])
    assert report.properties["verification"].verdict == "cannot tell"


def test_many_processes_find_what_one_finds() -> None:
    pages = [((number,), [bytes(32) + bytes([number]) * 80] * 3) for number in range(50)]
    with Signatures[tuple[int]](3) as signatures:
        assert [(page, [0, 0, 0]) for page, _ in pages] == [
            (page, list(right)) for page, right in signatures.checked(pages)
        ]


def test_a_helper_that_is_ended_loses_nothing() -> None:
    town = shared()
    enrolled = Enrolled.of(town.operator.verify_key, source_of(town).system())
    auditor = Auditor(town.run, trust_in(town), enrolled)
    proofs = [plain.proof for page in source_of(town).entries() for plain in auditor.open(page) if plain]
    with Signatures[int](2) as signatures:
        found = []
        for number, right in signatures.checked((n, proofs) for n in range(40)):
            found.append((number, all(right)))
            if number == 3:
                signatures.end_helpers()
    assert found == [(number, True) for number in range(40)]


# --- people ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def writer() -> Writer:
    writer = Writer()
    writer.plan()
    return writer


def asked(writer: Writer, level: int = 2) -> e.GateOpened:
    """An action of level 2 that waits for somebody."""
    of = "aa" * 32
    writer.propose("act:1", "T-002", 1, "worker-2", of, level, ActionPart("shell", "run deploy", of, level))
    return writer.ask("act:1", "worker-2", of, level)


def found_of(writer: Writer) -> list[str]:
    return what(audited(writer.town), "authorisation")


def test_an_approval_by_somebody_who_may_not_is_found(writer: Writer) -> None:
    opened = asked(writer)
    writer.decide(opened, "approve", "eve")
    assert any("eve had no say here" in each for each in found_of(writer))


def test_an_approval_that_rests_on_no_vote_is_found(writer: Writer) -> None:
    opened = asked(writer)
    writer.approve("act:1", "aa" * 32, 2, "person", approvers=("ada",), gate=opened.gate, visit=1, asked="aa" * 32)
    assert any("no decision of people" in each for each in found_of(writer))


def test_a_word_that_somebody_else_signed_is_found(writer: Writer) -> None:
    opened, town = asked(writer), writer.town
    town.people["ada"], town.people["ben"] = town.people["ben"], town.people["ada"]
    writer.decide(opened, "approve", "ada")
    assert any("ada did not decide this" in each for each in found_of(writer))


def test_an_approval_of_something_else_than_people_were_asked_about_is_found(writer: Writer) -> None:
    opened = asked(writer)
    writer.decide(opened, "approve", "ada")
    of = "bb" * 32
    writer.propose("act:2", "T-002", 1, "worker-2", of, 2, ActionPart("shell", "run other", of, 2))
    writer.approve("act:2", of, 2, "person", approvers=("ada",), gate=opened.gate, visit=1, asked=of)
    assert any("was about another action" in each for each in found_of(writer))


def test_one_approval_is_used_once(writer: Writer) -> None:
    opened = asked(writer)
    writer.decide(opened, "approve", "ada")
    writer.approve("act:1", "aa" * 32, 2, "person", approvers=("ada",), gate=opened.gate, visit=1, asked="aa" * 32)
    writer.begin("worker-2", "act:1", "aa" * 32, 2)
    assert found_of(writer) == []
    writer.begin("worker-2", "act:1", "aa" * 32, 2)
    assert any("used a second time" in each for each in found_of(writer))


def test_level_3_is_never_decided_by_nobody(writer: Writer) -> None:
    opened, town = asked(writer, level=3), writer.town
    end = e.GateDecided(opened.gate, 1, "", "approve", "approve", "", "--auto-approve", "auto", town.now + 1000)
    town.say("gatekeeper-1", end)
    writer.approve("act:1", "aa" * 32, 3, "auto", gate=opened.gate, visit=1, asked="aa" * 32)
    assert any("level 3 needs a person" in each for each in found_of(writer))


def test_an_action_of_level_2_that_policy_approved_alone_is_found(writer: Writer) -> None:
    writer.propose("act:1", "T-002", 1, "worker-2", "aa" * 32, 2, ActionPart("shell", "run x", "aa" * 32, 2))
    writer.approve("act:1", "aa" * 32, 2, "policy", asked="aa" * 32)
    assert any("missed checkpoint" in each for each in found_of(writer))


def test_a_grant_is_held_to_its_bounds(writer: Writer) -> None:
    writer.own_action()
    assert found_of(writer) == []
    of = "cc" * 32
    part = ActionPart("shell", "run rm -rf build", of, 2, (EffectRecord("delete", "build", "project"),))
    writer.propose("act:9", "T-002", 1, "worker-2", of, 2, part)
    writer.approve("act:9", of, 2, "grant", grant="g-1", asked=of)
    assert any("does not cover it" in each for each in found_of(writer))


def test_a_merge_without_acceptance_and_an_acceptance_without_votes_are_found(writer: Writer) -> None:
    writer.conduct(e.TaskAccepted("T-009", 1, "ab" * 20, 3))
    writer.town.say("integrator-1", e.TaskMerged("T-009", 1, "cd" * 20, "ef" * 20))
    found = what(audited(writer.town), "verification")
    assert any("nobody had claimed it" in each for each in found)
    assert any("had not been accepted" in each for each in found)


def test_the_one_file_with_a_line_for_each_event_is_not_made_of_a_very_long_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = shared()
    files = files_of(town)
    monkeypatch.setattr(determinism, "MOST_LINES", 50)
    report = audited(town, files=files)
    assert [each.at.rpartition("/")[2] for each in report.properties["determinism"].findings] == ["execution-log.md"]
    assert report.verdict == "cannot tell"


class OnDisk(dict[str, bytes]):
    """Files in a repository, among many of others: they are asked for by name and never listed."""

    def __len__(self) -> int:
        return 0

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(())


def test_files_that_were_written_before_the_last_seal_are_those_of_the_log() -> None:
    town = honest()
    files = OnDisk(files_of(town))
    town.seal(final=True, later=("w3",))
    assert audited(town, files=files).verdict == "holds"
