"""Can people decide gates in a browser, with a mouse, a keyboard, a phone, a reader? In real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from maestro_contracts import events as e
from maestro_contracts.records import Question
from tests.support.browsing import Visitor, open_browser, visiting
from tests.support.wait import wait_for
from tests.support.web import Site

GATE = "[data-gate=approve-plan]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def ann(browser: Any, site: Site) -> Iterator[Visitor]:
    with visiting(browser, site) as visitor:
        yield visitor.log_in("ann")
        visitor.check()


def decided(site: Site, run: str) -> e.GateDecided:
    return next(event for event in site.events(run) if isinstance(event, e.GateDecided))


def test_a_gate_that_opens_while_its_run_is_shown_appears_and_is_approved_by_a_click(site: Site, ann: Visitor) -> None:
    run = site.run()
    page = ann.opens(f"/runs/{run}")
    assert page.locator(GATE).count() == 0
    site.opens(run, freeform=True)
    page.locator(GATE).get_by_role("button", name="approve").click()
    page.locator(GATE).get_by_text("approve by ann").wait_for()
    assert (decided(site, run).approver, decided(site, run).via) == ("ann", "web")


def test_a_gate_is_approved_by_its_key_pressed_twice(site: Site, ann: Visitor) -> None:
    run = site.run()
    site.opens(run)
    page = ann.opens(f"/runs/{run}")
    page.locator(GATE).wait_for()
    page.keyboard.press("a")
    assert "Press a again" in page.locator(GATE).locator("[data-armed]").inner_text()
    assert not site.has(run, e.GateDecided), "one press decides nothing"
    page.keyboard.press("a")
    page.locator(GATE).get_by_text("approve by ann").wait_for()
    assert decided(site, run).key == "a"


def test_an_answer_takes_its_text_along_and_keys_that_are_typed_into_it_decide_nothing(
    site: Site, ann: Visitor
) -> None:
    run = site.run()
    site.opens(run, freeform=True)
    page = ann.opens(f"/runs/{run}")
    page.locator(GATE).wait_for()
    page.keyboard.press("t")
    page.keyboard.type("aa: smaller steps, please")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("r")
    page.locator(GATE).get_by_text("revise by ann").wait_for()
    said = decided(site, run)
    assert (said.key, said.text) == ("r", "aa: smaller steps, please")


def test_questions_are_answered_with_what_they_offer_or_with_a_text(site: Site, ann: Visitor) -> None:
    run = site.run()
    asked = (
        Question("Q-1", "Which database?", options=("SQLite", "PostgreSQL"), default="SQLite"),
        Question("Q-2", "What is it for?", why="The names follow from it."),
    )
    site.opens(run, questions=asked)
    page = ann.opens(f"/runs/{run}")
    page.get_by_role("group", name="Which database?").get_by_label("PostgreSQL").check()
    page.get_by_label("What is it for?").fill("A trip")
    page.get_by_role("button", name="approve").click()
    page.locator(GATE).get_by_text("approve by ann").wait_for()
    assert decided(site, run).answers == {"Q-1": "PostgreSQL", "Q-2": "A trip"}


def test_of_two_people_who_race_one_decides_and_the_other_is_told_by_whom(
    browser: Any, site: Site, ann: Visitor
) -> None:
    run = site.run()
    site.opens(run)
    page = ann.opens(f"/runs/{run}")
    with visiting(browser, site) as bob:
        other = bob.log_in("bob").opens(f"/runs/{run}")
        for each in (page, other):
            each.locator(GATE).wait_for()
        # Both send what they saw at the same moment, before either page can have heard of the other's.
        for each in (page, other):
            each.evaluate(PRESS_SOON)
        for each in (page, other):
            each.locator(GATE).get_by_text("decided", exact=True).wait_for()
        winner = decided(site, run).approver
        loser = page if winner == "bob" else other
        loser.locator(GATE).get_by_text(f"already decided by {winner}").first.wait_for()
        bob.check()
    assert sum(isinstance(event, e.GateDecided) for event in site.events(run)) == 1


PRESS_SOON = """() => setTimeout(() => document.querySelector("button[name=choice]").click(), 300)"""


def test_a_notification_fires_when_a_gate_opens_and_the_title_counts_what_waits(site: Site, ann: Visitor) -> None:
    run = site.run(feature="Count the stars")
    page = ann.opens("/grants")
    page.get_by_role("button", name="Notify me").click()
    page.get_by_role("button", name="Notifications on").wait_for()
    before = page.title()
    site.opens(run, prompt="Shall it be done?")
    (told,) = wait_for(lambda: page.evaluate("window.notified"), what="a notification")
    assert told["title"] == "approve-plan waits for an answer"
    assert "Count the stars" in told["body"] and "Shall it be done?" in told["body"]
    assert page.title() != before and page.title().startswith("(")


def test_a_text_that_is_being_written_survives_what_happens_meanwhile(site: Site, ann: Visitor) -> None:
    run = site.run()
    site.opens(run, freeform=True)
    page = ann.opens(f"/runs/{run}")
    text = page.get_by_label("A text to go with your answer")
    text.fill("half a thou")
    site.opens(run, "second-gate")
    page.locator("[data-gate=second-gate]").wait_for()
    assert text.input_value() == "half a thou"


def test_the_timeline_grows_while_one_looks(site: Site, ann: Visitor) -> None:
    run = site.run()
    page = ann.opens(f"/runs/{run}")
    site.say(run, "conductor", e.RunPaused("ada", "lunch"))
    page.locator("[data-lines] li").first.get_by_text("RunPaused").wait_for()
    page.locator("#part-head").get_by_text("paused").wait_for()


def test_what_agents_wrote_can_neither_act_nor_hide(site: Site, ann: Visitor) -> None:
    evil = "<img src=x onerror=alert(1)>\u202egnp.exe\x1b[2J <script>document.title='taken'</script>"
    run = site.run(feature=evil)
    site.opens(run, prompt=evil)
    page = ann.opens(f"/runs/{run}")
    prompt = page.locator(f"{GATE} .prompt").inner_text()
    assert "\\u202e" in prompt and "\\x1b" in prompt and "<script>" in prompt
    assert page.locator("main img, main script").count() == 0
    assert "taken" not in page.title().split("<")[0]


def test_a_gateway_that_goes_away_is_said_and_comes_back_by_itself(
    browser: Any, tmp_path_factory: pytest.TempPathFactory, site: Site
) -> None:
    run = site.run()
    with visiting(browser, site) as cleo:
        page = cleo.log_in("cleo").opens(f"/runs/{run}")
        page.wait_for_timeout(300)
        site.stop("gateway")
        page.locator("[data-offline]").wait_for(state="visible")
        site.start("gateway", MAESTRO_WEB_RATE="10000")
        site.ready()
        page.locator("[data-offline]").wait_for(state="hidden", timeout=30_000)
        site.opens(run)
        page.locator(GATE).wait_for()
        assert page.evaluate("window.broken") == []


def test_somebody_who_may_only_look_sees_no_button(browser: Any, site: Site) -> None:
    run = site.run()
    site.opens(run)
    with visiting(browser, site) as dora:
        page = dora.log_in("dora", "read").opens(f"/runs/{run}")
        page.locator(GATE).get_by_text("You may look, not decide").wait_for()
        assert page.locator(GATE).get_by_role("button").count() == 0
        dora.check()


def test_without_a_script_a_form_decides_as_well(browser: Any, site: Site) -> None:
    run = site.run()
    site.opens(run)
    with visiting(browser, site, java_script_enabled=False) as ed:
        page = ed.log_in("ed").opens(f"/runs/{run}")
        page.locator(GATE).get_by_role("button", name="approve").click()
        page.get_by_text("approve-plan: approve").first.wait_for()
    assert decided(site, run).approver == "ed"


def test_on_a_phone_nothing_is_wider_than_the_screen_and_what_is_pressed_is_large(browser: Any, site: Site) -> None:
    run = site.run(feature="A feature with a rather long name that somebody wrote on a Monday morning")
    site.opens(run, freeform=True)
    with visiting(browser, site, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as fay:
        fay.log_in("fay")
        for path in ("/", "/gates", "/grants", f"/runs/{run}", f"/runs/{run}/journal", f"/runs/{run}/events"):
            page = fay.opens(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            small = page.evaluate(TOO_SMALL)
            assert small == [], path
        fay.check()


TOO_SMALL = """() => {
  const pressed = "button, nav a, summary, input:not([type=hidden]), select, textarea";
  const height = (each) => (each.closest("label.check") || each).getBoundingClientRect().height;
  const found = [...document.querySelectorAll(pressed)].filter((each) => each.checkVisibility());
  return found.filter((each) => height(each) < 44).map((each) => [each.outerHTML.slice(0, 80), height(each)]);
}"""


def test_a_reader_finds_landmarks_labels_and_an_order_of_headings(site: Site, ann: Visitor) -> None:
    run = site.run()
    site.opens(run, freeform=True)
    for path in ("/", "/gates", "/grants", f"/runs/{run}", f"/runs/{run}/journal", f"/runs/{run}/report"):
        page = ann.opens(path)
        assert page.locator("main").count() == 1 and page.locator("h1").count() == 1, path
        assert page.get_by_role("navigation", name="Main").count() == 1
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.evaluate(NAMELESS) == [], path
        assert page.evaluate(SKIPPED_HEADINGS) == [], path
        assert page.evaluate(DOUBLED_IDS) == [], path


NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), textarea, select, button, a[href]")]
  .filter((each) => !(each.labels?.length || each.getAttribute("aria-label") || each.textContent.trim() || each.title))
  .map((each) => each.outerHTML.slice(0, 100))"""
