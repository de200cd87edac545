"""How is a policy file read, which mistakes are named with their line, and what may each layer say?"""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro.policy import loading
from maestro.policy.loading import Policy, load_policy, policy_of
from maestro.policy.rules import Layer, judge
from maestro_contracts.effects import Effect
from maestro_contracts.yamlfile import InvalidFile, read_yaml, read_yaml_file

RULE = """\
rules:
  - name: mine
    level: 2
    when: {kind: write, target: "generated/**"}
    why: somebody else makes these
    match: [{kind: file_write, path: generated/x.py, content: x}]
    not_match: [{kind: file_write, path: src/x.py, content: x}]
"""


def loaded(text: str, layer: Layer = "user") -> Policy:
    """A file of that layer over the shipped one."""
    return policy_of([("shipped", read_yaml_file(loading.SHIPPED)), (layer, read_yaml(text, "mine.yaml"))])


def refusal(text: str, layer: Layer = "user") -> str:
    shipped = read_yaml_file(loading.SHIPPED)
    with pytest.raises(InvalidFile) as raised:
        policy_of([("shipped", shipped), (layer, read_yaml(text, "mine.yaml"))])
    return str(raised.value)


def level(policy: Policy, *effects: Effect) -> int:
    return judge(effects, policy.rules).level


GENERATED = Effect("write", "generated/x.py", "project")


@pytest.mark.parametrize("layer", ["user", "project"])
def test_a_rule_of_ones_own_raises_what_it_is_about_and_nothing_else(layer: Layer) -> None:
    policy = loaded(RULE, layer)

    assert level(policy, GENERATED) == 2
    assert level(policy, Effect("write", "src/x.py", "project")) == 1


def test_version_and_hash_are_those_of_all_files() -> None:
    one, other = loaded(RULE), loaded(f"revision: 4\n{RULE}")

    assert other.version == one.version + 3
    assert len({one.sha256, other.sha256, loading.shipped_policy().sha256}) == 3
    assert loaded(RULE).sha256 == one.sha256


def test_the_users_own_file_may_lower_by_name() -> None:
    text = RULE.replace("level: 2", "level: 1").replace("write,", "delete,").replace("file_write", "file_delete")
    policy = loaded(f"{text}    instead_of: [deleting]\n".replace(", content: x", ""))

    assert level(policy, Effect("delete", "generated/x.py", "project")) == 1
    assert level(policy, Effect("delete", "src/x.py", "project")) == 2


# --- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "line", "words"),
    [
        ("kind: write", "kind: writes", 4, "'writes' is no kind of effect"),
        ("kind: write,", "kind: write, where: hom,", 4, "did you mean 'home'?"),
        ("level: 2", "level: 4", 3, "level"),
        ("level: 2", "level: high", 3, "level"),
        ("why: somebody", "wy: somebody", 5, "did you mean 'why'?"),
        ("- name: mine", "- name: Mine!", 2, "cannot be a name"),
        ('when: {kind: write, target: "generated/**"}', "when: {}", 4, "fits everything"),
        ("kind: write,", "kind: write, all_of: [{kind: read}],", 4, "all_of stands beside"),
        ("match: [{kind: file_write, path", "match: [{kind: file_wrote, path", 6, "no action"),
        ("match: [{kind: file_write, path: generated/x.py, content: x}]", "match: []", 6, "at least 1"),
        ("path: generated/x.py", "path: src/y.py", 6, "does not apply to this example"),
        ("path: src/x.py", "path: generated/y.py", 7, "applies to this example"),
    ],
)
def test_a_mistake_is_named_with_its_line(was: str, now: str, line: int, words: str) -> None:
    said = refusal(RULE.replace(was, now, 1))

    assert f"mine.yaml:{line}: " in said
    assert words in said


def test_every_example_that_fails_is_named_at_once() -> None:
    text = RULE.replace("path: generated/x.py", "path: src/y.py").replace("path: src/x.py", "path: generated/y.py")

    said = refusal(text)

    assert "mine.yaml:6: " in said and "mine.yaml:7: " in said


def test_two_rules_of_one_name_in_a_file_are_refused() -> None:
    assert "mine.yaml:8: rules[1].name: a second rule 'mine'" in refusal(RULE + RULE.removeprefix("rules:\n"))


