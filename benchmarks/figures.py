"""What is one measured figure, and what is a whole report? Values, their floors, and the table that people read."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure. Where there is a `floor`, `ratio` is value to floor; `target` bounds what `of` says."""

    benchmark: str
    what: str
    value: float
    unit: str
    floor: float | None = None
    floor_what: str = ""
    target: float | None = None
    of: Literal["ratio", "value"] = "ratio"
    sense: Literal["at least", "at most"] = "at least"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if not self.floor else self.value / self.floor

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None where there is none."""
        if self.target is None:
            return None
        measured = self.value if self.of == "value" or self.ratio is None else self.ratio
        return measured >= self.target if self.sense == "at least" else measured <= self.target


def as_dict(figure: Figure) -> dict[str, object]:
    return {**msgspec.to_builtins(figure), "ratio": figure.ratio, "met": figure.met}


def middle(values: Iterable[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all lie at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show(figures: Sequence[Figure], title: str) -> None:
    """The table."""
    table = Table(title=title, title_justify="left")
    for column in ("benchmark", "what", "Maestro", "floor", "ratio", "target"):
        table.add_column(column, justify="left" if column in ("benchmark", "what") else "right")
    for figure in figures:
        floor = f"{number(figure.floor)} {figure.unit}" if figure.floor is not None else ""
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        table.add_row(
            figure.benchmark, figure.what, f"{number(figure.value)} {figure.unit}", floor, ratio, _target(figure)
        )
    console = Console()
    console.width = max(console.width, 120)
    console.print(table)


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "≥" if figure.sense == "at least" else "≤"
    unit = f" {figure.unit}" if figure.of == "value" else ""
    return f"{sign} {number(figure.target)}{unit} {'✓' if figure.met else '✗'}"
