"""How may a person be called, and which roles are there? Free words, but for those that others use."""

from __future__ import annotations

import re

from maestro_contracts.roles import ROLES

APPROVER, SECURITY, OPERATOR = "approver", "security", "operator"
BUILT_IN = (APPROVER, SECURITY, OPERATOR)
"""Roles that the shipped policy and workflows ask for. Others are for your own."""
_PERSON = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,62}[A-Za-z0-9])?")
_ROLE = re.compile(r"[a-z](?:[a-z0-9_-]{0,38}[a-z0-9])?")
RESERVED = frozenset({*ROLES, "auto", "anybody", "deadline", "default", "nobody", "playbook", "policy"})
"""Nobody may pass for one of Maestro's own parts."""


def is_person(name: str) -> bool:
    return _PERSON.fullmatch(name) is not None and name.casefold() not in RESERVED


def why_no_person(name: str) -> str:
    """Why nobody can be called so; empty where somebody can."""
    if name.casefold() in RESERVED:
        return f"{name!r} is what a part of Maestro is called; use the person's own name"
    if not is_person(name):
        return f"{name!r} cannot be a person's name here; use 1 to 64 of A-Z a-z 0-9 . _ @ + -, such as zoe@example.org"
    return ""


def why_no_role(role: str) -> str:
    """Why nothing can be a role of that name; empty where it can."""
    if _ROLE.fullmatch(role) is None:
        return f"{role!r} cannot be a role; use up to 40 lower-case letters, digits, '-' and '_', with a letter first"
    return ""


def person_of(user: str) -> str:
    """A person's name from that of a user of the system."""
    name = re.sub(r"[^A-Za-z0-9._@+-]+", "-", user)[:58].strip("-._@+")
    return name if is_person(name) else f"user-{name or 'unknown'}"
