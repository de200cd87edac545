"""Whom does somebody trust with a log's history? C2SP trust policies (c2sp.org/tlog-policy): logs, witnesses, quorum.

A checkpoint is valid where one of the logs signed it and enough witnesses cosigned it. A policy that lists no logs
leaves it to whoever asks to say whose log it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from maestro.log.note import KeyRefused, VerifyKey
from maestro.tlog.checkpoint import Checkpoint, SignedCheckpoint, is_signed_by, log_key
from maestro.tlog.cosignature import Cosigner, cosignatures, forged

NONE = "none"
_BLANK = re.compile(r"[ \t]+")
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


class PolicyRefused(ValueError):
    """A policy that says nothing clear. The message names the line and the mend."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is trusted to sign its own checkpoints. The key's name is its origin, or what the origins of all its
    runs begin with: `maestro/<fingerprint>` stands for each `maestro/<fingerprint>/<run>`."""

    key: VerifyKey
    url: str = ""

    def key_for(self, origin: str) -> VerifyKey | None:
        """The key that must have signed this origin's checkpoints; None where it is another log's."""
        own = origin == self.key.name or origin.startswith(f"{self.key.name}/")
        return log_key(origin, self.key) if own else None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by the name that the policy gives it. `url` is where checkpoints are sent to."""

    name: str
    cosigner: Cosigner
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as having cosigned where at least `k` of its members (witnesses or groups) have."""

    name: str
    k: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of a checkpoint. Names are the policy's own, in its order. `forged` are witnesses in whose
    name something stands in the note that they did not sign: such a note is never valid."""

    checkpoint: Checkpoint
    is_signed: bool
    cosigned: tuple[str, ...]
    missing: tuple[str, ...]
    forged: tuple[str, ...]
    times: tuple[int, ...]
    """When each of `cosigned` did, in seconds since the epoch."""
    has_quorum: bool

    @property
    def is_valid(self) -> bool:
        return self.is_signed and self.has_quorum and not self.forged


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses, groups in order, and what the quorum is (a witness, a group, or `none`)."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def has_quorum(self, cosigned: Sequence[str]) -> bool:
        """Whether these witnesses are enough."""
        counted = set(cosigned) & {witness.name for witness in self.witnesses}
        for group in self.groups:
            if sum(member in counted for member in group.members) >= group.k:
                counted.add(group.name)
        return self.quorum == NONE or self.quorum in counted

    def judge(self, signed: SignedCheckpoint, log_keys: Sequence[VerifyKey] = ()) -> Verdict:
        """What this policy says of a checkpoint. `log_keys`, each under its origin's name, count beside the policy's
        own: whoever knows from elsewhere whose log it is gives them."""
        cosigners = [witness.cosigner for witness in self.witnesses]
        found = {each.cosigner: each for each in cosignatures(signed.text, signed.signatures, cosigners)}
        wrong = set(forged(signed, cosigners))
        cosigned = tuple(each.name for each in self.witnesses if each.cosigner in found)
        own = [log.key_for(signed.checkpoint.origin) for log in self.logs]
        keys = [*(key for key in own if key is not None), *log_keys]
        return Verdict(
            checkpoint=signed.checkpoint,
            is_signed=any(is_signed_by(signed, key) for key in keys),
            cosigned=cosigned,
            missing=tuple(each.name for each in self.witnesses if each.cosigner not in found),
            forged=tuple(each.name for each in self.witnesses if each.cosigner in wrong),
            times=tuple(found[each.cosigner].time for each in self.witnesses if each.cosigner in found),
            has_quorum=self.has_quorum(cosigned),
        )

    @property
    def in_words(self) -> str:
        """The quorum as people say it: `2 of 3 witnesses`."""
        if self.quorum == NONE:
            return "no witnesses"
        for group in self.groups:
            if group.name == self.quorum:
                return f"{group.k} of {len(group.members)} witnesses"
        return "1 of 1 witnesses"

    def encode(self) -> bytes:
        """The policy file."""
        lines = [f"log {log.key.encode()} {log.url}".rstrip() for log in self.logs]
        lines += [f"witness {each.name} {each.cosigner.encode()} {each.url}".rstrip() for each in self.witnesses]
        lines += [f"group {each.name} {each.k} {' '.join(each.members)}" for each in self.groups]
        lines.append(f"quorum {self.quorum}")
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def k_of(k: int, witnesses: Sequence[Witness]) -> Policy:
    """The policy by which `k` of these witnesses are enough (0: none are needed). Raises PolicyRefused."""
    if not 0 <= k <= len(witnesses):
        raise PolicyRefused(f"{k} of {len(witnesses)} witnesses can never be reached; ask for fewer, or name more")
    if not k:
        return Policy(witnesses=tuple(witnesses))
    name = "witnesses"
    while any(each.name == name for each in witnesses):
        name += "-group"
    group = Group(name, k, tuple(each.name for each in witnesses))
    return Policy(witnesses=tuple(witnesses), groups=(group,), quorum=name)


