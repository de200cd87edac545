"""What can a program ask of Maestro over HTTP? The REST API, `/api/v1`; its handlers make its OpenAPI document."""

from __future__ import annotations

from litestar import Router

from maestro.gateway.api_gates import (
    check_policy,
    decide_by_callback,
    decide_gate,
    get_gate,
    get_statement,
    list_gates,
    list_grants,
    list_open_gates,
    revoke_grant,
)
from maestro.gateway.api_runs import (
    follow_events,
    get_journal,
    get_report,
    get_run,
    health,
    list_events,
    list_runs,
    me,
)
from maestro.gateway.gateway import bearer

API = Router(
    "/api/v1",
    route_handlers=[
        me,
        list_runs,
        get_run,
        list_events,
        follow_events,
        list_open_gates,
        list_gates,
        get_gate,
        decide_gate,
        get_statement,
        get_report,
        get_journal,
        list_grants,
        revoke_grant,
        check_policy,
    ],
    guards=[bearer],
    security=[{"token": []}],
)
OPEN_API = Router("/api/v1", route_handlers=[health, decide_by_callback])
