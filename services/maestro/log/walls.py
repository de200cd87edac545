"""Which user of the server may do what? One table, and the ACL rules made from it.

A role may call the functions of `maestro_v1` that it needs, on the keys it needs, read logs, and take from its own
queue. What the functions do inside is checked by the server against the same rules, so these commands stand here too;
those of them that could harm a log are known to the library alone (`library.HIDDEN`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maestro.log.library import HIDDEN, LIBRARY, hidden_name
from maestro.log.login import LOADER, PERSON, SUPERVISOR
from maestro_contracts.roles import ROLES

P = "{p00}:"
ASKS = ("registrar", "conductor", "gatekeeper")
"""Whom everybody may ask: to be introduced, to look again, to judge."""
HEALTH = "health"
"""May ping, without a password."""


@dataclass(frozen=True, slots=True)
class Rights:
    """`works`: the queues whose messages it takes and completes. `asks`: the queues it may send to. `timers`: it sets
    them. `fires`: it fires them. `frees`: it gives on what dead processes held. `lists`: it sees which runs there are,
    and what waits in every queue. `loads`: it loads the library. `writes`: it appends to logs."""

    works: tuple[str, ...] = ()
    asks: tuple[str, ...] = ASKS
    writes: bool = True
    timers: bool = False
    fires: bool = False
    frees: bool = False
    lists: bool = False
    loads: bool = False


EVERY_ROLE = tuple(role for role in ROLES if role != "operator")
_SPECIAL: dict[str, Rights] = {
    LOADER: Rights((LOADER,), loads=True),
    "conductor": Rights(("conductor",), EVERY_ROLE, timers=True, fires=True, lists=True),
    "gatekeeper": Rights(("gatekeeper",), (*ASKS, "validator", "integrator"), timers=True),
    "validator": Rights(("validator",), (*ASKS, "validator"), timers=True),
    "gateway": Rights((), lists=True),
    "notary": Rights(("notary",), lists=True),
}
USERS: dict[str, Rights] = {
    **{role: _SPECIAL.get(role, Rights((role,))) for role in EVERY_ROLE},
    PERSON: Rights((), (*ASKS, "integrator"), lists=True),
    SUPERVISOR: Rights((), (), writes=False, frees=True),
}
"""Every user with a password. A role that is not named apart works on its own queue and asks those that all ask."""


def acl_rules(rights: Rights) -> str:
    """What follows a user's name and password in an ACL."""
    root = "resetkeys resetchannels -@all +ping +hello +client|setname +multi +exec +discard"
    return " ".join([root, f"+fcall|{LIBRARY}_version", *_selectors(rights)])


def acl_user(name: str, password: str) -> str:
    """One line of an ACL file; of the password it has the hash alone."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user {name} on sanitize-payload #{digest} {acl_rules(USERS[name])}"


NOBODY = "off resetpass allkeys allchannels +@all"
"""Nobody can log in as this user; as whom the server reads its own log at the start, and what it may not do is lost."""


def acl_file(passwords: Mapping[str, str], default: str = NOBODY) -> str:
    """All users. `default` is the rule of the server's own default user, as whom nobody need log in."""
    lines = [acl_user(name, password) for name, password in passwords.items()]
    health = f"user {HEALTH} on nopass resetkeys resetchannels -@all +ping"
    return "\n".join([f"user default {default}", health, *lines]) + "\n"


def renames(secret: bytes) -> list[str]:
    """Lines of the server's configuration that hide what only the library may send."""
    return [f"rename-command {command} {hidden_name(command, secret)}" for command in HIDDEN]


def _selectors(rights: Rights) -> Iterator[str]:
    works = [f"q:{role}" for role in rights.works]
    asked = [f"q:{role}" for role in dict.fromkeys((*rights.asks, *rights.works))]
    letters = [f"dlq:{role}" for role in rights.works]
    if rights.loads:
        yield "(+function|load)"
    yield _may("xrange xrevrange xread xlen hget hmget hlen exists xinfo|stream type", ["run:*"], "%R~")
    if rights.writes:
        yield from _writing(asked, letters)
    if rights.timers or rights.fires:
        yield _may("zadd zrem zcard zrange zrangebyscore", ["timers"])
        yield _may("hset hdel hget hlen", ["timers:d"])
    if rights.fires:
        yield f"(+time {_call('fire')} {_keys(['timers', 'timers:d'])})"
    if works:
        yield _may("xreadgroup xautoclaim xclaim xpending xack xdel xlen", works)
        yield _may("xgroup|create xgroup|delconsumer xinfo|consumers xinfo|stream", works)
        yield f"({_call('reclaim', 'touch', 'give_back', 'forget')} {_keys(works)})"
    if rights.frees:
        yield _may("xpending xclaim xinfo|consumers", ["q:*"])
        yield f"({_call('consumers', 'free')} {_keys(['q:*'])})"
    if rights.lists:
        yield "(+scan)"
        yield _may("xrange xlen type", ["q:*", "dlq:*", "timers", "timers:d"], "%R~")
        yield f"(+fcall_ro|{LIBRARY}_kinds {_keys(['*'], '%R~')})"


def _writing(asked: list[str], letters: list[str]) -> Iterator[str]:
    """One write to a run, and its index made again."""
    keys = ["run:*", "timers", "timers:d", *asked, *letters]
    yield f"({_call('append', 'complete', 'dead_letter')} {_keys(keys)})"
    yield _may("xadd", ["run:*:log", "run:*:blob", *asked, *letters], "%W~")
    yield _may("xrange", [*asked, *letters], "%R~")
    yield _may("hset", ["run:*:head", "run:*:dd"], "%W~")
    yield f"({_call('restore_ids', 'restore_entries', 'restore')} {_keys(['run:*'])})"
    yield _may("hsetnx", ["run:*:dd:*"], "%W~")
    yield _may("xadd", ["run:*:log:*", "run:*:junk"], "%W~")
    yield _may("pexpire", ["run:*:dd:*", "run:*:log:*"], "%W~")
    yield _may("rename persist", ["run:*:dd", "run:*:dd:*", "run:*:log", "run:*:log:*"])


def _may(commands: str, keys: list[str], how: str = "~") -> str:
    return f"({' '.join('+' + command for command in commands.split())} {_keys(keys, how)})"


def _call(*functions: str) -> str:
    return " ".join(f"+fcall|{LIBRARY}_{name}" for name in functions)


def _keys(keys: list[str], how: str = "~") -> str:
    return " ".join(f"{how}{P}{key}" for key in keys)
