"""What stands in the journal when somebody asks to write into it? Their words, in bounds. Pure.

Nobody decides anything by an entry, so that it needs no signature; who wrote it is what they say (`via` tells how).
"""

from __future__ import annotations

from maestro.bus.service import Said
from maestro.policy.redact import redacted
from maestro_contracts import commands as c
from maestro_contracts import events as e

MAX_TITLE = 200
MAX_CONTENT = 16_384
MAX_NAME = 200
MAX_ITEMS = 50
CUT = " [cut off]"

JournalCommand = c.AddJournalEntry | c.ReviewJournalEntry


def written(id: str, command: JournalCommand) -> Said:
    """The one event that the command leads to."""
    match command:
        case c.AddJournalEntry():
            return Said(f"{id}/added", _entry(command), id)
        case c.ReviewJournalEntry(entry=entry, by=by, note=note, via=via):
            event = e.JournalReviewed(_short(entry), _short(by), _short(note, MAX_CONTENT), _short(via))
            return Said(f"{id}/reviewed", event, id)


def _entry(command: c.AddJournalEntry) -> e.JournalEntryAdded:
    return e.JournalEntryAdded(
        kind=command.kind,
        author=_short(command.author),
        title=_short(command.title, MAX_TITLE),
        content=_short(command.content, MAX_CONTENT),
        tags=_some(command.tags),
        task=_short(command.task),
        files=_some(command.files),
        related=_some(command.related),
        options=_some(command.options),
        by_person=command.by_person,
        via=_short(command.via),
    )


def _some(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_short(text) for text in texts[:MAX_ITEMS])


def _short(text: str, most: int = MAX_NAME) -> str:
    text = redacted(text[: 2 * most])
    return text if len(text) <= most else text[: most - len(CUT)] + CUT
