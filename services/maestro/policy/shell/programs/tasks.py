"""What does a task do, as its name says? `make deploy`, `npm run db:migrate`: there is nothing else to go by."""

from __future__ import annotations

import re

from maestro.policy.shell.use import Use

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DEPLOY = frozenset(
    "deploy deployment release publish rollout rollback ship promote undeploy push upload provision apply".split()
)
_DESTROY = frozenset("destroy drop nuke wipe teardown purge".split())
_MIGRATE = frozenset("migrate migration migrations migrator upgrade downgrade".split())
_DATA = frozenset("db database schema data prod production".split())
_HARMLESS = frozenset(
    "dry check plan preview diff status list test tests lint validate dryrun docs doc generate".split()
)


def effect_of_task(use: Use, name: str, arguments: list[str] | None = None) -> bool:
    """Adds what the name says; False where it says nothing of this kind."""
    words = {word.lower() for word in _WORDS.findall(name)}
    if words & _HARMLESS or any(each in ("--dry-run", "--dryrun", "--help", "-h") for each in arguments or []):
        return False
    if (words & _DESTROY and (words & _DATA or words & {"destroy", "nuke", "teardown"})) or (
        words & _DATA and words & {"reset", "clear", "truncate", "flush", "clean"}
    ):
        use.add("data-destroy", name, "", "task")
    elif words & _MIGRATE and (words & _DATA or words & {"migrate", "migrations", "migration"}):
        use.add("migration", name, "", "task")
    elif words & {"seed"} and words & _DATA:
        use.add("data-change", name, "", "task")
    elif words & _DEPLOY and not words & {"build", "notes", "changelog"}:
        use.add("deploy", name, "", "task")
    else:
        return False
    return True
