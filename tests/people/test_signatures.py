"""Is a signature a person's own, in OpenSSH's format, and does every changed byte show?"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.people import KeyRefused, PublicKey, Unverified, sign, signed_by, verify
from maestro.people.keyfile import FileKey, make_key
from maestro.people.sshsig import BEGIN, END, armour
from maestro_contracts.decision import encode
from tests.support.people import ssh_accepts, ssh_keygen, ssh_sign, statement

TEXT = encode(statement())


@pytest.fixture(scope="module")
def signed(key: FileKey) -> str:
    return sign(TEXT, key)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> FileKey:
    path = tmp_path_factory.mktemp("own") / "zoe.key"
    make_key(path, "zoe")
    return FileKey(path)


def test_ssh_keygen_accepts_our_signature_and_no_changed_statement(key: FileKey, tmp_path: Path):
    armoured = sign(TEXT, key)

    assert ssh_accepts(tmp_path, key.public.line, TEXT, armoured)
    assert not ssh_accepts(tmp_path, key.public.line, TEXT.replace(b"approve", b"approvE"), armoured)


def test_we_accept_what_ssh_keygen_signs_and_write_it_byte_by_byte_the_same(tmp_path: Path):
    path = ssh_keygen(tmp_path)

    theirs = ssh_sign(path, TEXT)

    verify(TEXT, theirs, path.with_suffix(".pub").read_text())
    assert sign(TEXT, FileKey(path)) == theirs
    assert signed_by(theirs) == FileKey(path).public


@pytest.mark.parametrize(
    ("namespace", "options", "reason"),
    [("git", (), "namespace is 'git'"), ("decision@maestro", ("-O", "hashalg=sha256"), "hash is 'sha256'")],
)
def test_a_signature_for_something_else_or_with_another_hash_is_none(
    tmp_path: Path, namespace: str, options: tuple[str, ...], reason: str
):
    path = ssh_keygen(tmp_path)

    armoured = ssh_sign(path, TEXT, namespace, *options)

    with pytest.raises(Unverified, match=reason):
        verify(TEXT, armoured, FileKey(path).public.line)


@given(st.data())
@settings(max_examples=300)
def test_a_changed_byte_of_the_statement_is_noticed(key: FileKey, signed: str, data: st.DataObject):
    at = data.draw(st.integers(0, len(TEXT) - 1))
    changed = TEXT[:at] + bytes([TEXT[at] ^ data.draw(st.integers(1, 255))]) + TEXT[at + 1 :]

    with pytest.raises(Unverified, match="did not sign this"):
        verify(changed, signed, key.public.line)


def test_every_changed_character_of_the_armour_is_noticed(key: FileKey, signed: str):
    for at, char in enumerate(signed):
        for other in {"A", "B", "\n", " ", "=", chr(ord(char) ^ 1), ""} - {char}:
            with pytest.raises(Unverified):
                verify(TEXT, signed[:at] + other + signed[at + 1 :], key.public.line)


def test_every_changed_bit_of_the_signature_is_noticed(key: FileKey, signed: str):
    blob = base64.b64decode(signed.removeprefix(BEGIN).removesuffix(f"{END}\n"))
    for at in range(len(blob)):
        for bit in range(8):
            changed = blob[:at] + bytes([blob[at] ^ (1 << bit)]) + blob[at + 1 :]
            with pytest.raises(Unverified):
                verify(TEXT, armour(changed), key.public.line)


@given(st.text(max_size=200) | st.binary(max_size=300).map(armour))
def test_arbitrary_signatures_are_refused_with_one_kind_of_error(key: FileKey, armoured: str):
    with pytest.raises(Unverified):
        verify(TEXT, armoured, key.public.line)
    with pytest.raises(Unverified):
        signed_by(armoured)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_a_well_formed_beginning_saves_no_arbitrary_rest(key: FileKey, signed: str, rest: bytes, more: bytes):
    blob = base64.b64decode(signed.removeprefix(BEGIN).removesuffix(f"{END}\n"))
    for cut in range(0, len(blob), 16):
        with pytest.raises(Unverified):
            verify(TEXT, armour(blob[:cut] + rest), key.public.line)
    with pytest.raises(Unverified):
        verify(TEXT, armour(blob + more + b"x"), key.public.line)


@given(st.text(max_size=100) | st.binary(max_size=100).map(lambda raw: f"ssh-ed25519 {base64.b64encode(raw).decode()}"))
def test_arbitrary_public_keys_are_refused_with_one_kind_of_error(key: FileKey, signed: str, line: str):
    with pytest.raises(KeyRefused):
        PublicKey.decode(line)
    with pytest.raises(Unverified):
        verify(TEXT, signed, line)


def test_another_person_s_signature_is_not_this_one_s(key: FileKey, tmp_path: Path):
    other = make_key(tmp_path / "other.key", "other")

    with pytest.raises(Unverified, match=r"the signature is of the key SHA256:.*, not of SHA256:"):
        verify(TEXT, sign(TEXT, key), other.line)
