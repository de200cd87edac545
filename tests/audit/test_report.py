"""What does an auditor read? And can what somebody wrote do anything there?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from maestro.audit.account import Account
from maestro.audit.findings import Report
from maestro.audit.pages import html, markdown, timeline
from maestro.audit.verify import Audit
from maestro_contracts import events as e
from tamper.sample import honest, shared
from tamper.town import Town
from tests.support.audited import source_of, trust_in


def reported(town: Town) -> tuple[Report, Account]:
    account = Account()
    return Audit(source_of(town), trust_in(town), listeners=[account.hear]).run(), account


def test_the_report_says_who_approved_what_when_and_on_which_evidence() -> None:
    report, account = reported(shared())
    text = markdown(report, account)
    assert "| 6\\.1 | 2026\\-01-01T00:00:22.000Z | approve-plan: Build it? | approve |" in text
    assert "ada (own key), ben (own key)" in text
    assert "validator-1: accept, validator-2: accept, validator-3: accept" in text
    assert "python3 -m unittest → 0" in text
    page = html(report, account)
    assert all(title in page for title in ("Properties", "Decisions", "Effects", "Acceptances", "Timeline"))


def test_the_page_asks_nobody_for_anything() -> None:
    page = html(*reported(shared()))
    assert not re.search(r"(?:src|href)\s*=|@import|url\(|<script", page)
    assert "default-src 'none'" in page


def test_what_somebody_wrote_is_text_and_nothing_else() -> None:
    town = honest()
    evil = "<script>alert(1)</script>|\n# not a heading"
    town.say("gatekeeper-1", e.ActionProposed("evil", evil, 1, evil, "ab" * 32, evil))
    town.say("worker-1", e.EffectStarted("evil", "ab" * 32, "worker-1", town.now + 1000))
    town.say("worker-1", e.EffectEnded("evil", "done"))
    report, account = reported(town)
    assert "<script" not in html(report, account)
    assert "\n# not a heading" not in markdown(report, account)
    assert any(each.broken for each in report.properties["authorisation"].findings)


def test_the_timeline_is_a_picture_of_every_step_and_seal() -> None:
    _, account = reported(shared())
    picture = ET.fromstring(timeline(account))
    kinds = [each.get("class") for each in picture.iter("rect")]
    assert (kinds.count("seal"), kinds.count("gate"), kinds.count("effect")) == (3, 3, 4)


def test_a_run_of_which_nothing_is_known_has_a_report_too() -> None:
    report, account = reported(Town("settle-up-k3v7qa"))
    assert "cannot tell" in markdown(report, account)
    assert timeline(account).startswith("<svg")
