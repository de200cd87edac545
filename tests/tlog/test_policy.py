"""A trust policy says exactly what it says, or is refused with its line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.note import SigningKey
from maestro.tlog.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    log_key,
    parse_lines,
    parse_signed,
    sign_checkpoint,
    with_signatures,
)
from maestro.tlog.cosignature import cosign, cosigner_of
from maestro.tlog.merkle import leaf_hash
from maestro.tlog.policy import Policy, PolicyRefused, Witness, k_of, parse_policy

LOG = SigningKey("seal", bytes(32))
KEYS = [SigningKey(f"witness.example/{i}", bytes([i]) * 32) for i in range(1, 7)]
POINT = Checkpoint("example.com/log", 7, leaf_hash(b"root"))
LOG_KEY = log_key(POINT.origin, LOG.verify_key)
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
VKEYS = [cosigner_of(key).encode() for key in KEYS]
EXAMPLE = (
    f"# of two organisations\nlog {LOG_KEY.encode()}\n\n"
    + "".join(f"witness {name} {vkey}\n" for name, vkey in zip(NAMES, VKEYS, strict=True))
    + "group X-witnesses 2 X1 X2 X3\ngroup\tY-witnesses  any Y1 Y2 Y3\n"
    + " group X-and-Y all X-witnesses Y-witnesses \nquorum X-and-Y\n"
).encode()


def cosigned_by(*keys: SigningKey) -> SignedCheckpoint:
    lines = b"".join(cosign(POINT.text, key, 5) for key in keys)
    return parse_signed(with_signatures(sign_checkpoint(POINT, LOG), parse_lines(lines)))


@pytest.mark.parametrize(
    ("who", "enough"),
    [((0, 1, 3), True), ((0, 2, 5), True), ((0, 1), False), ((0, 3, 4, 5), False), ((), False), (range(6), True)],
)
def test_groups_of_groups_count_as_they_are_written(who: tuple[int, ...], enough: bool) -> None:
    verdict = parse_policy(EXAMPLE).judge(cosigned_by(*(KEYS[i] for i in who)))
    assert (enough, enough) == (verdict.has_quorum, verdict.is_valid)
    assert tuple(NAMES[i] for i in who) == verdict.cosigned
    assert {*NAMES} == {*verdict.cosigned, *verdict.missing}


def test_a_checkpoint_that_the_log_did_not_sign_is_not_valid_however_many_cosigned() -> None:
    policy = k_of(1, [Witness("w", cosigner_of(KEYS[0]))])
    signed = cosigned_by(KEYS[0])
    assert not policy.judge(signed).is_valid
    assert policy.judge(signed, [LOG_KEY]).is_valid


def test_a_forged_line_in_a_witnesss_name_makes_the_note_invalid() -> None:
    policy = k_of(1, [Witness("w1", cosigner_of(KEYS[0])), Witness("w2", cosigner_of(KEYS[1]))])
    other = cosign(Checkpoint("other", 1, POINT.root).text, KEYS[1], 5)
    note = with_signatures(cosigned_by(KEYS[0]).note, parse_lines(other))
    verdict = policy.judge(parse_signed(note), [LOG_KEY])
    assert (verdict.forged, verdict.has_quorum, verdict.is_valid) == (("w2",), True, False)


def test_a_quorum_of_none_asks_for_no_witness() -> None:
    assert parse_policy(b"quorum none\n").judge(cosigned_by(), [LOG_KEY]).is_valid


W = f"witness a {VKEYS[0]}\n"
V = f"witness b {VKEYS[1]}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "does not end in a newline"),
        ("quorum none", "does not end in a newline"),
        ("\n", "no quorum"),
        (W + "quorum b\n", "line 2: 'b' is not defined"),
        (f"quorum a\n{W}", "line 1: 'a' is not defined"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        (W + W + "quorum a\n", "line 2: 'a' is defined twice"),
        (W + f"witness b {VKEYS[0]}\nquorum a\n", "line 2: the key of b stands here twice"),
        (f"witness none {VKEYS[0]}\nquorum none\n", "line 1: `none`"),
        (W + "group g 2 a\nquorum g\n", "line 2: '2' of 1"),
        (W + "group g 0 a\nquorum g\n", "line 2: '0' of 1"),
        (W + "group g some a\nquorum g\n", "line 2: 'some' of 1"),
        (W + "group g any\nquorum g\n", "line 2: a group is"),
        (W + "group g any none\nquorum g\n", "line 2: 'none' is not defined"),
        (W + V + "group g any a\ngroup h any a b\nquorum h\n", "line 4: 'a' is a member of a group already"),
        (W + "group g any g\nquorum g\n", "line 2: 'g' is not defined"),
        (f"log {VKEYS[0]}\nquorum none\n", "line 1: not an Ed25519 key"),
        (f"witness a {LOG_KEY.encode()}\nquorum a\n", "line 1: key example.com/log: not the key of a witness"),
        (f"log {LOG_KEY.encode()}\nlog {LOG.verify_key.encode()}\nquorum none\n", "line 2: the key of seal"),
        ("trust everybody\nquorum none\n", "line 1: 'trust' is none of"),
        ("quorum none\r\n", "line 1: a control character"),
        ("\n\x7f\nquorum none\n", "line 2: a control character"),
    ],
)
def test_what_is_not_clear_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(PolicyRefused, match=reason.replace("'", ".")):
        parse_policy(text.encode())


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_policy_or_refused(data: bytes) -> None:
    with suppress(PolicyRefused):
        parse_policy(data)


def test_names_are_octets() -> None:
    names = ["\N{KELVIN SIGN}".encode(), b"K", b"\xff"]
    lines = [b"witness %b %b\n" % (name, vkey.encode()) for name, vkey in zip(names, VKEYS, strict=False)]
    policy = parse_policy(b"".join(lines) + b"group g 2 \xff K\nquorum g\n")
    assert not policy.judge(cosigned_by(KEYS[0], KEYS[1]), [LOG_KEY]).has_quorum
    assert policy.judge(cosigned_by(KEYS[1], KEYS[2]), [LOG_KEY]).has_quorum
    assert policy == parse_policy(policy.encode())


def test_what_is_written_is_read_again() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy == parse_policy(policy.encode())
    assert Policy() == parse_policy(Policy().encode())


@given(st.integers(0, 3))
def test_k_of_n_is_met_by_k(k: int) -> None:
    policy = k_of(k, [Witness(f"w{i}", cosigner_of(key)) for i, key in enumerate(KEYS[:3])])
    assert policy == parse_policy(policy.encode())
    for count in range(4):
        assert (count >= k) is policy.judge(cosigned_by(*KEYS[:count]), [LOG_KEY]).is_valid


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="2 of 1"):
        k_of(2, [Witness("w", cosigner_of(KEYS[0]))])
