"""Who checks the signatures of a long log? All cores: this process while it waits, and helpers that do nothing else.

A helper is the process of `log/signatures.py`. Whole pages go through memory that both share; what comes back is one
byte for each signature. Pages are handed out in their order, and this process takes pages from the other end, so that
nobody waits while there is work.
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from maestro.log.helper import Checking
from maestro.log.signatures import READY, is_signed

AHEAD = 6
"""So many pages are read ahead for each helper; two of them lie with it."""
AT_ONCE = 2

T = TypeVar("T")
Checks = Callable[[Sequence[bytes]], Sequence[int]]


def check_here(proofs: Sequence[bytes]) -> Sequence[int]:
    """For each proof (`log/signatures.py`), whether its key signed it."""
    return [is_signed(proof) for proof in proofs]


@dataclass(slots=True)
class _Job(Generic[T]):
    page: T
    proofs: Sequence[bytes]
    right: Sequence[int] | None = None
    sent: bool = False


class _Helper(Generic[T]):
    """One process and the pages that lie with it, oldest first."""

    def __init__(self) -> None:
        self._checking = Checking()
        self.socket = self._checking.socket
        self.jobs: deque[_Job[T]] = deque()
        self.is_up = False
        self._heard = bytearray()

    def send(self, job: _Job[T]) -> bool:
        """False where the page is too large for it. Raises OSError where it is gone."""
        sizes = self._checking.lay_down(job.proofs)
        if not sizes:
            return False
        self.socket.sendall(sizes)
        job.sent = True
        self.jobs.append(job)
        return True

    def hear(self) -> None:
        """Take in what it has answered; waits for at least one byte. Raises ConnectionError where it is gone."""
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("the helper is gone")
        self._heard += part
        if not self.is_up:
            self.is_up = self._heard.startswith(READY)
            del self._heard[: len(READY)]
        while self.jobs and len(self._heard) >= len(self.jobs[0].proofs):
            job = self.jobs.popleft()
            job.right = bytes(self._heard[: len(job.proofs)])
            del self._heard[: len(job.proofs)]

    def close(self) -> None:
        """End it; what lay with it was sent to nobody."""
        self._checking.close()
        for job in self.jobs:
            job.sent = False
        self.jobs.clear()


class Signatures(Generic[T]):
    """Checks pages of signatures with `processes` processes, this one among them. A context."""

    def __init__(self, processes: int, check: Checks = check_here) -> None:
        self._check = check
        self._wanted = processes - 1
        self._helpers: list[_Helper[T]] = []

    def __enter__(self) -> Signatures[T]:
        self._helpers = [_Helper() for _ in range(self._wanted)]
        return self

    def __exit__(self, *_: object) -> None:
        self.end_helpers()

    def end_helpers(self) -> None:
        """From now on this process does everything; what lay with the others is not lost."""
        for helper in self._helpers:
            helper.close()
        self._helpers = []

    def checked(self, pages: Iterable[tuple[T, Sequence[bytes]]]) -> Iterator[tuple[T, Sequence[int]]]:
        """Each page in its order, with one answer for each of its proofs."""
        coming = iter(pages)
        jobs: deque[_Job[T]] = deque()
        done = False
        while True:
            while not done and len(jobs) <= AHEAD * len(self._helpers):
                nxt = next(coming, None)
                done = nxt is None
                if nxt is not None:
                    jobs.append(_Job(*nxt))
                    self._hand_out(jobs)
            if not jobs:
                return
            first = jobs[0]
            while first.right is None:
                self._do_something(jobs)
            jobs.popleft()
            self._listen(0)
            self._hand_out(jobs)
            yield first.page, first.right

    def _hand_out(self, jobs: deque[_Job[T]]) -> None:
        idle = [helper for helper in self._helpers if len(helper.jobs) < AT_ONCE and helper.is_up]
        if not idle:
            return
        for job in jobs:
            if job.right is None and not job.sent:
                helper = min(idle, key=lambda each: len(each.jobs))
                if len(helper.jobs) >= AT_ONCE:
                    return
                try:
                    if not helper.send(job):
                        job.right = self._check(job.proofs)
                except OSError:
                    self._lose(helper)
                    return

    def _do_something(self, jobs: deque[_Job[T]]) -> None:
        """Check the newest page that nobody has; where there is none, wait for a helper."""
        free = next((job for job in reversed(jobs) if job.right is None and not job.sent), None)
        if free is not None:
            free.right = self._check(free.proofs)
        self._listen(0 if free is not None else None)
        self._hand_out(jobs)

    def _listen(self, timeout: float | None) -> None:
        if not self._helpers:
            return
        ready, _, _ = select.select([helper.socket for helper in self._helpers], [], [], timeout)
        for helper in [each for each in self._helpers if each.socket in ready]:
            try:
                helper.hear()
            except OSError:
                self._lose(helper)

    def _lose(self, helper: _Helper[T]) -> None:
        """Somebody ended it: its pages are checked by the others."""
        self._helpers.remove(helper)
        helper.close()
