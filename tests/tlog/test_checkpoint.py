"""Checkpoints and cosignatures, byte by byte as C2SP writes them."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.note import KeyRefused, SigningKey, VerifyKey, open_note
from maestro.tlog.checkpoint import (
    Checkpoint,
    is_signed_by,
    log_key,
    origin_of,
    parse_checkpoint,
    parse_lines,
    parse_signed,
    sign_checkpoint,
    with_signatures,
)
from maestro.tlog.cosignature import Cosigner, cosign, cosignatures, cosigner_of, forged
from maestro_contracts.envelope import Unreadable

ROOT = hashlib.sha256(b"root").digest()
POINT = Checkpoint("example.com/behind-the-sofa", 20852163, ROOT)
LOG = SigningKey("maestro/seal", bytes(32))
W1 = SigningKey("witness.example/w1", b"\x01" * 32)
W2 = SigningKey("witness.example/w2", b"\x02" * 32)


def test_a_checkpoints_text_is_origin_size_and_root() -> None:
    expected = b"example.com/behind-the-sofa\n20852163\n" + base64.b64encode(ROOT) + b"\n"
    assert expected == POINT.text
    assert parse_checkpoint(expected) == POINT


def test_the_specifications_own_example_is_read() -> None:
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5"
        "nNo0xUe+mbIUBkBIfZ+qnA==\n"
    ).encode()
    signed = parse_signed(note)
    assert (POINT.origin, POINT.size) == (signed.checkpoint.origin, signed.checkpoint.size)
    assert [each.name for each in signed.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert int.from_bytes(signed.signatures[1].value[:8], "big") == 1679315147


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"o\n1\n",
        b"o\n01\n" + base64.b64encode(ROOT) + b"\n",
        b"o\n-1\n" + base64.b64encode(ROOT) + b"\n",
        b"o\n9223372036854775808\n" + base64.b64encode(ROOT) + b"\n",
        "o\n\N{ARABIC-INDIC DIGIT ONE}\n".encode() + base64.b64encode(ROOT) + b"\n",
        b"o\n1\n" + base64.b64encode(ROOT[:31]) + b"\n",
        b"o\n1\n" + base64.b64encode(ROOT),
        b"\n1\n" + base64.b64encode(ROOT) + b"\n",
        b"o\n1\n" + base64.b64encode(ROOT) + b"\n\nmore\n",
        b"o\n1\n" + base64.b64encode(ROOT).replace(b"=", b"") + b"\n",
    ],
)
def test_what_is_no_checkpoint_is_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable):
        parse_checkpoint(text)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_unreadable(data: bytes) -> None:
    for read in (parse_checkpoint, parse_signed, parse_lines):
        with suppress(Unreadable):
            read(data)  # type: ignore[operator]


def test_the_log_signs_under_its_origins_name_and_anybody_can_check_it() -> None:
    note = sign_checkpoint(POINT, LOG)
    key = log_key(POINT.origin, LOG.verify_key)
    assert (POINT.text, [POINT.origin]) == open_note(note, [key])
    signed = parse_signed(note)
    assert signed.text == POINT.text
    assert is_signed_by(signed, key)
    assert not is_signed_by(signed, LOG.verify_key)
    assert not is_signed_by(signed, log_key(POINT.origin, W1.verify_key))


def test_a_second_signature_in_the_logs_name_that_is_wrong_spoils_the_first() -> None:
    note = sign_checkpoint(POINT, LOG)
    wrong = parse_signed(sign_checkpoint(Checkpoint(POINT.origin, 1, ROOT), LOG)).signatures
    assert not is_signed_by(parse_signed(with_signatures(note, wrong)), log_key(POINT.origin, LOG.verify_key))


def test_an_origin_names_the_operators_key_and_the_run() -> None:
    operator = LOG.verify_key
    assert f"maestro/{hashlib.sha256(operator.key).hexdigest()[:32]}/r-1" == origin_of(operator, "r-1")


def test_a_cosignature_is_over_the_time_and_the_whole_text() -> None:
    line = cosign(POINT.text, W1, 1679315147)
    (signature,) = parse_lines(line)
    message = b"cosignature/v1\ntime 1679315147\n" + POINT.text
    key_id = hashlib.sha256(b"witness.example/w1\n\x04" + W1.verify_key.key).digest()[:4]
    assert (W1.name, key_id) == (signature.name, signature.key_id)
    assert W1.verify_key.verifies(message, signature.value[8:])
    assert cosigner_of(W1).cosigned_at(POINT.text, signature) == 1679315147


def test_only_true_cosignatures_of_known_witnesses_count_and_each_once() -> None:
    known = [cosigner_of(W1), cosigner_of(W2)]
    other = Checkpoint(POINT.origin, POINT.size + 1, ROOT)
    lines = cosign(POINT.text, W1, 5) + cosign(POINT.text, W1, 6) + cosign(other.text, W2, 5)
    note = with_signatures(sign_checkpoint(POINT, LOG), parse_lines(lines))
    signed = parse_signed(note)
    assert [(W1.name, 5)] == [(c.cosigner.name, c.time) for c in cosignatures(signed.text, signed.signatures, known)]
    assert [cosigner_of(W2)] == forged(signed, known)


def test_a_witnesss_ordinary_signature_is_no_cosignature() -> None:
    """The key id has another algorithm byte."""
    plain = parse_signed(sign_checkpoint(Checkpoint(W1.name, 1, ROOT), W1)).signatures[0]
    assert not cosigner_of(W1).owns(plain)


def test_a_line_is_added_once() -> None:
    note = sign_checkpoint(POINT, LOG)
    lines = parse_lines(cosign(POINT.text, W1, 5))
    assert with_signatures(note, lines) == with_signatures(with_signatures(note, lines), lines)


def test_a_witnesss_key_is_written_and_read_as_a_vkey_of_type_4() -> None:
    vkey = cosigner_of(W1).encode()
    assert cosigner_of(W1) == Cosigner.decode(vkey)
    assert base64.b64decode(vkey.split("+", 2)[2])[0] == 4


def test_a_key_of_the_other_kind_is_read_and_never_believed() -> None:
    key = Cosigner("w", bytes(1312), 6)
    assert key == Cosigner.decode(key.encode())
    (signature,) = parse_lines(b"\xe2\x80\x94 w " + base64.b64encode(key.key_id + bytes(2428)) + b"\n")
    assert key.cosigned_at(POINT.text, signature) is None


@pytest.mark.parametrize(
    "vkey", ["", "w", "w+00000000+BAAA", LOG.verify_key.encode(), cosigner_of(W1).encode().replace("w1", "w2")]
)
def test_what_is_no_witnesss_key_is_refused(vkey: str) -> None:
    with pytest.raises(KeyRefused):
        Cosigner.decode(vkey)


def test_a_log_key_keeps_its_bytes() -> None:
    assert VerifyKey("o", LOG.verify_key.key) == log_key("o", LOG.verify_key)
