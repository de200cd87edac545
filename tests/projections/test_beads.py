"""Do other people's issues stay when ours are written beside them?"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.projections.beads import BEADS_FILE, merged
from maestro.projections.folder import write

OURS = b'{"id":"run-1-T-001","status":"open"}\n{"id":"run-1-T-002","status":"open"}\n'


def test_a_new_file_holds_ours() -> None:
    assert merged(b"", OURS) == OURS


def test_theirs_stay_and_ours_are_renewed_in_their_place() -> None:
    theirs = b'{"id":"bd-7"}\n' + OURS + b'{ "id": "bd-8" , "title": "caf\\u00e9"}\n'
    closed = OURS.replace(b"open", b"closed")
    assert merged(theirs, closed) == theirs.replace(b"open", b"closed")


def test_a_last_line_without_an_end_is_ended_first() -> None:
    assert merged(b'{"id":"bd-7"}', OURS) == b'{"id":"bd-7"}\n' + OURS


@given(st.lists(st.one_of(st.binary(max_size=20), st.just(b'{"id":"bd-7"}'), st.just(b"[]"), st.just(b'{"id":3}'))))
@settings(deadline=None)
def test_whatever_is_there_stays_and_writing_again_changes_nothing(lines: list[bytes]) -> None:
    theirs = b"\n".join(line.replace(b"\n", b"") for line in lines)
    once = merged(theirs, OURS)
    assert once.startswith(theirs)
    assert once.endswith(OURS)
    assert merged(once, OURS) == once


def test_only_our_lines_of_the_file_on_disk_change(tmp_path: Path) -> None:
    (tmp_path / ".beads").mkdir()
    (tmp_path / BEADS_FILE).write_bytes(b'{"id":"bd-7"}\n')
    assert write(tmp_path, {BEADS_FILE: OURS}, beads=True) == [BEADS_FILE]
    assert (tmp_path / BEADS_FILE).read_bytes() == b'{"id":"bd-7"}\n' + OURS
    assert write(tmp_path, {BEADS_FILE: OURS}, beads=True) == []
