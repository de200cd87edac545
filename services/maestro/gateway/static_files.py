"""Which files does a browser load? Those that come with this package, each named here, and nothing else of the disk."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from litestar import Response, Router, get

from maestro.gateway.problems import Refusal

TYPES = {
    "maestro.css": "text/css; charset=utf-8",
    "maestro.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "manifest.json": "application/manifest+json",
    "away.html": "text/html; charset=utf-8",
    "away.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
}
FOLDERS = {"htmx.min.js": "static/vendor/"}


@cache
def content(name: str) -> bytes:
    return (files("maestro.gateway") / (FOLDERS.get(name, "static/") + name)).read_bytes()


@cache
def version(name: str) -> str:
    """Stands in a file's address, so that a browser keeps it as long as it is this one."""
    return hashlib.sha256(content(name)).hexdigest()[:12]


def address(name: str) -> str:
    return f"/static/{name}?v={version(name)}"


@get("/static/{name:str}")
async def static_file(name: str, v: str = "") -> Response[bytes]:
    if name not in TYPES:
        raise Refusal(404, "there is no such file")
    keep = "public, max-age=31536000, immutable" if v == version(name) else "no-cache"
    headers = {"Cache-Control": keep, "ETag": f'"{version(name)}"'}
    return Response(content(name), media_type=TYPES[name], headers=headers)


@get("/sw.js")
async def service_worker() -> Response[bytes]:
    """It stands at the root, since it can only serve what is below it."""
    code = (files("maestro.gateway") / "static/sw.js").read_bytes()
    return Response(code, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


STATIC = Router("/", route_handlers=[static_file, service_worker], include_in_schema=False)
