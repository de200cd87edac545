"""What a witness cosigns, and what it refuses: c2sp.org/tlog-witness, clause by clause, and in a real process."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.note import SigningKey
from maestro.tlog.checkpoint import Checkpoint, parse_lines, parse_signed, sign_checkpoint, with_signatures
from maestro.tlog.cosignature import cosign, cosigner_of
from maestro.tlog.exchange import SIZE_TYPE, read_request, write_request
from maestro.tlog.memory import Memory, MemoryLost, Remembered
from maestro.tlog.merkle import leaf_hash
from maestro.witness.decider import Cosign, Refused, decide
from maestro_contracts.envelope import Unreadable
from tests.support.witnessing import LOGS, SEAL, GrowingLog, WitnessProcess

KEY = SigningKey("witness.example/w", b"\x01" * 32)
OWN = cosigner_of(KEY)


def judged(body: bytes, before: Remembered | None = None) -> Cosign | Refused:
    return decide(body, LOGS.logs, OWN, lambda origin: before or Remembered())


def status(body: bytes, before: Remembered | None = None) -> int:
    verdict = judged(body, before)
    return 200 if isinstance(verdict, Cosign) else verdict.status


def log_of(size: int) -> GrowingLog:
    log = GrowingLog()
    log.grow(size)
    return log


def seen(log: GrowingLog, size: int) -> Remembered:
    return Remembered(size, log.tree.root(size), log.note(size))


def test_what_continues_what_was_seen_is_cosigned() -> None:
    log = log_of(9)
    assert status(log.asks(0)) == 200
    assert status(log.asks(5), seen(log, 5)) == 200
    assert status(log.asks(9), seen(log, 9)) == 200


def test_a_log_that_nobody_named_is_not_found() -> None:
    note = sign_checkpoint(Checkpoint("other/log", 1, leaf_hash(b"")), SEAL)
    assert status(write_request(0, [], note)) == 404
    assert status(write_request(0, [], sign_checkpoint(Checkpoint("maestro/0", 1, leaf_hash(b"")), SEAL))) == 404


def test_what_the_log_did_not_sign_is_forbidden() -> None:
    log = log_of(3)
    log.key = SigningKey("thief", b"\x08" * 32)
    assert status(log.asks(0)) == 403
    cut = log_of(3).asks(0).replace(b"\xe2\x80\x94", b"\xe2\x80\x93")
    assert status(cut) == 400


def test_an_old_size_that_is_larger_is_a_bad_request() -> None:
    assert status(log_of(3).asks(4)) == 400


def test_another_old_size_than_the_one_seen_is_a_conflict_that_names_it() -> None:
    log = log_of(9)
    verdict = judged(log.asks(0), seen(log, 5))
    assert isinstance(verdict, Refused)
    assert (verdict.status, verdict.known, verdict.alarm) == (409, 5, False)


def test_going_backwards_is_refused_with_an_alarm() -> None:
    log = log_of(9)
    for old in (0, 3):
        verdict = judged(log.asks(old, 3), seen(log, 5))
        assert isinstance(verdict, Refused) and verdict.alarm and verdict.status == 409


def test_another_history_is_refused_with_an_alarm() -> None:
    log, other = log_of(5), GrowingLog()
    other.grow(4, "entry")
    other.grow(5, "rewritten")
    for body in (other.asks(5), other.asks(5, 5)):
        verdict = judged(body, seen(log, 5))
        assert isinstance(verdict, Refused) and verdict.alarm and verdict.status == 422


def test_a_proof_where_none_belongs_is_refused() -> None:
    log = log_of(5)
    assert status(write_request(0, [leaf_hash(b"")], log.note())) == 422
    assert status(write_request(0, [], sign_checkpoint(Checkpoint(log.origin, 0, leaf_hash(b"")), SEAL))) == 422
    assert status(GrowingLog().asks(0)) == 200


def test_a_witness_that_cosigned_more_than_it_remembers_refuses_rather_than_to_sign_again() -> None:
    log = log_of(9)
    line = cosign(Checkpoint(log.origin, 9, log.tree.root()).text, KEY, 5)
    body = write_request(5, log.tree.consistency_proof(5), with_signatures(log.note(), parse_lines(line)))
    verdict = judged(body, seen(log, 5))
    assert isinstance(verdict, Refused) and verdict.alarm and "its memory is old" in verdict.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + log_of(1).note(),
        b"old -1\n\n" + log_of(1).note(),
        b"0\n\n" + log_of(1).note(),
        b"old 0\nnothing\n\n" + log_of(1).note(),
        b"old 0\n" + 64 * b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" + b"\n" + log_of(1).note(),
        b"old 0\n\nno note\n",
    ],
)
def test_what_is_no_request_is_bad(body: bytes) -> None:
    assert status(body) == 400


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_answered(body: bytes) -> None:
    assert status(body) in {400, 403, 404}


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_is_read_as_it_was_written(old: int, proof: list[bytes]) -> None:
    request = read_request(write_request(old, proof, b"note\n"))
    assert (old, tuple(proof), b"note\n") == (request.old, request.proof, request.note)


@given(st.binary(max_size=100))
def test_what_is_no_request_is_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        read_request(body)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=20))
def test_no_order_of_requests_makes_it_sign_two_histories(requests: list[tuple[int, int, bool]]) -> None:
    """Whatever two logs with one key ask for, in whatever order: all that was cosigned lies in one history."""
    one, other = GrowingLog(), GrowingLog()
    one.grow(12)
    other.grow(3)
    other.grow(9, "rewritten")
    remembered, signed = Remembered(), []
    for old, size, honest in requests:
        log = one if honest else other
        verdict = judged(log.asks(old, size), remembered)
        if isinstance(verdict, Cosign):
            point = verdict.signed.checkpoint
            remembered = Remembered(point.size, point.root, verdict.signed.note)
            signed.append((point.size, point.root))
    assert sorted(size for size, _ in signed) == [size for size, _ in signed]
    assert any(all(log.tree.root(size) == root for size, root in signed) for log in (one, other))


def test_a_memory_goes_on_from_what_it_remembers_and_from_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "w" / "memory.db"
    first, second = Remembered(1, b"a", b"n1"), Remembered(2, b"b", b"n2")
    memory, rival = Memory(path), Memory(path)
    assert memory.advance("o", Remembered(), first)
    assert not rival.advance("o", Remembered(), second)
    assert rival.advance("o", first, second)
    assert not memory.advance("o", first, second)
    memory.close()
    rival.close()
    again = Memory(path)
    assert (second, Remembered()) == (again.last("o"), again.last("p"))
    assert again.note_of(hashlib.sha256(b"o").hexdigest()) == b"n2"
    again.close()


def test_a_spoilt_memory_is_named(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    with pytest.raises(MemoryLost, match=r"memory\.db"):
        Memory(tmp_path / "memory.db")


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    process = WitnessProcess(tmp_path / "w")
    process.start()
    yield process
    process.kill()


def test_a_witness_process_cosigns_remembers_and_refuses(witness: WitnessProcess) -> None:
    log = log_of(5)
    said = witness.post(log.asks(0))
    (line,) = parse_lines(said.content)
    assert said.status_code == 200
    assert witness.cosigner.cosigned_at(parse_signed(log.note()).text, line)

    log.grow(4)
    conflict = witness.post(log.asks(0))
    assert (conflict.status_code, conflict.headers["content-type"], conflict.content) == (409, SIZE_TYPE, b"5\n")
    assert witness.post(log.asks(5)).status_code == 200

    witness.kill()
    witness.start()
    assert witness.post(log.asks(0, 5)).status_code == 409, "after a crash it signs nothing older"
    shown = witness.get(f"/{hashlib.sha256(log.origin.encode()).hexdigest()}/checkpoint")
    assert {log.origin, witness.name} == {each.name for each in parse_signed(shown.content).signatures}
    assert witness.get(f"/{'0' * 64}/checkpoint").status_code == 404

    other = GrowingLog()
    other.grow(9, "rewritten")
    assert witness.post(other.asks(9)).status_code == 422
    assert '"refused"' in witness.said() and '"error"' in witness.said()


def test_a_witness_with_the_memory_of_an_older_day_does_not_follow_a_client_that_knows_better(
    witness: WitnessProcess, tmp_path: Path
) -> None:
    log = log_of(5)
    assert witness.post(log.asks(0)).status_code == 200
    witness.stop()
    shutil.copytree(witness.folder, tmp_path / "copy", ignore=lambda *_: ["s"])
    witness.start()
    log.grow(4)
    line = witness.post(log.asks(5)).content
    witness.stop()
    shutil.rmtree(witness.folder)
    shutil.copytree(tmp_path / "copy", witness.folder)
    witness.start()

    assert witness.post(log.asks(9)).status_code == 409
    log.grow(1)
    carried = with_signatures(log.note(9), parse_lines(line))
    body = write_request(5, log.tree.consistency_proof(5, 9), carried)
    assert witness.post(body).status_code == 409
    assert "its memory is old" in witness.said()


def test_what_is_not_http_or_too_large_ends_one_connection_only(witness: WitnessProcess) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(witness.socket))
        client.sendall(b"\x00\xff nonsense\r\n\r\n")
        assert client.recv(1) == b""
    assert witness.post(b"x" * 100_000).status_code == 413
    assert witness.get("/").status_code == 404
    assert witness.post(log_of(1).asks(0)).status_code == 200
