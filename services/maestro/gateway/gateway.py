"""What do all handlers share? The parts of one gateway, and who a request comes from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from maestro.gateway.access import Access, Caller, Kind
from maestro.gateway.deciding import Carrier
from maestro.gateway.limits import Buckets, Rate
from maestro.gateway.oidc import Oidc
from maestro.gateway.problems import Refusal
from maestro.gateway.rewinds import Rewinds
from maestro.gateway.settings import WebSettings
from maestro.gateway.watching import Watcher

STREAMS = 32
"""Live streams that one person may have open."""

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(slots=True)
class Gateway:
    """One gateway's parts."""

    settings: WebSettings
    watcher: Watcher
    access: Access
    carrier: Carrier
    oidc: Oidc | None = None
    streams: dict[str, int] = field(default_factory=dict)
    requests: Buckets = field(init=False)
    log_ins: Buckets = field(init=False)
    rewinds: Rewinds = field(init=False)

    def __post_init__(self) -> None:
        self.rewinds = Rewinds(self.watcher)
        rate = self.settings.rate
        self.requests = Buckets(Rate(burst=10 * rate, per_s=rate))
        # Nobody types tokens so fast; whoever guesses them is slowed down.
        self.log_ins = Buckets(Rate(burst=rate / 2, per_s=rate / 200))


def gateway_of(connection: Connection) -> Gateway:
    return cast(Gateway, connection.app.state.gateway)


def caller_of(connection: Connection) -> Caller:
    """Who this is; only behind one of the guards."""
    return cast(Caller, connection.scope["user"])


def address_of(connection: Connection) -> str:
    return connection.client.host if connection.client else "unknown"


async def bearer(connection: Connection, _: BaseRouteHandler) -> None:
    """Only with a person's token, and not too often. A cookie opens no door here, so no page elsewhere can."""
    _let_in(
        connection, "token", "make one with `maestro web token NAME`, and send it as `Authorization: Bearer mst_...`"
    )


async def callback(connection: Connection, _: BaseRouteHandler) -> None:
    """Only with the one-time token of a webhook."""
    _let_in(connection, "callback", "send the token that came with the webhook; it works once")


def _let_in(connection: Connection, kind: Kind, mend: str) -> None:
    gateway = gateway_of(connection)
    scheme, _space, shown = connection.headers.get("authorization", "").partition(" ")
    caller = gateway.access.caller(shown.strip(), kind) if scheme.lower() == "bearer" else None
    slow_down(gateway.requests, caller.entry.id if caller else address_of(connection))
    if caller is None:
        raise Refusal(401, "there is no valid token with this request", mend, WWW_Authenticate='Bearer realm="maestro"')
    connection.scope["user"] = caller


def slow_down(buckets: Buckets, caller: str) -> None:
    """Raises Refusal (429) where the caller asks too often."""
    wait = buckets.wait_s(caller, time.monotonic())
    if wait:
        seconds = int(wait) + 1
        raise Refusal(429, "too many requests", f"wait {seconds} s", Retry_After=str(seconds))


def must_decide(caller: Caller) -> None:
    """Raises Refusal (403) where the caller may only look."""
    if caller.may != "decide":
        raise Refusal(403, f"{caller.name} may only read with this", "ask for a token that may decide")
