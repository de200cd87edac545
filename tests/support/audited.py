"""How do tests audit a history? The town's log as it lies in memory, by the town's own operator and witnesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maestro.audit.findings import PropertyName, Report
from maestro.audit.memory_source import MemorySource
from maestro.audit.trust import Trust
from maestro.audit.verify import audit
from tamper.town import Town


def trust_in(town: Town, k: int = 2) -> Trust:
    return Trust(town.operator.verify_key, town.policy(k), "the test")


def source_of(
    town: Town, bodies: Sequence[bytes] | None = None, files: Mapping[str, bytes] | None = None
) -> MemorySource:
    return MemorySource(town.run, list(town.bodies if bodies is None else bodies), list(town.system), files=files)


def audited(town: Town, bodies: Sequence[bytes] | None = None, k: int = 2, **more: Any) -> Report:
    return audit(source_of(town, bodies, more.pop("files", None)), trust_in(town, k), **more)


def what(report: Report, name: PropertyName) -> list[str]:
    """What does not hold of a property, each with its address."""
    return [f"{each.at}: {each.what}" for each in report.properties[name].findings if each.broken]