def parse_policy(data: bytes) -> Policy:
    """The policy that a file's bytes say. Raises PolicyRefused."""
    if bad := _FORBIDDEN.search(data):
        where = data.count(b"\n", 0, bad.start()) + 1
        raise PolicyRefused(f"line {where}: a control character; only tabs and newlines are allowed")
    if not data.endswith(b"\n"):
        # Half a line may mean something else than the whole of it.
        raise PolicyRefused("it does not end in a newline: perhaps its end is missing; end its last line")
    reading = _Reading()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = [word for word in _BLANK.split(line) if word]
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except (KeyRefused, PolicyRefused) as error:
                raise PolicyRefused(f"line {number}: {error}") from None
    if reading.quorum is None:
        raise PolicyRefused("it has no quorum line; say `quorum none` where no witness is needed")
    return Policy(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)


@dataclass(slots=True)
class _Reading:
    """What the lines so far have said."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    members: set[str] = field(default_factory=set)

    def take(self, words: Sequence[str]) -> None:
        kinds: dict[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in kinds:
            raise PolicyRefused(f"{words[0]!r} is none of log, witness, group, quorum")
        kinds[words[0]](words[1:])

    def _log(self, words: Sequence[str]) -> None:
        if len(words) not in (1, 2):
            raise PolicyRefused("a log is `log <vkey> [<url>]`")
        log = Log(VerifyKey.decode(words[0]), *words[1:])
        if any(each.key.key == log.key.key for each in self.logs):
            raise PolicyRefused(f"the key of {log.key.name} stands here twice; each log is listed once")
        self.logs.append(log)

    def _witness(self, words: Sequence[str]) -> None:
        if len(words) not in (2, 3):
            raise PolicyRefused("a witness is `witness <name> <vkey> [<url>]`")
        name, vkey, *url = words
        self._define(name)
        witness = Witness(name, Cosigner.decode(vkey), *url)
        if any(each.cosigner.key == witness.cosigner.key for each in self.witnesses):
            raise PolicyRefused(f"the key of {name} stands here twice; one key is one witness, whatever its names")
        self.witnesses.append(witness)

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise PolicyRefused("a group is `group <name> all|any|<k> <name>...`")
        name, threshold, *members = words
        for member in members:
            if member not in self._names():
                raise PolicyRefused(f"{member!r} is not defined on a line before this")
            if member in self.members:
                raise PolicyRefused(f"{member!r} is a member of a group already, and counts once only")
            self.members.add(member)
        self._define(name)
        self.groups.append(Group(name, _threshold(threshold, len(members)), tuple(members)))

    def _quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise PolicyRefused("the quorum is `quorum <name>`, or `quorum none`")
        if self.quorum is not None:
            raise PolicyRefused("a second quorum line; exactly one says what is enough")
        if words[0] != NONE and words[0] not in self._names():
            raise PolicyRefused(f"{words[0]!r} is not defined on a line before this")
        self.quorum = words[0]

    def _define(self, name: str) -> None:
        if name == NONE:
            raise PolicyRefused("`none` is no name that can be given")
        if name in self._names():
            raise PolicyRefused(f"{name!r} is defined twice")

    def _names(self) -> set[str]:
        return {each.name for each in self.witnesses} | {each.name for each in self.groups}


def _threshold(word: str, n: int) -> int:
    if word in ("any", "all"):
        return 1 if word == "any" else n
    if not re.fullmatch(r"[1-9][0-9]{0,5}", word) or int(word) > n:
        raise PolicyRefused(f"{word!r} of {n} is no threshold: all, any, or a number from 1 to {n}")
    return int(word)
