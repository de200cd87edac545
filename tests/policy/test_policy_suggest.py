"""What does history suggest, and what does it never suggest?"""

from __future__ import annotations

import pytest

from maestro.cli.commands.policy import decided
from maestro.policy.loading import SHIPPED, policy_of, shipped_policy
from maestro.policy.rules import judge
from maestro.policy.suggest import Decided, Suggestion, common_glob, suggest
from maestro_contracts import events as e
from maestro_contracts.actions import ActionPart
from maestro_contracts.effects import Effect
from maestro_contracts.proposals import EffectRecord
from maestro_contracts.yamlfile import read_yaml, read_yaml_file

ASKING = [rule.name for rule in shipped_policy().rules if rule.level == 2]


def delete(path: str, decision: str = "approved", level: int = 2) -> Decided:
    effects = (EffectRecord("delete", path, "project"),)
    return Decided("file_delete", path, level, effects, ("deleting",), decision, "run-a p-1")  # type: ignore[arg-type]


def suggested(*history: Decided) -> list[Suggestion]:
    return suggest(history, ASKING, at_least=3)


def test_what_was_always_approved_is_suggested_with_the_evidence() -> None:
    [found] = suggested(delete("gen/a.py"), delete("gen/b.py"), delete("gen/c.py"))

    assert (found.approved, found.instead_of, found.effect.target) == (3, ("deleting",), "gen/*.py")
    assert found.evidence[0] == "run-a p-1: gen/a.py"


def test_a_suggestion_is_a_rule_that_loads_and_lowers_just_that() -> None:
    [found] = suggested(delete("gen/a.py"), delete("gen/b.py"), delete("gen/c.py"))

    text = read_yaml(f"rules:\n{found.yaml}\n", "mine.yaml")
    policy = policy_of([("shipped", read_yaml_file(SHIPPED)), ("user", text)])

    assert judge([Effect("delete", "gen/z.py", "project")], policy.rules).level == 1
    assert judge([Effect("delete", "src/z.py", "project")], policy.rules).level == 2


def test_what_a_log_says_of_an_action_makes_an_example_that_holds() -> None:
    effects = (EffectRecord("delete", "gen/a.txt", "project"),)
    [found] = suggested(*[Decided("shell", "run rm gen/a.txt", 2, effects, ("deleting",), "approved")] * 3)

    policy_of([("shipped", read_yaml_file(SHIPPED)), ("user", read_yaml(f"rules:\n{found.yaml}\n", "mine.yaml"))])
    assert '- "rm gen/a.txt"' in found.yaml


def test_what_cannot_be_shown_by_an_example_is_not_suggested() -> None:
    effects = (EffectRecord("delete", "gen/a.txt", "project"),)
    shortened = Decided("shell", "run for each of them (of 9,000 characters)", 2, effects, ("deleting",), "approved")

    assert suggested(*[shortened] * 9) == []


def test_too_few_approvals_suggest_nothing() -> None:
    assert suggested(delete("a"), delete("b")) == []


def test_one_rejection_is_enough_against_it() -> None:
    assert suggested(*[delete(f"gen/{n}.py") for n in range(9)], delete("src/main.py", "rejected")) == []


@pytest.mark.parametrize("kind", ["credential", "opaque", "guard", "money", "git-discard", "data-destroy"])
def test_what_always_needs_a_person_is_never_suggested(kind: str) -> None:
    effects = (EffectRecord(kind, "x", "project"),)

    for level in (2, 3):
        assert suggested(*[Decided("shell", "x", level, effects, ("deleting",), "approved")] * 9) == []


def test_an_approved_action_of_level_3_speaks_for_nothing() -> None:
    assert suggested(*[delete("x", level=3)] * 9) == []


@pytest.mark.parametrize(
    ("targets", "glob"),
    [
        (["a/x.py"], "a/x.py"),
        (["a/x.py", "a/y.py"], "a/*.py"),
        (["a/b/x", "a/c/y"], "a/**"),
        (["x.py", "b/y.py"], "*.py"),
        (["x", "b/y.py"], ""),
        (["", "x"], ""),
    ],
)
def test_the_glob_is_the_narrowest_that_fits_all(targets: list[str], glob: str) -> None:
    assert common_glob(targets) == glob


def test_history_is_read_from_the_events_and_only_what_people_said_counts() -> None:
    part = ActionPart(
        "file_delete", "gen/a.py", "d", 2, (EffectRecord("delete", "gen/a.py", "project"),), ("deleting",)
    )
    log = (
        e.ActionClassified("p-1", 2, 1, "h", (part,)),
        e.ApprovalGiven("p-1", "d", 2, "person", "h", 7),
        e.ActionClassified("p-2", 2, 1, "h", (part,)),
        e.ApprovalGiven("p-2", "d", 2, "grant", "h", 8),
        e.ActionClassified("p-3", 2, 1, "h", (part,)),
        e.ActionRejected("p-3", "d", "ann", "no", 9),
    )

    found = decided("run-a", log)

    assert [(each.decision, each.at) for each in found] == [("approved", "run-a p-1"), ("rejected", "run-a p-3")]
    assert found[0].effects == part.effects
