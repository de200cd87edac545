"""Is a YAML file read as plain data, each place with its line, and everything else refused?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_contracts.yamlfile import MAX_BYTES, FileProblem, InvalidFile, did_you_mean, read_yaml, read_yaml_file


def problems(text: str) -> tuple[FileProblem, ...]:
    with pytest.raises(InvalidFile) as caught:
        read_yaml(text, "f.yaml")
    return caught.value.problems


def test_plain_data_comes_back_as_it_is_written() -> None:
    text = "a: 1\nb: [x, 2.5, true, ~]\nc: {d: 'no', e: no, f: 2026-01-02, g: 0x10, h: -7}\n"
    data = {"a": 1, "b": ["x", 2.5, True, None], "c": {"d": "no", "e": "no", "f": "2026-01-02", "g": 16, "h": -7}}
    assert read_yaml(text, "f.yaml").data == data


def test_each_place_knows_its_line() -> None:
    document = read_yaml("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", "f.yaml")
    places = [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "d")]
    assert [document.line(place) for place in places] == [1, 2, 3, 4, 5]


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    assert read_yaml("a: 1\nb:\n  c: 2\n", "f.yaml").line(("b", "missing", 3)) == 2


def test_an_empty_file_has_no_data() -> None:
    assert read_yaml("# nothing yet\n", "f.yaml").data is None


def test_a_key_written_twice_is_refused_with_both_lines() -> None:
    (problem,) = problems("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert (problem.line, problem.field, problem.reason) == (4, "a.b", "written twice (first on line 2)")


REFUSED = [
    ("a: &x 1\n", "anchors"),
    ("a: &x 1\nb: *x\n", "anchors"),
    ("? &k a\n: 1\n", "plain word"),
    ("<<: {a: 1}\n", "plain word"),
    ("~: 1\n", "plain word"),
    ("? [a]\n: 1\n", "plain word"),
    ("a: !!python/object:os.system x\n", "tag"),
    ("a: !mine x\n", "tag"),
    ("a: !!binary aGk=\n", "tag"),
    ("%YAML 1.1\n---\na: no\n", "neither true nor false"),
    ("a: .nan\n", "number"),
    ("a: .inf\n", "number"),
    ("a: 99999999999999999999\n", "too large"),
    ("a: 1e999\n", "too large"),
    ("a: 1\n---\nb: 2\n", "another document"),
    ("a: [1,\n", "not YAML"),
    ("a: b: c\n", "mapping values"),
    ("a:\n\tb: 1\n", "not YAML"),
    ("a: 'x\n", "not YAML"),
    ("a: \x00\n", "not YAML"),
    ("a: *x\n", "undefined alias"),
    ("[" * 1000, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_is_no_plain_data_is_refused_with_a_mend(text: str, reason: str) -> None:
    first = problems(text)[0]
    assert reason in first.reason
    assert first.mend


def test_aliases_that_would_multiply_are_refused_before_they_do() -> None:
    bomb = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert "anchors" in problems(bomb)[0].reason


def test_a_tab_is_named_as_one() -> None:
    assert problems("a:\n\tb: 1\n")[0].mend == "indent with spaces, not with tabs"


def test_a_file_too_large_is_refused_before_it_is_parsed() -> None:
    assert "KiB" in problems("a" * (MAX_BYTES + 1))[0].reason


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_more(text: str) -> None:
    try:
        read_yaml(text, "f.yaml")
    except InvalidFile as error:
        assert error.problems


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="No such file"):
        read_yaml_file(tmp_path / "not there.yaml")


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(InvalidFile, match=":2: not UTF-8"):
        read_yaml_file(path)


def test_what_has_no_end_is_no_file(tmp_path: Path) -> None:
    pipe, device = tmp_path / "pipe.yaml", tmp_path / "device.yaml"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    for path in (pipe, device):
        with pytest.raises(InvalidFile, match="is a device or a pipe"):
            read_yaml_file(path)


def test_the_null_device_is_an_empty_file_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "nothing.yaml").symlink_to("/dev/null")
    assert read_yaml_file(tmp_path / "nothing.yaml").data is None


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    for content in ("# é\n" * MAX_BYTES, "é" * MAX_BYTES):
        path.write_text(content)
        with pytest.raises(InvalidFile, match="larger than"):
            read_yaml_file(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml_file(path).data == {"a": 1}


@pytest.mark.parametrize(
    ("given", "known", "hint"),
    [
        ("wrokflow", ["workflow", "agent"], "did you mean 'workflow'?"),
        ("Workflow", ["workflow", "agent"], "did you mean 'workflow'?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], ""),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest_or_all(given: str, known: list[str], hint: str) -> None:
    assert did_you_mean(given, known) == hint
