"""Does one entry stand in a log that was sealed? A proof that needs neither log nor network (c2sp.org/tlog-proof).

A proof is the line `c2sp.org/tlog-proof@v1`, a line `extra` (here with the base64 of the entry itself), the line
`index`, the hashes of the inclusion proof (RFC 6962, 2.1.1) in base64, one a line, an empty line, and the signed
checkpoint. Pure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maestro.audit.archive import BundleRefused
from maestro.log.commit import parse_commit
from maestro.log.note import VerifyKey
from maestro.tlog.checkpoint import SignedCheckpoint, log_key, origin_of, parse_hash, parse_number, parse_signed
from maestro.tlog.merkle import MAX_PROOF, Tree, leaf_hash, verify_inclusion
from maestro.tlog.policy import Policy
from maestro_contracts.envelope import MAX_ENTRY, Unreadable

MAGIC = "c2sp.org/tlog-proof@v1"
MAX_SIZE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's exact bytes, its index from 0, its way to the root, and the checkpoint with that root."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    sealed: SignedCheckpoint

    def encode(self) -> bytes:
        lines = [MAGIC, f"extra {_base64(self.entry)}", f"index {self.index}", *map(_base64, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.sealed.note


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof shows to somebody: `problems` say why not."""

    run: str
    seq: int
    entry: bytes
    problems: tuple[str, ...]


def make(bodies: Iterable[bytes], seq: int, sealed: SignedCheckpoint) -> Proof:
    """The proof of entry `seq` (from 1) of these entries. Raises ValueError where the checkpoint does not cover it."""
    tree, entry, size = Tree(), b"", sealed.checkpoint.size
    for number, body in enumerate(bodies, 1):
        if number > size:
            break
        tree.append(body)
        if number == seq:
            entry = body
    if not 1 <= seq <= size:
        raise ValueError(f"entry {seq} is not among the {size} that the last checkpoint covers")
    if tree.size != size or tree.root() != sealed.checkpoint.root:
        raise ValueError("the entries are not those that the checkpoint covers; see: maestro audit verify")
    return Proof(entry, seq - 1, tuple(tree.inclusion_proof(seq - 1, size)), sealed)


def decode(content: bytes) -> Proof:
    """Raises BundleRefused where it is no proof."""
    head, end, note = content.partition(b"\n\n")
    try:
        first, *lines = head.decode().split("\n")
        if first != MAGIC or not end or len(content) > MAX_SIZE:
            raise ValueError(f"it does not begin with {MAGIC}")
        fields = dict(line.split(" ", 1) for line in lines[:2])
        index = parse_number(fields["index"])
        entry = base64.b64decode(fields["extra"], validate=True)
        hashes = [parse_hash(line) for line in lines[2:]]
        if index is None or None in hashes or len(hashes) > MAX_PROOF or len(entry) >= MAX_ENTRY:
            raise ValueError("its index, its entry or a hash is none")
        return Proof(entry, index, tuple(hash for hash in hashes if hash is not None), parse_signed(note))
    except KeyError as error:
        raise BundleRefused(f"it is no proof that can be read: it has no line {error}") from None
    except (ValueError, UnicodeDecodeError, binascii.Error, Unreadable) as error:
        raise BundleRefused(f"it is no proof that can be read: {error}") from None


def show(proof: Proof, operator: VerifyKey, notaries: Sequence[VerifyKey], policy: Policy) -> Shown:
    """What the proof shows to whoever trusts this operator, knows these notaries and has this policy."""
    checkpoint, problems = proof.sealed.checkpoint, []
    run = checkpoint.origin.rpartition("/")[2]
    if checkpoint.origin != origin_of(operator, run):
        problems.append(f"{checkpoint.origin} is no log of this operator's")
    leaf = leaf_hash(proof.entry)
    if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        problems.append("the entry does not stand there in the tree of its checkpoint")
    verdict = policy.judge(proof.sealed, [log_key(checkpoint.origin, key) for key in notaries])
    if not verdict.is_signed:
        problems.append("no notary that is known signed its checkpoint")
    if verdict.forged:
        problems.append(f"cosignatures stand there that these did not make: {', '.join(verdict.forged)}")
    if not verdict.has_quorum:
        problems.append(f"{len(verdict.cosigned)} witnesses cosigned it, and {policy.in_words} are needed")
    try:
        if parse_commit(proof.entry).header.run != run:
            problems.append("the entry was said in another run")
    except Unreadable as error:
        problems.append(f"the entry cannot be read: {error}")
    return Shown(run, proof.index + 1, proof.entry, tuple(problems))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
