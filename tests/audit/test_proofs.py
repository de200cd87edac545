"""Does a proof show that an entry stands in a sealed log, and nothing else?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.audit.archive import BundleRefused
from maestro.audit.proof import Proof, Shown, decode, make, show
from maestro.log.note import SigningKey
from maestro.tlog.checkpoint import parse_signed
from tamper.sample import RUN, shared
from tamper.town import Town


def proof_of(town: Town, seq: int) -> Proof:
    sealed = parse_signed(town.cosigned(town.checkpoint(town.bodies[:-1]), "w1", "w2"))
    return make(town.bodies, seq, sealed)


def shown(town: Town, proof: Proof, k: int = 2) -> Shown:
    notary = town.authors["notary-1"].identity.key.verify_key
    return show(proof, town.operator.verify_key, [notary], town.policy(k))


@pytest.mark.parametrize("seq", [1, 2, 37, 75])
def test_each_sealed_entry_has_a_proof_that_is_read_back(seq: int) -> None:
    town = shared()
    again = decode(proof_of(town, seq).encode())
    assert shown(town, again) == Shown(RUN, seq, town.bodies[seq - 1], ())


def test_an_entry_behind_the_seal_has_none() -> None:
    with pytest.raises(ValueError, match="not among the 75"):
        proof_of(shared(), 76)


def test_a_proof_shows_nothing_to_whoever_trusts_others() -> None:
    town, proof = shared(), proof_of(shared(), 5)
    assert shown(town, proof, k=3).problems == ("2 witnesses cosigned it, and 3 of 3 witnesses are needed",)
    stranger = SigningKey.generate("maestro/operator").verify_key
    assert show(proof, stranger, [stranger], town.policy(2)).problems


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=100, deadline=None)
def test_no_bit_of_a_proof_can_be_changed(at: int, bit: int) -> None:
    town = shared()
    raw = bytearray(proof_of(town, 9).encode())
    raw[at % len(raw)] ^= 1 << bit
    try:
        proof = decode(bytes(raw))
    except BundleRefused:
        return
    assert shown(town, proof).problems or proof.entry == town.bodies[8]


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_whatever_is_no_proof_is_refused(content: bytes) -> None:
    with pytest.raises(BundleRefused):
        decode(b"c2sp.org/tlog-proof@v1\n" + content)
