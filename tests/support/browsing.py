"""A real Chromium, and whoever sits in front of it. What the browser complains about fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.web import Site

WATCH_POLICY = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.broken.push(`${event.violatedDirective} ${event.blockedURI}`);
});
window.notified = [];
window.Notification = class {
  static permission = localStorage.getItem("may-notify") || "default";
  static async requestPermission() {
    localStorage.setItem("may-notify", "granted");
    return Notification.permission = "granted";
  }
  constructor(title, options) { window.notified.push({ title, ...options }); }
};
"""
"""Counts what the page's policy forbids, and stands in for the desktop that notifications go to."""


def chromium() -> str:
    """Where Chromium is; skips the test where there is none."""
    pytest.importorskip("playwright", reason="needs playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on PATH: install the package chromium")
    return found


@contextmanager
def open_browser() -> Iterator[Any]:
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody at a browser of their own. `complaints` is what it said was wrong."""

    site: Site
    context: Any
    page: Any
    complaints: list[str] = field(default_factory=list)

    def log_in(self, person: str, may: Any = "decide") -> Visitor:
        self.page.goto(f"{self.site.url}/login")
        self.page.get_by_label("Your token").fill(self.site.token(person, may))
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.site.url}/")
        return self

    def opens(self, path: str) -> Any:
        self.page.goto(self.site.url + path)
        return self.page

    def check(self) -> None:
        """Nothing was wrong, and nothing was blocked."""
        assert self.complaints == []
        assert self.page.evaluate("window.broken") == []


@contextmanager
def visiting(browser: Any, site: Site, **options: Any) -> Iterator[Visitor]:
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    context.add_init_script(WATCH_POLICY)
    page = context.new_page()
    visitor = Visitor(site, context, page)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("console", lambda said: said.type in ("error", "warning") and visitor.complaints.append(said.text))
    try:
        yield visitor
    finally:
        context.close()
