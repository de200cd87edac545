"""One hash for a whole log, and proofs that anybody can check. Oracles: RFC 6962 word by word, its known vectors, and
pymerkle."""

from __future__ import annotations

import hashlib
import warnings

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [bytes.fromhex(entry) for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
ENTRIES.append(bytes(range(0x60, 0x70)))
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots of the first 0 to 8 of ENTRIES, as Certificate Transparency's implementations agree on them."""

entries = st.lists(st.binary(max_size=8), max_size=40)
sizes = st.integers(0, 70)


def mth(d: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written."""
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return leaf_hash(d[0])
    k = 1
    while k * 2 < len(d):
        k *= 2
    return node_hash(mth(d[:k]), mth(d[k:]))


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    """RFC 6962, 2.1.2, as it is written."""
    n = len(d)
    if m == n:
        return [] if b else [mth(d)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def some(size: int) -> list[bytes]:
    return [b"entry %d" % i for i in range(size)]


def tree_of(entries: list[bytes]) -> Tree:
    return Tree(leaf_hash(entry) for entry in entries)


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    frontier = Frontier()
    for entry in ENTRIES[:size]:
        frontier.append(entry)
    assert ROOTS[size] == frontier.root.hex() == tree_of(ENTRIES).root(size).hex()


@given(entries)
def test_the_frontier_the_tree_the_rfc_and_pymerkle_agree_on_every_root(entries: list[bytes]) -> None:
    frontier, tree = Frontier(), Tree()
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for size, entry in enumerate(entries, 1):
        frontier.append(entry)
        tree.append(entry)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other.append_entry(entry)
            assert other.get_root() == mth(entries[:size]) == frontier.root == tree.root()
    assert len(entries) == frontier.size == tree.size


@given(sizes, sizes)
def test_a_frontier_goes_on_where_it_was_put_away(before: int, after: int) -> None:
    whole, first = Frontier(), Frontier()
    for entry in some(before):
        first.append(entry)
        whole.append(entry)
    again = Frontier.decode(first.encode())
    for entry in some(after):
        whole.append(entry)
        again.append(entry)
    assert (whole.size, whole.root) == (again.size, again.root)


@given(st.binary(max_size=100))
def test_what_is_no_frontier_is_refused(data: bytes) -> None:
    try:
        assert data == Frontier.decode(data).encode()
    except ValueError as error:
        assert "not the frontier" in str(error)


@given(st.data())
def test_every_entry_can_be_shown_to_be_in_the_tree_at_its_place_and_nowhere_else(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(some(size + data.draw(st.integers(0, 9))))
    leaf, root = tree.leaf(index), tree.root(size)
    proof = tree.inclusion_proof(index, size)
    assert verify_inclusion(leaf, index, size, proof, root)
    elsewhere = data.draw(st.integers(-2, size + 2).filter(lambda i: i != index))
    assert not verify_inclusion(leaf, elsewhere, size, proof, root)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, [*proof, leaf], root)
    if proof:
        assert not verify_inclusion(leaf, index, size, proof[:-1], root)


def test_inclusion_proofs_are_those_of_pymerkle() -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    tree = tree_of(some(33))
    for entry in some(33):
        other.append_entry(entry)
    for index in range(33):
        path = other.prove_inclusion(index + 1).path
        assert list(path) == [tree.leaf(index), *tree.inclusion_proof(index)]


@given(sizes, sizes)
def test_a_tree_shows_that_it_continues_each_earlier_one(one: int, other: int) -> None:
    old, size = sorted((one, other))
    tree = tree_of(some(size))
    proof = tree.consistency_proof(old)
    if old:
        assert subproof(old, some(size), True) == proof
    assert verify_consistency(old, tree.root(old), size, tree.root(), proof)


@given(st.integers(1, 60), st.integers(0, 10), st.data())
def test_no_proof_joins_two_histories(old: int, more: int, data: st.DataObject) -> None:
    changed = data.draw(st.integers(0, old - 1))
    entries = some(old + more)
    other = [*entries[:changed], b"rewritten", *entries[changed + 1 :]]
    proof = tree_of(other).consistency_proof(old)
    assert not verify_consistency(old, tree_of(entries).root(old), old + more, tree_of(other).root(), proof)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(st.binary(min_size=31, max_size=33), max_size=8))
def test_no_made_up_proof_is_taken(old: int, size: int, proof: list[bytes]) -> None:
    """Nor does any input raise."""
    genuine = old == size or (old == 0 and not proof)
    taken = verify_consistency(old, tree_of(some(old)).root(), size, tree_of(some(size)).root(), proof)
    assert not taken or (genuine and not proof)


def test_an_empty_tree_has_one_root_only() -> None:
    assert EMPTY_ROOT == Frontier().root == Tree().root()
    assert not verify_consistency(0, EMPTY_ROOT, 0, leaf_hash(b""), [])
    assert not verify_consistency(0, leaf_hash(b""), 1, leaf_hash(b""), [])
    assert not verify_inclusion(leaf_hash(b""), 0, 0, [], EMPTY_ROOT)
