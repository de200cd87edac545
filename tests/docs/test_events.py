"""Can an entry be checked by hand, as the page about the log says? Its entries are real, and its commands are run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from maestro.log.commit import note_hash, parse_commit
from maestro.log.note import VerifyKey, open_note

ROOT = Path(__file__).parents[2]
NOTES = ROOT / "docs/examples/log"
PAGE = (ROOT / "docs/events.md").read_text()


@pytest.mark.parametrize("name", ["claim.note", "enrolment.note", "operator.pub"])
def test_the_page_shows_the_very_bytes(name: str) -> None:
    assert f"```\n{(NOTES / name).read_text()}```\n" in PAGE


def test_the_operator_said_who_worker_1_is() -> None:
    operator = VerifyKey.decode((NOTES / "operator.pub").read_text())
    _, by = open_note((NOTES / "enrolment.note").read_bytes(), [operator])
    assert by == ["maestro/operator"]


def test_the_claim_follows_what_the_worker_said_before() -> None:
    before, claim = ((NOTES / name).read_bytes() for name in ("started.note", "claim.note"))
    assert parse_commit(claim).header.aprev == note_hash(before)
    assert f"{note_hash(before)[:8]}…" in PAGE


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_the_commands_on_the_page_verify_both_signatures_and_no_other(tmp_path: Path) -> None:
    (commands,) = re.findall(r"^```sh\n(openssl_key.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    shutil.copytree(NOTES, tmp_path, dirs_exist_ok=True)

    said = by_hand(commands, tmp_path)
    assert (said.returncode, said.stdout.count("Signature Verified Successfully")) == (0, 2), said.stderr

    claim = tmp_path / "claim.note"
    claim.write_bytes(claim.read_bytes().replace(b'"exit_code":0', b'"exit_code":1'))
    assert by_hand(commands, tmp_path).returncode != 0


def by_hand(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-euc", commands], cwd=folder, capture_output=True, text=True, check=False)
