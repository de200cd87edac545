"""How does a browser stay logged in? With one cookie that scripts cannot read and other sites do not send."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from maestro.gateway.access import now_ms
from maestro.gateway.settings import WebSettings

NAME = "maestro_session"
BEGUN = "maestro_begun"
SECURE_NAME = f"__Host-{NAME}"
"""Browsers keep this name for cookies that came over TLS from this very host."""


def session_cookie(settings: WebSettings, secret: str, expires: int) -> Cookie:
    seconds = max(1, (expires - now_ms()) // 1000)
    return _cookie(settings, secret, seconds)


def end_session(settings: WebSettings) -> Cookie:
    return _cookie(settings, "", 0)


def _cookie(settings: WebSettings, value: str, seconds: int) -> Cookie:
    return Cookie(
        key=SECURE_NAME if settings.is_secure else NAME,
        value=value,
        max_age=seconds,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="strict",
    )


def begun_cookie(settings: WebSettings, value: str) -> Cookie:
    """Of a log-in with a provider that is under way; it must come along when the provider sends the browser back."""
    return Cookie(
        key=BEGUN, value=value, max_age=600, path="/login", secure=settings.is_secure, httponly=True, samesite="lax"
    )


def shown_session(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return connection.cookies.get(SECURE_NAME) or connection.cookies.get(NAME) or ""
