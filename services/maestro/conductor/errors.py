"""Which failure is tried again, and after how long? One table, and the delay's formula."""

from __future__ import annotations

import hashlib

from maestro_contracts.records import Problem, Retry

RETRIED: dict[str, bool] = {
    "transient": True,
    "agent_crash": True,
    "agent_refused": True,
    "time_out": True,
    "output_limit": True,
    "no_change": True,
    "check_failed": True,
    "false_claim": True,
    "tests_tampered": True,
    "merge_conflict": True,
    "scope_violation": True,
    "environment": True,
    "ambiguous": False,
    "structural": False,
    "cancelled": False,
    "not_approved": True,
}
"""Whether another attempt can help at once. The others need a person, or another plan."""

FOR_A_PERSON = frozenset({"environment", "ambiguous"})
"""With these a task waits for somebody: its run is paused, and nothing is given up."""

NOT_REFINED = frozenset({"scope_violation", "cancelled"})
"""After these no later iteration takes a task up: whoever did it was told its bounds each time, and left them."""

STEP_RETRIED = frozenset({"transient", "time_out", "agent_crash"})
"""A step's own work (drafting, branching, checking) is deterministic: only these can go away by themselves."""


def may_retry(problem: Problem, attempt: int, retry: Retry) -> bool:
    return RETRIED[problem.kind] and attempt < retry.max_attempts


def step_may_retry(problem: Problem, attempt: int, retry: Retry) -> bool:
    return problem.kind in STEP_RETRIED and attempt < retry.max_attempts


def delay_ms(retry: Retry, attempt: int, slot: str) -> int:
    """Milliseconds to wait after `attempt`: exponential, bounded, and spread by `jitter`. The spread comes from a
    hash of `slot`, so that deciding again gives the same delay."""
    plain = min(retry.backoff_s * retry.multiplier ** (attempt - 1), retry.max_backoff_s)
    share = int.from_bytes(hashlib.sha256(slot.encode()).digest()[:4], "big") / 2**32
    return int(1000 * plain * (1 + retry.jitter * (2 * share - 1)))
