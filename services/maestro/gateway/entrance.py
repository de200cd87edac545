"""How does a person come in and go out? By a token, a one-time link, or a provider's word; they get a session."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, Router, get, post
from litestar.params import Parameter
from litestar.response import Redirect

from maestro.gateway.access import SESSION_MS
from maestro.gateway.cookies import BEGUN, begun_cookie, end_session, session_cookie
from maestro.gateway.gateway import address_of, caller_of, gateway_of, slow_down
from maestro.gateway.page_parts import (
    Form,
    Html,
    PageRequest,
    check_form,
    logged_in,
)
from maestro.gateway.problems import Refusal
from maestro.gateway.rendering import render


@get("/login")
async def login_page(request: PageRequest, to: Annotated[str, Parameter(max_length=500)] = "/") -> Html:
    return login(request, to=to)


def login(request: Request[Any, Any, Any], *, to: str = "/", error: str = "", status: int = 200) -> Html:
    """The page at which one logs in."""
    oidc = gateway_of(request).settings.config.oidc
    html = render("login.html", to=safe_path(to), error=error, oidc=oidc, link="")
    return Response(str(html), media_type=MediaType.HTML, status_code=status)


def safe_path(to: str) -> str:
    """Where to go after a log-in: a page of ours, whatever the address says."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    return to if plain else "/"


@post("/login", status_code=303)
async def log_in(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    gateway = gateway_of(request)
    slow_down(gateway.log_ins, address_of(request))
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal(403, "this form was sent from another page", "log in here")
    shown = data.get("token", "").strip()
    caller = gateway.access.caller(shown, "token")
    session = gateway.access.log_in(caller) if caller else gateway.access.exchange(shown)
    if session is None:
        return login(request, to=data.get("to", "/"), error="This token is not valid, or not any more.", status=401)
    answer = Redirect(safe_path(data.get("to", "/")), status_code=303)
    answer.set_cookie(session_cookie(gateway.settings, session[1], session[0].expires))
    return answer


@get("/login/link")
async def login_link(request: Request[Any, Any, Any], code: Annotated[str, Parameter(max_length=200)] = "") -> Html:
    """A one-time link's page: its form is sent by its script, or by a click, so that nobody's preview uses it up."""
    html = render("login.html", to="/", error="", oidc=None, link=code)
    return Response(str(html), media_type=MediaType.HTML)


@get("/login/oidc")
async def begin_oidc(
    request: Request[Any, Any, Any], to: Annotated[str, Parameter(max_length=500)] = "/"
) -> Response[Any]:
    gateway = gateway_of(request)
    slow_down(gateway.requests, address_of(request))
    if gateway.oidc is None:
        raise Refusal(404, "no log-in provider is configured", "log in with a token")
    address, browser = await gateway.oidc.begin(safe_path(to))
    answer = Redirect(address, status_code=303)
    answer.set_cookie(begun_cookie(gateway.settings, browser))
    return answer


@get("/login/oidc/callback")
async def finish_oidc(
    request: Request[Any, Any, Any],
    begun: Annotated[str, Parameter(query="state", max_length=200)] = "",
    code: Annotated[str, Parameter(max_length=4000)] = "",
) -> Html:
    """The answer is a page that leads on: a redirect would still be the provider's, and browsers keep the session's
    cookie from those."""
    gateway = gateway_of(request)
    slow_down(gateway.requests, address_of(request))
    if gateway.oidc is None:
        raise Refusal(404, "no log-in provider is configured", "log in with a token")
    person, to = await gateway.oidc.finish(begun, code, request.cookies.get(BEGUN, ""))
    assert gateway.settings.config.oidc is not None
    may = gateway.settings.config.oidc.may
    entry, secret = gateway.access.give(person, "session", may=may, lasts_ms=SESSION_MS, via="oidc")
    answer = Response(str(render("welcome.html", to=to, person=person)), media_type=MediaType.HTML)
    answer.set_cookie(session_cookie(gateway.settings, secret, entry.expires))
    return answer


@post("/logout", status_code=303)
async def log_out(request: PageRequest, data: Form) -> Response[Any]:
    check_form(request, data)
    gateway = gateway_of(request)
    gateway.access.revoke(caller_of(request).entry.id)
    answer = Redirect("/login", status_code=303)
    answer.set_cookie(end_session(gateway.settings))
    return answer


COMING = [login_page, log_in, login_link, begin_oidc, finish_oidc]
ENTRANCE = Router("/", route_handlers=COMING, include_in_schema=False)
LEAVING = Router("/", route_handlers=[log_out], guards=[logged_in], include_in_schema=False)
