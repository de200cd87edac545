"""How does a service say what it does? One JSON line (or a console line) on standard error for each thing.

What is being handled is bound by one context variable: the run, the task and the command's id stand in every line
that a handler, or anything it calls, writes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog

from maestro.bus.service import Delivery

HANDLING: ContextVar[Delivery | None] = ContextVar("handling", default=None)
"""The delivery in hand. Set once for each message, read only when a line is written."""


def set_up_logs(level: str, format: str, **always: str) -> None:
    """Send structlog's lines and the standard library's (warnings and worse) to standard error."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**always)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_delivery,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, *_rendering(format)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _catch_standard_library(shared, format, max(threshold, logging.WARNING))


def add_delivery(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name what is being handled, unless the line does so itself."""
    delivery = HANDLING.get()
    if delivery is None:
        return line
    line.setdefault("run", delivery.run)
    line.setdefault("command", delivery.id)
    if delivery.cause:
        line.setdefault("event_id", delivery.cause)
    task = getattr(delivery.command, "task", "")
    if task:
        line.setdefault("task", task if isinstance(task, str) else task.id)
    return line


def get_log(name: str) -> Any:
    """A logger that says where it speaks from."""
    return structlog.get_logger().bind(part=name)


def _rendering(format: str) -> list[Any]:
    if format == "console":
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]


def _json(line: dict[str, Any], **_: Any) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()


def _catch_standard_library(shared: list[Any], format: str, threshold: int) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(format)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