# --- a project may only tighten -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (RULE.replace("level: 2", "level: 1"), 3, "level 1 asks nobody"),
        (f"{RULE}    instead_of: [ordinary-edits]\n", 8, "takes rules away"),
        (RULE.replace("name: mine", "name: deleting"), 2, "would replace the shipped rule 'deleting'"),
        (
            RULE.replace('kind: write, target: "generated/**"', "kind: credential").replace("generated/x.py", ".env"),
            6,
            "says 2 where it is 3 without it, so it would lower it",
        ),
        (f"{RULE}    fixed: true\n", 8, "only shipped rules are fixed"),
    ],
)
def test_a_projects_rule_that_would_lower_anything_is_refused_with_line_and_mend(
    text: str, line: int, words: str
) -> None:
    said = refusal(text, "project")

    assert f"mine.yaml:{line}: " in said
    assert words in said
    assert "\n    " in said, "a mend stands below"


@pytest.mark.parametrize("how", ["instead_of: [guards]", "instead_of: [opaque]", "instead_of: [no-such-rule]"])
def test_nobodys_file_takes_away_what_guards_maestro_itself(how: str) -> None:
    assert "mine.yaml:8: " in refusal(f"{RULE}    {how}\n")


def test_a_fixed_rule_is_not_replaced_by_its_name_either() -> None:
    assert "is fixed: no file replaces it" in refusal(RULE.replace("name: mine", "name: guards"))


# --- where the files are --------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("MAESTRO_POLICY_FILE", raising=False)
    (tmp_path / "config/maestro").mkdir(parents=True)
    return tmp_path


def test_the_users_and_the_projects_file_are_found_and_both_count(home: Path) -> None:
    (home / "config/maestro/policy.yaml").write_text(RULE)
    project = home / "repo/.flow/maestro"
    project.mkdir(parents=True)
    (project / "policy.yaml").write_text(RULE.replace("mine", "ours").replace("level: 2", "level: 3"))

    policy = load_policy(home / "repo")

    assert [source.layer for source in policy.sources] == ["shipped", "user", "project"]
    assert level(policy, GENERATED) == 3


def test_a_file_that_was_named_and_is_not_there_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAESTRO_POLICY_FILE", str(home / "nowhere.yaml"))

    with pytest.raises(InvalidFile, match=r"nowhere\.yaml"):
        load_policy()


def test_a_file_whose_link_leads_nowhere_is_not_passed_over(home: Path) -> None:
    link = home / "repo/.flow/maestro/policy.yaml"
    link.parent.mkdir(parents=True)
    for target in ("gone.yaml", link.name):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(InvalidFile, match=r"policy\.yaml"):
            load_policy(home / "repo")


def test_examples_are_run_again_when_a_file_changes_and_not_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = home / "config/maestro/policy.yaml"
    mine.write_text(RULE)
    asked: list[object] = []
    monkeypatch.setattr(loading, "_effects_of", lambda proposal: asked.append(proposal) or effects_of(proposal))
    effects_of = loading_effects()

    load_policy(remember=home / "notes")
    first = len(asked)
    load_policy(remember=home / "notes")
    assert first > 0 and len(asked) == first

    mine.write_text(RULE.replace("why: somebody", "why: anybody"))
    load_policy(remember=home / "notes")
    assert len(asked) == 2 * first


def loading_effects():  # type: ignore[no-untyped-def]
    from maestro.policy.reading import effects_of_proposal

    return lambda proposal: effects_of_proposal(proposal).effects


def test_a_policy_that_was_refused_is_not_remembered(home: Path) -> None:
    (home / "config/maestro/policy.yaml").write_text(RULE.replace("path: generated/x.py", "path: src/y.py"))

    for _ in range(2):
        with pytest.raises(InvalidFile):
            load_policy(remember=home / "notes")


def test_all_examples_of_the_shipped_rules_hold() -> None:
    outcomes = list(loading.examples_of())

    assert [outcome for outcome in outcomes if outcome.problem] == []
    assert {outcome.rule for outcome in outcomes} == {rule.name for rule in loading.shipped_policy().rules}
