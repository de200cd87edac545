"""How is a gateway put together? One function, which a test calls with parts of its own."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.types import ASGIApp

from maestro.bus.logs import get_log
from maestro.gateway.api import API, OPEN_API
from maestro.gateway.gateway import Gateway
from maestro.gateway.problems import MEDIA_TYPE, ProblemDetails, problem_of
from maestro.gateway.shield import Shield

MAX_BODY = 256 * 1024


def make_app(gateway: Gateway) -> ASGIApp:
    """The whole gateway as one ASGI application."""
    app = Litestar(
        route_handlers=[API, OPEN_API],
        exception_handlers={Exception: answer_problem},
        openapi_config=_openapi(),
        request_max_body_size=MAX_BODY,
        state=State({"gateway": gateway}),
        logging_config=None,
        debug=False,
    )
    return Shield(app, gateway.settings)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDetails]:
    problem, headers = problem_of(error)
    if problem.status == 500:
        get_log("gateway").error("a defect in a request", path=request.url.path, exc_info=error)
    return Response(problem, status_code=problem.status, headers=headers, media_type=MEDIA_TYPE)


def _openapi() -> OpenAPIConfig:
    from importlib.metadata import version

    token = SecurityScheme("http", scheme="bearer", description="A person's token: `maestro web token NAME`.")
    return OpenAPIConfig(
        title="Maestro",
        version=version("maestro-flow"),
        description="Runs, their logs, and the gates at which people decide.",
        license=License("Apache-2.0", identifier="Apache-2.0"),
        components=Components(security_schemes={"token": token}),
        path="/api/v1",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
    )
