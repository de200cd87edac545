"""How do effects and rules make a level? And can anything that a project writes lower one?"""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maestro.policy.loading import shipped_policy
from maestro.policy.rules import UNCOVERED, Condition, Rule, judge
from maestro_contracts.effects import Effect, EffectKind, Where

LOOK = Effect("read", "src/x.py", "project")
DELETE = Effect("delete", "src/x.py", "project")
SECRET = Effect("credential", "~/.netrc", "home", "read")


def rule(name: str, level: int, *kinds: str, **more: object) -> Rule:
    return Rule(name, level, "because", Condition(kinds=frozenset(kinds)), **more)  # type: ignore[arg-type]


def test_the_level_is_the_highest_and_the_rule_that_made_it_stands_first() -> None:
    judged = judge([LOOK, SECRET, DELETE], shipped_policy().rules)

    assert judged.level == 3
    assert [each.name for each in judged.rules] == ["credentials", "deleting", "looking"]


def test_an_effect_that_no_rule_covers_is_asked() -> None:
    judged = judge([LOOK], ())

    assert (judged.level, [each.name for each in judged.rules]) == (2, [UNCOVERED])


def test_nothing_at_all_is_asked_too() -> None:
    assert judge([], shipped_policy().rules).level == 2


def test_what_cannot_be_read_is_level_3_whatever_the_rules_say() -> None:
    assert judge([Effect("opaque")], [rule("mine", 1, "opaque", layer="user")]).level == 3


def test_a_combination_needs_all_its_parts_in_one_action() -> None:
    both = Rule("both", 3, "because", all_of=(Condition(frozenset({"read"})), Condition(frozenset({"network"}))))
    rules = [rule("fine", 1, "read", "network"), both]

    assert judge([LOOK], rules).level == 1
    assert judge([LOOK, Effect("network", "example.com", "remote", "send")], rules).level == 3


def test_a_users_rule_takes_others_away_for_the_effects_it_is_about_only() -> None:
    mine = rule("mine", 1, "delete", layer="user", instead_of=frozenset({"deleting"}))
    rules = (*shipped_policy().rules, mine)

    assert judge([DELETE], rules).level == 1
    assert judge([Effect("delete", "/etc/x", "system")], rules).level == 3


def test_what_a_rule_leaves_aside_does_not_count() -> None:
    spared = rule("most", 3, "write", unless=(Condition(targets=("docs/**",)),))

    assert judge([Effect("write", "docs/a/b.md", "project")], [spared]).level == 2
    assert judge([Effect("write", "src/a.py", "project")], [spared]).level == 3


@pytest.mark.parametrize(
    ("glob", "target", "fits"),
    [
        ("*.py", "src/a.py", True),
        ("src/*", "src/a/b.py", False),
        ("src/**", "src/a/b.py", True),
        ("~/*", "~/a/b", False),
        ("/etc/**", "/etc", True),
        ("*.example.com", "api.EXAMPLE.com", True),
        ("[", "[", True),
    ],
)
def test_globs(glob: str, target: str, fits: bool) -> None:
    assert Condition(targets=(glob,)).fits(Effect("read", target)) is fits


# --- a project can only tighten -------------------------------------------------------------------------------------

effects = st.lists(
    st.builds(
        Effect,
        kind=st.sampled_from(get_args(EffectKind)),
        target=st.sampled_from(["", "src/a.py", ".env", "~/x", "/etc/passwd", "example.com"]),
        where=st.sampled_from(get_args(Where)),
        detail=st.sampled_from(["", "read", "send", "get", "fetch", "push", "rows", "recursive"]),
    ),
    max_size=4,
)
conditions = st.builds(
    Condition,
    kinds=st.frozensets(st.sampled_from(get_args(EffectKind)), max_size=3),
    places=st.frozensets(st.sampled_from(get_args(Where)), max_size=2),
    targets=st.lists(st.sampled_from(["*", "src/**", "~/*", "[", "*.py"]), max_size=2).map(tuple),
    details=st.lists(st.sampled_from(["*", "", "read", "rows"]), max_size=2).map(tuple),
)
project_rules = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from(["mine", "deleting", "credentials", "opaque", "guards"]),
        level=st.sampled_from([1, 2, 3]),
        why=st.just("because"),
        when=conditions,
        unless=st.lists(conditions, max_size=2).map(tuple),
        all_of=st.lists(conditions, max_size=2).map(tuple),
        layer=st.just("project"),
        instead_of=st.frozensets(st.sampled_from(["deleting", "credentials", "guards", "opaque"])),
        fixed=st.booleans(),
    ),
    max_size=4,
)


@given(effects=effects, added=project_rules)
@example(
    effects=[Effect("guard")],
    added=[Rule("guards", 1, "because", all_of=(Condition(frozenset({"guard"})),), layer="project")],
)
def test_no_rule_of_a_project_lowers_any_level_even_one_that_loading_would_refuse(
    effects: list[Effect], added: list[Rule]
) -> None:
    shipped = shipped_policy().rules

    assert judge(effects, (*shipped, *added)).level >= judge(effects, shipped).level


@given(effects=effects, more=effects)
def test_doing_more_is_never_judged_lower(effects: list[Effect], more: list[Effect]) -> None:
    rules = shipped_policy().rules

    assert not effects or judge([*effects, *more], rules).level >= judge(effects, rules).level
