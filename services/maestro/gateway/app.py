"""How is a gateway put together? One function, which a test calls with parts of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Litestar, MediaType, Request, Response
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.response import Redirect
from litestar.types import ASGIApp

from maestro.bus.logs import get_log
from maestro.gateway.api import API, OPEN_API
from maestro.gateway.api_parts import BODIES
from maestro.gateway.entrance import ENTRANCE, LEAVING
from maestro.gateway.gateway import Gateway
from maestro.gateway.page_parts import LoggedOut
from maestro.gateway.pages import PAGES
from maestro.gateway.problems import MEDIA_TYPE, ProblemDetails, problem_of
from maestro.gateway.rendering import render
from maestro.gateway.shield import Shield
from maestro.gateway.static_files import STATIC

MAX_BODY = 256 * 1024


def make_app(gateway: Gateway) -> ASGIApp:
    """The whole gateway as one ASGI application."""
    app = Litestar(
        route_handlers=[API, OPEN_API, PAGES, ENTRANCE, LEAVING, STATIC],
        exception_handlers={Exception: answer_problem},
        openapi_config=_openapi(),
        request_max_body_size=MAX_BODY,
        state=State({"gateway": gateway}),
        logging_config=None,
        debug=False,
    )
    return Shield(app, gateway.settings)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if isinstance(error, LoggedOut):
        return _to_log_in(request)
    problem, headers = problem_of(error)
    if problem.status == 500:
        get_log("gateway").error("a defect in a request", path=request.url.path, exc_info=error)
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        html = str(render("problem.html", problem=problem))
        return Response(html, status_code=problem.status, headers=headers, media_type=MediaType.HTML)
    return Response(problem, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)


def _to_log_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Where nobody is logged in: a page leads to the log-in, a script is told to go there."""
    if request.headers.get("hx-request") == "true" or "text/html" not in request.headers.get("accept", ""):
        problem = ProblemDetails("Unauthorized", 401, "you are not logged in, or not any more", "log in")
        return Response(problem, status_code=401, headers={"HX-Redirect": "/login"}, media_type=MEDIA_TYPE)
    query = f"?{request.url.query}" if request.url.query else ""
    to = quote(request.url.path + query, safe="/")
    return Redirect("/login" if to == "/" else f"/login?to={to}", status_code=303)


class Document(JsonRenderPlugin):
    """The OpenAPI document, with what its maker does not know of our structs."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        for body in BODIES:
            openapi_schema["components"]["schemas"][body.__name__]["additionalProperties"] = False
        return super().render(request, openapi_schema)


def _openapi() -> OpenAPIConfig:
    from importlib.metadata import version

    token = SecurityScheme("http", scheme="bearer", description="A person's token: `maestro web token NAME`.")
    once = SecurityScheme("http", scheme="bearer", description="The one-time token that came with a webhook.")
    return OpenAPIConfig(
        title="Maestro",
        version=version("maestro-flow"),
        description="Runs, their logs, and the gates at which people decide.",
        license=License("Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes={"token": token, "callback": once}),
        path="/api/v1",
        render_plugins=[Document(path="/openapi.json")],
        use_handler_docstrings=True,
    )
