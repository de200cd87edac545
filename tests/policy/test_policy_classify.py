"""Is every proposal judged, whatever it holds, and is what was judged exactly what is bound?"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.policy.classify import MAX_EFFECTS, classify
from maestro.policy.loading import shipped_policy
from maestro.policy.paths import Surroundings
from maestro_contracts.proposals import (
    PROPOSALS,
    Claim,
    DependencyChange,
    FileDelete,
    FileRead,
    FileWrite,
    Http,
    InvalidProposal,
    Proposal,
    Shell,
    Sql,
    ToolCall,
    action_digest,
    canonical_action,
    parse_proposal,
)

POLICY = shipped_policy()
text = st.text(max_size=120) | st.text(alphabet="-+@/~.*{}[]'\"`$\\\n\x00\u202e;:= abcSELECTDROP", max_size=80)
plain = text | st.none() | st.integers() | st.booleans()
nested = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(text, inner))
special = st.sampled_from(
    ["package.json", "go.mod", "pom.xml", ".github/workflows/x.yml", "Cargo.toml", "a.sql", "x.sh"]
)
arguments = st.dictionaries(st.sampled_from(["path", "url", "sql", "command", "x"]), nested, max_size=3)
proposals = st.one_of(
    st.builds(FileRead, path=text, cwd=text),
    st.builds(FileDelete, path=text, is_dir=st.booleans()),
    st.builds(FileWrite, path=text, content=text, before=st.none() | text),
    st.builds(FileWrite, path=special, content=text),
    st.builds(Http, path=text, method=text, content=text, headers=st.dictionaries(text, text, max_size=2)),
    st.builds(Sql, content=text, database=text, dialect=st.sampled_from(["", "mysql", "nonsense"])),
    st.builds(DependencyChange, manifest=text, added=st.lists(text, max_size=3).map(tuple)),
    st.builds(ToolCall, tool=text, server=text, arguments=arguments),
)


@given(proposal=proposals)
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_proposed_makes_it_fail(proposal: Proposal) -> None:
    judged = classify(proposal, POLICY)

    assert judged.level in (1, 2, 3)
    assert judged.effects and judged.rules and len(judged.effects) <= MAX_EFFECTS
    assert "unreadable" not in {effect.detail for effect in judged.effects}, "a defect would be hidden by this"


@given(line=st.binary(max_size=200) | text.map(lambda each: each.encode("utf-8", "replace")))
def test_a_line_is_a_proposal_or_an_error_with_its_mend(line: bytes) -> None:
    try:
        parse_proposal(line)
    except InvalidProposal as error:
        assert error.reason and error.mend


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "Expected `object`"),
        ('{"kind": "teleport"}', "Invalid value 'teleport'"),
        ('{"kind": "shell"}', "missing field `command`"),
        ('{"kind": "shell", "command": 3}', "Expected `str`, got `int` at `.command`"),
        ("[" * 100_000, "Expected `object`"),
    ],
)
def test_what_is_no_proposal_is_named(line: str, reason: str) -> None:
    with pytest.raises(InvalidProposal) as raised:
        parse_proposal(line)

    assert reason in raised.value.reason


def test_every_kind_is_read_from_its_json() -> None:
    for kind, type_ in PROPOSALS.items():
        fields: dict[str, Any] = {"path": "x", "command": "x", "content": "x", "tool": "x", "args": ["x"], "id": "1"}
        assert type(parse_proposal(msgspec.json.encode({"kind": kind, **fields}))) is type_


# --- claims ---------------------------------------------------------------------------------------------------------


def test_a_claim_below_the_level_is_a_violation_and_changes_nothing() -> None:
    honest = FileRead("~/.ssh/id_rsa")
    lying = FileRead("~/.ssh/id_rsa", claimed=Claim(1, "just looking"))

    assert classify(lying, POLICY).level == classify(honest, POLICY).level == 3
    assert classify(lying, POLICY).violation == "claimed level 1, is level 3"
    assert classify(honest, POLICY).violation == ""
    assert classify(FileRead("README.md", claimed=Claim(2)), POLICY).violation == ""


# --- the digest -----------------------------------------------------------------------------------------------------


def test_the_digest_is_over_the_documented_bytes() -> None:
    action = Http("https://example.com/ä", "POST", "b", claimed=Claim(1, "x"))

    wanted = b'maestro/action/v1\n{"content":"b","kind":"http","method":"POST","path":"https://example.com/\\u00e4"}\n'

    assert wanted == canonical_action(action)
    assert hashlib.sha256(wanted).hexdigest() == action_digest(action) == classify(action, POLICY).digest


@given(one=proposals, other=proposals)
def test_actions_that_differ_have_digests_that_differ(one: Proposal, other: Proposal) -> None:
    assert (one == other) == (action_digest(one) == action_digest(other)) or one == other


def test_the_same_action_in_another_folder_is_another_action() -> None:
    assert action_digest(FileDelete("x")) != action_digest(FileDelete("x", cwd="sub"))
    assert action_digest(Shell("make")) != action_digest(Shell("make", env=("CC",)))


# --- where it happens -----------------------------------------------------------------------------------------------


def test_a_link_is_followed_where_somebody_can_look() -> None:
    at = Surroundings("/repo", ".", "/home/ann", lambda path: {"notes.txt": "/home/ann/.ssh/id_rsa"}.get(path, path))

    assert classify(FileRead("notes.txt"), POLICY, at).level == 3
    assert classify(FileRead("other.txt"), POLICY, at).level == 1
    assert classify(FileRead("/repo/src/x.py"), POLICY, at).level == 1


def test_the_folder_of_the_proposal_counts() -> None:
    assert classify(FileWrite("hosts", "x", cwd="/etc"), POLICY).level == 3
    assert classify(FileRead("id_rsa", cwd="~/.ssh"), POLICY).level == 3


def test_the_projects_own_paths_are_known_when_they_are_written_out() -> None:
    at = Surroundings("/home/ann/.local/state/maestro/work/r/T-001", ".", "/home/ann")

    assert classify(Shell(f"touch {at.root}/src/x.py"), POLICY, at).level == 1
    assert classify(FileWrite(f"{at.root}/src/x.py", "x = 1\n"), POLICY, at).level == 1
    assert classify(Shell("touch src/x.py", cwd=at.root), POLICY, at).level == 1
    assert classify(Shell("touch ~/.local/state/maestro/operator.pub"), POLICY, at).level == 3
    assert classify(Shell(f"touch {at.root}/.flow/maestro/policy.yaml"), POLICY, at).level == 3


def test_standard_output_is_no_place_of_the_machine_wherever_it_leads() -> None:
    at = Surroundings("/repo", ".", "/home/ann", lambda path: "/proc/7/fd/pipe:[9]")

    assert classify(FileWrite("/dev/stdout", "x"), POLICY, at).level == 1


def test_a_text_that_is_not_unicode_is_judged_and_shown() -> None:
    judged = classify(FileRead("~/.ssh/\udcff"), POLICY)

    assert judged.level == 3 and len(judged.digest) == 64
    assert repr(judged).isascii()


# --- tools ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "level"),
    [
        (ToolCall("request_approval", "maestro"), 1),
        (ToolCall("frobnicate", "x", {"a": 1}), 2),
        (ToolCall("read_file", "files", {"path": "~/.aws/credentials"}), 3),
        (ToolCall("writeFile", "files", {"file_path": "src/a.py", "content": "exec(b64decode('eA=='))"}), 3),
        (ToolCall("fetch", "web", {"url": "http://169.254.169.254/"}), 3),
        (ToolCall("query", "db", {"sql": "DROP TABLE users"}), 3),
        (ToolCall("delete_file", "files", {"path": "~/.ssh/id_rsa"}), 3),
        (ToolCall("post", "x", {"payload": {"deep": ["AKIAIOSFODNN7REALKE1"]}}), 3),
    ],
)
def test_a_tool_is_asked_and_its_arguments_are_judged_for_what_they_are(call: ToolCall, level: int) -> None:
    assert level == classify(call, POLICY).level


# --- dependencies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (DependencyChange("package.json", ("vitest@3",), dev=True), 1),
        (DependencyChange("package.json", ("git+https://example.com/x.git",), dev=True), 2),
        (DependencyChange("package.json", ("express@5",)), 2),
        (DependencyChange("package.json", (), ("express",)), 2),
        (DependencyChange("package.json"), 2),
    ],
)
def test_development_may_have_what_it_needs_and_production_is_asked(change: DependencyChange, level: int) -> None:
    assert level == classify(change, POLICY).level
