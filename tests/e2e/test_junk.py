"""What does junk in every stream do to a run that goes on? In queues nothing but be told; in its own log it has a
person look at it first."""

from __future__ import annotations

import redis

from maestro.embedded.stack import ROLES
from maestro.log.keyring import Keyring
from maestro.log.redis_store import RedisStore
from maestro.log.store import DeadLetter
from tests.support.endtoend import Owner, ended_as_it_would_have
from tests.support.wait import wait_for

P = "{p00}"
QUARANTINED = 1
DEEP = b"[" * 50_000
NO_COMMANDS: tuple[dict[bytes, bytes], ...] = (
    {b"nobody": b"knows this field"},
    {b"__data__": b""},
    {b"__data__": b"\xff\xfe no text"},
    {b"__data__": b"{}"},
    {b"__data__": DEEP},
    {b"__data__": b'{"id": "x", "run": "../../etc", "type": "DoTask", "data": {}}'},
    {b"__data__": b'{"id": "x y", "run": "a", "type": "DoTask", "data": {}}'},
    {b"__data__": b'{"id": "junk", "run": "nobody-aaaaaa", "type": "NoSuchCommand", "cause": "", "data": {}}'},
    {b"__data__": b'{"id": "' + b"x" * 100_000 + b'"}'},
)
"""What may lie in a queue and is no command for anybody."""


def scatter(client: redis.Redis, run: str, *logs: str) -> None:
    """Junk at the end of every queue, and in these logs."""
    for role in ROLES:
        for fields in NO_COMMANDS:
            client.xadd(f"{P}:q:{role}", fields)
        client.xadd(f"{P}:dlq:{role}", {b"junk": b"junk"})
    for name in logs:
        spoil_the_log(client, f"{P}:run:{name}:")
    for id, due in (("junk", 0), (f"{run}/gate:junk:1/deadline", 1), ("\x00\x1b[2J", 2)):
        client.zadd(f"{P}:timers", {id: due})
    client.hset(f"{P}:timers:d", mapping={"junk": "no newline", f"{run}/gate:junk:1/deadline": "conductor\n{junk"})


def spoil_the_log(client: redis.Redis, prefix: str) -> None:
    """In the log: an entry in the next place that is no note, an old entry once more, and one out of all order."""
    log = prefix + "log"
    [(_, fields)] = client.xrange(log, count=1)
    [(last, _)] = client.xrevrange(log, count=1)
    seq = int(last.split(b"-")[1])
    client.xadd(log, {b"n": b"no note at all"}, id=f"0-{seq + 1}")
    client.xadd(log, fields, id=f"0-{seq + 2}")
    client.xadd(log, {b"m": b"\xff"}, id=f"0-{seq + 3}")
    client.xadd(log, {b"n": b"from another world"}, id="*")
    client.xadd(prefix + "blob", {b"s": b"0" * 64, b"b": b"does not match"})
    client.xadd(prefix + "blob", {b"x": b"y"})
    client.hset(prefix + "head", mapping={"seq": 3, "junk": "junk"})
    client.set(prefix + "snap", b"junk")


async def letters(store: RedisStore, _: Keyring) -> list[DeadLetter]:
    return [letter for role in ROLES for letter in await store.dead_letters(role)]


def test_junk_in_every_stream_ends_no_service_and_changes_no_run(owner: Owner, undisturbed: str) -> None:
    going = owner.starts_run()
    going.says("T-002: Parting.")
    run, pids = owner.the_run(), owner.processes()

    with owner.server() as client:
        scatter(client, run, "system")
        scattered = len(NO_COMMANDS) * len(ROLES)

        def told() -> list[DeadLetter]:
            found: list[DeadLetter] = owner.with_store(letters)
            return found if len(found) >= scattered else []

        found = wait_for(told, what="a dead letter for each piece of junk")
        going.says("T-003: Meeting.")
        scatter(client, run, run)
        assert owner.processes().items() <= pids.items(), "somebody ended and was started again"

    assert going.ends() == QUARANTINED, going.said
    assert "the run is quarantined" in going.said and "it is started again" not in going.said
    assert owner.resumes(run).code == 0
    assert all(letter.reason for letter in found)
    ended_as_it_would_have(owner, undisturbed, run, rejected=True)


def test_junk_in_the_place_of_runs_hinders_nobody_who_looks(owner: Owner) -> None:
    assert owner.does(*owner.run_arguments, "--no-input").code == 5
    run = owner.the_run()

    with owner.server() as client:
        spoil_the_log(client, f"{P}:run:{run}:")
        client.set(f"{P}:run:text-aaaaaa:log", "no stream")
        for name in ("../../etc", "", "a b", "\x1b[2J", "junk-aaaaaa"):
            client.xadd(f"{P}:run:{name}:log", {b"n": b"junk"}, id="0-1")

    assert {row["run"] for row in owner.does("runs", "--json").json} == {run, "junk-aaaaaa"}
    assert [gate["run"] for gate in owner.does("gate", "list", "--json").json] == [run]
    for command in ("show", "report"):
        done = owner.does(command, "junk-aaaaaa")
        assert "believed" in done.out + done.err and "Traceback" not in done.err, (command, done)

    logged = owner.does("log", run).out.splitlines()
    assert sum("not believed" in line for line in logged) == 3
    assert "set aside" in logged[-1] and "no place in a log" in logged[-1]
    watched = owner.does("watch", run)
    assert watched.code == 0 and "is not believed" in watched.out
    refused = owner.does("resume", "junk-aaaaaa")
    assert refused.code == 3 and "can be believed" in refused.err
    assert owner.does("gate", "approve", "approve-plan", "--run", run).code == 0
    assert owner.resumes(run).code == QUARANTINED, "nobody had looked at it yet"
    assert owner.resumes(run).code == 0
    ended_as_it_would_have(owner, run=run, rejected=True)
