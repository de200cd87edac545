"""What stands before every request, whatever it is for? The names this server answers to, and what browsers are told.

Nothing is loaded from elsewhere, no script or style stands in a page, and no other page may frame or script this one.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from maestro.gateway.problems import MEDIA_TYPE, ProblemDetails
from maestro.gateway.settings import WebSettings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(:\d{1,5})?")


class Shield:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._hosts = settings.hosts
        fixed = HEADERS | ({"strict-transport-security": HSTS} if settings.is_secure else {})
        self._fixed = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._with_fixed(list(message["headers"]))}
            await send(message)

        if self._is_ours(scope):
            await self._app(scope, receive, shielded)
        else:
            await _misdirected(shielded)

    def _is_ours(self, scope: Scope) -> bool:
        """Whether the request names this server: a name that was bent to this address by its owner is refused."""
        given = [value for name, value in scope["headers"] if name == b"host"]
        match = _HOST.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
        return match is not None and match[1].strip("[]").lower() in self._hosts

    def _with_fixed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in headers}
        more = [] if b"cache-control" in names else [(b"cache-control", b"no-store")]
        return [*headers, *(pair for pair in self._fixed if pair[0] not in names), *more]


async def _misdirected(send: Any) -> None:
    problem = ProblemDetails(
        "Misdirected Request", 421, "this server has another name", "use the address that it told at its start"
    )
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