SKIPPED_HEADINGS = """() => { let last = 0; const wrong = [];
  for (const each of document.querySelectorAll("main h1, main h2, main h3, main h4, main h5, main h6")) {
    const level = Number(each.tagName[1]); if (level > last + 1 && last) wrong.push(each.textContent); last = level; }
  return wrong; }"""
DOUBLED_IDS = """() => { const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  return ids.filter((id, at) => ids.indexOf(id) !== at); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(browser: Any, site: Site, scheme: str) -> None:
    run = site.run()
    site.opens(run, freeform=True)
    with visiting(browser, site, color_scheme=scheme) as gus:
        gus.log_in("gus")
        for path in ("/", f"/runs/{run}", f"/runs/{run}/journal", f"/runs/{run}/events"):
            assert gus.opens(path).evaluate(FAINT) == [], path


FAINT = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (v) => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (at) => {
    for (; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = [];
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || !at.checkVisibility() || at.closest("svg, .hide, .skip, .new")) continue;
    const [a, b] = [light(rgb(getComputedStyle(at).color)), light(behind(at))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push([text.slice(0, 30), (a + 0.05) / (b + 0.05)]);
  }
  return faint;
}"""


def test_everything_is_reached_with_the_keyboard_alone_and_the_focus_is_seen(site: Site, ann: Visitor) -> None:
    run = site.run()
    site.opens(run)
    page = ann.opens(f"/runs/{run}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "a":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.locator(GATE).get_by_text("approve by ann").wait_for()


def test_a_log_in_ends_with_its_token(site: Site, browser: Any) -> None:
    entry, token = site.access.give("hal")
    with visiting(browser, site) as hal:
        hal.page.goto(f"{site.url}/login")
        hal.page.get_by_label("Your token").fill(token)
        hal.page.get_by_role("button", name="Log in").click()
        hal.page.get_by_role("heading", name="Runs").wait_for()
        site.access.revoke(entry.id)
        wait_for(lambda: "/login" in (hal.opens("/") and hal.page.url), 10)


def test_a_slider_shows_the_run_as_it_was_after_any_entry(site: Site, ann: Visitor) -> None:
    run = site.run()
    site.opens(run)
    page = ann.opens(f"/runs/{run}/replay")
    last = page.locator("#then-title").inner_text()
    newest = page.locator("[data-hash]").inner_text()

    page.locator("#rewind").focus()
    page.keyboard.press("Home")
    page.locator("#then-title").get_by_text("After entry 1 of").wait_for()

    assert last != page.locator("#then-title").inner_text()
    assert page.locator("[data-hash]").inner_text() != newest
    page.get_by_role("link", name="Later").click()
    page.locator("#then-title").get_by_text("After entry 2 of").wait_for()
