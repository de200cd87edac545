"""Does a secret's value disappear from what is kept, and does everything else stay as it was?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro.policy.redact import redacted

AWS = "AKIA" + "Z7Q4XJ2M5P8T9W3B"
GITHUB = "ghp_" + "a8Bf3kLz09QwErTyUiOpAsDfGhJkLzXcVbN1"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQ==\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"aws said {AWS} is fine", AWS),
        (f"cloning https://x:{GITHUB}@github.example/a.git", GITHUB),
        ("DATABASE_PASSWORD=hunter2horse9\nnext line", "hunter2horse9"),
        ('{"api_key": "q8Zr2mT6xW9k"}', "q8Zr2mT6xW9k"),
        (f"here it is:\n{PEM}\nthanks", "b3BlbnNzaC1rZXktdjEAAAAA"),
        (f"cut off: {PEM[:60]}", "b3Blbn"),
        ("postgres://ada:s3cr3tW0rd@db/prod", "s3cr3tW0rd"),
        (f"I found {GITHUB} in the log", GITHUB[4:]),
        ("I found glpat-a8Bf3kLz09QwErTyUiOp in the log", "a8Bf3kLz09QwErTyUiOp"),
        ("glcbt-a8Bf3kLz09QwErTyUiOp", "a8Bf3kLz09QwErTyUiOp"),
        ("it runs with github_pat_11A8BF3KL0z09QwErTyUiO_a8Bf3kLz09QwErTyUiOpAsDf", "a8Bf3kLz09QwErTyUiOpAsDf"),
        ("it runs with sk-ant-api03-a8Bf3kLz09QwErTyUiOpAsDfGhJk", "a8Bf3kLz09QwErTyUiOpAsDfGhJk"),
        ("curl -H 'Authorization: Bearer a8Bf3kLz09QwErTyUiOp' https://api.example", "a8Bf3kLz09QwErTyUiOp"),
        (f"{'a word and ' * 600}{AWS}", AWS),
        (f"{'x' * (2000 - 10)} {AWS} {'y' * 3000}", AWS),
    ],
)
def test_a_secrets_value_is_gone_and_what_it_was_is_told(text: str, secret: str) -> None:
    kept = redacted(text)

    assert secret not in kept
    assert "removed]" in kept


@pytest.mark.parametrize(
    "text",
    [
        "wrote 3 files in 0.2 s",
        "commit 3f5016e9ae4d0b5edb2ea87d29e162aa2183274d6b1dc99a",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "the password field is required",
        "password: str = field()",
        "token = os.environ['TOKEN']",
        "T-001 checked, tree 1e3eb8007d36; worker-2 a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d",
        "the bearer of bad news is shot; ask-for-this and task-number-twenty-two-of-many",
        "FAILED tests/test_auth.py::test_a_token_expires - AssertionError: assert 401 == 200",
    ],
)
def test_what_is_no_secret_stays_as_it_was(text: str) -> None:
    assert redacted(text) == text


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_it_never_fails_and_lines_stay_lines(before: str, after: str) -> None:
    kept = redacted(f"{before}\n{AWS}\n{after}")

    assert AWS not in kept
    assert redacted(kept) == kept


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="abc xyz.\n", max_size=200))
def test_plain_words_are_not_touched(text: str) -> None:
    assert redacted(text) == text
