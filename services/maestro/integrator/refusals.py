"""Why did a forge not answer, and what can a person do about it? Its status and headers in, a problem out. Pure.

No word of what it wrote is shown: it is nobody's business, and may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from maestro_contracts.records import Forge, Problem

LONGEST_S = 86_400.0
AGAIN = "it is asked again by itself"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")


class Unanswered(Exception):
    """The forge did not say. `wait_s`: how long it wants to be left alone; `status` is 0 where there was none."""

    def __init__(self, problem: Problem, *, status: int = 0, wait_s: float = 0.0) -> None:
        super().__init__(problem.reason)
        self.problem, self.status, self.wait_s = problem, status, wait_s


def refused(forge: Forge, status: int, headers: Mapping[str, str], now_s: float) -> Unanswered:
    """What an answer other than 200 means. `now_s`: seconds since the epoch, for times of day among the headers."""
    wait_s = _wait(headers, now_s)
    limited = status == 429 or (status == 403 and (wait_s > 0 or headers.get("x-ratelimit-remaining") == "0"))
    problem = _too_often(forge) if limited else _problem(forge, status, headers)
    return Unanswered(problem, status=status, wait_s=wait_s if limited or status == 503 else 0.0)


def _too_often(forge: Forge) -> Problem:
    less = f"{AGAIN} when it wants to be; let the gate ask less often (`every`)"
    mend = less if forge.token else f"{less}, or name a credential in forge.token: with one it takes more questions"
    return Problem("transient", f"{_forge(forge)} was asked too often", mend)


def _problem(forge: Forge, status: int, headers: Mapping[str, str]) -> Problem:
    whose = f"the credential {forge.token}" if forge.token else "anybody without a credential"
    if status == 401:
        mend = (
            f"put a valid token where the integrator finds {forge.token}" if forge.token else "name it in forge.token"
        )
        reason = f"does not take {whose}" if forge.token else "wants a credential"
        return Problem("environment", f"{_forge(forge)} {reason} (401)", f"{mend}; {AGAIN}")
    if status == 403:
        reason = f"{_forge(forge)} does not let {whose} read the requests of {forge.repository} (403)"
        return Problem("environment", reason, f"let it read pull or merge requests, and compare commits; {AGAIN}")
    if status == 404:
        reason = f"{_forge(forge)} shows {whose} no repository {forge.repository} (404)"
        return Problem("environment", reason, f"mend forge.repository or forge.url, or what it may see; {AGAIN}")
    if 300 <= status < 400:
        reason = f"{_forge(forge)} sends elsewhere{_elsewhere(headers)} ({status}), and that is not followed"
        return Problem("environment", reason, "write the new name or address into forge.repository or forge.url")
    if status >= 500:
        return Problem("transient", f"{_forge(forge)} has a fault of its own ({status})", AGAIN)
    return Problem("environment", f"{_forge(forge)} answered with {status}", f"is forge.url right? {AGAIN}")


def garbled(forge: Forge) -> Unanswered:
    reason = f"{_forge(forge)} answered with what no {forge.kind} answers"
    return Unanswered(Problem("environment", reason, f"is forge.url the address of its API? {AGAIN}"))


def too_large(forge: Forge, most: int) -> Unanswered:
    reason = f"{_forge(forge)} answered with more than {most // 1024} KiB, which was not read"
    return Unanswered(Problem("environment", reason, f"is forge.url the address of its API? {AGAIN}"))


def away(forge: Forge, why: str) -> Unanswered:
    """It could not be reached, or did not answer in time."""
    return Unanswered(Problem("transient", f"{_forge(forge)} {why}", f"is it there, and forge.url right? {AGAIN}"))


def _forge(forge: Forge) -> str:
    return f"the forge at {urlsplit(forge.url).netloc}"


def _elsewhere(headers: Mapping[str, str]) -> str:
    try:
        host = urlsplit(headers.get("location", "")[:2000]).hostname or ""
    except ValueError:
        return ""
    return f" (to {host})" if _HOST.fullmatch(host) else ""


def _wait(headers: Mapping[str, str], now_s: float) -> float:
    """Seconds that it wants to be left alone: by `Retry-After` (a number or a date, RFC 9110, section 10.2.3), or by
    when its count of questions begins again."""
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return min(float(given[:12]), LONGEST_S)
    if given:
        try:
            return _until(parsedate_to_datetime(given).timestamp(), now_s)
        except (ValueError, OverflowError):
            return 0.0
    if headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", "")) == "0":
        reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", "")).strip()
        return _until(float(reset[:12]), now_s) if reset.isascii() and reset.isdigit() else 0.0
    return 0.0


def _until(then_s: float, now_s: float) -> float:
    return min(max(then_s - now_s, 0.0), LONGEST_S)
