"""Tables for people to read."""

from __future__ import annotations

from tally.book import Book


def expenses_table(book: Book) -> str:
    rows = [("payer", "amount", "for", "shared by")]
    rows += [(e.payer, str(e.amount), e.note, ", ".join(e.shared_by)) for e in book]
    rows += [("total", str(book.total(currency)), "", "") for currency in book.currencies()]
    return table(rows)


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as lines with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
