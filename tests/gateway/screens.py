"""Pictures of every page, from a real run of the demo: `scripts/screens`; with a FOLDER, they are put there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maestro import demo
from tests.support.browsing import open_browser
from tests.support.servers import free_port
from tests.support.wait import wait_for

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 760}
COMMAND = [sys.executable, "-m", "maestro.cli"]


@contextmanager
def going(out: Path, env: dict[str, str], folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with out.open("wb") as said:
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def found(out: Path, pattern: str) -> str:
    def seen() -> str:
        match = re.search(pattern, out.read_text(errors="replace"))
        return match[1] if match else ""

    return wait_for(seen, 60, f"{pattern} in {out}")


class Camera:
    """Takes each picture in a context of its own with the same session."""

    def __init__(self, browser: Any, base: str, session: Any, folder: Path) -> None:
        self._browser, self._base, self._session, self._folder = browser, base, session, folder

    def take(
        self, name: str, path: str, *, ready: str = "main", dark: bool = False, phone: bool = False, whole: bool = False
    ) -> None:
        context = self._browser.new_context(
            storage_state=self._session,
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            timezone_id="UTC",
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(self._base + path)
        page.locator(ready).first.wait_for()
        page.wait_for_timeout(400)
        page.screenshot(path=self._folder / f"{name}.png", full_page=whole)
        context.close()
        print(self._folder / f"{name}.png")


def main(folder: Path = FOLDER) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mst-") as place, open_browser() as browser:
        here = Path(place)
        files = demo.unpack(here)
        hidden = ("MAESTRO_", "GIT_")
        env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        env |= {"MAESTRO_STATE_DIR": str(here / "s"), "USER": "ada", "LOGNAME": "ada"}
        port = free_port()
        base, web, out = f"http://127.0.0.1:{port}", here / "web", here / "run"
        asked = ("run", "--spec", str(files.spec), "--agent", f"script:{files.playbook}")
        with going(web, env, files.repo, "web", "--port", str(port)):
            link = found(web, r"(http://\S+code=\S+)")
            with going(out, env, files.repo, *asked):
                run = found(out, r"Run (\S+):")
                found(out, r"(\? approve-plan)")
                session = log_in(browser, base, link)
                camera = Camera(browser, base, session, folder)
                gate = "[data-gate=approve-plan]"
                camera.take("runs", "/")
                camera.take("gate", f"/runs/{run}", ready=gate, whole=True)
                camera.take("gate-phone", f"/runs/{run}", ready=gate, phone=True)
                decide(browser, base, session, run)
                found(out, r"(T-003 .* merged)")
                camera.take("run", f"/runs/{run}", ready=".graph")
                camera.take("run-dark", f"/runs/{run}", ready=".graph", dark=True)
                camera.take("run-phone", f"/runs/{run}", ready=".graph", phone=True)
                found(out, r"(Report|report)")
            for name in ("changes", "journal", "events", "report"):
                camera.take(name, f"/runs/{run}/{name}")
            camera.take("grants", "/grants")
            camera.take("gates", "/gates")
    return 0


def log_in(browser: Any, base: str, link: str) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.wait_for_url(f"{base}/")
    return context.storage_state()


def decide(browser: Any, base: str, session: Any, run: str) -> None:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{base}/runs/{run}")
    page.get_by_label("A text to go with your answer").fill("Looks right. Go on.")
    page.get_by_role("button", name="approve").click()
    page.get_by_text("approve-plan: approve").first.wait_for()
    context.close()


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:2])))
