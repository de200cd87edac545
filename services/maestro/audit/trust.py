"""Whom does an audit believe? The operator's key and the witnesses' policy, which come from outside what is audited;
everybody else follows from what the operator said in the system log. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from maestro.audit.findings import Property
from maestro.log.keyring import Keyring
from maestro.log.note import VerifyKey
from maestro.log.store import SYSTEM, Entry
from maestro.log.verify import Chains, Rejected, examine
from maestro.people import Directory
from maestro.tlog.merkle import Frontier
from maestro.tlog.policy import Policy


@dataclass(frozen=True, slots=True)
class Trust:
    """`operator` introduces everybody. `policy` names witnesses and how many are needed; without one no witness is
    known, so that cosignatures count for nothing. `source` says in words where both came from."""

    operator: VerifyKey
    policy: Policy = field(default_factory=Policy)
    source: str = "the operator's key of this machine"
    demands: bool = True
    """Whoever named this policy demands its quorum: a sealed run without it is not what they asked for."""

    @property
    def in_words(self) -> str:
        key = f"{self.operator.name}+{self.operator.key_id.hex()}"
        return f"{self.source} ({key}), {self.policy.in_words}"


class Enrolled:
    """Everybody whom the operator introduced, and the system log that says so."""

    def __init__(self, operator: VerifyKey) -> None:
        self._operator = operator
        self.keyring, self.directory = Keyring(operator), Directory(operator)
        self.tree = Frontier()
        self.rejected: list[Rejected] = []
        self._chains = Chains()
        self._seq = 0

    @classmethod
    def of(cls, operator: VerifyKey, pages: Iterable[Sequence[Entry]]) -> Enrolled:
        enrolled = cls(operator)
        for page in pages:
            enrolled.learn(page)
        return enrolled

    @property
    def size(self) -> int:
        """How many entries the system log has."""
        return self._seq

    def learn(self, page: Sequence[Entry]) -> None:
        """The next page of the system log, in order."""
        for entry in page:
            if entry.seq != self._seq + 1:
                reason = f"entries {self._seq + 1} to {entry.seq - 1} are missing"
                self.rejected.append(Rejected(entry.seq, reason, flaw="missing"))
            self._seq = entry.seq
            self.tree.append(entry.body)
            verdict = self._chains.place(examine(entry, SYSTEM, self.keyring.find))
            if isinstance(verdict, Rejected):
                self.rejected.append(verdict)
        if page:
            self.keyring.learn(page, page[0].seq - 1)
            self.directory.learn(page, page[0].seq - 1)

    @property
    def processes(self) -> frozenset[str]:
        return frozenset(member.actor for member in self.keyring.members())

    def tell(self, authenticity: Property, chains: Property) -> None:
        """What is wrong with the system log itself."""
        authenticity.count("enrolments", len(self.keyring.members()))
        if self.rejected and not self.keyring.members():
            key = f"{self._operator.name}+{self._operator.key_id.hex()}"
            what = f"nobody here was introduced by the operator that is believed ({key}); is it theirs? See --operator"
            authenticity.breaks("system", what)
        for each in self.rejected:
            found = chains if each.flaw in {"chain", "missing"} else authenticity
            found.breaks(f"system:{each.seq}", each.reason)
