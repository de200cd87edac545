"""What do all pages share? Who is logged in, what a page is made of, and which run is meant."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.handlers.base import BaseRouteHandler
from litestar.params import Body, Parameter

from maestro.gateway.access import Caller, now_ms
from maestro.gateway.answers import waiting
from maestro.gateway.cookies import shown_session
from maestro.gateway.gateway import Gateway, address_of, caller_of, gateway_of, slow_down
from maestro.gateway.problems import Refusal
from maestro.gateway.rendering import render
from maestro.gateway.watching import Watched
from maestro.log.store import StoreUnavailable

PageRequest = Request[Caller, Any, State]
Html = Response[str]
SETTLE_S = 0.15
"""Events come in bursts: a page is drawn anew when a burst is over."""
EVENTS = 200
Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Run = Annotated[str, Parameter(max_length=80)]


class LoggedOut(Exception):
    """Nobody is logged in: they are asked to, and then come back."""


async def logged_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Only with a session; what changes something also needs the session's own word."""
    gateway = gateway_of(connection)
    caller = gateway.access.caller(shown_session(connection), "session")
    slow_down(gateway.requests, caller.entry.id if caller else address_of(connection))
    if caller is None:
        raise LoggedOut
    connection.scope["user"] = caller


def check_form(request: PageRequest, form: dict[str, str]) -> None:
    """Raises Refusal where another page than ours sent this form."""
    elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if elsewhere or not hmac.compare_digest(form.get("csrf", "").encode(), caller_of(request).csrf.encode()):
        raise Refusal(403, "this form was not sent from a page of this session", "load the page again")


def page(request: PageRequest, template: str, *, status: int = 200, live: str = "/live", **values: Any) -> Html:
    """A whole page."""
    gateway, caller = gateway_of(request), caller_of(request)
    html = render(
        template,
        caller=caller,
        csrf=caller.csrf,
        path=request.url.path,
        live=live,
        up=gateway.watcher.up,
        now=now_ms(),
        waiting=[gate for each in gateway.watcher.newest() for gate in waiting(each.state)],
        **values,
    )
    return Response(str(html), media_type=MediaType.HTML, status_code=status)


async def known_run(gateway: Gateway, run: str) -> Watched:
    """The run as it is known; where the log cannot be reached, as it was known. Raises Refusal."""
    try:
        found = await gateway.watcher.fresh(run)
    except StoreUnavailable:
        found = gateway.watcher.get(run)
        if found is None:
            raise
    if found is None or found.state.status == "none":
        raise Refusal(404, "there is no such run", "the list of runs has all that there are")
    return found
