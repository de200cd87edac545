"""How does the gateway say that something cannot be done? As problem details (RFC 9457) with a mend, or as a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException

from maestro.log.store import StoreCorrupt, StoreUnavailable

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True):
    """Why a request could not be done. `mend` is what to do about it."""

    title: str
    status: int
    detail: str = ""
    mend: str = ""
    type: str = "about:blank"
    decided_by: str | None = None
    """409: who decided the gate before you."""


class Refusal(HTTPException):
    """Ends a request with this problem."""

    def __init__(self, status: int, detail: str, mend: str = "", *, decided_by: str | None = None, **headers: str):
        super().__init__(detail, status_code=status, headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.problem = ProblemDetails(HTTPStatus(status).phrase, status, detail, mend, decided_by=decided_by)


def problem_of(error: Exception) -> tuple[ProblemDetails, dict[str, str]]:
    """Any error as a problem, and the headers that go with it. A defect tells nothing of itself to whoever asked."""
    if isinstance(error, Refusal):
        return error.problem, dict(error.headers or {})
    if isinstance(error, HTTPException) and error.status_code < 500:
        title = HTTPStatus(error.status_code).phrase
        return ProblemDetails(title, error.status_code, _detail(error), ""), dict(error.headers or {})
    if isinstance(error, StoreUnavailable | StoreCorrupt):
        return ProblemDetails("Service Unavailable", 503, "the log cannot be reached now", "try again soon"), {
            "Retry-After": "2"
        }
    return ProblemDetails("Internal Server Error", 500, "this is a defect of the gateway", "its log says more"), {}


def _detail(error: HTTPException) -> str:
    """Litestar's own words, with the fields that were wrong."""
    extra: Any = error.extra
    if isinstance(extra, list) and extra:
        found = [
            f"{each.get('key', '')}: {each.get('message', '')}".lstrip(": ") for each in extra if isinstance(each, dict)
        ]
        return "; ".join(found)
    return error.detail if error.status_code != 404 else "there is nothing at this address"
