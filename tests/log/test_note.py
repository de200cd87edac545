"""Do notes say what the specification says, and do they fall to pieces when anybody touches them?"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from maestro.log.note import KeyRefused, SigningKey, Unverified, VerifyKey, open_note, read_secret, split
from maestro_contracts.envelope import Unreadable

# From the documentation of the reference implementation, golang.org/x/mod/sumdb/note.
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# From c2sp.org/signed-note; whose key it is, the page does not say.
SALVATORE_NOTE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()

texts = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",))).map(lambda line: line.encode() + b"\n")
seeds = st.binary(min_size=32, max_size=32)


def test_the_references_note_opens_with_the_references_key() -> None:
    text, signers = open_note(NEUMANN_NOTE, [VerifyKey.decode(NEUMANN)])

    assert (text, signers) == (NEUMANN_NOTE[: NEUMANN_NOTE.rindex(b"\n\n") + 1], ["PeterNeumann"])


def test_the_references_private_key_signs_the_very_same_note(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(NEUMANN_SECRET + "\n")
    file.chmod(0o600)

    key = SigningKey.load(file)

    assert key.verify_key.encode() == NEUMANN
    assert key.sign_note(NEUMANN_NOTE[: NEUMANN_NOTE.rindex(b"\n\n") + 1]) == NEUMANN_NOTE


def test_a_text_may_hold_empty_lines_since_the_last_one_ends_it() -> None:
    text, (signature,) = split(SALVATORE_NOTE)

    assert text.endswith("sole:\n\ned è subito sera.\n".encode())
    assert (signature.name, signature.key_id, len(signature.value)) == (
        "quasimodo.example/salvatore",
        bytes.fromhex("367ba04b"),
        64,
    )


@given(seeds, texts)
def test_another_implementation_of_ed25519_agrees_with_every_signature(seed: bytes, text: bytes) -> None:
    key = SigningKey("oracle", seed)
    oracle = Ed25519PrivateKey.from_private_bytes(seed)

    _, (signature,) = split(key.sign_note(text))

    assert signature.value == oracle.sign(text)
    assert key.verify_key.key == oracle.public_key().public_bytes_raw()
    id = hashlib.sha256(b"oracle\n\x01" + key.verify_key.key).digest()[:4]
    assert signature.key_id == id


@given(seeds, texts, st.data())
def test_both_implementations_refuse_the_same_damaged_signatures(seed: bytes, text: bytes, data: st.DataObject) -> None:
    key = SigningKey("oracle", seed).verify_key
    signature = bytearray(SigningKey("oracle", seed).sign(text))
    signature[data.draw(st.integers(0, 63))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.key).verify(bytes(signature), text)
    assert not key.verifies(text, bytes(signature))


@given(st.data())
def test_no_byte_of_a_note_can_be_changed(data: st.DataObject) -> None:
    note = bytearray(NEUMANN_NOTE)
    note[data.draw(st.integers(0, len(note) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises((Unreadable, Unverified)):
        open_note(bytes(note), [VerifyKey.decode(NEUMANN)])


@given(st.binary() | st.builds(lambda a, b: a + b"\n\n\xe2\x80\x94 " + b + b"\n", st.binary(), st.binary()))
def test_junk_is_unreadable_and_nothing_worse(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        split(junk)


def test_signatures_of_strangers_are_passed_over_but_a_wrong_one_of_a_known_key_is_not() -> None:
    known, stranger = SigningKey.generate("known"), SigningKey.generate("stranger")
    text = b"one\ntwo\n"
    line = stranger.sign_note(text)[len(text) + 1 :]

    assert open_note(known.sign_note(text) + line, [known.verify_key]) == (text, ["known"])
    with pytest.raises(Unverified, match="stranger"):
        open_note(text + b"\n" + line, [known.verify_key])
    with pytest.raises(Unverified, match="does not match"):
        open_note(b"three\n" + known.sign_note(text)[len(text) :], [known.verify_key])


def test_sixteen_signatures_open_and_more_than_a_hundred_are_too_many() -> None:
    keys = [SigningKey.generate(f"key{i}") for i in range(101)]
    lines = [key.sign_note(b"x\n")[3:] for key in keys]

    assert open_note(b"x\n\n" + b"".join(lines[:16]), [keys[15].verify_key])[1] == ["key15"]
    with pytest.raises(Unreadable, match="more than 100"):
        split(b"x\n\n" + b"".join(lines))


def test_a_second_spelling_of_a_signature_is_no_signature() -> None:
    at = NEUMANN_NOTE.rindex(b"=")
    other = {"A": "B"}.get(chr(NEUMANN_NOTE[at - 1]), chr(NEUMANN_NOTE[at - 1] + 1)).encode()

    with pytest.raises(Unreadable):
        split(NEUMANN_NOTE[: at - 1] + other + NEUMANN_NOTE[at:])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00b"])
def test_names_that_would_break_the_line_are_refused(name: str) -> None:
    with pytest.raises(KeyRefused):
        SigningKey.generate(name)


def test_text_that_would_break_the_note_is_refused() -> None:
    key = SigningKey.generate("k")
    for text in (b"", b"no newline", b"tab\there\n", b"null\x00\n"):
        with pytest.raises(ValueError, match="ends in a newline"):
            key.sign_note(text)


@pytest.mark.parametrize("vkey", ["", "x", "PeterNeumann+c74f20a3", NEUMANN[:-4], NEUMANN.replace("c7", "c8"), "a+b+c"])
def test_a_damaged_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(KeyRefused):
        VerifyKey.decode(vkey)


def test_a_key_file_is_its_owners_alone_and_survives_a_round_trip(tmp_path: Path) -> None:
    key = SigningKey.generate("maestro/operator")
    file = tmp_path / "deep" / "operator.key"

    key.save(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(file).verify_key == key.verify_key
    with pytest.raises(FileExistsError):
        SigningKey.generate("maestro/operator").save(file)
    assert [each.name for each in file.parent.iterdir()] == ["operator.key"], "a draft was left behind"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "operator.key"
    SigningKey.generate("maestro/operator").save(file)
    file.chmod(mode)

    with pytest.raises(KeyRefused, match=f"mode {mode:04o}.*chmod 600"):
        SigningKey.load(file)


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "operator.key"
    for content in (b"", b"\xff\xfe", b"PRIVATE+KEY+x", os.urandom(40)):
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(KeyRefused):
            SigningKey.load(file)
    assert read_secret(file) == content
