"""Is every change of a history shown, by the property that it concerns? And what is not shown, by whom?"""

from __future__ import annotations

import pytest

from tamper.campaign import boundary, court
from tamper.mutations import CLASSES

DRAWS = 12
CONCERNS = {
    "a bit of an entry": "authenticity",
    "a bit of a signature": "authenticity",
    "an entry twice": "chains",
    "an entry made up": "authenticity",
    "an entry of another run": "authenticity",
    "signed by a key nobody introduced": "authenticity",
    "signed in the wrong role": "roles",
    "signed by a revoked key": "authenticity",
    "two words in one place": "chains",
    "history rewritten, sealed by the notary alone": "seals",
    "history rewritten, sealed with too few witnesses": "seals",
    "an approval moved to another action": "authorisation",
    "an effect that is not what was approved": "authorisation",
    "an approval used twice": "authorisation",
    "an approval that had expired": "authorisation",
    "an approval by its proposer or a process": "authorisation",
    "an approval that no person gave": "authorisation",
    "a person's word altered": "authorisation",
    "a vote over another tree": "verification",
    "an acceptance without its quorum": "verification",
    "an event after the seal": "completeness",
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_change_is_shown_by_the_property_that_it_concerns(name: str) -> None:
    for number in range(DRAWS):
        tally = court().draw(name, number, "tests")
        assert not tally.missed, f"draw {number}"
        assert tally.by[CONCERNS.get(name, "completeness")] or name not in CONCERNS, (number, tally.by)  # type: ignore[index]


def test_what_operator_and_witnesses_rewrite_together_is_shown_only_to_who_kept_a_checkpoint() -> None:
    limit = boundary(3, "tests")
    assert (limit.shown, limit.shown_with_own_checkpoint) == (0, 3)
