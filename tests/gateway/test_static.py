"""Is what others wrote as it came, and does the page load nothing from elsewhere?"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from maestro.gateway.rendering import markdown, render, seen
from maestro.gateway.static_files import TYPES, content

PACKAGE = files("maestro.gateway")
FORBIDDEN = r"<style|\sstyle=|\son[a-z]+=|javascript:|(src|href)=\"https?:"


def test_htmx_is_the_file_whose_hash_is_written_down() -> None:
    readme = (PACKAGE / "static/vendor/README.md").read_text()
    name, expected = re.findall(r"`([a-z.]+)` \|.*`([0-9a-f]{64})`", readme)[0]
    assert hashlib.sha256((PACKAGE / "static/vendor" / name).read_bytes()).hexdigest() == expected
    assert "Zero-Clause BSD" in (PACKAGE / "static/vendor/htmx.LICENSE.txt").read_text()


def test_no_template_has_a_script_or_a_style_in_it_or_loads_from_elsewhere() -> None:
    for folder in ("templates", "templates/parts"):
        for template in (PACKAGE / folder).iterdir():
            if template.is_file():
                text = template.read_text()
                assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|(src|href)=\"https?:", text), (
                    template.name
                )
                assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), template.name


@pytest.mark.parametrize("name", [name for name in TYPES if name != "htmx.min.js"])
def test_no_file_of_ours_names_another_server(name: str) -> None:
    assert not re.search(rb"https?://(?!www\.w3\.org)", content(name))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/x.png)",
        '[x](https://e.example/"onmouseover="alert(1))',
        "<https://evil.example/<b>>",
        "| a |\n|:-:|\n| b |",
        "```html\n<script>\n```",
        "a\u202eb\x1b[31m",
    ],
)
def test_markdown_of_others_can_do_nothing(text: str) -> None:
    made = str(markdown(text))
    assert not re.search(r"<(script|img|iframe|style|form|input)|style=|<[^>]*\son[a-z]+=|href=\"(?!https?://)", made)
    assert "\u202e" not in made and "\x1b" not in made


def test_every_expression_of_a_template_is_made_visible_and_escaped() -> None:
    html = str(render("parts/status.html", look="done", words="a<b>\x07\u2066"))
    assert "a&lt;b&gt;\\x07\\u2066" in html
    assert seen("one\ntwo\tthree") == "one\ntwo\tthree"
