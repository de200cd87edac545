"""How does an auditor's report look? One page of HTML that needs no network, and the same in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from maestro.audit.account import Account, Row, Span
from maestro.audit.findings import ABOUT, Report, counted
from maestro.projections.text import duration, prose, utc

MARKS = {"holds": "✓", "violated": "✗", "cannot tell": "?"}
TABLES = (
    ("Decisions", "decisions", ("event", "when", "what", "choice", "who", "on which evidence")),
    ("Effects", "effects", ("event", "when", "level", "what", "done by", "approved by", "outcome")),
    ("Acceptances", "acceptances", ("event", "when", "what", "tree", "votes", "what they ran")),
)
STYLE = """
:root{color-scheme:light dark;--line:#8884;--good:#187a3c;--bad:#b3261e;--open:#8a6100}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid var(--line);
padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td:nth-child(-n+2){white-space:nowrap}
.holds{color:var(--good)}.violated{color:var(--bad)}.cannot{color:var(--open)}
svg{width:100%;height:auto}svg text{font-size:11px;fill:currentColor}.step{fill:#5b7db1}.gate{fill:#c48a1a}
.effect{fill:#4b9b6e}.seal{fill:#7d5ba6}
"""
COLOURS = {"violated": "violated", "holds": "holds", "cannot tell": "cannot"}
SHOWN = 200
BARS = 80


def html(report: Report, account: Account) -> str:
    """The page. Everything that somebody wrote is escaped; it asks nobody for anything."""
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>Audit of {escape(report.run)}</title><style>{STYLE}</style></head><body>",
            f"<h1>Audit of {escape(report.run)}</h1>",
            f"<p>{escape(account.feature)}</p>",
            f'<p class="{COLOURS[report.verdict]}"><strong>{MARKS[report.verdict]} {report.verdict}</strong></p>',
            f"<p>Believed: {escape(report.trust)}</p>",
            "<h2>Properties</h2>",
            _table(("", "property", "looked at", "holds where"), _properties(report)),
            "<h2>What does not hold, and what cannot be told</h2>",
            _table(("", "property", "where", "what"), _findings(report)) or "<p>Nothing.</p>",
            *(part for title, name, columns in TABLES for part in _section(title, columns, getattr(account, name))),
            "<h2>Timeline</h2>",
            timeline(account),
            "<h2>Statistics</h2>",
            _table(("what", "number"), _statistics(report, account)),
            "</body></html>",
            "",
        )
    )


def markdown(report: Report, account: Account) -> str:
    """The same, for reading in a terminal or a review."""
    lines = [f"# Audit of {prose(report.run)}", "", prose(account.feature), ""]
    lines += [f"**{MARKS[report.verdict]} {report.verdict}**", "", f"Believed: {prose(report.trust)}"]
    lines += ["", "## Properties", "", *_rows(("", "property", "looked at", "holds where"), _properties(report))]
    lines += ["", "## What does not hold, and what cannot be told", ""]
    lines += _rows(("", "property", "where", "what"), _findings(report)) or ["Nothing."]
    for title, name, columns in TABLES:
        lines += ["", f"## {title}", "", *(_rows(columns, getattr(account, name)) or ["None."])]
    lines += ["", "## Statistics", "", *_rows(("what", "number"), _statistics(report, account))]
    return "\n".join(lines) + "\n"


def _properties(report: Report) -> list[Row]:
    return [(MARKS[each.verdict], each.name, counted(each), ABOUT[each.name]) for each in report.properties.values()]


def _findings(report: Report) -> list[Row]:
    return [
        ("✗" if finding.broken else "?", each.name, finding.at, finding.what)
        for each in report.properties.values()
        for finding in each.findings[:SHOWN]
    ]


def _statistics(report: Report, account: Account) -> list[Row]:
    rows: list[Row] = [
        ("entries", f"{report.entries:,}"),
        ("events", f"{report.events:,}"),
        ("root of the tree", report.root),
    ]
    if account.first:
        rows += [("first event", utc(account.first)), ("last event", utc(account.last))]
        rows += [("took", duration(account.last - account.first))]
    rows += [(f"entries of {name}", f"{number:,}") for name, number in sorted(account.authors.items())[:SHOWN]]
    return rows + [(name, f"{number:,}") for name, number in sorted(account.types.items())]


def _section(title: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    yield f"<h2>{title}</h2>"
    yield _table(columns, rows) or "<p>None.</p>"


def _table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _rows(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return head + ["| " + " | ".join(prose(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]


def timeline(account: Account) -> str:
    """A picture: a bar for each step, gate and effect, a mark for each seal."""
    spans = sorted(account.spans, key=lambda span: (span.start, span.end))
    seals = [span for span in spans if span.kind == "seal"]
    bars = [span for span in spans if span.kind != "seal"][:BARS]
    width, left = max(1, account.last - account.first), 220

    def x(at: int) -> float:
        return round(left + (at - account.first) / width * (1000 - left - 20), 1)

    def bar(number: int, span: Span) -> str:
        top, long = number * 18 + 4, max(2.0, x(span.end) - x(span.start))
        title = f"{span.name}: {utc(span.start)} to {utc(span.end)}"
        return (
            f'<text x="4" y="{top + 11}">{escape(span.name[:34])}</text>'
            f'<rect class="{span.kind}" x="{x(span.start)}" y="{top}" width="{round(long, 1)}" height="13">'
            f"<title>{escape(title)}</title></rect>"
        )

    height = len(bars) * 18 + 30
    marks = "".join(
        f'<rect class="seal" x="{x(span.start)}" y="0" width="2" height="{height - 20}"><title>sealed: '
        f"{escape(span.name)}</title></rect>"
        for span in seals[:SHOWN]
    )
    ends = f'<text x="{left}" y="{height - 4}">{utc(account.first)}</text>'
    ends += f'<text x="980" y="{height - 4}" text-anchor="end">{utc(account.last)}</text>'
    rows = "".join(bar(number, span) for number, span in enumerate(bars))
    label = "steps, gates, effects and seals over time"
    return f'<svg viewBox="0 0 1000 {height}" role="img" aria-label="{label}">{marks}{rows}{ends}</svg>'
