"""What exactly does a person put their name to when they decide? The statement that they sign, byte by byte.

A statement is two lines: `maestro/decision/v1`, and one line of JSON whose keys stand in the order of
`DecisionStatement`, with no spaces between them, answers sorted by their key. It is signed as an SSH signature
(OpenSSH, PROTOCOL.sshsig) in the namespace `decision@maestro`. Whoever checks one checks the bytes that came; there is
one spelling of each statement, and `decode` takes no other.
"""

from __future__ import annotations

import unicodedata

import msgspec

from maestro_contracts.envelope import Unreadable

DECISION_MAGIC = "maestro/decision/v1"
DECISION_NAMESPACE = "decision@maestro"
"""The namespace of the signatures: a signature made for anything else (a git commit, a file) is none of a decision."""
MAX_STATEMENT = 128 * 1024
"""Bytes of a statement, at most."""


class DecisionStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One person's decision at one visit of one gate.

    `choice` is the choice's key. `digest` is the SHA-256 (hex) of the exact action or artifact that was decided on,
    empty where there was none; `policy` that of the policy which asked. `at` and `expires` are ms since the epoch;
    from `expires` on the statement decides nothing any more. `nonce` makes each statement another one.
    """

    run: str
    gate: str
    visit: int
    choice: str
    text: str = ""
    conditions: tuple[str, ...] = ()
    answers: dict[str, str] = {}
    digest: str = ""
    policy: str = ""
    person: str
    at: int
    expires: int
    nonce: str


_MAGIC = DECISION_MAGIC.encode() + b"\n"
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(DecisionStatement).decode
_JOINERS = "\u200c\u200d"
"""Format characters that some scripts and emoji cannot be written without."""


def encode(statement: DecisionStatement) -> bytes:
    """The bytes to sign. Raises Unreadable where the statement cannot be written so that people can read it."""
    try:
        text = _MAGIC + _encode(statement) + b"\n"
    except UnicodeEncodeError:
        raise Unreadable("a decision's statement holds half a character") from None
    _check_size(text)
    _check_readable(text)
    return text


def decode(text: bytes) -> DecisionStatement:
    """The statement that these bytes are. Raises Unreadable and nothing else, whatever they are."""
    _check_size(text)
    if not text.startswith(_MAGIC):
        raise Unreadable(f"not a decision's statement: it does not begin with {DECISION_MAGIC}")
    try:
        statement = _decode(text[len(_MAGIC) :])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(f"not a decision's statement: {error}") from None
    if encode(statement) != text:
        raise Unreadable("not a decision's statement: this is not how it is written, key by key")
    return statement


def _check_size(text: bytes) -> None:
    if len(text) > MAX_STATEMENT:
        raise Unreadable(f"a decision's statement of {len(text)} bytes is over {MAX_STATEMENT}; shorten its text")


def _check_readable(text: bytes) -> None:
    """What a person reads must be what stands there: nothing turns a line around or hides in it."""
    shown = text.decode()
    if shown.isascii() and "\x7f" not in shown:
        return
    for char in shown:
        if char not in "\n" + _JOINERS and unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Zl", "Zp"}:
            raise Unreadable(f"a decision's statement holds a character that cannot be shown: U+{ord(char):04X}")
