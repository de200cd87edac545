"""Is the terminal picture a picture of what was shown, and always of the same size?"""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RECORD = Path(__file__).parents[2] / "scripts" / "record_demo"


def record(tmp_path: Path, program: str, code: int = 0) -> str:
    out = tmp_path / "picture.svg"
    command = [sys.executable, RECORD, "--out", out, "--", sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == code, ran.stderr
    return out.read_text(encoding="utf-8")


def text_of(svg: str) -> str:
    lines = [
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.rpartition("}")[2] == "text"
    ]
    return "\n".join(lines).replace("\xa0", " ")


def size_of(svg: str) -> str:
    found = re.search(r'viewBox="[^"]*"', svg)
    assert found
    return found[0]


def test_only_what_stands_on_the_screen_at_the_end_is_drawn(tmp_path: Path) -> None:
    svg = record(tmp_path, r"print('first'); print('progress', end='\r'); print('\x1b[32mdone\x1b[0m ✓     ')")
    assert "first" in text_of(svg)
    assert "done" in text_of(svg)
    assert "progress" not in text_of(svg)


def test_pictures_have_one_size_whatever_was_shown(tmp_path: Path) -> None:
    sizes = {size_of(record(tmp_path, f"for n in range({lines}): print(n, 'x' * n)")) for lines in (1, 40, 300)}
    assert len(sizes) == 1


def test_the_same_output_gives_the_same_bytes(tmp_path: Path) -> None:
    program = r"print('\x1b[1;31mred\x1b[0m', '\x1b[38;2;1;2;3mrgb\x1b[0m', '\x1b[93mbright\x1b[0m')"
    assert record(tmp_path, program) == record(tmp_path, program)


def test_it_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    svg = record(tmp_path, "print(1)")
    assert "@font-face" not in svg
    assert "url(http" not in svg


def test_the_commands_exit_code_is_passed_on(tmp_path: Path) -> None:
    record(tmp_path, "raise SystemExit(3)", code=3)


def test_what_went_wrong_is_shown_even_where_much_is_left_out(tmp_path: Path) -> None:
    svg = record(tmp_path, "for n in range(300): print('✗ a lie' if n == 200 else f'line {n}')")
    assert "✗ a lie" in text_of(svg)
    assert "line 0" in text_of(svg)
    assert "line 299" in text_of(svg)
    assert "line 100" not in text_of(svg)
